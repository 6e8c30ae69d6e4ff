"""The console's streams: who is told that something changed, and what they cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.desk_turns import worker_of
from bot.web.console import live
from bot.web.console.desk import Console
from bot.web.console.live import Live
from handoff import actions as a
from storage.repositories import agents
from tests.bot.desk_work import open_ticket
from tests.rig import Rig


@pytest.fixture
def streams(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Live:
    rig.hire("rina", "helpdesk")
    rig.hire("adi", "koordinator")
    monkeypatch.setattr(live, "BREATH", 0.01)
    monkeypatch.setattr(live, "POLL", 0.05)
    monkeypatch.setattr(live, "KEEP_ALIVE", 0.2)
    loket = rig.loket
    console: Any = Console.__new__(Console)
    for name, value in (("database", loket.database), ("bells", loket.bells)):
        object.__setattr__(console, name, value)
    return Live(console)


def told(
    rig: Rig, streams: Live, about: int, deed: Callable[[], object], login: str = "rina"
) -> list[str]:
    """The events a page gets from before a deed until it has been quiet for a while."""

    async def listen() -> list[str]:
        rig.loket.bells.desk.listen()
        row = rig.loket.database.read(lambda c: agents.get(c, rig.agents[login]))
        stream = streams.events(worker_of(row), about)
        found = await _until_quiet(stream)
        await asyncio.to_thread(deed)
        found += await _until_quiet(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    return list(rig.run(listen()))


async def _until_quiet(stream: AsyncIterator[str]) -> list[str]:
    """Events until two keep-alives; their names with their data."""
    found, quiet = [], 0
    async for part in stream:
        if part.startswith("event:"):
            name, _, data = part.strip().partition("\ndata: ")
            found.append(f"{name.removeprefix('event: ')} {data}")
        elif part.startswith(": ada"):
            quiet += 1
            if quiet == 2:
                return found
    return found


def test_a_page_is_told_of_its_own_ticket_only(rig: Rig, streams: Live) -> None:
    one, two = open_ticket(rig), open_ticket(rig, "wati")
    first = rig.ticket(one).id

    def note(number: str) -> Callable[[], object]:
        return lambda: rig.act("rina", a.WriteNote("x"), number)

    assert "berubah {}" in told(rig, streams, first, note(one))
    assert "berubah {}" not in told(rig, streams, first, note(two))
    assert "berubah {}" in told(rig, streams, 0, note(two))


def test_alerts_are_counted_for_whom_they_are_meant(rig: Rig, streams: Live) -> None:
    number = open_ticket(rig)
    before = [e for e in told(rig, streams, 0, lambda: None) if e.startswith("kabar")]
    assert len(before) == 1
    had = json.loads(before[0].removeprefix("kabar "))["alerts"]

    def assign() -> None:
        rig.act("adi", a.Assign(rig.agents["rina"]), number)

    after = told(rig, streams, 0, assign)
    counts = [json.loads(e[6:])["alerts"] for e in after if e.startswith("kabar")]
    assert counts[-1] == had + 1


def test_a_stream_says_nothing_of_what_was_written(rig: Rig, streams: Live) -> None:
    number = open_ticket(rig)
    ticket = rig.ticket(number).id
    heard = "".join(
        told(rig, streams, ticket, lambda: rig.act("rina", a.WriteNote("rahasia"), number))
    )
    assert "rahasia" not in heard
    assert number not in heard


def test_what_another_replica_wrote_is_noticed(rig: Rig, streams: Live) -> None:
    """Its bells do not ring here: only the poll can see it."""
    number = open_ticket(rig)
    ticket = rig.ticket(number)

    def elsewhere() -> None:
        rig.loket.database.write(
            lambda unit: unit.connection.exec_driver_sql(
                "INSERT INTO messages (conversation_id, seq, author, text, created_at, ticket_id) "
                f"VALUES ({ticket.conversation_id}, 999, 'user', 'halo', 0, {ticket.id})"
            )
        ).result()

    assert "berubah {}" in told(rig, streams, ticket.id, elsewhere)


def test_the_poll_ends_with_the_last_stream(rig: Rig, streams: Live) -> None:
    told(rig, streams, 0, lambda: None)
    assert streams.open == 0
    assert streams._poll is None
    assert not rig.loket.bells.desk._pages


def test_a_stream_ends_when_the_server_stops(rig: Rig, streams: Live) -> None:
    async def listen() -> list[str]:
        rig.loket.bells.desk.listen()
        row = rig.loket.database.read(lambda c: agents.get(c, rig.agents["rina"]))
        asyncio.get_running_loop().call_later(0.3, rig.loket.bells.desk.close)
        return [part async for part in streams.events(worker_of(row), 0)]

    assert rig.run(listen())[0].startswith("retry:")
