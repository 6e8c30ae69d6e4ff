"""Texts that were not understood, and what reviewers made of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.base import AnyRow, table_of
from storage.models import Agent, Miss

_X = table_of(Miss)
_A = table_of(Agent)


def to_review(connection: Connection, limit: int) -> list[AnyRow]:
    """Texts nobody has reviewed, the newest first."""
    query = select(_X.c.id, _X.c.text, _X.c.best_intent, _X.c.confidence, _X.c.created_at)
    query = query.where(_X.c.reviewed_at.is_(None)).order_by(_X.c.id.desc()).limit(limit)
    return list(connection.execute(query).fetchall())


def reviewed(connection: Connection, limit: int) -> list[AnyRow]:
    """What was reviewed last, with who did it; ``topic`` None was put aside."""
    return list(
        connection.execute(
            select(_X.c.id, _X.c.text, _X.c.topic, _X.c.reviewed_at, _A.c.name)
            .outerjoin(_A, _A.c.id == _X.c.agent_id)
            .where(_X.c.reviewed_at.is_not(None))
            .order_by(_X.c.reviewed_at.desc(), _X.c.id.desc())
            .limit(limit)
        ).fetchall()
    )


def review(
    connection: Connection,
    miss_ids: tuple[int, ...],
    *,
    topic: str | None,
    agent_id: int,
    now: datetime,
) -> int:
    """Assign texts to a topic (an intent's name), or put them aside (None); how many were
    still to be reviewed."""
    changed = update(_X).where(_X.c.id.in_(miss_ids), _X.c.reviewed_at.is_(None))
    values = {"topic": topic, "agent_id": agent_id, "reviewed_at": now}
    return connection.execute(changed.values(**values)).rowcount


def reopen(connection: Connection, miss_ids: tuple[int, ...]) -> int:
    """Back on the list of what is to be reviewed; how many."""
    changed = update(_X).where(_X.c.id.in_(miss_ids), _X.c.reviewed_at.is_not(None))
    values = {"topic": None, "agent_id": None, "reviewed_at": None}
    return connection.execute(changed.values(**values)).rowcount


def assigned(connection: Connection) -> list[AnyRow]:
    """(topic, text) of every text that a reviewer gave a topic, in the order they came."""
    query = select(_X.c.topic, _X.c.text).where(_X.c.topic.is_not(None)).order_by(_X.c.id)
    return list(connection.execute(query).fetchall())
