"""Two Lokets on one PostgreSQL: what is due fires once, whoever rings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.bootstrap import Loket, build
from handoff.clock import due
from handoff.counter import Counter, Moment
from storage.base import AnyRow
from storage.repositories import agents
from storage.repositories import clock as clocks
from tests.handoff.tickets import opened
from tests.rig import Rig
from tests.storage.conftest import postgres

__all__ = ["postgres"]
_names = itertools.count(1)


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    """An empty database of the server."""
    name = f"replicas{next(_names)}"
    admin = create_engine(
        postgres.format(name="postgres").replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres.format(name=name)
    admin.dispose()


@pytest.fixture
def office(make_rig: Callable[..., Rig], url: str) -> Rig:
    return make_rig(database_url=url)


@pytest.fixture
def other(office: Rig, tmp_path: Path) -> Iterator[Loket]:
    """A second process on the same database and the same clock."""
    places = office.places.model_copy(update={"data_dir": tmp_path / "other"})
    loket = build(
        office.config,
        places,
        office.engine,
        clock=office.clock,
        channels={"telegram": office.telegram},
    )
    yield loket
    loket.close()


def test_two_that_ring_at_once_fire_each_deadline_once(
    office: Rig, other: Loket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deed(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
        agents.add_alert(
            moment.connection,
            kind="fired",
            subject=f"{deadline.subject}:{deadline.arming}",
            text="x",
            now=moment.now,
            role=str(id(counter)),
        )

    monkeypatch.setattr(due, "DEEDS", {**due.DEEDS, "test": deed})
    for user in ("budi", "siti", "wati"):
        opened(office, user=user)
    people = office.rows("SELECT id, contact_id FROM tickets ORDER BY id")
    for n in range(90):
        row = people[n % 3]
        office.loket.database.write(
            lambda unit, n=n, row=row: clocks.arm(
                unit.connection,
                kind="test",
                subject=f"n:{n}",
                contact_id=row.contact_id,
                due_at=office.clock.now() + timedelta(seconds=n),
                inputs="{}",
                ticket_id=row.id,
            )
        ).result()
    office.clock.move(timedelta(seconds=100))
    with ThreadPoolExecutor(4) as pool:
        rings = [
            pool.submit(loket.ticker.ring) for _ in range(2) for loket in (office.loket, other)
        ]
        fired = sum(ring.result() for ring in rings)
    assert fired == 90
    subjects = [
        row.subject for row in office.rows("SELECT subject FROM alerts WHERE kind = 'fired'")
    ]
    assert sorted(subjects) == sorted({f"n:{n}:1" for n in range(90)})


def test_a_breach_is_told_once_whoever_notices_it(office: Rig, other: Loket) -> None:
    office.hire("rina", "helpdesk")
    office.hire("kus", "kepala_unit")
    opened(office)
    office.clock.move(timedelta(hours=25))
    office._beat()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda loket: loket.ticker.ring(), (office.loket, other) * 2))
    told = office.rows("SELECT kind, role FROM alerts WHERE kind LIKE 'breached%'")
    assert len(told) == len(set(told)) == 4
    entries = office.rows("SELECT count(*) FROM history WHERE body LIKE '%\"breached\"%'")
    assert entries[0][0] == 2


def test_an_outage_is_opened_once(office: Rig, other: Loket) -> None:
    """Both saw the machine's clock jump, and both start again after a stop."""
    opened(office)
    office.clock.jump(timedelta(hours=3))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda loket: loket.ticker.ring(), (office.loket, other) * 2))
    assert office.count("outages") == 1
    office.clock.move(timedelta(days=7))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda loket: loket.ticker.wake_up(), (office.loket, other) * 2))
    assert office.count("outages") == 2
