"""Files: which are taken, and fetching them from a platform after the turn's commit."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

from bot.bells import Bell
from bot.blobs import BlobStore
from bot.channels import port
from bot.clock import Clock
from bot.turns import Turns
from dialogs import state as states
from dialogs.heard import FileKind
from dialogs.office import Files
from dialogs.reply import Reply
from storage.base import AnyRow
from storage.database import Database, Unavailable
from storage.repositories import conversations, messages
from storage.unit import Unit

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 20
LONGEST_WAIT = timedelta(minutes=15)
"""A platform that is down for some hours costs nobody a file."""

Reason = Literal["too_big", "bad_type", "empty", "gone"]

# What a file's first bytes say, whatever its name claims.
_DANGEROUS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa")
_MARKUP = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?php", b"<body", b"<iframe")
_BOM = b"\xef\xbb\xbf"
_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "webp": (b"RIFF",),
    "pdf": (b"%PDF",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "zip": (b"PK\x03\x04",),
    "doc": (b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"{\\rtf"),
    "xls": (b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"<?xml"),
}
_VOICE = ("ogg", "oga", "opus", "mp3", "m4a", "wav", "aac", "amr", "webm")
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_VIDEO = ("mp4", "mov", "3gp", "webm")


def judge(name: str, kind: str, data: bytes, rules: Files) -> Reason | None:
    """Why a file is refused, or None. Voice notes and short videos are kept for the agent
    whatever the list of types says."""
    if not data:
        return "empty"
    if len(data) > rules.max_mb * 1_000_000:
        return "too_big"
    if not _extension_allowed(name, kind, rules):
        return "bad_type"
    head = data[:512].removeprefix(_BOM)
    text = head.lstrip()
    if head.startswith(_DANGEROUS) or text.lower().startswith(_MARKUP) or _is_svg(text):
        return "bad_type"
    extension = _extension(name)
    signatures = _SIGNATURES.get(extension)
    if signatures and not text.startswith(signatures):
        return "bad_type"
    return "bad_type" if extension == "webp" and head[8:12] != b"WEBP" else None


def _is_svg(text: bytes) -> bool:
    return text.startswith((b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in text.lower()


def described(name: str, claimed: str) -> tuple[FileKind, str]:
    """Kind and media type of an upload, after its name: what a sender claims would decide
    how the file is shown. Only where a name may be sound or video it decides (voice note)."""
    extension = _extension(name)
    mime = mimetypes.guess_type(f"x.{extension}", strict=False)[0] or "application/octet-stream"
    if extension in _VOICE and claimed.startswith("audio/"):
        return "voice", mime
    return ("image", mime) if mime in _PICTURES else ("document", mime)


def judge_announced(name: str, kind: str, size: int | None, rules: Files) -> Reason | None:
    """The same before any byte has come, from what the platform announced."""
    if size is not None and size > rules.max_mb * 1_000_000:
        return "too_big"
    return None if _extension_allowed(name, kind, rules) else "bad_type"


def _extension(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lstrip(".").lower()


def _extension_allowed(name: str, kind: str, rules: Files) -> bool:
    also = {"voice": _VOICE, "audio": _VOICE, "video": _VIDEO}.get(kind, ())
    return _extension(name) in (*rules.types, *also)


class Fetcher:
    """Downloads announced files and reports each as an event of its own (design 6.13)."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, port.Channel],
        blobs: BlobStore,
        turns: Turns,
        clock: Clock,
        rules: Files,
        bell: Bell,
    ) -> None:
        self._database = database
        self._channels = {n: c for n, c in channels.items() if not c.abilities.local}
        self._blobs = blobs
        self._turns = turns
        self._clock = clock
        self._rules = rules
        self._bell = bell

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch until ``stop`` is set."""
        self._bell.listen()
        while not stop.is_set():
            try:
                await self.drain()
            except Unavailable as error:
                log.warning("fetching files waits: %s", error)
            except Exception:  # whatever it is, fetching goes on
                log.exception("fetching stumbled")
            await self._bell.wait(2.0)

    async def drain(self) -> int:
        """Fetch what is due now; how many files."""
        count = 0
        now = self._clock.now()
        while await asyncio.to_thread(self._is_due):
            rows = await asyncio.wrap_future(
                self._database.write(
                    lambda unit: messages.lease_fetches(
                        unit.connection,
                        tuple(self._channels),
                        now,
                        now + timedelta(minutes=2),
                        8,
                    )
                )
            )
            if not rows:
                break
            outcomes = await asyncio.gather(
                *(self._fetch(row) for row in rows), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):  # its lease runs out, then it is tried again
                    log.error("a file could not be fetched", exc_info=outcome)
            count += len(rows)
        return count

    def _is_due(self) -> bool:
        if not self._channels:
            return False
        due = self._database.read(messages.next_fetch_at)
        return due is not None and due <= self._clock.now()

    async def _fetch(self, row: AnyRow) -> None:
        reason = judge_announced(row.name, row.kind, row.size, self._rules)
        data = b""
        if reason is None:
            try:
                limit = int(self._rules.max_mb * 1_000_000)
                data = await self._channels[row.channel].fetch(row.ref, limit)
                reason = judge(row.name, row.kind, data, self._rules)
            except port.FileTooBig:
                reason = "too_big"
            except (port.Refused, port.Unreachable):
                reason = "gone"
            except Exception as error:
                if not isinstance(error, port.DeliveryError):
                    log.exception("fetching on %s went wrong", row.channel)
                if row.attempts < MOST_ATTEMPTS:
                    await self._write(partial(self._later, row))
                    log.info("file %d waits for its next attempt: %s", row.id, error)
                    return
                reason = "gone"
        if reason is None:
            key = await asyncio.to_thread(self._blobs.put, data)
            await self._write(partial(self._stored, row, key, len(data)))
        else:
            await self._write(partial(self._refused, row, reason))

    async def _write(self, job: Any) -> None:
        await asyncio.wrap_future(self._database.write(job))

    def _later(self, row: AnyRow, unit: Unit) -> None:
        wait = min(timedelta(seconds=5 * 2**row.attempts), LONGEST_WAIT)
        messages.retry_file(unit.connection, row.id, self._clock.now() + wait)

    def _stored(self, row: AnyRow, key: str, size: int, unit: Unit) -> None:
        conversations.load_locked(unit.connection, row.conversation_id)
        messages.finish_file(
            unit.connection, row.id, state="stored", blob=key, sha256=key, size=size
        )
        ticket_id = messages.ticket_of_file(unit.connection, row.id)
        if ticket_id is not None:
            for follow in self._turns.followers:
                follow(unit, ticket_id, self._clock.now())
            unit.after_commit(lambda: self._turns.bells.desk.ring(ticket_id))
        unit.after_commit(lambda: self._turns.bells.pages.ring(row.conversation_id))

    def _refused(self, row: AnyRow, reason: Reason, unit: Unit) -> None:
        case = conversations.load_locked(unit.connection, row.conversation_id)
        if messages.finish_file(unit.connection, row.id, state="refused", reason=reason):
            state = states.without_file(states.load(case.state), row.id)
            case = replace(case, state=states.dump(state))
            text = self._turns.desk.texts.render(
                "file_refused",
                reason=reason,
                name=row.name,
                max_mb=self._rules.max_mb,
                types=self._rules.types,
                office=self._turns.desk.office,
            )
            self._turns.say(unit, case, Reply(text, row_class="notice"))
