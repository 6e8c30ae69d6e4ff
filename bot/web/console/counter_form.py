"""The Formulir Konsultasi as somebody at the counter or on the phone gives it: the same fields,
checks and files as in the chat (SOP 001)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from starlette.datastructures import FormData, UploadFile

from bot import media
from bot.web.bodies import MAX_FILES
from bot.web.console.desk import Console
from dialogs.checks import check
from dialogs.commands import Deadline, OpenTicket, TicketKind
from dialogs.flows import faq
from dialogs.masking import mask
from dialogs.office import FormField
from dialogs.text_edge import tidy
from handoff.job import NOT_GIVEN
from handoff.office.front import SOURCES, Given, Source
from handoff.standing import CATEGORY_LABELS

PROBLEM = "problem"
FILES = "files"
DEADLINES: Mapping[Deadline, str] = {
    "none": "Tidak ada",
    "under_24h": "Kurang dari 24 jam",
    "later": "Lebih dari 24 jam",
}
_LONGEST_NAME = 120
Category = Literal["pengaduan", "keberatan", "saran", "masukan"]


@dataclass(slots=True)
class Sheet:
    """A form as it was typed. ``errors`` are sentences by field; without any, ``form`` and
    ``files`` are ready. ``missing``: what is empty is marked "tidak diberikan"."""

    source: Source
    typed: dict[str, str]
    missing: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    files: tuple[Given, ...] = ()
    form: OpenTicket | None = None


def blank(source: str, typed: Mapping[str, str] | None = None) -> Sheet:
    """An empty form, or one with what is known of the guest."""
    given = {"user_type": "", "kind": "permintaan_layanan", "deadline": "none", "category": ""}
    return Sheet(_source(source), {**given, PROBLEM: "", **(typed or {})})


async def read(console: Console, data: FormData) -> Sheet:
    """Check a form; its files are stored only once all else is right."""
    typed = {k: tidy(v).text for k, v in data.multi_items() if isinstance(v, str)}
    sheet = blank(typed.get("source", ""), typed)
    sheet.missing = typed.get("missing") == "1"
    answers = _answers(console, sheet)
    problem = mask(sheet.typed[PROBLEM]).text
    if not problem:
        sheet.errors[PROBLEM] = "Tulis permasalahannya."
    uploads = [v for v in data.getlist(FILES) if isinstance(v, UploadFile) and v.filename]
    files = await _judged(console, sheet, uploads)
    if not sheet.errors:
        sheet.form = _as_ticket(console, sheet, answers, problem)
        sheet.files = tuple([await _kept(console, *file) for file in files])
    return sheet


def _source(given: str) -> Source:
    return cast(Source, given) if given in SOURCES else "walk_in"


def _answers(console: Console, sheet: Sheet) -> dict[str, str]:
    form = console.config.form
    user_type = sheet.typed["user_type"]
    if user_type not in {t.key for t in form.user_types}:
        sheet.errors["user_type"] = "Pilih jenis pengguna."
    answers = {}
    for one in form.fields:
        if one.only_for and user_type not in one.only_for:
            continue
        value = _answer(console, sheet, one)
        if value:
            answers[one.key] = value
    return answers


def _answer(console: Console, sheet: Sheet, one: FormField) -> str | None:
    said = sheet.typed.get(one.key, "")
    if not said or said == NOT_GIVEN:
        if not one.required:
            return None
        if sheet.missing and one.check != "name":
            return NOT_GIVEN
        sheet.errors[one.key] = f"{one.label} masih kosong."
        return None
    checked = check(one.check, mask(said, expected=one.check).text)
    if checked.value is None:
        text = console.counter.text("problems", problem=checked.problem, field=one)
        sheet.errors[one.key] = text.splitlines()[0]
    return checked.value


def _as_ticket(
    console: Console, sheet: Sheet, answers: Mapping[str, str], problem: str
) -> OpenTicket:
    desk, typed = console.turns.turns.desk, sheet.typed
    kind = typed["kind"] if typed["kind"] in get_args(TicketKind) else "permintaan_layanan"
    category = typed["category"] if typed["category"] in CATEGORY_LABELS else "masukan"
    deadline = typed["deadline"] if typed["deadline"] in DEADLINES else "none"
    return OpenTicket(
        kind=cast(TicketKind, kind),
        problem=problem,
        answers=answers,
        user_type=typed["user_type"],
        deadline=cast(Deadline, deadline),
        topic=None if kind == "masukan" else faq.topic_of(desk.understand(problem), desk),
        category=cast(Category, category) if kind == "masukan" else None,
    )


_Judged = tuple[str, str, str, bytes]  # name, kind, media type, bytes


async def _judged(console: Console, sheet: Sheet, uploads: list[UploadFile]) -> list[_Judged]:
    rules = console.config.files
    found: list[_Judged] = []
    if len(uploads) > MAX_FILES:
        sheet.errors[FILES] = f"Paling banyak {MAX_FILES} berkas sekali kirim."
        return []
    for upload in uploads:
        name = _file_name(upload.filename or "")
        kind, mime = media.described(name, upload.content_type or "")
        data = await upload.read(int(rules.max_mb * 1_000_000) + 1)
        reason = media.judge(name, kind, data, rules)
        if reason is not None:
            values: dict[str, Any] = {"name": name, "reason": reason, "types": list(rules.types)}
            sheet.errors[FILES] = console.counter.text(
                "file_refused", max_mb=rules.max_mb, **values
            ).splitlines()[0]
        found.append((name, kind, mime, data))
    return found


async def _kept(console: Console, name: str, kind: str, mime: str, data: bytes) -> Given:
    key = await asyncio.to_thread(console.blobs.put, data)
    return Given(kind, name, mime, len(data), key)


def _file_name(given: str) -> str:
    """The last part of a name, clean and masked, its end (and so its type) kept."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return mask(tidy(last).text).text[-_LONGEST_NAME:] or "berkas"
