"""GET /console/: who waits, my chats, and the tickets by what is due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.speaking import BOARD
from bot.web.console import views
from bot.web.console.desk import Console, agent_of
from dialogs import masking
from handoff import actions as a
from handoff.rights import TABLE
from handoff.standing import KIND_LABELS, PRIORITIES, STATE_LABELS, STATES, Worker
from storage import search
from storage.base import AnyRow, from_micros, to_micros
from storage.models.tickets import NEVER
from storage.repositories import agents, board, queue, tickets, watch
from storage.repositories.board import Filters

LOOKED_EVERY = timedelta(minutes=10)  # one look at a page is one entry of the access log
_CURSOR = re.compile(r"(\d{1,2})\.(\d{1,18})\.(\d{1,15})")
_KEPT = ("q", "siapa", "status", "jenis", "prioritas", "tingkat", "telat")


def routes(console: Console) -> list[Route]:
    """The board's own; paths stand under ``/console``."""
    return [Route("/", _Board(console).show, methods=["GET"])]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one reading of the database gives the page."""

    counts: board.Counts
    waiting: list[AnyRow]
    chats: list[AnyRow]
    rows: list[AnyRow]
    exact: AnyRow | None
    my_chats: int
    logged: bool


@dataclass(frozen=True, slots=True)
class _Board:
    console: Console

    async def show(self, request: Request) -> Response:
        """The board, or the ticket whose whole number was searched for."""
        worker, now = agent_of(request), self.console.clock.now()
        asked = request.query_params
        said = asked.get("q", "").strip()[:200]
        tiers = {tier.key: tier.label for tier in self.console.counter.policy.tiers}
        filters = _filters(asked, said, worker, tiers)
        what = f"search:{masking.mask(said).text}" if said else "board"
        since = now - LOOKED_EVERY

        def read(connection: Connection) -> _Seen:
            return _Seen(
                board.counts(connection, worker.id, now),
                board.waiting(connection),
                board.live_chats(connection),
                [] if said and not filters.query else board.tickets(connection, filters, now),
                tickets.by_number(connection, said.upper()) if said else None,
                queue.chats_of(connection, worker.id),
                watch.looked(connection, worker.id, what, since),
            )

        seen = await self.console.read(read)
        if not seen.logged:
            await self.console.write(
                lambda unit: agents.log_access(unit.connection, worker.id, what, now)
            )
        if seen.exact is not None:
            return RedirectResponse(f"/console/tiket/{seen.exact.number}", 303)
        return self._page(request, worker, filters, seen, said)

    def _page(
        self, request: Request, worker: Worker, filters: Filters, seen: _Seen, said: str
    ) -> Response:
        rows = seen.rows[: board.PAGE]
        asked = {key: request.query_params.get(key, "") for key in _KEPT}
        return self.console.page(
            request,
            "board",
            live=BOARD,
            views=views,
            filters=filters,
            said=said,
            counts=seen.counts,
            waiting=seen.waiting,
            chats=[row for row in seen.chats if row.agent_id == worker.id],
            other_chats=[row for row in seen.chats if row.agent_id != worker.id],
            my_chats=seen.my_chats,
            takes=bool(worker.roles & TABLE[a.Take].roles),
            rows=rows,
            more=_more(asked, rows[-1]) if len(seen.rows) > board.PAGE else "",
            first="" if filters.after is None else _link(asked),
            link=lambda **changed: _link({**asked, **changed}),
            states={key: STATE_LABELS[key] for key in STATES},
            kinds=KIND_LABELS,
            priorities=PRIORITIES,
        )


def _filters(asked: QueryParams, said: str, worker: Worker, tiers: Mapping[str, str]) -> Filters:
    """What is asked for; anything that is no choice of ours is left out."""
    whose = asked.get("siapa", "all")
    return Filters(
        agent_id=worker.id,
        whose=whose if whose in get_args(board.Whose) else "all",  # type: ignore[arg-type]
        state=_one_of(asked.get("status"), STATE_LABELS),
        kind=_one_of(asked.get("jenis"), KIND_LABELS),
        priority=_one_of(asked.get("prioritas"), dict.fromkeys(PRIORITIES, "")),
        tier=_one_of(asked.get("tingkat"), tiers),
        late=asked.get("telat") == "1",
        query=search.parse(said),
        after=_cursor(asked.get("sesudah", "")),
    )


def _one_of(said: str | None, known: Mapping[str, str]) -> str:
    return said if said is not None and said in known else ""


def _cursor(text: str) -> Any:
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    return int(found[1]), from_micros(min(int(found[2]), to_micros(NEVER))), int(found[3])


def _more(asked: Mapping[str, str], last: AnyRow) -> str:
    cursor = f"{last.urgent}.{to_micros(last.next_due)}.{last.id}"
    return _link({**asked, "sesudah": cursor})


def _link(asked: Mapping[str, str]) -> str:
    kept = {key: value for key, value in asked.items() if value}
    return f"/console/?{urlencode(kept)}" if kept else "/console/"
