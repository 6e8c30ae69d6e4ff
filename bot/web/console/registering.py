"""Tickets of people who come to the counter or phone: the form, and its paper [001]."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.office_turns import OfficeTurns
from bot.web.console import counter_form
from bot.web.console.counter_form import DEADLINES, Sheet
from bot.web.console.desk import Console, agent_of, back
from bot.web.console.office import look, text_of
from dialogs.checks import display_phone
from handoff.office import front
from handoff.office.front import SOURCES, Registration
from handoff.refusal import Refused
from handoff.rights import check_office
from handoff.standing import CATEGORY_LABELS, KIND_LABELS
from storage.repositories import front as rows
from storage.repositories import tickets

HOME = "/console/loket"
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console."""
    pages = _Registering(console)
    return [
        Route("/loket/daftar", pages.form),
        Route("/loket/daftar", pages.register, methods=["POST"]),
        Route("/loket/tiket/{number}", pages.receipt),
    ]


@dataclass(frozen=True, slots=True)
class _Registering:
    console: Console

    async def form(self, request: Request) -> Response:
        """The form, empty or with what the guest book knows."""
        check_office(agent_of(request), "front")
        sheet = counter_form.blank(request.query_params.get("lewat", "walk_in"))
        guest = request.query_params.get("tamu", "")
        if guest.isascii() and guest.isdigit():
            sheet = await self._of_guest(request, sheet, int(guest[:15]))
        return self._sheet(request, sheet, guest if "tamu" in sheet.typed else "")

    async def _of_guest(self, request: Request, sheet: Sheet, guest_id: int) -> Sheet:
        row = await look(
            self.console, request, "front", f"guest:{guest_id}", lambda c: rows.guest(c, guest_id)
        )
        if row is None:
            return sheet
        known = {
            "nama": row.name,
            "instansi": row.organisation,
            "telepon": display_phone(row.phone) if row.phone else "",
            counter_form.PROBLEM: row.purpose,
            "tamu": str(row.id),
        }
        return replace(sheet, typed={**sheet.typed, **known})

    def _sheet(self, request: Request, sheet: Sheet, guest: str, status: int = 200) -> Response:
        return self.console.page(
            request,
            "daftar",
            status,
            sheet=sheet,
            guest=guest,
            form=self.console.config.form,
            files=self.console.config.files,
            sources=SOURCES,
            deadlines=DEADLINES,
            kinds=KIND_LABELS,
            categories=CATEGORY_LABELS,
        )

    async def register(self, request: Request) -> Response:
        """A ticket, announced only once it is there; the same form twice is one ticket."""
        worker = agent_of(request)
        check_office(worker, "front")
        nonce = await text_of(request, "nonce", 64)
        if not _NONCE.fullmatch(nonce):
            raise Refused("Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi.")
        guest = await text_of(request, "tamu", 15)
        sheet = await counter_form.read(self.console, await request.form())
        if sheet.form is None:
            return self._sheet(request, sheet, guest, 422)
        what = Registration(
            source=sheet.source,
            chat=f"{worker.id}:{nonce}",
            form=sheet.form,
            files=sheet.files,
            guest_id=int(guest) if guest.isascii() and guest.isdigit() else None,
            in_book=sheet.typed.get("book") == "1",
        )
        turns = OfficeTurns(self.console.turns.turns)
        row = await asyncio.wrap_future(
            turns.make(worker.id, "front", lambda errand: front.register(errand, what))
        )
        return back(f"{HOME}/tiket/{row.number}")

    async def receipt(self, request: Request) -> Response:
        """The number, and the form in the layout of the paper one [001]."""
        number = str(request.path_params["number"]).upper()[:40]
        row = await look(
            self.console,
            request,
            "front",
            f"form:{number}",
            lambda connection: tickets.by_number(connection, number),
        )
        if row is None:
            raise HTTPException(404)
        form = self.console.config.form
        given = json.loads(row.answers)
        labels = {t.key: t.label for t in form.user_types}
        return self.console.page(
            request,
            "tiket_baru",
            ticket=row,
            fields=[(f, given.get(f.key, "")) for f in form.fields],
            user_type=labels.get(row.user_type or "", ""),
            opened=self.console.counter.calendar.local(row.opened_at),
            source=SOURCES.get(row.source, "Chat"),
            phone=display_phone,
            target=row.decides not in self.console.config.promises.no_target_for,
            promises=self.console.config.promises,
        )
