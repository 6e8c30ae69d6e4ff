"""The packet the Admin LPSE sends to LKPP: form, conversation and files as one download
[001, 003 step 1]. Internal notes and the bot's talk stay here."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dialogs.checks import display_phone
from handoff.counter import Counter
from handoff.standing import KIND_LABELS
from storage.base import AnyRow
from storage.repositories import dossier, messages

MOST_LINES = 2000
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class TalkLine:
    """One message of the packet; ``at`` on the office's clock."""

    at: datetime
    who: str
    words: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Packet:
    """``texts`` are (name, content), ``files`` (name, key of the bytes)."""

    texts: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]


def gather(connection: Connection, counter: Counter, ticket: AnyRow) -> Packet:
    """Everything of a ticket that LKPP needs, as it stands now."""
    talk = [
        row
        for row in dossier.talk(connection, ticket, MOST_LINES)
        if row.ticket_id == ticket.id and row.author in ("user", "person", "notice")
    ]
    of_talk = messages.files_of(connection, [row.id for row in talk])
    by_id = {row.id: row for row in (*messages.files_of_ticket(connection, ticket.id), *of_talk)}
    stored = [row for _, row in sorted(by_id.items()) if row.blob is not None]
    names = {row.id: f"berkas/{n:02d}-{fit(row.name)}" for n, row in enumerate(stored, 1)}
    return Packet(
        (
            ("formulir.txt", _form(counter, ticket, list(names.values()))),
            ("percakapan.txt", _talk(counter, ticket, talk, of_talk, names)),
        ),
        tuple((names[row.id], row.blob) for row in stored),
    )


def fit(name: str) -> str:
    """A file's name that every system can unpack, and that stays in its folder."""
    return _UNFIT.sub("_", name).strip(" .")[-100:] or "berkas"


def _form(counter: Counter, ticket: AnyRow, files: list[str]) -> str:
    given = json.loads(ticket.answers)
    rows = [
        (f.label, display_phone(given[f.key]) if f.check == "phone" else given[f.key])
        for f in counter.office.form.fields
        if given.get(f.key)
    ]
    types = {t.key: t.label for t in counter.office.form.user_types}
    return _as_file(
        counter.text(
            "packet_form",
            number=ticket.number,
            problem=ticket.problem,
            solution=ticket.solution or "",
            explainer=ticket.explainer or "",
            opened=counter.calendar.local(ticket.opened_at),
            kind=KIND_LABELS.get(ticket.kind, ticket.kind),
            user_type=types.get(ticket.user_type or "", ""),
            rows=rows,
            lkpp_number=ticket.lkpp_number or "",
            attached=files,
        )
    )


def _talk(
    counter: Counter,
    ticket: AnyRow,
    talk: Iterable[AnyRow],
    files: Iterable[AnyRow],
    names: dict[int, str],
) -> str:
    sent: dict[int, list[str]] = {}
    for file in files:
        if file.id in names:
            sent.setdefault(file.message_id, []).append(names[file.id])
    lines = [
        TalkLine(
            counter.calendar.local(row.created_at),
            {"user": "Pengguna", "person": row.agent or "Petugas"}.get(row.author, "Loket"),
            row.text.replace("*", "").replace("{link}", ""),
            tuple(sent.get(row.id, ())),
        )
        for row in talk
    ]
    return _as_file(counter.text("packet_talk", number=ticket.number, talk=lines))


def _as_file(text: str) -> str:
    """As editors on every system show it: CRLF, and a mark that says UTF-8."""
    return "\ufeff" + text.replace("\n", "\r\n") + "\r\n"


class _Sink:
    """Where the archive is written to and taken from piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        return None

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def stream(packet: Packet, get: Callable[[str], bytes]) -> Iterator[bytes]:
    """The packet as a ZIP archive; one file at a time is in memory. ``get`` gives a file's
    bytes, raising KeyError where they are gone: the archive says so in its place."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, text in packet.texts:
            archive.writestr(name, text)
            yield sink.take()
        for name, key in packet.files:
            try:
                archive.writestr(name, get(key))
            except KeyError:
                archive.writestr(f"{name}.hilang.txt", "Isi berkas ini tidak ada lagi di Loket.")
            yield sink.take()
    yield sink.take()
