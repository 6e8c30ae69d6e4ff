"""What waits, for whoever has no browser at hand: lists, one case whole, requests done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.clock import SystemClock
from bot.config import Config, ConfigError
from bot.places import Places
from dialogs.checks import display_phone
from handoff import numbers
from handoff.standing import STATE_LABELS
from storage import schema
from storage.base import AnyRow
from storage.database import Database, open_database
from storage.repositories import worklists

_LISTS: tuple[tuple[str, Callable[..., list[AnyRow]]], ...] = (
    ("Tickets", worklists.tickets),
    ("Waiting for a person", worklists.people),
    ("Calls to make", worklists.calls),
    ("Personal-data requests", worklists.personal_data),
    ("Undelivered", worklists.undelivered),
    ("Parked events", worklists.parked),
    ("Not understood", worklists.misses),
)
_LAST_MESSAGES = 30
_WHOLE = ("number", "created_at", "opened_at", "due_at")


def show_lists(config: Config, places: Places, limit: int) -> None:
    """Print every list; an empty one as one line."""
    console = Console()
    with opened(places) as database:
        for title, read in _LISTS:
            rows = database.read(partial(read, limit=limit))
            _print(console, title, rows, config.identity.zone)


def show_case(config: Config, places: Places, number: str) -> None:
    """Print one ticket or request whole: the form and the last messages."""
    console, number = Console(), number.strip().upper()
    with opened(places) as database:
        found = database.read(lambda c: worklists.find(c, number))
        if found is None:
            raise ConfigError(_unknown(number))
        ticket = database.read(lambda c: worklists.ticket(c, number))
        if ticket is not None:
            _print_form(console, config, ticket)
        said = database.read(lambda c: worklists.said(c, found.conversation_id, _LAST_MESSAGES))
        _print(console, "Last messages", said, config.identity.zone)


def finish(places: Places, number: str) -> str:
    """Mark a request (for a person, about personal data) as done; a sentence that says so."""
    number = number.strip().upper()
    with opened(places) as database:
        now = SystemClock().now()
        if database.write(lambda unit: worklists.finish(unit.connection, number, now)).result():
            return f"{number} is done."
    raise ConfigError(f"no open request has the number {number}; tickets are closed in the console")


@contextmanager
def opened(places: Places) -> Iterator[Database]:
    """The database, for one command beside a running ``serve``."""
    """The database of an office, closed after use. Raises ConfigError."""
    try:
        database = open_database(places.database)
    except ValueError as error:
        raise ConfigError(f"LOKET_DATABASE_URL: allowed is {error}") from None
    try:
        database.read(schema.check)
        yield database
    finally:
        database.close()


def _unknown(number: str) -> str:
    if numbers.is_well_formed(number):
        return f"nothing has the number {number}"
    return f"{number} is mistyped: its check character does not fit"


def _print_form(console: Console, config: Config, ticket: AnyRow) -> None:
    table = Table(title=f"Ticket {ticket.number}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    answers = json.loads(ticket.answers)
    rows = {f.label: answers.get(f.key, "") for f in config.form.fields}
    rows |= {
        "Jenis pengguna": ticket.user_type or "",
        "Batas waktu": ticket.deadline,
        "Topik": ticket.topic or "",
        "Yang memutuskan": ticket.decides,
        "Status": STATE_LABELS.get(ticket.state, ticket.state),
        "Tingkat": ticket.tier,
        "Permasalahan": ticket.problem,
    }
    for label, value in rows.items():
        table.add_row(label, escape(display_phone(value) if value.startswith("+") else value))
    console.print(table)


def _print(console: Console, title: str, rows: list[AnyRow], zone: ZoneInfo) -> None:
    if not rows:
        console.print(f"[bold]{title}[/bold]: none")
        return
    table = Table(title=title, title_justify="left")
    for name in rows[0]._fields:
        if name == "answers":
            table.add_column("name")
            table.add_column("phone", no_wrap=True)
        else:
            table.add_column(name.replace("_", " "), no_wrap=name in _WHOLE)
    for row in rows:
        table.add_row(*(cell for name in row._fields for cell in _cells(name, row, zone)))
    console.print(table)


def _cells(name: str, row: AnyRow, zone: ZoneInfo) -> list[str]:
    value = getattr(row, name)
    if name == "answers":
        answers = json.loads(value)
        phone = answers.get("telepon", "")
        return [escape(answers.get("nama", "")), display_phone(phone) if phone else ""]
    if isinstance(value, datetime):
        return [f"{value.astimezone(zone):%d-%m-%Y %H.%M}"]
    if isinstance(value, float):
        return [f"{value:.2f}"]
    text = "" if value is None else " ".join(str(value).split())
    return [escape(text if len(text) <= 160 else text[:159] + "…")]
