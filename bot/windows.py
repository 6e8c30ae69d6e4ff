"""What may go out when: platforms that take free words only for some time after the user wrote.

Outside that time a template goes in a message's place and says that something is ready; the
message itself waits (``held``) until the user writes, and then goes before anything newer. One
template is enough for several messages about the same. Where the office has no template for it,
the message did not arrive: another channel is found, or somebody phones
(``handoff.ticket.arrival``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.channels import port
from bot.claimed import Claimed
from dialogs.offers import READ
from storage.base import AnyRow
from storage.repositories import conversations, outbox, receipts, tickets

MARGIN = timedelta(seconds=30)  # until a message is there, and for clocks that differ
AGAIN = timedelta(hours=12)  # after that another template may call
STALE_TALK = timedelta(days=3)  # an answer to words that old helps nobody any more
ALONE = ("data_request", "closure")  # these call by themselves, whatever else waits
CLOSED = "outside the 24-hour window, and no template for it"


@dataclass(frozen=True, slots=True)
class Form:
    """A template as the office registered it. ``body`` names what fills its placeholders, in
    order: ``number`` (of the ticket), ``office``."""

    name: str
    language: str
    body: tuple[str, ...] = ()
    button: bool = True


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates by purpose, and the office's name for their placeholders."""

    forms: Mapping[str, Form]
    office: str = ""

    def filled(self, purpose: str, number: str | None) -> port.Template | None:
        """The template for a purpose; the general one where that needs a number there is none
        of."""
        form = self.forms.get(purpose)
        if form is not None and number is None and "number" in form.body:
            form = self.forms.get("reply")
        if form is None or (number is None and "number" in form.body):
            return None
        values: Mapping[str, Callable[[], str]] = {
            "number": lambda: number or "",
            "office": lambda: self.office,
        }
        body = tuple(values[name]() for name in form.body)
        return port.Template(form.name, form.language, body, f"0:{READ}" if form.button else None)


NO_TEMPLATES = Templates({})


def is_open(abilities: port.Abilities, until: datetime | None, now: datetime) -> bool:
    """Whether free words may go now."""
    return abilities.window is None or (until is not None and until - MARGIN > now)


def outside(
    connection: Connection,
    claimed: Claimed,
    row: AnyRow,
    abilities: port.Abilities,
    templates: Templates,
    now: datetime,
) -> Claimed | None:
    """The message as it may go now: itself, or a template in its place; None if it was settled
    on the spot."""
    if is_open(abilities, row.window_until, now):
        return claimed
    if row.row_class == "talk" and (_is_nudge(row) or now - row.created_at > STALE_TALK):
        outbox.settle(connection, row.id, "withdrawn", done_at=now)
        return None
    if _stands(connection, row, now):
        outbox.settle(connection, row.id, "held")
        return None
    ticket = tickets.get(connection, row.ticket_id) if row.ticket_id is not None else None
    template = templates.filled(row.purpose, ticket.number if ticket is not None else None)
    if template is None:
        outbox.settle(connection, row.id, "failed", done_at=now, error=CLOSED)
        outbox.reconsider(connection, row.conversation_id, row.channel, now)
        return None
    out = port.Outgoing(
        "template",
        claimed.out.key,
        template=template,
        ref=f"{claimed.out.ref}t",
        number=claimed.out.number,
    )
    return replace(claimed, out=out, blob=None, state="announcing")


def _is_nudge(row: AnyRow) -> bool:
    """The clock's words about no ticket: nobody is called for an unfinished form."""
    return bool(row.bulk and row.ticket_id is None)


def _stands(connection: Connection, row: AnyRow, now: datetime) -> bool:
    """Whether the user was called already and has not come yet."""
    since = now - AGAIN
    purposes = (row.purpose,) if row.purpose in ALONE else None
    lane, ticket_id = row.conversation_id, row.ticket_id
    return receipts.stands_announced(connection, lane, purposes, ticket_id, since)


def announced(
    connection: Connection,
    row: Claimed,
    platform_id: str | None,
    abilities: port.Abilities,
    now: datetime,
) -> None:
    """The template went out (or may have: no ``platform_id``). Its user may have written while
    it was under way: then the message goes at once. The lane is locked."""
    opened = is_open(abilities, conversations.window_of(connection, row.lane), now)
    receipts.announced(
        connection, row.row_id, row.attempts, now, platform_id=platform_id, opened=opened
    )
