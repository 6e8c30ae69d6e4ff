"""How agents get in: sessions, one-time links, and how often a login may be tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.base import AnyRow, table_of
from storage.models import Agent, AgentLink, AgentSession, Scope
from storage.repositories import outbox

_A = table_of(Agent)
_S = table_of(AgentSession)
_L = table_of(AgentLink)
_R = table_of(Scope)


def add_session(
    connection: Connection, *, token_hash: str, agent_id: int, now: datetime, expires_at: datetime
) -> None:
    """A browser is logged in."""
    connection.execute(
        insert(_S),
        {
            "token_hash": token_hash,
            "agent_id": agent_id,
            "created_at": now,
            "seen_at": now,
            "expires_at": expires_at,
        },
    )


def session(connection: Connection, token_hash: str) -> AnyRow | None:
    """A session with its account, over or not; whoever asks judges its times."""
    query = (
        select(_S.c.seen_at, _S.c.expires_at, _S.c.ended_at, _A)
        .join(_A, _A.c.id == _S.c.agent_id)
        .where(_S.c.token_hash == token_hash)
    )
    return connection.execute(query).first()


def see_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """The agent was active in it."""
    connection.execute(
        update(_S).where(_S.c.token_hash == token_hash, _S.c.seen_at < now).values(seen_at=now)
    )


def end_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """The agent logged out."""
    connection.execute(
        update(_S)
        .where(_S.c.token_hash == token_hash, _S.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sessions(
    connection: Connection, agent_id: int, now: datetime, *, besides: str | None = None
) -> None:
    """Every browser of an account is logged out, but for the one with the hash ``besides``."""
    over = update(_S).where(_S.c.agent_id == agent_id, _S.c.ended_at.is_(None))
    if besides is not None:
        over = over.where(_S.c.token_hash != besides)
    connection.execute(over.values(ended_at=now))


def add_link(
    connection: Connection,
    *,
    token_hash: str,
    purpose: str,
    agent_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """A one-time link; those of the same purpose and account before it are dead."""
    same = _L.c.agent_id.is_(None) if agent_id is None else _L.c.agent_id == agent_id
    connection.execute(
        update(_L)
        .where(_L.c.purpose == purpose, same, _L.c.used_at.is_(None), _L.c.expires_at > now)
        .values(expires_at=now)
    )
    connection.execute(
        insert(_L),
        {
            "token_hash": token_hash,
            "purpose": purpose,
            "agent_id": agent_id,
            "created_at": now,
            "expires_at": expires_at,
        },
    )


def link(connection: Connection, token_hash: str, purpose: str) -> AnyRow | None:
    """A one-time link, used, expired or not."""
    query = select(_L).where(_L.c.token_hash == token_hash, _L.c.purpose == purpose)
    return connection.execute(query).first()


def lock_links(connection: Connection, purpose: str) -> None:
    """Whoever uses one of these links does it alone, until commit."""
    links = select(_L.c.token_hash).where(_L.c.purpose == purpose).order_by(_L.c.token_hash)
    connection.execute(links.with_for_update())


def use_link(connection: Connection, token_hash: str, purpose: str, now: datetime) -> AnyRow | None:
    """Use a link up; None where it is used, expired or unknown. Of two at once one gets it."""
    live = (
        update(_L)
        .where(
            _L.c.token_hash == token_hash,
            _L.c.purpose == purpose,
            _L.c.used_at.is_(None),
            _L.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(_L)
    )
    return connection.execute(live).first()


def end_links(connection: Connection, agent_id: int, now: datetime) -> None:
    """No link of an account works any more."""
    connection.execute(
        update(_L)
        .where(_L.c.agent_id == agent_id, _L.c.used_at.is_(None), _L.c.expires_at > now)
        .values(expires_at=now)
    )


def limits(connection: Connection, names: list[str]) -> dict[str, datetime | None]:
    """Arrival times of rate limits; they are locked, also those that are new."""
    for name in sorted(names):
        outbox.save_scope(connection, name)
    return {name: row.tat for name, row in outbox.scopes(connection, names).items()}


def save_limit(connection: Connection, name: str, tat: datetime) -> None:
    """Write a rate limit's new arrival time."""
    outbox.save_scope(connection, name, tat=tat)


def forget_before(connection: Connection, prefix: str, now: datetime, before: datetime) -> None:
    """Drop limits (their names begin with ``prefix``) that no longer limit, and sessions and
    links that were over ``before``."""
    connection.execute(delete(_R).where(_R.c.scope.startswith(prefix), _R.c.tat < now))
    connection.execute(delete(_S).where(_S.c.expires_at < before))
    connection.execute(delete(_L).where(_L.c.expires_at < before))
