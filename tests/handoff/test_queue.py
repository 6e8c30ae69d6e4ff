"""Waiting for a person, being called, talking, and coming back to the bot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from handoff import actions as a
from handoff.history import verify
from handoff.refusal import Refused
from storage.repositories import agents
from tests.rig import MONDAY, Rig

JAKARTA = ZoneInfo("Asia/Jakarta")
MINUTE = timedelta(minutes=1)


def wait_in_line(rig: Rig, user: str = "budi", channel: str = "telegram") -> str:
    """A user asks for a person and gets a place; the ticket's number."""
    for words in ("petugas", "Budi Santoso", "token apendo tidak terbaca"):
        rig.say(words, user, channel)
    return str(rig.ticket().number)


def holder(rig: Rig, user: str = "budi") -> str | None:
    (row,) = rig.rows("SELECT holder FROM conversations WHERE chat = :u", u=rig.key(user).chat)
    found: str | None = row.holder
    return found


def request(rig: Rig, number: str) -> object:
    query = (
        "SELECT r.* FROM human_requests r JOIN tickets t ON t.id = r.ticket_id "
        "WHERE t.number = :n ORDER BY r.id DESC LIMIT 1"
    )
    return rig.rows(query, n=number)[0]


def position(rig: Rig, user: str) -> str:
    return rig.say("/petugas", user, "telegram")


@pytest.fixture
def office(make_rig: Callable[..., Rig]) -> Rig:
    rig = make_rig()
    rig.hire("rina", "helpdesk")
    rig.hire("joko", "helpdesk")
    return rig


def test_a_taken_chat_has_its_holder_and_a_higher_fence(office: Rig) -> None:
    number = wait_in_line(office)
    (before,) = office.rows("SELECT fence FROM conversations")
    office.act("rina", a.Take(), number)
    (after,) = office.rows("SELECT fence, holder FROM conversations")
    row = request(office, number)
    assert after.fence > before.fence
    assert after.holder == row.number  # type: ignore[attr-defined]
    assert (row.state, row.agent_id) == ("live", office.agents["rina"])  # type: ignore[attr-defined]
    assert office.ticket(number).agent_id == office.agents["rina"]


def test_what_the_bot_had_not_sent_yet_is_never_sent_once_a_person_has_the_chat(
    office: Rig,
) -> None:
    number = wait_in_line(office)
    sent = len(office.telegram.sent)
    office.hear("lupa password akun penyedia", "budi", "telegram")  # its answer waits a breath
    office.act("rina", a.Take(), number)
    office.settle()
    texts = [out.text for out in office.telegram.sent[sent:]]
    assert len(texts) == 1
    assert "mengobrol dengan Rina" in texts[0]


def test_of_two_who_take_at_once_the_second_is_told_who_was_faster(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    with pytest.raises(Refused, match="sudah diambil Rina"):
        office.act("joko", a.Take(), number)
    office.act("rina", a.EndChat(), number)
    with pytest.raises(Refused, match="sudah diambil Rina"):
        office.act("joko", a.Take(), number)


def test_a_chat_that_is_called_is_the_caller_s(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.CallUser(), number)
    with pytest.raises(Refused, match="sudah diambil Rina"):
        office.act("joko", a.Take(), number)
    office.act("rina", a.Take(), number)
    assert holder(office)


def test_a_ticket_nobody_waits_for_is_simply_taken(office: Rig) -> None:
    number = wait_in_line(office)
    office.say("kembali ke bot", "budi", "telegram")
    assert "sekarang Anda pegang" in office.act("rina", a.Take(), number)
    assert holder(office) is None


def test_a_waiting_user_of_a_holder_on_a_break_is_taken_by_somebody_else(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("joko", a.Assign(office.agents["rina"]), number)
    with pytest.raises(Refused, match="sudah diambil Rina"):
        office.act("joko", a.Take(), number)
    office.duty("rina", on=False)
    office.act("joko", a.Take(), number)
    assert office.ticket(number).agent_id == office.agents["joko"]


def test_the_office_s_or_the_agent_s_own_limit_of_chats_holds(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(change=lambda raw: raw["queue"].update(chat_limit=1))
    rig.hire("rina", "helpdesk")
    first = wait_in_line(rig)
    second = wait_in_line(rig, "siti")
    rig.act("rina", a.Take(), first)
    for action in (a.Take(), a.CallUser()):
        with pytest.raises(Refused, match="sudah punya 1 obrolan"):
            rig.act("rina", action, second)
    rig.act("rina", a.EndChat(), first)
    rig.act("rina", a.Take(), second)


def test_positions_follow_the_order_of_coming(office: Rig) -> None:
    users = ("budi", "siti", "wati")
    numbers = [wait_in_line(office, user) for user in users]
    assert "urutan ke-3" in position(office, "wati")
    office.act("rina", a.Take(), numbers[0])
    assert "urutan ke-2" in position(office, "wati")


def test_who_does_not_answer_goes_behind_the_next_and_not_to_the_end(office: Rig) -> None:
    users = ("budi", "siti", "wati")
    numbers = [wait_in_line(office, user) for user in users]
    office.act("rina", a.CallUser(), numbers[0])
    for _ in range(3):
        office.wait(timedelta(seconds=61))
    assert "urutan ke-1" in position(office, "siti")
    assert "urutan ke-2" in position(office, "budi")
    assert "urutan ke-3" in position(office, "wati")


def test_calls_come_a_minute_apart_and_each_has_its_button(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.CallUser(), number)
    office.settle()
    calls = []
    for _ in range(4):
        calls.append(sum("Panggilan untuk" in out.text for out in office.telegram.sent))
        office.wait(timedelta(seconds=60))
    assert calls == [1, 2, 3, 3]
    called = [out for out in office.telegram.sent if "Panggilan untuk" in out.text]
    assert all([b.label for b in out.buttons] == ["Saya di sini"] for out in called)


def test_an_unanswered_line_counts_from_the_oldest(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.act("rina", a.ReplyToUser("Ada yang bisa dibantu?"), number)
    office.say("halo", "budi", "telegram")
    office.wait(4 * MINUTE)
    office.say("halo?", "budi", "telegram")
    office.wait(timedelta(seconds=58))
    assert "belum sempat menjawab" in office.answers("budi", "telegram")[-1].text


def test_an_answer_stops_the_warning_and_starts_the_silence(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.say("halo", "budi", "telegram")
    office.wait(4 * MINUTE)
    office.act("rina", a.ReplyToUser("Halo"), number)
    office.wait(9 * MINUTE)
    assert "Halo" in office.answers("budi", "telegram")[-1].text
    assert holder(office)
    office.wait(MINUTE)
    assert holder(office) is None
    assert office.ticket(number).expects == "reply"


def test_a_chat_given_back_is_first_in_the_queue_and_its_ticket_is_for_everyone(
    office: Rig,
) -> None:
    number, other = wait_in_line(office), wait_in_line(office, "siti")
    office.act("rina", a.Take(), number)
    for _ in range(2):
        office.wait(5 * MINUTE)
    assert holder(office) is None
    assert office.ticket(number).agent_id is None
    assert "urutan ke-1" in position(office, "budi")
    assert "urutan ke-2" in position(office, "siti")
    office.act("joko", a.Take(), number)
    assert other != number


def test_a_chat_given_back_with_nobody_on_duty_goes_on_as_a_ticket(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.duty("rina", on=False)
    office.duty("joko", on=False)
    for _ in range(2):
        office.wait(5 * MINUTE)
    assert request(office, number).state == "ticket"  # type: ignore[attr-defined]
    assert number in office.answers("budi", "telegram")[-1].text
    assert holder(office) is None
    assert office.say("menu", "budi", "telegram")


@pytest.mark.parametrize("called", [True, False])
def test_a_closed_account_leaves_nobody_mute(office: Rig, called: bool) -> None:
    number = wait_in_line(office)
    office.act("rina", a.CallUser() if called else a.Take(), number)
    office.loket.database.write(
        lambda unit: agents.change(unit.connection, office.agents["rina"], active=False)
    ).result()
    office.wait(timedelta(seconds=5))
    assert request(office, number).state == "waiting"  # type: ignore[attr-defined]
    assert holder(office) is None
    assert office.ticket(number).agent_id is None
    assert "paling depan" in office.answers("budi", "telegram")[-1].text
    office.act("joko", a.Take(), number)


def test_an_escalated_ticket_ends_its_chat(office: Rig) -> None:
    office.hire("dedi", "koordinator")
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.act("rina", a.Escalate("perlu dicek di server"), number)
    office.wait(timedelta(seconds=5))
    assert holder(office) is None
    assert office.say("menu", "budi", "telegram")


def test_lines_of_a_chat_stand_on_the_ticket_in_order_with_their_files(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.hear("satu", "budi", "telegram")
    office.take(office.event("budi", "telegram", text="dua", files=(office.file("a.png"),)))
    office.act("rina", a.ReplyToUser("tiga"), number)
    office.hear("empat", "budi", "telegram")
    ticket = office.ticket(number)
    rows = office.rows("SELECT text FROM messages WHERE ticket_id = :t ORDER BY seq", t=ticket.id)
    told = [row.text.splitlines()[-1] for row in rows]
    assert told[-4:] == ["satu", "dua", "tiga", "empat"]
    files = office.rows("SELECT id FROM attachments WHERE ticket_id = :t", t=ticket.id)
    assert len(files) == 1
    key = office.loket.turns.counter.key
    assert office.loket.database.read(lambda c: verify(c, key, ticket.id)) is None


def test_a_second_chat_of_the_same_person_hears_where_the_talk_goes_on(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.say("halo")
    contact = office.ticket(number).contact_id
    move = text("UPDATE conversations SET contact_id = :c WHERE channel = 'web'")
    office.loket.database.write(lambda unit: unit.connection.execute(move, {"c": contact})).result()
    assert "Ada yang bisa dibantu" in office.say("menu")  # the bot answers here
    answer = office.say(f"petugas {number}")
    assert "Rina" in answer
    assert number in answer
    assert office.count("human_requests") == 1


def test_closing_time_is_the_end_of_the_day_s_last_opening(office: Rig) -> None:
    calendar = office.loket.turns.counter.calendar
    noon = datetime(2026, 11, 23, 12, 30, tzinfo=JAKARTA)
    assert calendar.closes_at(MONDAY) == datetime(2026, 11, 23, 15, 30, tzinfo=JAKARTA)
    assert calendar.closes_at(noon) == datetime(2026, 11, 23, 15, 30, tzinfo=JAKARTA)
    assert calendar.closes_at(datetime(2026, 11, 23, 15, 30, tzinfo=JAKARTA)) is None
    assert calendar.closes_at(datetime(2026, 11, 22, 9, 0, tzinfo=JAKARTA)) is None


def test_a_talking_user_is_not_cut_off_at_closing_time(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(start=datetime(2026, 11, 23, 15, 20, tzinfo=JAKARTA))
    rig.hire("rina", "helpdesk")
    number = wait_in_line(rig)
    rig.act("rina", a.Take(), number)
    rig.act("rina", a.ReplyToUser("Sebentar"), number)
    rig.wait(9 * MINUTE)
    rig.act("rina", a.ReplyToUser("Masih di sini"), number)
    rig.wait(5 * MINUTE)
    assert holder(rig)


def test_a_restart_loses_no_time(office: Rig) -> None:
    number = wait_in_line(office)
    office.act("rina", a.Take(), number)
    office.restart()
    office.wait(5 * MINUTE)
    office.restart()
    office.wait(5 * MINUTE)
    told = [said.text for said in office.answers("budi", "telegram")]
    assert sum("belum sempat menjawab" in text for text in told) == 1
    assert sum("paling depan" in text for text in told) == 1
