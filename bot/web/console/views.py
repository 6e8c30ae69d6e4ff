"""Rows as the console's pages show them: what is said, by whom, and how it fared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from markupsafe import Markup, escape

from dialogs.checks import display_phone
from handoff.clock.rules import LABELS
from handoff.job import NOT_GIVEN
from handoff.standing import CATEGORY_LABELS, KIND_LABELS
from storage.base import AnyRow, from_micros
from storage.models.tickets import NEVER

Who = Literal["user", "bot", "agent", "notice", "note"]
FOLDED = 220  # characters from which the bot's words and notices are folded

CHANNEL_LABELS: Mapping[str, str] = {
    "web": "Web",
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "terminal": "Terminal",
    "counter": "Loket",
}
SOURCE_LABELS: Mapping[str, str] = {"walk_in": "Datang langsung", "phone": "Telepon"}
DEADLINE_LABELS: Mapping[str, str] = {
    "under_24h": "Kurang dari 24 jam (kata pengguna)",
    "later": "Lebih dari 24 jam (kata pengguna)",
    "none": "Tidak ada",
}
HISTORY_LABELS: Mapping[str, str] = {
    "opened": "Tiket dibuka",
    "registered": "Didaftarkan petugas",
    "taken": "Diambil",
    "released": "Dilepas",
    "assigned": "Ditugaskan ke",
    "classified": "Jenis dan prioritas",
    "form_filled": "Formulir diisi",
    "form_marked": "Ditandai tidak diberikan",
    "replied": "Balasan ke pengguna",
    "note": "Catatan internal",
    "recommendation": "Rekomendasi",
    "escalated": "Dieskalasi",
    "sent_back": "Dikembalikan dengan petunjuk",
    "passed_on": "Diteruskan ke unit lain",
    "merged": "Digabung ke",
    "merged_from": "Digabung dari",
    "exempted": "Dikecualikan dari batas waktu",
    "not_exempted": "Kembali memakai batas waktu",
    "lkpp_sent": "Dikirim ke LKPP",
    "lkpp_answered": "Jawaban LKPP",
    "answered_at_desk": "LKPP dijawab Admin LPSE",
    "solved": "Diselesaikan",
    "closed": "Ditutup",
    "reopened": "Dibuka kembali",
    "confirmed": "Pengguna: sudah beres",
    "not_solved": "Pengguna: belum beres",
    "rated": "Penilaian",
    "data_requested": "Data diminta",
    "data_given": "Data diterima",
    "data_sorted": "Pengguna menunjukkan untuk data mana kirimannya",
    "data_finished": "Pengguna: sudah lengkap",
    "data_judged_complete": "Data dinyatakan lengkap",
    "data_partial": "Data belum lengkap, diteruskan apa adanya",
    "data_expired": "Data tidak diterima",
    "data_cancelled": "Permintaan data dibatalkan",
    "data_taken_back": "Data ditarik",
    "data_moved_away": "Data dipindah ke",
    "data_moved_here": "Data dipindah dari",
    "phoned": "Sudah ditelepon",
    "phone_unreached": "Telepon tidak tersambung",
    "called": "Pengguna dipanggil",
    "chat_started": "Obrolan dimulai",
    "chat_ended": "Obrolan berakhir",
    "queued": "Masuk antrean",
    "breached": "Melewati batas waktu",
    "passed_to_agent": "Pesan pengguna",
    "erased": "Data pribadi dihapus",
}
DELIVERY: Mapping[str, tuple[str, str]] = {
    "queued": ("waits", "menunggu dikirim"),
    "sending": ("waits", "sedang dikirim"),
    "announcing": ("waits", "menunggu pengguna membuka"),
    "held": ("waits", "menunggu pengguna membuka"),
    "sent": ("sent", "terkirim"),
    "failed": ("failed", "GAGAL terkirim"),
    "unknown": ("failed", "tidak pasti sampai"),
}
RECEIPTS: Mapping[int, tuple[str, str]] = {  # storage.repositories.receipts
    4: ("sent", "sampai"),
    5: ("sent", "dibaca"),
}
REFUSALS: Mapping[str, str] = {
    "too_big": "terlalu besar",
    "bad_type": "jenisnya tidak diterima",
    "empty": "kosong",
    "gone": "tidak bisa diunduh",
}


@dataclass(frozen=True, slots=True)
class FileView:
    """A file: ``problem`` says why it cannot be opened."""

    id: int
    name: str
    picture: bool
    size: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message. ``quiet``: talk that belongs to no ticket; ``fold``: show its beginning
    only; ``fate`` is (class, words) of its delivery."""

    id: int
    who: Who
    name: str
    html: Markup
    head: str
    at: datetime
    edited: bool
    quiet: bool
    fold: bool
    fate: tuple[str, str] | None
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of a ticket's history."""

    at: datetime
    what: str
    who: str
    words: str
    erased: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Who a list's row is about, from section A of its form."""

    name: str
    organisation: str
    number: str = ""

    @property
    def phone(self) -> str:
        """The phone number as people write it; empty where there is none."""
        return display_phone(self.number) if self.number else ""


def person(answers: str | None) -> Person:
    """Name, organisation and phone."""
    found = json.loads(answers or "{}")
    given = {key: value for key, value in found.items() if value != NOT_GIVEN}
    return Person(
        str(given.get("nama") or "Tanpa nama"),
        str(given.get("instansi") or ""),
        str(given.get("telepon") or ""),
    )


def clock_label(kind: str | None) -> str:
    """``sla:response`` in words."""
    name = (kind or "").partition(":")[2]
    return LABELS.get(name, name)


def due(row: AnyRow) -> datetime | None:
    """When the next clock of a ticket runs out; None where none runs."""
    moment: datetime = row.next_due
    return None if moment >= NEVER else moment


def kind_label(row: AnyRow) -> str:
    """What a ticket is: complaints by their own word."""
    if row.kind == "masukan" and row.category:
        return CATEGORY_LABELS.get(row.category, row.category)
    return KIND_LABELS.get(row.kind, row.kind)


def file_view(row: AnyRow) -> FileView:
    """A file's row as a link, or why there is none."""
    problem = ""
    if row.state == "refused":
        problem = f"ditolak: {REFUSALS.get(row.reason, row.reason)}"
    elif row.blob is None:
        problem = "sedang diambil"
    picture = row.mime in ("image/jpeg", "image/png", "image/webp")
    return FileView(row.id, row.name, picture, row.size, problem)


def lines(rows: Iterable[AnyRow], files: Iterable[AnyRow], number: str) -> list[Line]:
    """A ticket's talk. ``files`` are those of the messages."""
    by_message: dict[int, list[FileView]] = {}
    for file in files:
        by_message.setdefault(file.message_id, []).append(file_view(file))
    return [_line(row, tuple(by_message.get(row.id, ())), number) for row in rows]


_WHO: Mapping[str, Who] = {"user": "user", "bot": "bot", "person": "agent", "notice": "notice"}


def _line(row: AnyRow, files: tuple[FileView, ...], number: str) -> Line:
    who = _WHO.get(row.author, "notice")
    text = row.text
    if who == "agent":  # its first line names the agent and the ticket, for the user
        first, _, rest = text.partition("\n")
        text = rest if number in first else text
    if files and who == "agent" and text.strip() in {file.name for file in files}:
        text = ""
    return Line(
        id=row.id,
        who=who,
        name=row.agent or "",
        html=words(text, ours=who != "user"),
        head=" ".join(text.replace("*", "").split())[:90],
        at=row.created_at,
        edited=row.edited_at is not None,
        quiet=row.ticket_id is None,
        fold=who in ("bot", "notice") and len(text) > FOLDED,
        fate=_fate(row) if who in ("agent", "notice") else None,
        files=files,
    )


def note(row: AnyRow) -> Line:
    """An internal note among the lines, though it is no message."""
    kind = "Rekomendasi Kepala Unit" if row.kind == "recommendation" else "Catatan internal"
    return Line(
        id=row.id,
        who="note",
        name=row.name,
        html=words(row.text, ours=False),
        head=kind,
        at=row.at,
        edited=False,
        quiet=False,
        fold=False,
        fate=None,
        files=(),
    )


def _fate(row: AnyRow) -> tuple[str, str]:
    if row.delivery is None:
        return ("call", "sampaikan lewat telepon")
    if row.delivery == "sent" and row.channel == "web":
        if row.ticket_id is None:
            return ("sent", "terkirim")
        return ("sent", "sudah dibuka") if row.seen_at else ("waits", "belum dibuka")
    if row.delivery == "sent" and row.receipt in RECEIPTS:
        return RECEIPTS[row.receipt]
    if row.delivery == "held" and row.announced in RECEIPTS:
        state, words = DELIVERY["held"]
        return (state, f"{words} (pemberitahuan {RECEIPTS[row.announced][1]})")
    return DELIVERY.get(row.delivery, ("", row.delivery))


def words(text: str, *, ours: bool) -> Markup:
    """A message as HTML: everything is escaped, and in our own words ``*bold*`` stands out.
    A private link's place is never filled in here."""
    html = str(escape(text.replace("{link}", "(tautan pribadi)") if ours else text))
    if ours:
        html = re.sub(r"\*([^*\n]{1,300})\*", r"<strong>\1</strong>", html)
    return Markup(html)  # noqa: S704 - escaped above


def history(rows: Iterable[AnyRow], names: Mapping[int, str]) -> list[Fact]:
    """A ticket's history, the newest first; ``names`` are agents' by id."""
    return [_fact(row, names) for row in rows][::-1]


def _fact(row: AnyRow, names: Mapping[int, str]) -> Fact:
    body: dict[str, Any] = json.loads(row.body)
    return Fact(
        at=from_micros(body["at"]),
        what=HISTORY_LABELS.get(body["kind"], str(body["kind"]).replace("_", " ")),
        who=_actor(body["actor"], names),
        words=row.text or "",
        erased=body["words"] is not None and row.text is None,
    )


def _actor(actor: str, names: Mapping[int, str]) -> str:
    kind, _, number = actor.partition(":")
    if kind == "agent" and number.isdigit():
        return names.get(int(number), "petugas")
    return {"contact": "pengguna", "bot": "bot", "system": "sistem", "lkpp": "LKPP"}.get(kind, kind)
