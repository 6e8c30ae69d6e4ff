"""Accounts without a browser: what may be made, changed and taken away, and one-time links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from bot.staff import accounts, sessions
from bot.staff.passwords import Passwords, problem
from handoff.refusal import Refused
from storage.repositories import agents
from tests.rig import CHEAP, Rig

HOUR = timedelta(hours=1)


def do(rig: Rig, job: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Run an account's function in a transaction of its own."""
    named = {"now": rig.clock.now(), **named}
    return rig.loket.database.write(lambda unit: job(unit.connection, *given, **named)).result()


def add(rig: Rig, login: str, *roles: str, **more: Any) -> int:
    values: dict[str, Any] = {"name": login.title(), "by": None, **more}
    agent_id: int = do(rig, accounts.add, login=login, roles=roles, **values)
    return agent_id


def row(rig: Rig, agent_id: int) -> Any:
    return rig.loket.database.read(lambda c: agents.get(c, agent_id))


def log(rig: Rig) -> list[str]:
    return [r.what for r in rig.rows("SELECT what FROM access_log ORDER BY id")]


def test_a_new_account_is_kept_tidily_and_logged(rig: Rig) -> None:
    boss = add(rig, "ani", "admin")
    siti = add(rig, " Siti.H ", "koordinator", "helpdesk", name="  Siti\nH.\u200b ", by=boss)
    kept = row(rig, siti)
    assert (kept.login, kept.name, kept.roles) == ("siti.h", "Siti H.", "helpdesk koordinator")
    assert not kept.on_duty
    assert log(rig)[-1] == f"account:{siti} added siti.h helpdesk koordinator"
    assert rig.rows("SELECT agent_id FROM access_log ORDER BY id")[-1].agent_id == boss


@pytest.mark.parametrize(
    ("login", "name", "roles"),
    [
        ("s", "Siti", ["helpdesk"]),
        ("si ti", "Siti", ["helpdesk"]),
        ("siti'--", "Siti", ["helpdesk"]),
        ("x" * 65, "Siti", ["helpdesk"]),
        ("siti", " ", ["helpdesk"]),
        ("siti", "S" * 61, ["helpdesk"]),
        ("siti", "Siti", []),
        ("siti", "Siti", ["boss"]),
        ("siti", "Siti", ["helpdesk admin"]),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    rig: Rig, login: str, name: str, roles: list[str]
) -> None:
    with pytest.raises(Refused):
        do(rig, accounts.add, login=login, name=name, roles=roles, by=None)
    assert rig.count("agents") == 0


def test_a_login_is_given_once(rig: Rig) -> None:
    add(rig, "siti", "admin")
    with pytest.raises(Refused, match="sudah dipakai"):
        add(rig, "SITI", "helpdesk")


def test_a_removed_account_leaves_nothing_open(rig: Rig) -> None:
    boss, siti = add(rig, "ani", "admin"), add(rig, "siti", "helpdesk")
    now = rig.clock.now()
    token = do(rig, accounts.password_link, siti, by=boss)
    session = do(rig, lambda c, now: sessions.begin(c, siti, now))
    code = do(rig, accounts.telegram_code, siti)
    assert do(rig, accounts.link_telegram, code, "4711") == "Siti"
    do(rig, accounts.remove, siti, by=boss)
    kept = row(rig, siti)
    assert (kept.active, kept.on_duty, kept.telegram_user) == (False, False, None)
    assert rig.loket.database.read(lambda c: sessions.find(c, session, now)) is None
    with pytest.raises(Refused):
        do(rig, accounts.set_password_by_link, token, "hash")
    assert f"account:{siti} removed" in log(rig)


def test_a_restored_account_needs_a_new_password(rig: Rig) -> None:
    boss = add(rig, "ani", "admin")
    siti = add(rig, "siti", "helpdesk", password_hash=CHEAP.hash("kuda makan rumput"))
    do(rig, accounts.remove, siti, by=boss)
    with pytest.raises(Refused, match="pernah dipakai"):
        add(rig, "siti", "helpdesk")
    do(rig, accounts.restore, siti, by=boss)
    assert row(rig, siti).active
    assert row(rig, siti).password_hash is None


def test_the_last_admin_stays(rig: Rig) -> None:
    ani, bayu = add(rig, "ani", "admin", "helpdesk"), add(rig, "bayu", "admin")
    add(rig, "siti", "admin_lpse")  # another role, though its name begins alike
    do(rig, accounts.remove, ani, by=bayu)
    with pytest.raises(Refused, match="satu-satunya"):
        do(rig, accounts.remove, bayu, by=bayu)
    with pytest.raises(Refused, match="satu-satunya"):
        do(rig, accounts.change, bayu, name="B", roles=["helpdesk"], chat_limit=None, by=bayu)
    assert row(rig, bayu).roles == "admin"
    do(rig, accounts.restore, ani, by=bayu)
    do(rig, accounts.change, bayu, name="B", roles=["helpdesk"], chat_limit=2, by=bayu)
    assert (row(rig, bayu).roles, row(rig, bayu).chat_limit) == ("helpdesk", 2)


def test_a_password_link_works_once_and_for_three_days(rig: Rig) -> None:
    siti = add(rig, "siti", "admin")
    first = do(rig, accounts.password_link, siti, by=None)
    second = do(rig, accounts.password_link, siti, by=None)
    with pytest.raises(Refused):  # the newer one replaced it
        do(rig, accounts.set_password_by_link, first, "a")
    assert do(rig, accounts.set_password_by_link, second, "b") == siti
    with pytest.raises(Refused):
        do(rig, accounts.set_password_by_link, second, "c")
    assert row(rig, siti).password_hash == "b"
    late = do(rig, accounts.password_link, siti, by=None)
    rig.clock.move(accounts.PASSWORD_LIFE)
    with pytest.raises(Refused, match="lewat waktunya"):
        do(rig, accounts.set_password_by_link, late, "d")


def test_a_link_is_for_its_own_purpose(rig: Rig) -> None:
    siti = add(rig, "siti", "admin")
    code = do(rig, accounts.telegram_code, siti)
    token = do(rig, accounts.password_link, siti, by=None)
    with pytest.raises(Refused):
        do(rig, accounts.set_password_by_link, code, "a")
    with pytest.raises(Refused):
        do(rig, accounts.link_telegram, token, "4711")


def test_no_row_holds_a_usable_token(rig: Rig) -> None:
    siti = add(rig, "siti", "admin")
    token = do(rig, accounts.password_link, siti, by=None)
    session = do(rig, lambda c, now: sessions.begin(c, siti, now))
    kept = {r.token_hash for r in rig.rows("SELECT token_hash FROM agent_links")}
    kept |= {r.token_hash for r in rig.rows("SELECT token_hash FROM agent_sessions")}
    assert kept == {accounts.hashed(token), accounts.hashed(session)}


def test_a_telegram_account_acts_for_one_agent(rig: Rig) -> None:
    siti, bayu = add(rig, "siti", "admin"), add(rig, "bayu", "helpdesk")
    code = do(rig, accounts.telegram_code, siti)
    do(rig, accounts.link_telegram, code.upper(), "4711")
    with pytest.raises(Refused, match="sudah dipakai"):
        do(rig, accounts.link_telegram, code, "4712")
    with pytest.raises(Refused, match="petugas lain"):
        do(rig, accounts.link_telegram, do(rig, accounts.telegram_code, bayu), "4711")
    do(rig, accounts.unlink_telegram, siti, by=siti)
    do(rig, accounts.link_telegram, do(rig, accounts.telegram_code, bayu), "4711")
    assert row(rig, bayu).telegram_user == "4711"


def test_a_telegram_code_is_a_command_and_short_lived(rig: Rig) -> None:
    siti = add(rig, "siti", "admin")
    code = do(rig, accounts.telegram_code, siti)
    assert len(f"petugas_{code}") <= 32
    assert code.isalnum()
    assert code.islower()
    rig.clock.move(accounts.CODE_LIFE)
    with pytest.raises(Refused, match="Kode ini"):
        do(rig, accounts.link_telegram, code, "4711")


@pytest.mark.parametrize("password", ["pendek", "siti.harahap", "aaaaaaaaaaaa", "qwertyuiop", ""])
def test_a_weak_password_is_refused(password: str) -> None:
    assert problem(password, "siti.harahap") is not None


def test_a_password_of_words_is_taken() -> None:
    assert problem("kuda makan rumput", "siti") is None
    assert problem("x" * 201, "siti") is not None


def test_a_password_is_the_same_however_it_was_typed() -> None:
    kept = CHEAP.hash("kopi caf\u00e9 pagi")
    assert CHEAP.matches(kept, "kopi cafe\u0301 pagi")
    assert not CHEAP.matches(kept, "kopi cafe pagi")
    assert not CHEAP.matches("no hash at all", "kopi")


def test_a_hash_of_another_cost_is_stale() -> None:
    kept = CHEAP.hash("kuda makan rumput")
    assert not CHEAP.is_stale(kept)
    assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).is_stale(kept)


def test_without_a_hash_as_much_is_computed_and_nothing_matches() -> None:
    """The library is asked either way, so the time tells nothing about the login."""
    asked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            asked.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert not passwords.matches(None, "nobody has this password")
    assert passwords.matches(passwords.hash("kuda makan rumput"), "kuda makan rumput")
    assert len(asked) == 2


def test_limits_count_failures_and_survive_a_restart(rig: Rig) -> None:
    def admit() -> timedelta:
        wait: timedelta = do(rig, lambda c, now: sessions.admit(c, "siti", "10.0.0.1", now))
        return wait

    assert [admit() for _ in range(6)] == [timedelta(0)] * 6
    assert admit() == timedelta(seconds=30)
    rig.restart()
    assert admit() == timedelta(seconds=30)
    rig.clock.move(timedelta(seconds=30))
    assert admit() == timedelta(0)
    do(rig, lambda c, now: sessions.forgive(c, "siti", "10.0.0.1", now))
    assert [admit() for _ in range(6)] == [timedelta(0)] * 6
    assert "siti" not in str([r.scope for r in rig.rows("SELECT scope FROM scopes")])


def test_what_is_over_is_forgotten(rig: Rig) -> None:
    siti = add(rig, "siti", "admin")
    do(rig, accounts.password_link, siti, by=None)
    do(rig, lambda c, now: sessions.begin(c, siti, now))
    do(rig, lambda c, now: sessions.admit(c, "siti", "10.0.0.1", now))
    rig.clock.move(sessions.LONGEST + sessions.KEPT + HOUR)
    do(rig, lambda c, now: sessions.sweep(c, now))
    assert [rig.count(t) for t in ("agent_links", "agent_sessions", "scopes")] == [0, 0, 0]
