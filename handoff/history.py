"""A ticket's history: a chain that shows any later change, with words that can be erased.

An entry's ``body`` is JSON with the previous head, seq, UTC microseconds, kind, actor and
the digest of salt and words; its ``head`` is the keyed hash (HMAC-SHA256) of exactly that
text. The ticket's row holds a seal over the last entry. The words sit in a side table:
erasing them leaves the chain whole (design 6.9).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage.base import to_micros
from storage.repositories import tickets

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact to write down. ``actor`` is opaque (``contact:7``, ``bot``), ``text`` the words."""

    kind: str
    actor: str
    text: str = ""


def append(
    connection: Connection,
    key: bytes,
    ticket_id: int,
    at: datetime,
    *entries: Entry,
) -> None:
    """Add entries to a ticket's chain; the caller holds the contact's lock."""
    seq = tickets.get(connection, ticket_id).history_seq
    head = tickets.head_at(connection, ticket_id, seq) or START
    for entry in entries:
        seq += 1
        salt = secrets.token_bytes(16)
        body = json.dumps(
            {
                "previous": head,
                "ticket": ticket_id,
                "seq": seq,
                "at": to_micros(at),
                "kind": entry.kind,
                "actor": entry.actor,
                "words": _digest(salt, entry.text) if entry.text else None,
            },
            sort_keys=True,
        )
        head = _seal(key, body)
        entry_id = tickets.add_history(
            connection, ticket_id=ticket_id, seq=seq, body=body, head=head
        )
        if entry.text:
            tickets.add_history_text(connection, entry_id=entry_id, salt=salt, text=entry.text)
    tickets.move_head(connection, ticket_id, seq, _seal_end(key, ticket_id, seq, head))


def verify(connection: Connection, key: bytes, ticket_id: int) -> str | None:
    """None if the chain is whole, else a sentence that says where it is not."""
    ticket = tickets.get(connection, ticket_id)
    head, seq = START, 0
    for row in tickets.history(connection, ticket_id):
        seq += 1
        if not hmac.compare_digest(_seal(key, row.body).encode(), row.head.encode()):
            return f"entry {row.seq} was changed"
        facts = json.loads(row.body)  # it is as we wrote it: the seal is ours
        if facts["ticket"] != ticket_id:
            return f"entry {row.seq} was changed"
        if row.seq != seq or facts["seq"] != seq or facts["previous"] != head:
            return f"entry {row.seq} does not follow entry {seq - 1}"
        if row.text is not None and facts["words"] != _digest(row.salt, row.text):
            return f"the words of entry {seq} were changed"
        head = row.head
    if seq == 0:
        return "there is no entry at all"
    end = _seal_end(key, ticket_id, seq, head)
    if ticket.history_seq != seq or not hmac.compare_digest(ticket.history_head, end):
        return f"entries after {seq} are missing"
    return None


def _digest(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _seal_end(key: bytes, ticket_id: int, seq: int, head: str) -> str:
    """The seal on the ticket's own row: it stands in no entry, so that a chain that was cut
    short cannot be given its end back."""
    return _seal(key, f"end:{ticket_id}:{seq}:{head}")


def _seal(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
