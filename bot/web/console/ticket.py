"""/console/tiket/{number}: all of one ticket, and every action on it that is possible now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from bot.web.console import dossier as folder
from bot.web.console.desk import Console, agent_of, back
from bot.web.console.doing import VERBS, Given, Verb, action_of
from handoff import actions as a
from handoff.policy import Impact, PriorityRow, Urgency
from handoff.refusal import Refused
from handoff.rights import TABLE
from handoff.ticket import packet
from handoff.ticket.ticketing import suggestion
from storage.base import AnyRow
from storage.repositories import agents, dossier, tickets, watch

LOOKED_EVERY = timedelta(minutes=10)  # one look at a page is one entry of the access log
_INLINE = ("image/jpeg", "image/png", "image/webp")


def routes(console: Console) -> list[Route]:
    """A ticket's own; paths stand under ``/console``."""
    pages = _Ticket(console)
    return [
        Route("/tiket/{number}", pages.show, methods=["GET"]),
        Route("/tiket/{number}/prioritas", pages.suggest, methods=["GET"]),
        Route("/tiket/{number}/paket.zip", pages.packet, methods=["GET"]),
        Route("/tiket/{number}/{verb}", pages.act, methods=["POST"]),
        Route("/tiket/{number}/{verb}", pages.page_of_form, methods=["GET"]),
        Route("/berkas/{id}", pages.file, methods=["GET"]),
    ]


SEEN = "seen"


@dataclass(frozen=True, slots=True)
class _Ticket:
    console: Console

    async def show(self, request: Request) -> Response:
        """The page. That somebody looked is logged, and what they were to look at is seen."""
        row = await self._row(request)
        await self._looked(request, f"ticket:{row.id}")
        if request.headers.get("x-fragment", SEEN) == SEEN:  # not a page in the background
            await self._seen(request, f"ticket:{row.id}")
        return await self._page(request, row)

    async def _seen(self, request: Request, subject: str) -> None:
        agent_id, now = agent_of(request).id, self.console.clock.now()
        if not await self.console.read(lambda c: watch.own_alerts(c, agent_id, subject)):
            return
        await self.console.write(
            lambda unit: watch.see_own(unit.connection, agent_id, subject, now)
        )
        alerts = await self.console.read(
            lambda c: watch.alert_count(c, agent_id, agent_of(request).roles)
        )
        request.state.alerts = alerts[0]

    async def page_of_form(self, request: Request) -> Response:
        """A refused form's page stands at the form's address: fetched anew, it is the ticket's."""
        if request.path_params["verb"] not in VERBS:
            raise HTTPException(404)
        row = await self._row(request)
        return RedirectResponse(f"/console/tiket/{row.number}", 303)

    async def act(self, request: Request) -> Response:
        """One action. What is refused comes back on the page with what was typed."""
        row, verb = await self._row(request), VERBS.get(request.path_params["verb"])
        if verb is None:
            raise HTTPException(404)
        form = await request.form()
        try:
            done = await self.console.act(request, row.id, await self._action(verb, form))
        except Refused as refused:
            await self._looked(request, f"ticket:{row.id}")
            typed = _typed(request.path_params["verb"], form)
            return await self._page(request, row, refusal=str(refused), typed=typed)
        if form.get("ke") == "/console/":
            return back("/console/", done.sentence)
        return back(f"/console/tiket/{row.number}", done.sentence)

    async def _action(self, verb: Verb, form: FormData) -> a.Action:
        config = self.console.config
        given = Given(form, config.form.fields, config.files, self.console.blobs)
        return await action_of(verb, given)

    async def _page(
        self,
        request: Request,
        row: AnyRow,
        *,
        refusal: str = "",
        typed: Mapping[str, Any] | None = None,
    ) -> Response:
        worker, now = agent_of(request), self.console.clock.now()
        whole = request.query_params.get("semua") == "1"

        def read(connection: Connection) -> dict[str, Any]:
            fresh = tickets.get(connection, row.id)
            return folder.gather(connection, self.console, fresh, worker, now, whole=whole)

        values = await self.console.read(read)
        if refusal:
            values |= {"flash": refusal, "flash_kind": "refused"}
        return self.console.page(
            request,
            "ticket",
            409 if refusal else 200,
            live=row.id,
            typed=typed or {"verb": "", "fields": {}, "many": {}},
            **values,
        )

    async def suggest(self, request: Request) -> Response:
        """GET ?dampak=&mendesak=: what the office's table says, as a fragment of text."""
        row, asked = await self._row(request), request.query_params
        impact, urgency = asked.get("dampak", ""), asked.get("mendesak", "")
        if impact not in get_args(Impact) or urgency not in get_args(Urgency):
            return PlainTextResponse("")
        priority, why = suggestion(self.console.counter.policy, row, impact, urgency)  # type: ignore[arg-type]
        return PlainTextResponse(f"Saran tabel prioritas: {priority} ({_because(why)}).")

    async def packet(self, request: Request) -> Response:
        """GET: form, conversation and files for LKPP as one archive; the look is logged."""
        row, worker = await self._row(request), agent_of(request)
        if not worker.active or not worker.roles & TABLE[a.LkppSent].roles:
            raise Refused("Paket untuk LKPP hanya bisa diunduh Admin LPSE atau Admin Loket.")
        await self._looked(request, f"packet:{row.id}")
        parts = await self.console.read(lambda c: packet.gather(c, self.console.counter, row))
        return StreamingResponse(
            packet.stream(parts, self.console.blobs.get),
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{row.number}.zip"'},
        )

    async def file(self, request: Request) -> Response:
        """GET /console/berkas/<id>: a file of a ticket; the look is logged."""
        text = str(request.path_params["id"])
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise HTTPException(404)
        row = await self.console.read(lambda c: dossier.file(c, int(text)))
        if row is None or row.blob is None:
            raise HTTPException(404)
        await self._looked(request, f"file:{row.id} ticket:{row.shown_with}")
        try:
            data = await asyncio.to_thread(self.console.blobs.get, row.blob)
        except KeyError:
            raise HTTPException(404) from None
        shown = row.mime in _INLINE
        return Response(
            data,
            media_type=row.mime if shown else "application/octet-stream",
            headers={
                "Content-Disposition": disposition(row.name, inline=shown),
                "Cache-Control": "private, no-store",
            },
        )

    async def _row(self, request: Request) -> AnyRow:
        number = str(request.path_params["number"]).upper()[:60]
        row = await self.console.read(lambda c: tickets.by_number(c, number))
        if row is None:
            raise HTTPException(404)
        return row

    async def _looked(self, request: Request, what: str) -> None:
        """An entry of the access log, unless this agent's last one of it is quite new."""
        worker, now = agent_of(request), self.console.clock.now()
        known = await self.console.read(
            lambda c: watch.looked(c, worker.id, what, now - LOOKED_EVERY)
        )
        if not known:
            await self.console.write(
                lambda unit: agents.log_access(unit.connection, worker.id, what, now)
            )


def _typed(verb: str, form: FormData) -> dict[str, Any]:
    """What was typed into a form that was refused, for the page to give back."""
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    many: dict[str, list[str]] = {}
    for name, value in texts:
        many.setdefault(name, []).append(value)
    return {"verb": verb, "fields": dict(texts), "many": many}


def _because(row: PriorityRow) -> str:
    """A row of the priority table in words."""
    said = []
    if row.impact is not None:
        said.append(f"dampak {row.impact}")
    if row.urgency is not None:
        said.append("mendesak" if row.urgency == "mendesak" else "tidak mendesak")
    if row.under_hours is not None:
        said.append(f"batas waktu kurang dari {row.under_hours:g} jam")
    return ", ".join(said) or "selain yang disebut di tabel"


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition that holds any name safely (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain[-100:]}\"; filename*=UTF-8''{quote(name, safe='')}"
