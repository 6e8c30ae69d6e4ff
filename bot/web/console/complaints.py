"""Complaints, objections, suggestions and feedback: owner, follow-up, answer [000]. They are
tickets: the answer is given on the ticket's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.console.desk import Console, agent_of, back
from bot.web.console.lists import HOME, LIMIT, counts_for, person_of, tabs
from bot.web.console.office import look, number_in, text_of
from handoff.actions import Action, Assign, Take, WriteNote
from handoff.refusal import Refused
from handoff.rights import may
from handoff.standing import CATEGORY_LABELS, Standing
from storage.base import AnyRow
from storage.repositories import agents, office_lists

_ANSWERS = {"helpdesk", "koordinator", "admin_lpse", "admin"}


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console; to be put before those of ``lists``."""
    pages = _Complaints(console)
    return [
        Route("/kerja/pengaduan", pages.list),
        Route("/kerja/pengaduan/{id}/pemilik", pages.own, methods=["POST"]),
        Route("/kerja/pengaduan/{id}/catatan", pages.note, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Complaints:
    console: Console

    async def list(self, request: Request) -> Response:
        """The open ones, or those that were answered."""
        category = request.query_params.get("golongan", "")
        category = category if category in CATEGORY_LABELS else ""
        closed = request.query_params.get("status") == "selesai"
        worker = agent_of(request)

        def read(connection: Any) -> tuple[Any, Any, Any]:
            rows = office_lists.complaints(
                connection, category=category, closed=closed, limit=LIMIT
            )
            return rows, counts_for(worker)(connection), agents.everyone(connection)

        rows, found, everyone = await look(
            self.console, request, "see_complaints", "list:pengaduan", read
        )
        return self.console.page(
            request,
            "pengaduan",
            tabs=tabs(worker, found),
            rows=rows,
            category=category,
            closed=closed,
            categories=CATEGORY_LABELS,
            owners=[a for a in everyone if set(a.roles.split()) & _ANSWERS],
            person=person_of,
            may_take=lambda row: may(worker, _standing(row), Take),
            may_assign=lambda row: may(worker, _standing(row), Assign),
            may_note=lambda row: may(worker, _standing(row), WriteNote),
        )

    async def own(self, request: Request) -> Response:
        """Who looks after it: whoever presses, or whom they choose."""
        chosen = await text_of(request, "agent", 15)
        action = Assign(int(chosen)) if chosen.isascii() and chosen.isdigit() else Take()
        return await self._act(request, action)

    async def note(self, request: Request) -> Response:
        """A follow-up note; it never reaches the user."""
        return await self._act(request, WriteNote(await text_of(request, "text", 4000)))

    async def _act(self, request: Request, action: Action) -> Response:
        to = f"{HOME}/pengaduan"
        try:
            done = await self.console.act(request, number_in(request), action)
        except Refused as refused:
            if isinstance(action, WriteNote) and action.text:
                raise
            return back(to, str(refused), refused=True)
        return back(to, done.sentence)


def _standing(row: AnyRow) -> Standing:
    return Standing(row.state, row.tier, row.agent_id, row.kind)
