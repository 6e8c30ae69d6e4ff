"""The port to LKPP's helpdesk, and its manual adapter [003].

LPSE Support has no public interface: with ``ManualLkpp`` the Admin LPSE carries a packet there
and writes LKPP's answers down. Another adapter does the sending itself; what LKPP answers is
written down by the Admin LPSE in any case, so nothing from there reaches a user unread.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from storage.base import AnyRow
from storage.repositories import agents

ROLE = "admin_lpse"


class Lkpp(Protocol):
    """What LKPP has to hear about a ticket. Each is called inside the turn's transaction, under
    the contact's lock: it may write rows and must not wait for anything outside."""

    def escalated(self, connection: Connection, ticket: AnyRow, now: datetime) -> None:
        """The ticket is at LKPP's tier: the packet (form, conversation, files) has to go
        there [003 step 1]."""
        ...

    def data_came(self, connection: Connection, ticket: AnyRow, now: datetime, words: str) -> None:
        """The user's data for LKPP's request are there; ``words`` say whether all of them
        [003 step 4]."""
        ...

    def not_solved(self, connection: Connection, ticket: AnyRow, now: datetime) -> None:
        """The user says that LKPP's solution did not help: back to analysis [003 step 16]."""
        ...


class ManualLkpp:
    """The Admin LPSE does it by hand: each is an alert that says what to do."""

    def escalated(self, connection: Connection, ticket: AnyRow, now: datetime) -> None:
        _alert(
            connection,
            ticket,
            now,
            "lkpp_send",
            "unduh paketnya, kirim ke LPSE Support, lalu catat nomor tiket LKPP.",
        )

    def data_came(self, connection: Connection, ticket: AnyRow, now: datetime, words: str) -> None:
        _alert(connection, ticket, now, "lkpp_data", f"{words} Siap diteruskan ke LKPP.")

    def not_solved(self, connection: Connection, ticket: AnyRow, now: datetime) -> None:
        _alert(
            connection,
            ticket,
            now,
            "lkpp_not_solved",
            "pengguna bilang belum beres; sampaikan ke LKPP.",
        )


def _alert(connection: Connection, ticket: AnyRow, now: datetime, kind: str, words: str) -> None:
    agents.add_alert(
        connection,
        kind=kind,
        subject=f"ticket:{ticket.id}",
        text=f"{ticket.number}: {words}",
        now=now,
        role=ROLE,
    )
