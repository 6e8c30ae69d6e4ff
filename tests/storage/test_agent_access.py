"""Sessions, one-time links and limits, on both databases and many at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.database import Database
from storage.repositories import agent_access, agents
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def make_agent(database: Database, login: str, roles: str = "admin") -> int:
    def add(unit: Unit) -> int:
        return agents.add(
            unit.connection,
            login=login,
            name=login,
            roles=roles,
            on_duty=False,
            active=True,
            created_at=NOW,
        )

    return database.write(add).result()


def test_of_many_who_use_a_link_at_once_one_gets_it(database: Database) -> None:
    def add(unit: Unit) -> None:
        agent_access.add_link(
            unit.connection,
            token_hash="h",
            purpose="setup",
            agent_id=None,
            now=NOW,
            expires_at=LATER,
        )

    database.write(add).result()
    tries = [
        database.write(lambda unit: agent_access.use_link(unit.connection, "h", "setup", NOW))
        for _ in range(8)
    ]
    assert sum(one.result() is not None for one in tries) == 1


def test_tries_at_once_are_all_counted(database: Database) -> None:
    def count(unit: Unit) -> None:
        tats = agent_access.limits(unit.connection, ["masuk:b", "masuk:a"])
        for name, tat in tats.items():
            agent_access.save_limit(unit.connection, name, (tat or NOW) + timedelta(seconds=1))

    for one in [database.write(count) for _ in range(8)]:
        one.result()
    tats = database.write(
        lambda unit: agent_access.limits(unit.connection, ["masuk:a", "masuk:b"])
    ).result()
    assert tats == {"masuk:a": NOW + timedelta(seconds=8), "masuk:b": NOW + timedelta(seconds=8)}


def test_sessions_end_by_account_but_for_one(database: Database) -> None:
    siti, bayu = make_agent(database, "siti"), make_agent(database, "bayu")

    def begin(unit: Unit) -> None:
        for token_hash, agent_id in (("a", siti), ("b", siti), ("c", bayu)):
            agent_access.add_session(
                unit.connection,
                token_hash=token_hash,
                agent_id=agent_id,
                now=NOW,
                expires_at=LATER,
            )
        agent_access.end_sessions(unit.connection, siti, NOW, besides="b")

    database.write(begin).result()
    rows = {h: database.read(lambda c, h=h: agent_access.session(c, h)) for h in "abc"}
    assert {h: row is not None and row.ended_at for h, row in rows.items()} == {
        "a": NOW,
        "b": None,
        "c": None,
    }


def test_two_who_take_each_others_rights_go_one_by_one(database: Database) -> None:
    pair = make_agent(database, "ani"), make_agent(database, "bayu")

    def take(unit: Unit, other: int) -> bool:
        rest = agents.lock_active(unit.connection)
        if not any("admin" in row.roles and row.id != other for row in rest):
            return False
        agents.change(unit.connection, other, active=False)
        return True

    done = [database.write(lambda unit, other=other: take(unit, other)) for other in pair]
    assert sorted(one.result() for one in done) == [False, True]
