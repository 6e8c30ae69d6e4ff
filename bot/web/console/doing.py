"""What an agent's form on a ticket's page becomes: a table of verbs, one function a form."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from starlette.datastructures import FormData, UploadFile

from bot import media
from bot.blobs import BlobStore
from bot.web.console import views
from dialogs.office import Files, FormField
from dialogs.reply import Attached
from dialogs.text_edge import tidy
from handoff import actions as a
from handoff.policy import Impact, Priority, Urgency
from handoff.refusal import Refused

MOST_FILES = 10
ITEMS = 12  # rows of a data request
LONGEST_NAME = 120
LONGEST_TEXT = 8000
Outcome = Literal["guidance", "data_needed", "solved", "still_working"]
T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True)
class Given:
    """One form, and what is needed to read it."""

    form: FormData
    fields: tuple[FormField, ...]
    rules: Files
    blobs: BlobStore

    def text(self, name: str) -> str:
        """A field without the blanks around it; half an emoji and NUL are dropped. Raises
        Refused for one that is too long: nothing of it is cut off silently."""
        value = self.form.get(name, "")
        tidied = tidy(value if isinstance(value, str) else "", LONGEST_TEXT)
        if tidied.rest:
            raise Refused(f"Tulisannya terlalu panjang. Paling banyak {LONGEST_TEXT} huruf.")
        return tidied.text

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def one_of(self, name: str, choices: tuple[T, ...]) -> T:
        """A choice among ours. Raises Refused for anything else."""
        said = self.text(name)
        for choice in choices:
            if choice == said:
                return choice
        raise Refused("Pilih salah satu dari pilihan yang ada.")

    def id(self, name: str) -> int:
        """A row's id. Raises Refused."""
        return _id(self.text(name))

    def ids(self, name: str) -> tuple[int, ...]:
        """Every id that was ticked. Raises Refused."""
        return tuple(_id(str(value)) for value in self.form.getlist(name))

    def items(self) -> tuple[tuple[str, a.ItemKind], ...]:
        """The rows of a data request that say something."""
        rows = ((n, self.text(f"item_{n}")) for n in range(1, ITEMS + 1))
        return tuple(
            (label, self.one_of(f"macam_{n}", get_args(a.ItemKind))) for n, label in rows if label
        )

    async def files(self) -> tuple[Attached, ...]:
        """Files that are sent along, judged as users' are, their bytes stored. Raises Refused."""
        uploads = [
            upload
            for upload in self.form.getlist("berkas")
            if isinstance(upload, UploadFile) and (upload.filename or upload.size)
        ]
        if len(uploads) > MOST_FILES:
            raise Refused(f"Paling banyak {MOST_FILES} berkas sekali kirim.")
        judged = [await self._judged(upload) for upload in uploads]  # before any is kept
        return tuple([await self._kept(*one) for one in judged])

    async def _judged(self, upload: UploadFile) -> tuple[str, str, str, bytes]:
        last = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
        name = tidy(last).text[-LONGEST_NAME:] or "berkas"
        kind, mime = media.described(name, upload.content_type or "")
        data = await upload.read(int(self.rules.max_mb * 1_000_000) + 1)
        reason = media.judge(name, kind, data, self.rules)
        if reason is not None:
            allowed = f"Yang diterima: {', '.join(self.rules.types)}, {self.rules.max_mb:g} MB."
            raise Refused(f"Berkas “{name}” {views.REFUSALS[reason]}. {allowed}")
        return name, kind, mime, data

    async def _kept(self, name: str, kind: str, mime: str, data: bytes) -> Attached:
        key = await asyncio.to_thread(self.blobs.put, data)
        return Attached(0, "image" if kind == "image" else "document", name, mime, key)


def _id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refused("Pilihan itu tidak ada lagi. Muat ulang halaman.")
    return int(text)


def _classify(given: Given) -> a.Classify:
    priority = given.text("prioritas")
    return a.Classify(
        given.text("jenis"),
        given.one_of("dampak", get_args(Impact)),
        given.one_of("mendesak", get_args(Urgency)),
        given.one_of("prioritas", get_args(Priority)) if priority else None,
        given.text("golongan") or None,
    )


def _fill(given: Given) -> a.FillForm:
    answers = {field.key: given.text(f"isian_{field.key}") for field in given.fields}
    return a.FillForm(answers, missing=given.flag("kosong"))


async def _reply(given: Given) -> a.ReplyToUser:
    return a.ReplyToUser(given.text("teks"), await given.files())


def _solve(given: Given) -> a.Solve:
    return a.Solve(given.text("solusi"), given.text("penjelas"), missing=given.flag("kosong"))


def _close(given: Given) -> a.Close:
    return a.Close(
        given.text("alasan"),
        given.text("solusi"),
        given.text("penjelas"),
        missing=given.flag("kosong"),
    )


def _lkpp_answer(given: Given) -> a.LkppAnswer:
    return a.LkppAnswer(
        given.one_of("hasil", get_args(Outcome)),
        given.text("jawaban"),
        relay=given.text("lewat") == "pengguna",
        items=given.items(),
        solution=given.text("solusi"),
        explainer=given.text("penjelas"),
        missing=given.flag("kosong"),
    )


@dataclass(frozen=True, slots=True)
class Verb:
    """A form: the action it stands for, how it is made, and where on the page it stands."""

    action: type[Any]
    make: Callable[[Given], Any] | Callable[[Given], Awaitable[Any]]
    place: str = ""


VERBS: Mapping[str, Verb] = {
    "ambil": Verb(a.Take, lambda _: a.Take()),
    "panggil": Verb(a.CallUser, lambda _: a.CallUser()),
    "akhiri": Verb(a.EndChat, lambda _: a.EndChat()),
    "lepas": Verb(a.Release, lambda _: a.Release()),
    "tugaskan": Verb(a.Assign, lambda given: a.Assign(given.id("petugas"))),
    "jenis": Verb(a.Classify, _classify),
    "formulir": Verb(a.FillForm, _fill),
    "balas": Verb(a.ReplyToUser, _reply, "balas"),
    "catatan": Verb(a.WriteNote, lambda given: a.WriteNote(given.text("teks")), "balas"),
    "rekomendasi": Verb(a.Recommend, lambda given: a.Recommend(given.text("teks")), "balas"),
    "data": Verb(a.AskData, lambda given: a.AskData(given.items(), given.text("teks"))),
    "telepon": Verb(
        a.PhoneCall,
        lambda given: a.PhoneCall(
            given.id("panggilan"), given.text("hasil") == "ya", given.text("teks")
        ),
    ),
    "lengkap": Verb(a.DataComplete, lambda _: a.DataComplete()),
    "pindah": Verb(
        a.MoveData, lambda given: a.MoveData(given.ids("data"), given.text("ke_nomor").upper())
    ),
    "selesai": Verb(a.Solve, _solve),
    "tutup": Verb(a.Close, _close),
    "eskalasi": Verb(a.Escalate, lambda given: a.Escalate(given.text("teks"))),
    "kembalikan": Verb(a.SendBack, lambda given: a.SendBack(given.text("teks"))),
    "teruskan": Verb(a.PassOn, lambda given: a.PassOn(given.text("unit"), given.text("teks"))),
    "gabung": Verb(a.Merge, lambda given: a.Merge(given.text("ke_nomor").upper())),
    "buka": Verb(a.Reopen, lambda given: a.Reopen(given.text("teks"))),
    "kecualikan": Verb(a.MarkExempt, lambda given: a.MarkExempt(given.text("teks"))),
    "lkpp-kirim": Verb(a.LkppSent, lambda given: a.LkppSent(given.text("nomor"))),
    "lkpp-jawab": Verb(a.LkppAnswer, _lkpp_answer),
}


async def action_of(verb: Verb, given: Given) -> a.Action:
    """The action a form stands for. Raises Refused."""
    made = verb.make(given)
    action: a.Action = await made if isinstance(made, Awaitable) else made
    return action
