"""A person has the chat or will have it, and words that go to an agent: the dialogue's side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogs.commands import (
    CallHuman,
    HereIAm,
    KeepForAgent,
    LeaveChat,
    OpenTicket,
    PassToAgent,
    ProvePhone,
    Relay,
    TakeBack,
)
from dialogs.desk import Desk
from dialogs.facts import Facts, LiveFact, QueueFact, TicketFact
from dialogs.heard import Heard, SharedPhone, Tap
from dialogs.office import Office
from dialogs.reply import Choice
from dialogs.state import State
from dialogs.turn import Settle
from tests.dialogs.conftest import MONDAY, Talker

NUMBER, OTHER = "LPSE-2611-00001-9", "LPSE-2611-00002-7"
LIVE = LiveFact("ANT-2611-00001-Y", NUMBER, "Rina")
WAITS = QueueFact("ANT-2611-00001-Y", NUMBER, 2)


def ticket(number: str = NUMBER, **known: Any) -> TicketFact:
    opened = MONDAY - timedelta(hours=2)
    plain = TicketFact(number, "permasalahan", "diproses", "gagal", opened, "menengah", "lpse")
    return replace(plain, **known)


def asked(number: str = NUMBER, ago: timedelta = timedelta(minutes=1)) -> TicketFact:
    """A ticket whose agent wrote and waits for an answer."""
    return ticket(number, expects="reply", expects_at=MONDAY - ago)


@pytest.fixture
def live(user_with: Callable[..., Talker]) -> Talker:
    return user_with(live=LIVE, tickets=(ticket(),))


@pytest.fixture
def waiting(user_with: Callable[..., Talker]) -> Talker:
    user = user_with(queue=WAITS, waiting_number=WAITS.number, tickets=(ticket(),))
    user.state = replace(user.state, noticed_privacy=True)
    return user


@pytest.mark.parametrize(
    "text",
    ["halo", "menu", "/menu", "batal", "petugas", "kembali", "1", "gagal upload penawaran",
     "ke bot yang mana ya", "selesai", "privasi", "saya mau kembali ke bot nanti"],
)  # fmt: skip
def test_in_a_live_chat_everything_goes_to_the_agent_and_nothing_is_said(
    live: Talker, text: str
) -> None:
    live.say(text)
    assert live.commands == (Relay(text, 1),)
    assert not live.turn.replies


@pytest.mark.parametrize(
    "text", ["kembali ke bot", "Kembali ke bot!", "ke bot dong min", "/bot", "selesai ngobrol"]
)
def test_the_user_can_always_leave(live: Talker, text: str) -> None:
    live.say(text)
    assert live.commands == (LeaveChat(),)
    assert live.labels
    assert all(reply.row_class == "notice" for reply in live.turn.replies)


def test_files_stickers_and_a_shared_number_reach_the_agent_too(live: Talker) -> None:
    live.file(7, text="ini")
    assert live.commands == (Relay("ini", 1, (7,)),)
    live.send(Heard(other="sticker"))
    assert live.commands == (Relay("(sticker)", 2),)
    live.send(Heard(phone=SharedPhone("+628123456789", own=True)))
    assert ProvePhone("+628123456789") in live.commands
    assert not live.turn.replies


def test_a_masked_secret_is_told_as_a_notice_and_relayed_without_it(live: Talker) -> None:
    live.say("[password disamarkan]", masked=("password",))
    (told,) = live.turn.replies
    assert told.row_class == "notice"
    assert live.commands == (Relay("[password disamarkan]", 1),)


def test_a_form_waits_aside_while_a_person_talks(user_with: Callable[..., Talker]) -> None:
    user = user_with()
    user.say_all("buat tiket", "Budi Santoso")
    assert user.state.flow == "consultation"
    user.facts = replace(user.facts, live=LIVE)
    user.say("CV Maju Jaya")
    assert user.commands == (Relay("CV Maju Jaya", 3),)
    assert user.state.flow == "menu"
    assert user.state.draft is not None
    assert user.state.draft.answers == {"nama": "Budi Santoso"}


def test_quoting_another_ticket_in_a_live_chat_goes_to_that_one(live: Talker) -> None:
    live.facts = replace(live.facts, tickets=(ticket(), ticket(OTHER)), about=OTHER)
    live.say("ini sudah beres")
    (command,) = live.commands
    assert isinstance(command, PassToAgent)
    assert command.number == OTHER
    assert OTHER in live.text
    live.facts = replace(live.facts, about=NUMBER)
    live.say("yang ini")
    assert live.commands == (Relay("yang ini", 2),)


def test_a_form_left_alone_is_not_offered_into_a_live_chat(
    user_with: Callable[..., Talker], desk: Desk
) -> None:
    from dialogs.conversation import remind

    user = user_with()
    user.say_all("buat tiket", "Budi Santoso")
    later = replace(user.facts, now=MONDAY + timedelta(hours=30), live=LIVE)
    assert not remind(user.state, later, desk).replies


def test_whoever_is_called_answers_with_a_tap_of_any_step_or_any_words(waiting: Talker) -> None:
    waiting.facts = replace(waiting.facts, queue=replace(WAITS, called=True))
    waiting.send(Heard(tap=Tap(f"@here:{WAITS.number}", 999)))
    assert waiting.commands == (HereIAm(),)
    waiting.say("iya pak, kodenya 10023456")
    assert waiting.commands == (HereIAm(), Relay("iya pak, kodenya 10023456", 2))
    assert not waiting.turn.replies
    waiting.say("kembali ke bot")
    assert waiting.commands == (LeaveChat(),)


def test_a_call_in_another_chat_is_not_answered_here(waiting: Talker) -> None:
    waiting.facts = replace(waiting.facts, queue=replace(WAITS, called=True, here=False))
    waiting.say("gagal upload penawaran")
    assert not waiting.commands


@pytest.mark.parametrize("text", ["gagal upload penawaran", "xyzzy kode 10023456", "halo min"])
def test_what_is_written_while_waiting_is_kept_for_the_agent(waiting: Talker, text: str) -> None:
    answer = waiting.say(text)
    assert answer
    assert KeepForAgent((1,)) in waiting.commands


def test_while_waiting_nothing_is_not_understood(waiting: Talker) -> None:
    assert "LPSE-2611-00001-9; petugas membacanya" in waiting.say("xyzzy kode 10023456")
    assert "urutan ke-2" in waiting.text


def test_orders_while_waiting_are_no_words_for_the_agent(waiting: Talker) -> None:
    for text in ("menu", "cek tiket", "privasi"):
        waiting.say(text)
        assert not any(isinstance(c, KeepForAgent) for c in waiting.commands)


def office_with(office: Office, **changes: Any) -> Office:
    return office.model_copy(update=changes)


def test_name_and_problem_come_before_a_person(user: Talker) -> None:
    user.say("petugas")
    assert not user.commands
    assert user.state.at == "field:nama"
    user.say("Budi Santoso")
    assert user.state.at == "problem"
    user.say("token tidak terbaca")
    opened, wish = user.commands
    assert isinstance(opened, OpenTicket)
    assert isinstance(wish, CallHuman)
    assert opened.for_person
    assert (opened.problem, opened.answers) == ("token tidak terbaca", {"nama": "Budi Santoso"})


def test_a_greeting_or_a_file_alone_is_no_problem_yet(user: Talker) -> None:
    user.say_all("petugas", "Budi Santoso")
    user.say("halo min")
    assert not user.commands
    user.file(7)
    assert not user.commands
    user.say("token tidak terbaca")
    (opened, _) = user.commands
    assert isinstance(opened, OpenTicket)
    assert opened.attachment_ids == (7,)


def test_what_the_last_form_and_the_app_know_is_not_asked(
    user_with: Callable[..., Talker],
) -> None:
    identity = {"nama": "Budi Santoso", "instansi": "CV Maju", "user_type": "penyedia"}
    user = user_with(identity=identity, own_phone="+6281234567890")
    user.say("petugas")
    assert user.state.at == "problem"
    user.say("token tidak terbaca")
    opened = user.commands[0]
    assert isinstance(opened, OpenTicket)
    assert opened.answers["instansi"] == "CV Maju"
    assert opened.answers["telepon"]
    assert opened.user_type == "penyedia"


def test_whoever_insists_is_let_through(user: Talker) -> None:
    user.say("petugas")
    assert "sekali lagi" in user.say("petugas")
    user.say("petugas")
    assert [type(command) for command in user.commands] == [OpenTicket, CallHuman]


def test_the_whole_form_or_nothing_comes_first_where_the_office_says_so(
    user: Talker, office: Office, desk: Desk
) -> None:
    user.desk = replace(desk, office=office_with(office, form_first="full"))
    user.say("petugas")
    user.say("Budi Santoso")
    assert user.state.at == "field:instansi"
    user.state = State()
    user.desk = replace(desk, office=office_with(office, form_first="none"))
    user.say("petugas")
    assert [type(command) for command in user.commands] == [OpenTicket, CallHuman]


def test_whoever_has_open_tickets_is_asked_which(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(ticket(), ticket(OTHER, state="ditutup")))
    assert NUMBER in user.say("petugas")
    assert OTHER not in user.text
    user.tap(f"t:{NUMBER}")
    assert user.commands == (CallHuman("", NUMBER),)
    user.say("petugas")
    user.tap("another")
    assert user.state.at == "field:nama"


def test_a_named_ticket_is_not_asked_about(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(ticket(), ticket(OTHER)))
    user.say(f"mau bicara orang soal {OTHER}")
    (wish,) = user.commands
    assert isinstance(wish, CallHuman)
    assert wish.number == OTHER


@pytest.mark.parametrize(
    "text", ["chrome terbaru", "halo", "makasih min", "gagal upload", "iya betul", "5"]
)
def test_the_next_words_go_to_the_ticket_that_waits(
    user_with: Callable[..., Talker], text: str
) -> None:
    user = user_with(tickets=(asked(), ticket(OTHER)))
    user.say(text)
    (command,) = user.commands
    assert isinstance(command, PassToAgent)
    assert (command.number, command.text) == (NUMBER, text)
    assert NUMBER in user.text
    assert "Bukan tiket ini" in user.labels


@pytest.mark.parametrize("text", ["menu", "cek tiket", "/lapor", "batal", "privasi"])
def test_orders_do_not_go_to_the_ticket(user_with: Callable[..., Talker], text: str) -> None:
    user = user_with(tickets=(asked(),))
    user.say(text)
    assert not any(isinstance(c, PassToAgent) for c in user.commands)


def test_an_old_question_s_short_word_is_for_the_agent_who_wrote_later(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with()
    user.say("gagal upload penawaran")
    assert "Terjawab" in user.labels
    user.facts = replace(user.facts, now=MONDAY + timedelta(hours=1))
    wrote = ticket(expects="reply", expects_at=MONDAY + timedelta(minutes=30))
    user.facts = replace(user.facts, tickets=(wrote,))
    user.say("sudah")
    assert isinstance(user.commands[0], PassToAgent)


def test_an_own_ticket_s_number_alone_shows_that_ticket(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with(tickets=(asked(), ticket(OTHER)))
    assert OTHER in user.say(OTHER)
    assert not user.commands
    user.say(f"{NUMBER} sudah saya coba")
    assert isinstance(user.commands[0], PassToAgent)


def test_a_quoted_ticket_decides(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(asked(), asked(OTHER)), about=OTHER)
    user.say("sudah saya coba")
    (command,) = user.commands
    assert isinstance(command, PassToAgent)
    assert command.number == OTHER


def test_with_several_it_is_asked_and_what_was_said_is_kept(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with(tickets=(asked(), asked(OTHER)))
    user.file(7, text="sudah saya coba")
    assert not user.commands
    assert "1 berkas" in user.text
    user.say("hasilnya sama")
    assert not user.commands
    user.tap(f"pass:{OTHER}")
    (command,) = user.commands
    assert command == PassToAgent(OTHER, "sudah saya coba\nhasilnya sama", (1, 2), (7,))


def test_more_words_of_a_breath_are_confirmed_once(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(asked(),))
    user.say("min")
    assert user.turn.settle is Settle.BREATH
    user.facts = replace(user.facts, tickets=(ticket(),))
    user.say("sudah saya coba", unspoken=True)
    (command,) = user.commands
    assert command == PassToAgent(NUMBER, "sudah saya coba", (2,))
    assert user.state.passed is not None
    assert [part.text for part in user.state.passed.parts] == ["min", "sudah saya coba"]


def test_a_confirmation_that_was_withdrawn_is_not_lost(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(asked(),))
    user.say("sudah saya coba")
    user.facts = replace(user.facts, tickets=(ticket(), ticket(OTHER)))
    assert f"Diteruskan ke petugas ({NUMBER})" in user.say(OTHER, unspoken=True)
    assert OTHER in user.text
    assert "Diteruskan" not in user.say("menu")


def test_after_two_minutes_the_bot_answers_again(user_with: Callable[..., Talker]) -> None:
    user = user_with(tickets=(asked(),))
    user.say("sudah saya coba")
    user.facts = replace(user.facts, tickets=(ticket(),), now=MONDAY + timedelta(seconds=90))
    user.say("hasilnya sama saja")
    assert isinstance(user.commands[0], PassToAgent)
    user.facts = replace(user.facts, now=MONDAY + timedelta(minutes=5))
    user.say("gagal upload penawaran")
    assert not user.commands


def test_what_was_not_for_the_ticket_is_answered_as_if_said_now(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with(tickets=(asked(),))
    user.say("gagal upload penawaran")
    user.send(Heard(tap=Tap(f"@notfor:{NUMBER}", 999)))
    assert user.commands[0] == TakeBack(NUMBER, (1,))
    assert "Terjawab" in user.labels
    user.send(Heard(tap=Tap(f"@notfor:{NUMBER}", 999)))
    assert not user.commands


def test_beside_an_older_form_question_it_is_asked_whose_the_words_are(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with()
    user.say_all("buat tiket", "Budi Santoso")
    wrote = ticket(expects="reply", expects_at=MONDAY + timedelta(minutes=5))
    user.facts = replace(user.facts, tickets=(wrote,), now=MONDAY + timedelta(minutes=6))
    user.say("CV Maju Jaya")
    assert not user.commands
    assert "Isian formulir" in user.labels
    user.tap("pass:form")
    assert user.state.draft is not None
    assert user.state.draft.answers["instansi"] == "CV Maju Jaya"
    user.say("Jl. Merdeka No. 5, Batam")
    assert not user.commands
    assert user.state.draft.answers["alamat"]


def test_a_form_question_put_after_the_line_gets_its_answer(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with(tickets=(asked(),))
    user.say_all("buat tiket", "Budi Santoso")
    assert user.state.draft is not None
    assert user.state.draft.answers == {"nama": "Budi Santoso"}


def test_choices_of_a_notice_count_by_tap_at_any_step_and_by_their_words(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with(queue=replace(WAITS, called=False))
    here = Choice(f"@here:{WAITS.number}", "Saya di sini", (), ("saya disini",))
    user.state = replace(user.state, asked=(here,), asked_last=True)
    user.say("saya disini min")
    assert user.commands == (HereIAm(),)
    user.say("1")
    assert user.commands == (HereIAm(),)


def test_a_bare_number_means_the_question_that_was_put_last(
    user_with: Callable[..., Talker],
) -> None:
    user = user_with()
    here = Choice(f"@here:{WAITS.number}", "Saya di sini")
    user.say("menu")
    user.state = replace(user.state, asked=(here,), asked_last=True)
    user.say("menu")  # asked again: newer than the notice
    user.say("2")
    assert HereIAm() not in user.commands


def test_an_unknown_value_is_an_old_button(user: Talker, facts: Facts) -> None:
    user.send(Heard(tap=Tap("@apa:1", 3)))
    assert "tombol" in user.text.lower()


@pytest.mark.parametrize("word", ["kirim", "penyedia", "lewati", "Ubah"])
def test_a_form_s_word_out_of_place_meets_no_odd_answer(user: Talker, word: str) -> None:
    assert "tidak ada isian" in user.say(word)


def test_ga_jadi_in_a_form_offers_to_leave_and_keeps_the_question(user: Talker) -> None:
    user.say_all("buat tiket", "Budi Santoso", "ga jadi min, mau nanya gagal upload penawaran")
    assert user.labels == ["Berhenti dulu", "Lanjut mengisi"]
    user.tap("stop")
    assert "Terjawab" in user.labels
    assert user.state.draft is not None
    user.say("lanjutkan isian")
    user.say("gak jadi deh mau tanya yang lain dulu")
    user.tap("go_on")
    assert user.state.at == "field:instansi"
