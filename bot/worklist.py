"""``loket worklist``: what waits for staff, as tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.config import Config, ConfigError, Places
from storage import schema
from storage.base import AnyRow
from storage.database import open_database
from storage.repositories import worklists

_LISTS: tuple[tuple[str, Callable[..., list[AnyRow]]], ...] = (
    ("Tickets", worklists.tickets),
    ("Waiting for a person", worklists.people),
    ("Personal-data requests", worklists.personal_data),
    ("Undelivered", worklists.undelivered),
    ("Parked events", worklists.parked),
    ("Not understood", worklists.misses),
)


def show(config: Config, places: Places, limit: int) -> None:
    """Print every list; an empty one as one line."""
    console = Console()
    try:
        database = open_database(places.database)
    except ValueError as error:
        raise ConfigError(f"LOKET_DATABASE_URL: allowed is {error}") from None
    try:
        database.read(schema.check)
        for title, read in _LISTS:
            rows = database.read(partial(read, limit=limit))
            _print(console, title, rows, config.identity.zone)
    finally:
        database.close()


def _print(console: Console, title: str, rows: list[AnyRow], zone: ZoneInfo) -> None:
    if not rows:
        console.print(f"[bold]{title}[/bold]: none")
        return
    table = Table(title=title, title_justify="left")
    for name in rows[0]._fields:
        table.add_column(name.replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(value, zone) for value in row))
    console.print(table)


def _cell(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%d-%m-%Y %H.%M}"
    if isinstance(value, float):
        return f"{value:.2f}"
    return "" if value is None else escape(str(value)[:80])
