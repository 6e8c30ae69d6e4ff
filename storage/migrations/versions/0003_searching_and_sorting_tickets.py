"""Searching tickets, and sorting them by what is due next.

``tickets.next_due`` is the soonest due time of the ticket's running clocks, kept by triggers on
``deadlines``: a board with 100,000 tickets reads its first page from one index. ``ticket_words``
is the search index (``storage.search``).
"""

import sqlalchemy as sa
from alembic import op

from storage import search

revision = "0003"
down_revision = "0002"

NEVER = 253_370_764_800_000_000  # storage.models.tickets.NEVER
_SOONEST = f"""
UPDATE tickets SET next_due = coalesce(
  (SELECT min(due_at) FROM deadlines
   WHERE ticket_id = NEW.ticket_id AND kind LIKE 'sla:%' AND stopped_at IS NULL
     AND paused_at IS NULL AND (armed OR fired_at IS NOT NULL)), {NEVER})
WHERE id = NEW.ticket_id"""  # noqa: S608 - a constant of ours
_WHEN = "NEW.ticket_id IS NOT NULL AND NEW.kind LIKE 'sla:%'"


def upgrade() -> None:
    op.add_column(
        "tickets",
        sa.Column("next_due", sa.BigInteger(), nullable=False, server_default=str(NEVER)),
    )
    board = ["open", "urgent", "next_due", "id", "state", "kind", "tier", "agent_id"]
    op.create_index("ix_tickets_board", "tickets", board)
    op.create_index(op.f("ix_tickets_open_id"), "tickets", ["open", "id"])
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()
    _fill(connection)


def _sqlite() -> None:
    op.execute(
        f"CREATE VIRTUAL TABLE {search.TABLE} USING fts5(words, detail=none, columnsize=0, "
        "prefix='2 3', tokenize='unicode61 remove_diacritics 0')"
    )
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER deadlines_{event.lower()}_next_due AFTER {event} ON deadlines "
            f"WHEN {_WHEN} BEGIN {_SOONEST}; END"
        )


def _postgresql() -> None:
    op.execute(
        f"CREATE TABLE {search.TABLE} (ticket_id bigint PRIMARY KEY REFERENCES tickets (id), "
        "words tsvector NOT NULL)"
    )
    op.execute(f"CREATE INDEX ix_{search.TABLE}_words ON {search.TABLE} USING gin (words)")
    op.execute(
        "CREATE FUNCTION loket_next_due() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_SOONEST}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER deadlines_next_due AFTER INSERT OR UPDATE ON deadlines "
        f"FOR EACH ROW WHEN ({_WHEN}) EXECUTE FUNCTION loket_next_due()"
    )


def _fill(connection: sa.Connection) -> None:
    """Tickets of before become findable."""
    names = sorted(search.INDEXED)
    tickets = sa.table("tickets", *(sa.column(name) for name in ("id", *names)))
    for row in connection.execute(sa.select(tickets)).mappings().all():
        search.index(connection, row["id"], row)
