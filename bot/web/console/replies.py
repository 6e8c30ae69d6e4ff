"""Canned replies and FAQ answers for the reply box: words only, the agent sends them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rapidfuzz import fuzz
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.console.desk import Console, agent_of
from bot.web.console.office import look
from dialogs.answers import Answer
from dialogs.canned import Canned
from dialogs.desk import Desk
from dialogs.flows import faq
from handoff.rights import check_office
from storage.base import AnyRow
from storage.repositories import tickets, watch

MOST_ANSWERS = 8
LOOKED_EVERY = timedelta(minutes=10)  # the letters of a search are one look
_NEAR = 75  # of 100: how alike a searched word and one of the answer are
ERAS = {
    "legacy_pre_inaproc": "alur sebelum INAPROC",
    "inaproc": "alur INAPROC",
    "both": "",
    "current": "",
}


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console."""
    return [Route("/balasan.json", _Replies(console, Canned(console.config.canned)).find)]


@dataclass(frozen=True, slots=True)
class _Replies:
    console: Console
    canned: Canned

    async def find(self, request: Request) -> Response:
        """GET /console/balasan.json?number=&q=: [{title, text, kind, note}]. ``kind`` is canned
        or faq; ``note`` says what an agent should know before sending it."""
        number = request.query_params.get("number", "").strip().upper()[:40]
        wanted = " ".join(request.query_params.get("q", "").split())[:200]
        check_office(agent_of(request), "canned")
        ticket = await self._ticket(request, number) if number else None
        found = [*self._canned(request, ticket, wanted)]
        found += await asyncio.to_thread(self._answers, ticket, wanted)
        return JSONResponse(found)

    async def _ticket(self, request: Request, number: str) -> AnyRow | None:
        """Its name goes into the replies: that is a look at it, logged once in a while."""
        worker, what = agent_of(request), f"replies:{number}"
        since = self.console.clock.now() - LOOKED_EVERY

        def read(connection: Any) -> AnyRow | None:
            return tickets.by_number(connection, number)

        if await self.console.read(lambda c: watch.looked(c, worker.id, what, since)):
            return await self.console.read(read)
        return await look(self.console, request, "canned", what, read)

    def _canned(self, request: Request, ticket: AnyRow | None, wanted: str) -> list[dict[str, str]]:
        answers: dict[str, str] = json.loads(ticket.answers) if ticket is not None else {}
        filled = self.canned.fill(
            name=answers.get("nama", ""),
            number=ticket.number if ticket is not None else "",
            agent=agent_of(request).name,
            office=self.console.counter.office,
        )
        return [
            {"title": f.title, "text": f.text, "kind": "canned", "note": ""}
            for f in filled
            if not wanted or matches(wanted, f.title, f.text)
        ]

    def _answers(self, ticket: AnyRow | None, wanted: str) -> list[dict[str, str]]:
        desk = self.console.turns.turns.desk
        if wanted:
            near = [*_searched(wanted, desk), *_meant(wanted, desk)]
        elif ticket is not None:
            own = desk.answers.get(ticket.topic)
            near = [*([own] if own else ()), *_meant(ticket.problem, desk)[:3]]
        else:
            near = []
        unique = {answer.topic: answer for answer in near}
        return [_shown(answer, desk) for answer in list(unique.values())[:MOST_ANSWERS]]


def matches(wanted: str, *texts: str) -> bool:
    """Whether every word that is searched for stands there, or one much like it."""
    whole = " ".join(texts).casefold()
    return all(
        word in whole or fuzz.partial_ratio(word, whole) >= 90 for word in wanted.casefold().split()
    )


def _searched(wanted: str, desk: Desk) -> list[Answer]:
    """Answers that hold the words, those with them in the title first."""
    everything = desk.answers.by_topic.values()
    in_title = [a for a in everything if matches(wanted, a.title, a.short)]
    inside = [a for a in everything if matches(wanted, a.title, *a.steps, *a.general)]
    return [*in_title, *inside]


def _meant(text: str, desk: Desk) -> list[Answer]:
    """What the text is about as far as it is understood."""
    least = desk.office.conversation.thresholds.suggest
    ranking = desk.understand(text[:2000]).intent_ranking
    near = (desk.answers.get(i.name) for i in ranking[:5] if i.confidence >= least)
    return [answer for answer in near if answer]


def _shown(answer: Answer, desk: Desk) -> dict[str, str]:
    """As users read it, without what makes letters bold: an agent's line has none."""
    notes = [ERAS[answer.era], "" if answer.steps else "panduan umum, konfirmasi dulu"]
    return {
        "title": answer.title,
        "text": faq.words(answer, desk).replace("*", ""),
        "kind": "faq",
        "note": ", ".join(filter(None, notes)),
    }
