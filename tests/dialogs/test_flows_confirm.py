""" "Apakah masalah sudah beres?", the rating, and "masih error"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogs import offers
from dialogs.commands import AskReopen, ConfirmSolved, NoteOnTicket, RateTicket
from dialogs.facts import Facts, TicketFact
from dialogs.heard import File

Maker = Callable[..., Any]
ONE, TWO = "LPSE-2611-00042-K", "LPSE-2611-00077-A"


@pytest.fixture
def solved(facts: Facts) -> TicketFact:
    opened = facts.now - timedelta(days=2)
    return TicketFact(
        ONE, "gangguan", "selesai", "gagal upload", opened, "menengah", "lpse",
        expects="confirm", expects_at=facts.now - timedelta(hours=1),
    )  # fmt: skip


@pytest.fixture
def asked(user_with: Maker, solved: TicketFact) -> Any:
    """A user who was asked whether it is solved."""
    user = user_with(tickets=(solved,))
    user.state = replace(user.state, asked=offers.solved(ONE), asked_last=True)
    return user


@pytest.mark.parametrize(
    "text",
    [
        "sudah", "Sudah min", "udah", "udah min", "sdh bisa makasih", "ya", "iya kak", "1",
        "sudah bisa login pak terima kasih", "udh beres", "alhamdulillah sudah berhasil",
        "beres min", "berhasil kak", "sudah normal kembali",
    ],
)  # fmt: skip
def test_yes_in_many_words(asked: Any, text: str) -> None:
    asked.say(text)
    (command,) = asked.commands
    assert isinstance(command, ConfirmSolved)
    assert (command.number, command.solved) == (ONE, True)


@pytest.mark.parametrize(
    "text",
    [
        "belum", "Belum min", "blm bisa", "blm", "2", "masih error", "masih gagal upload min",
        "tetap tidak bisa", "ga bisa pak", "muncul lagi errornya", "sudah saya coba masih error",
        "tetep gabisa masuk", "errornya muncul lagi", "nggak",
    ],
)  # fmt: skip
def test_no_in_many_words(asked: Any, text: str) -> None:
    asked.say(text)
    (command,) = asked.commands
    assert isinstance(command, ConfirmSolved)
    assert (command.number, command.solved) == (ONE, False)
    assert command.text == text


@pytest.mark.parametrize(
    "text",
    ["oke", "baik min", "siap", "makasih", "halo", "gagal upload gimana caranya ya?",
     "belum saya coba", "nanti saya coba dulu", "cek tiket", "lupa password kenapa?"],
)  # fmt: skip
def test_what_is_neither_is_taken_as_neither(asked: Any, text: str) -> None:
    asked.say(text)
    assert not any(isinstance(c, ConfirmSolved) for c in asked.commands)
    assert asked.turn.replies or asked.commands


def test_words_that_are_no_answer_go_on_the_ticket(asked: Any) -> None:
    asked.say("nanti sore saya coba di kantor")
    assert asked.commands == (NoteOnTicket(ONE, "addition", "nanti sore saya coba di kantor"),)


def test_a_screenshot_goes_with_the_no(asked: Any) -> None:
    asked.say("masih error", files=(File(9, "image", "layar.png"),))
    (command,) = asked.commands
    assert (command.solved, command.attachment_ids, command.message_ids) == (False, (9,), (1,))
    assert asked.state.files == ()


def test_the_buttons_count_in_mid_form_and_leave_it_alone(asked: Any) -> None:
    asked.say("lapor")
    draft = asked.state.draft
    asked.tap(f"@yes:{ONE}", step=0)
    assert asked.commands == (ConfirmSolved(ONE, True),)
    assert (asked.state.flow, asked.state.draft) == ("consultation", draft)


def test_with_two_solved_tickets_it_is_asked_which(user_with: Maker, solved: TicketFact) -> None:
    user = user_with(tickets=(solved, replace(solved, number=TWO)))
    user.say("masih error min")
    assert user.commands == ()
    assert {ONE, TWO} <= set(user.labels)
    user.say(TWO)
    assert user.commands == (NoteOnTicket(TWO, "not_resolved", "masih error min"),)


def test_a_number_or_a_quote_shows_which(user_with: Maker, solved: TicketFact) -> None:
    tickets = (solved, replace(solved, number=TWO))
    user = user_with(tickets=tickets)
    user.say(f"{TWO} sudah beres")
    assert (user.commands[0].number, user.commands[0].solved) == (TWO, True)
    user = user_with(tickets=tickets, about=ONE)
    user.say("belum bisa")
    assert (user.commands[0].number, user.commands[0].solved) == (ONE, False)


def closed(ticket: TicketFact) -> TicketFact:
    return replace(ticket, state="ditutup", expects="", expects_at=None, may_reopen=True)


@pytest.mark.parametrize(
    "text", ["masih error lagi", "muncul lagi min", "masih perlu", "buka lagi"]
)
def test_masih_error_opens_the_closed_ticket(
    user_with: Maker, solved: TicketFact, text: str
) -> None:
    user = user_with(tickets=(closed(solved),))
    user.say(text)
    (command,) = user.commands
    assert isinstance(command, AskReopen)
    assert (command.number, command.text) == (ONE, text)


def test_what_was_closed_long_ago_stays_closed(user_with: Maker, solved: TicketFact) -> None:
    user = user_with(tickets=(replace(closed(solved), may_reopen=False),))
    user.say("masih error lagi")
    assert not any(isinstance(c, AskReopen) for c in user.commands)


def test_a_new_question_after_closing_is_answered(user_with: Maker, solved: TicketFact) -> None:
    user = user_with(tickets=(closed(solved),))
    user.say("gagal upload kenapa ya?")
    assert user.commands == ()
    assert user.state.flow == "faq"


@pytest.fixture
def rated(user_with: Maker, solved: TicketFact) -> Any:
    """A user who was asked for stars."""
    user = user_with(tickets=(closed(solved),))
    user.state = replace(user.state, asked=offers.stars(ONE), asked_last=True)
    user.state = replace(user.state, noticed_privacy=True)
    return user


@pytest.mark.parametrize(
    ("text", "stars"), [("4", 4), ("bintang 5", 5), ("lima", 5), ("nilai 3 min", 3), ("1", 1)]
)
def test_stars_are_typed(rated: Any, text: str, stars: int) -> None:
    said = rated.say(text)
    assert rated.commands == (RateTicket(ONE, stars),)
    assert f"Nilai {stars}" in said
    assert rated.labels == ["Lewati"]


def test_the_comment_is_the_next_text(rated: Any) -> None:
    rated.tap(f"@rate:{ONE}:4", step=0)
    rated.say("petugasnya ramah sekali")
    assert rated.commands == (RateTicket(ONE, None, "petugasnya ramah sekali"),)
    assert rated.state.flow == "menu"


@pytest.mark.parametrize("text", ["lewati", "tidak ada", "makasih"])
def test_a_comment_may_be_left_out(rated: Any, text: str) -> None:
    rated.tap(f"@rate:{ONE}:4", step=0)
    assert "terima kasih" in rated.say(text).lower()
    assert rated.commands == ()


def test_another_question_is_no_comment(rated: Any) -> None:
    rated.tap(f"@rate:{ONE}:4", step=0)
    rated.say("gagal upload kenapa ya?")
    assert rated.commands == ()
    assert rated.state.flow == "faq"


def test_stars_in_mid_form_leave_the_form_alone(rated: Any) -> None:
    rated.say("lapor")
    rated.tap(f"@rate:{ONE}:2", step=0)
    assert rated.commands == (RateTicket(ONE, 2),)
    assert rated.state.flow == "consultation"


@pytest.mark.parametrize("value", [f"@rate:{ONE}:9", f"@rate:{ONE}", "@rate:", f"@rate:{TWO}:5"])
def test_forged_stars_change_nothing(rated: Any, value: str) -> None:
    rated.tap(value, step=0)
    assert rated.commands == ()
    assert rated.text


def test_a_number_means_no_stars_where_none_were_asked(user_with: Maker, solved: Any) -> None:
    user = user_with(tickets=(closed(solved),))
    user.say("5")
    assert not any(isinstance(c, RateTicket) for c in user.commands)


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("pelayanannya lambat sekali", "pengaduan"),
        ("pelayanannya tidak ramah sama sekali", "pengaduan"),
        ("saya keberatan dengan pelayanannya kemarin", "keberatan"),
        ("saran saya ditambah petugasnya", "saran"),
        ("pelayanannya sudah bagus dan cepat", "masukan"),
    ],
)
def test_what_a_feedback_is_follows_from_its_words(user: Any, words: str, category: str) -> None:
    text = user.say(words)
    assert text.split("\n\n")[-3].lower().startswith(category) or category in text.lower()
    user.say("kirim")
    assert user.commands[0].category == category


def test_the_user_corrects_what_it_is(user: Any) -> None:
    user.say("pelayanannya lambat sekali kemarin")
    user.say("ganti jenis")
    assert user.labels == ["Pengaduan", "Keberatan", "Saran", "Masukan"]
    user.say("keberatan")
    user.say("tolong ditindaklanjuti, saran saya")
    user.say("kirim")
    assert user.commands[0].category == "keberatan"
