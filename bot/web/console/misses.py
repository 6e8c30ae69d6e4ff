"""The review of what was not understood: to a topic, or aside; and out as training data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.staff import missed
from bot.web.console.desk import Console, agent_of
from bot.web.console.office import ids_of, look, run, text_of
from handoff.office import errands
from handoff.refusal import Refused
from handoff.rights import may_office
from storage.base import AnyRow
from storage.repositories import misses

HOME = "/console/belum-terjawab"
LIMIT = 500
SHOWN = 60
ACTS = {
    "greet": "Sapaan",
    "goodbye": "Pamit",
    "thanks": "Terima kasih",
    "affirm": "Ya, setuju",
    "deny": "Tidak, bukan",
    "cancel": "Batal",
    "back": "Kembali",
    "help": "Minta bantuan",
    "request_human": "Minta petugas",
    "open_ticket": "Buat tiket",
    "ticket_status": "Cek tiket",
    "not_resolved": "Belum beres",
    "resolved": "Sudah beres",
    "submit_feedback": "Pengaduan/masukan",
    "bot_challenge": "Bertanya apakah ini bot",
    "erase_my_data": "Data pribadi",
    "out_of_scope": "Di luar layanan",
}


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console."""
    pages = _Misses(console, missed.intents())
    return [
        Route("/belum-terjawab", pages.list),
        Route("/belum-terjawab", pages.review, methods=["POST"]),
        Route("/belum-terjawab/kembali", pages.reopen, methods=["POST"]),
        Route("/belum-terjawab/ekspor.yml", pages.export),
    ]


@dataclass(frozen=True, slots=True)
class Group:
    """The same text, however often it came."""

    ids: tuple[int, ...]
    text: str
    best_intent: str | None
    confidence: float
    last: datetime


def grouped(rows: Iterable[AnyRow]) -> list[Group]:
    """Texts that differ in nothing but capitals and blanks are one, the newest first."""
    groups: dict[str, Group] = {}
    for row in rows:
        key = " ".join(row.text.casefold().split())
        known = groups.get(key)
        if known is None:
            groups[key] = Group(
                (row.id,), row.text, row.best_intent, row.confidence, row.created_at
            )
        else:
            groups[key] = Group(
                (*known.ids, row.id),
                known.text,
                known.best_intent,
                known.confidence,
                known.last,
            )
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Misses:
    console: Console
    intents: tuple[str, ...]

    def _labels(self) -> dict[str, str]:
        """What each intent is called; topics by their answers' titles."""
        answers = self.console.counter.answers
        labels = {}
        for name in self.intents:
            answer = answers.get(name) if name.startswith("faq_") else None
            labels[name] = answer.title if answer else ACTS.get(name, name)
        return labels

    async def list(self, request: Request) -> Response:
        """What is to be reviewed, or what was."""
        over = request.query_params.get("status") == "ditinjau"

        def read(connection: Any) -> tuple[list[AnyRow], list[AnyRow]]:
            if over:
                return [], misses.reviewed(connection, SHOWN)
            return misses.to_review(connection, LIMIT), []

        waiting, reviewed = await look(self.console, request, "see_misses", "list:misses", read)
        groups, labels = grouped(waiting), self._labels()
        return self.console.page(
            request,
            "misses",
            over=over,
            groups=groups[:SHOWN],
            more=len(groups) - len(groups[:SHOWN]),
            reviewed=reviewed,
            labels=labels,
            topics=sorted((k for k in labels if k.startswith("faq_")), key=lambda k: labels[k]),
            acts=[name for name in self.intents if not name.startswith("faq_")],
            may=may_office(agent_of(request), "misses"),
        )

    async def review(self, request: Request) -> Response:
        """Give texts a topic, or put them aside."""
        ids = ids_of(await text_of(request, "ids", 4000))
        topic: str | None = await text_of(request, "topic", 80)
        if await text_of(request, "aside", 1) == "1":
            topic = None
        elif topic not in self.intents:
            raise Refused("Pilih topiknya dulu, atau tekan Sisihkan.")
        return await run(
            self.console,
            request,
            "misses",
            HOME,
            lambda errand: errands.review_misses(errand, ids, topic),
        )

    async def reopen(self, request: Request) -> Response:
        """A review was wrong."""
        ids = ids_of(await text_of(request, "ids", 4000))
        to = f"{HOME}?status=ditinjau"
        return await run(
            self.console, request, "misses", to, lambda errand: errands.reopen_misses(errand, ids)
        )

    async def export(self, request: Request) -> Response:
        """Training data of Rasa, as a download."""
        rows = await look(self.console, request, "misses", "list:misses export", misses.assigned)
        text, _ = missed.as_training_data(rows)
        return Response(
            text,
            media_type="application/yaml",
            headers={"Content-Disposition": 'attachment; filename="nlu_belum_terjawab.yml"'},
        )
