"""Agents, alerts for them, and the log of who looked at what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import AccessEntry, Agent, Alert, Ticket
from storage.prepared import Prepared

_A = table_of(Agent)
_L = table_of(Alert)
_X = table_of(AccessEntry)
_T = table_of(Ticket)


def get(connection: Connection, agent_id: int) -> AnyRow | None:
    """One account, active or not."""
    return connection.execute(select(_A).where(_A.c.id == agent_id)).first()


def by_login(connection: Connection, login: str) -> AnyRow | None:
    """One account by its login, active or not."""
    return connection.execute(select(_A).where(_A.c.login == login)).first()


def by_telegram(connection: Connection, user_id: str) -> AnyRow | None:
    """The active account linked to a Telegram user."""
    return connection.execute(select(_A).where(_A.c.telegram_user == user_id, _A.c.active)).first()


def by_subject(connection: Connection, subject: str) -> AnyRow | None:
    """The account linked to somebody at the OIDC provider, active or not."""
    return connection.execute(select(_A).where(_A.c.subject == subject)).first()


def anyone(connection: Connection) -> bool:
    """Whether there is any account at all, active or not."""
    return bool(connection.execute(select(exists().where(_A.c.id > 0))).scalar())


def open_tickets(connection: Connection, agent_id: int) -> int:
    """How many tickets in work an account holds."""
    query = select(func.count()).where(_T.c.agent_id == agent_id, _T.c.open)
    return int(connection.execute(query).scalar_one())


def left_tickets(connection: Connection, limit: int = 100) -> list[int]:
    """Tickets in work that an account holds which is no longer active."""
    gone = select(_A.c.id).where(~_A.c.active)
    query = select(_T.c.id).where(_T.c.agent_id.in_(gone), _T.c.open)
    return sorted(int(row.id) for row in connection.execute(query.limit(limit)))


def lock_active(connection: Connection) -> list[AnyRow]:
    """All active accounts, locked: two who take each other's rights away go one by one. What
    merely names an account does not wait for it."""
    query = select(_A).where(_A.c.active).order_by(_A.c.id).with_for_update(key_share=True)
    return list(connection.execute(query).fetchall())


def everyone(connection: Connection, *, active_only: bool = True) -> list[AnyRow]:
    """All accounts by name."""
    query = select(_A).order_by(_A.c.name, _A.c.id)
    return list(connection.execute(query.where(_A.c.active) if active_only else query).fetchall())


def add(connection: Connection, **values: object) -> int:
    """A new account; its row id."""
    return int(connection.execute(insert(_A).returning(_A.c.id), values).scalar_one())


def change(connection: Connection, agent_id: int, **values: object) -> None:
    """Write columns of one account."""
    connection.execute(update(_A).where(_A.c.id == agent_id).values(**values))


_ON_DUTY = Prepared(
    select(_A.c.id)
    .where(
        _A.c.active,
        _A.c.on_duty,
        or_(_A.c.roles.contains("helpdesk"), _A.c.roles.contains("koordinator")),
    )
    .limit(1)
)


def anyone_on_duty(connection: Connection) -> bool:
    """Whether somebody who takes chats is on duty. Asked on the path of every message."""
    return _ON_DUTY.first(connection, {}) is not None


def on_duty_as(connection: Connection, roles: tuple[str, ...]) -> bool:
    """Whether somebody with one of these roles is on duty."""
    padded = " " + _A.c.roles + " "
    holds = or_(*(padded.contains(f" {role} ") for role in roles))
    query = select(exists().where(_A.c.active, _A.c.on_duty, holds))
    return bool(connection.execute(query).scalar())


def has_role(connection: Connection, role: str) -> bool:
    """Whether any active account holds a role (``admin`` is no part of ``admin_lpse``)."""
    padded = (" " + _A.c.roles + " ").contains(f" {role} ")
    return bool(connection.execute(select(exists().where(_A.c.active, padded))).scalar())


def add_alert(
    connection: Connection,
    *,
    kind: str,
    subject: str,
    text: str,
    now: datetime,
    agent_id: int | None = None,
    role: str | None = None,
) -> None:
    """Tell an agent, a role, or everyone on duty; an unseen one of the same kind, subject and
    addressee is enough."""
    same = select(_L.c.id).where(
        _L.c.kind == kind,
        _L.c.subject == subject,
        _L.c.seen_at.is_(None),
        _L.c.agent_id.is_(None) if agent_id is None else _L.c.agent_id == agent_id,
        _L.c.role.is_(None) if role is None else _L.c.role == role,
    )
    if connection.execute(same.limit(1)).first() is None:
        connection.execute(
            insert(_L),
            {
                "kind": kind,
                "subject": subject,
                "text": text,
                "at": now,
                "agent_id": agent_id,
                "role": role,
            },
        )


def alerted_since(connection: Connection, kind: str, subject: str, since: datetime) -> bool:
    """Whether this was said to anybody since then, seen or not."""
    query = select(exists().where(_L.c.kind == kind, _L.c.subject == subject, _L.c.at > since))
    return bool(connection.execute(query).scalar())


def alerts_for(
    connection: Connection, agent_id: int, roles: list[str], limit: int = 50
) -> list[AnyRow]:
    """Unseen alerts meant for an agent, the newest first."""
    mine = or_(
        _L.c.agent_id == agent_id,
        _L.c.agent_id.is_(None) & or_(_L.c.role.is_(None), _L.c.role.in_(roles)),
    )
    query = select(_L).where(_L.c.seen_at.is_(None), mine).order_by(_L.c.id.desc()).limit(limit)
    return list(connection.execute(query).fetchall())


def newest_alert(connection: Connection) -> int:
    """The id of the last alert, a cursor for pages."""
    return int(connection.execute(select(func.coalesce(func.max(_L.c.id), 0))).scalar_one())


def see_alerts(
    connection: Connection, agent_id: int, now: datetime, *, subject: str | None = None
) -> None:
    """Alerts were seen: those about ``subject``, else the agent's own."""
    about = _L.c.subject == subject if subject is not None else _L.c.agent_id == agent_id
    connection.execute(
        update(_L).where(_L.c.seen_at.is_(None), about).values(seen_at=now, seen_by=agent_id)
    )


def withdraw_alerts(connection: Connection, kind: str, subject: str, now: datetime) -> None:
    """What these alerts told of is over: whoever has not seen them need not."""
    about = (_L.c.kind == kind) & (_L.c.subject == subject)
    connection.execute(update(_L).where(_L.c.seen_at.is_(None), about).values(seen_at=now))


def log_access(connection: Connection, agent_id: int, what: str, now: datetime) -> None:
    """Somebody looked at personal data (``ticket:7``, ``list:search``)."""
    connection.execute(insert(_X), {"agent_id": agent_id, "what": what, "at": now})
