"""The user's words for an agent outside a live chat: passed on, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialogs import commands as c
from handoff import actions as a
from handoff.counter import Moment
from handoff.desk import carry_out
from handoff.history import verify
from storage.repositories import conversations
from storage.unit import Unit
from tests.handoff.tickets import opened
from tests.rig import Rig


@pytest.fixture
def office(make_rig: Callable[..., Rig]) -> Rig:
    rig = make_rig()
    rig.hire("rina", "helpdesk")
    rig.hire("joko", "helpdesk")
    return rig


def kinds(rig: Rig, ticket_id: int) -> list[str]:
    rows = rig.rows("SELECT body FROM history WHERE ticket_id = :t ORDER BY seq", t=ticket_id)
    return [row.body.split('"kind": "')[1].split('"')[0] for row in rows]


def alerts(rig: Rig, login: str) -> list[str]:
    return [
        row.text
        for row in rig.rows(
            "SELECT text FROM alerts WHERE agent_id = :a AND seen_at IS NULL",
            a=rig.agents[login],
        )
    ]


def carried_out(rig: Rig, user: str, *commands: c.Command) -> list[Any]:
    """Commands of a user's turn, without the talk that led to them."""
    key, now = rig.key(user, "telegram"), rig.clock.now()

    def write(unit: Unit) -> list[Any]:
        address = (key.channel, key.account, key.chat, key.thread)
        case = conversations.open_case(unit.connection, address, now)
        moment = Moment(unit.connection, case, now, step=1)
        return list(carry_out(rig.loket.turns.counter, moment, commands))

    done: list[Any] = rig.loket.database.write(write).result()
    return done


def test_an_agent_s_line_opens_an_expectation_and_the_answer_ends_it(office: Rig) -> None:
    number = opened(office)
    office.act("rina", a.ReplyToUser("Browser apa?"), number)
    assert office.ticket(number).expects == "reply"
    office.say("chrome terbaru", "budi", "telegram")
    ticket = office.ticket(number)
    assert (ticket.expects, ticket.expects_at) == ("", None)
    assert ticket.waiting_since is not None
    assert any("balasan dari pengguna" in text for text in alerts(office, "rina"))
    assert not alerts(office, "joko")


def test_a_file_goes_to_the_ticket_with_the_message_it_came_with(office: Rig) -> None:
    number = opened(office)
    office.act("rina", a.ReplyToUser("Kirim tangkapan layarnya"), number)
    files = (office.file("layar.png"),)
    office.take(office.event("budi", "telegram", files=files))
    office.settle()
    ticket = office.ticket(number)
    (file,) = office.rows("SELECT ticket_id, message_id FROM attachments")
    (message,) = office.rows("SELECT ticket_id FROM messages WHERE id = :m", m=file.message_id)
    assert file.ticket_id == message.ticket_id == ticket.id


def test_what_is_taken_back_leaves_the_ticket_and_history_keeps_that_it_was_there(
    office: Rig,
) -> None:
    number = opened(office)
    office.say("halo", "budi", "telegram")
    office.act("rina", a.ReplyToUser("Browser apa?"), number)
    office.take(
        office.event("budi", "telegram", text="lupa password", files=(office.file("a.png"),))
    )
    office.settle()
    office.tap("Bukan tiket ini", "budi", "telegram")
    ticket = office.ticket(number)
    assert (ticket.expects, ticket.waiting_since) == ("reply", None)
    said = "SELECT ticket_id FROM messages WHERE text = 'lupa password'"
    assert [row.ticket_id for row in office.rows(said)] == [None]
    assert [row.ticket_id for row in office.rows("SELECT ticket_id FROM attachments")] == [None]
    assert kinds(office, ticket.id)[-2:] == ["user_said", "user_took_back"]
    key = office.loket.turns.counter.key
    assert office.loket.database.read(lambda conn: verify(conn, key, ticket.id)) is None


def test_words_for_a_ticket_nobody_holds_reach_its_tier(office: Rig) -> None:
    number = opened(office)
    office.act("rina", a.ReplyToUser("Browser apa?"), number)
    office.act("rina", a.Release(), number)
    office.say("chrome", "budi", "telegram")
    rows = office.rows("SELECT role FROM alerts WHERE kind = 'user_said'")
    assert [row.role for row in rows] == ["helpdesk"]


def test_somebody_else_s_ticket_takes_no_words(office: Rig) -> None:
    number = opened(office, "siti")
    office.say("halo", "budi", "telegram")
    (reply,) = carried_out(office, "budi", c.PassToAgent(number, "rahasia"))
    assert "tidak" in reply.text.lower()
    assert kinds(office, office.ticket(number).id) == ["opened"]


def test_an_answer_to_one_of_two_lines_leaves_the_other_waiting(office: Rig) -> None:
    first, second = opened(office), opened(office, problem="token apendo tidak terbaca")
    office.act("rina", a.ReplyToUser("Browser apa?"), first)
    office.act("joko", a.ReplyToUser("Versi apendo?"), second)
    office.say(f"{first} saya pakai chrome", "budi", "telegram")
    assert office.ticket(first).expects == ""
    assert office.ticket(second).expects == "reply"


def test_the_same_message_delivered_twice_is_passed_on_once(office: Rig) -> None:
    number = opened(office)
    office.act("rina", a.ReplyToUser("Browser apa?"), number)
    event = office.event("budi", "telegram", text="chrome terbaru")
    office.take(event)
    office.take(event)
    office.settle()
    assert kinds(office, office.ticket(number).id).count("user_said") == 1
