"""``loket agent``: accounts from the command line. Each function gives the sentence to print, and
raises ``Refused`` or ConfigError with the one to stop with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from bot.places import Places
from bot.staff import accounts
from bot.staff.fields import tidy_login, tidy_roles
from bot.staff.passwords import Passwords, problem
from bot.staff.worklist import opened
from handoff.refusal import Refused
from storage.repositories import agents

T = TypeVar("T")
_HAND_OVER = "Hand this link over; it sets the password, works once and for {hours} hours:\n{link}"


def add(places: Places, login: str, name: str, roles: Iterable[str], password: str | None) -> str:
    """Make an account, with a password or with a link for setting one."""
    login, kept, now = tidy_login(login), None, _now()
    if password is not None:
        why = problem(password, login)
        if why is not None:
            raise Refused(why)
        kept = Passwords().hash(password)

    def make(connection: Connection) -> str:
        agent_id = accounts.add(
            connection, login=login, name=name, roles=roles, now=now, by=None, password_hash=kept
        )
        said = f"{login} is added."
        return said if kept else f"{said} {_link(connection, places, agent_id, now)}"

    return _write(places, make)


def show(places: Places) -> None:
    """Print all accounts as a table."""
    with opened(places) as database:
        rows = database.read(lambda c: agents.everyone(c, active_only=False))
    table = Table(title="Agents", title_justify="left")
    for column in ("login", "name", "roles", "on duty", "Telegram", "state"):
        table.add_column(column)
    for row in rows:
        state = "removed" if not row.active else "" if row.password_hash else "no password yet"
        table.add_row(
            escape(row.login),
            escape(row.name),
            row.roles,
            "yes" if row.on_duty else "no",
            "linked" if row.telegram_user else "",
            state,
        )
    Console().print(table if rows else "[bold]Agents[/bold]: none")


def set_roles(places: Places, login: str, roles: Iterable[str]) -> str:
    """Other roles for an account."""

    def change(connection: Connection) -> str:
        row = accounts.by_login(connection, login)
        accounts.change(
            connection,
            row.id,
            name=row.name,
            roles=roles,
            chat_limit=row.chat_limit,
            now=_now(),
            by=None,
        )
        return f"{row.login} has the roles {tidy_roles(roles).replace(' ', ', ')}."

    return _write(places, change)


def remove(places: Places, login: str) -> str:
    """Take an account away."""

    def take(connection: Connection) -> str:
        row = accounts.by_login(connection, login)
        accounts.remove(connection, row.id, now=_now(), by=None)
        return f"{row.login} is removed; its chats and tickets go to others."

    return _write(places, take)


def restore(places: Places, login: str) -> str:
    """Let a removed account in again."""

    def give(connection: Connection) -> str:
        row, now = accounts.by_login(connection, login), _now()
        accounts.restore(connection, row.id, now=now, by=None)
        return f"{row.login} is back. {_link(connection, places, row.id, now)}"

    return _write(places, give)


def password(places: Places, login: str) -> str:
    """A link for a new password."""

    def give(connection: Connection) -> str:
        row = accounts.by_login(connection, login)
        return _link(connection, places, row.id, _now())

    return _write(places, give)


def telegram(places: Places, login: str, *, unlink: bool) -> str:
    """Whether a Telegram account is linked; ``unlink`` takes it away."""

    def look(connection: Connection) -> str:
        row = accounts.by_login(connection, login)
        if unlink:
            accounts.unlink_telegram(connection, row.id, _now(), None)
            return f"No Telegram account is linked to {row.login} any more."
        if row.telegram_user:
            return f"The Telegram account {row.telegram_user} is linked to {row.login}."
        return (
            f"No Telegram account is linked to {row.login}. The agent makes a code on "
            f"{places.address}/console/saya and sends it to the bot."
        )

    return _write(places, look)


def _link(connection: Connection, places: Places, agent_id: int, now: datetime) -> str:
    token = accounts.password_link(connection, agent_id, now=now, by=None)
    return _HAND_OVER.format(
        hours=int(accounts.PASSWORD_LIFE.total_seconds() // 3600),
        link=f"{places.address}/console/sandi/{token}",
    )


def _write(places: Places, job: Callable[[Connection], T]) -> T:
    with opened(places) as database:
        return database.write(lambda unit: job(unit.connection)).result()


def _now() -> datetime:
    return datetime.now(UTC)
