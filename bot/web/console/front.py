"""The front office: the queue at the counter and the guest book."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.console.desk import Console, agent_of, back
from bot.web.console.lists import person_of
from bot.web.console.office import look, number_in, run, text_of
from dialogs.checks import check, display_phone
from dialogs.masking import mask
from handoff.office import front
from handoff.office.errands import Errand
from handoff.office.front import DESKS, SOURCES
from handoff.refusal import Refused
from handoff.rights import check_office, may_office
from storage.base import AnyRow
from storage.repositories import front as rows

HOME = "/console/loket"
DESK = "loket_meja"  # the cookie that names this browser's desk
_YEAR = 365 * 24 * 3600
_OLDEST, _NEWEST = date(2000, 1, 1), date(2999, 12, 31)  # days of a guest book


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console; those of ``registering`` come before."""
    pages = _Front(console)
    return [
        Route("/loket", pages.home),
        Route("/loket/meja", pages.choose_desk, methods=["POST"]),
        Route("/loket/nomor", pages.take_number, methods=["POST"]),
        Route("/loket/nomor/{id}", pages.slip),
        Route("/loket/panggil", pages.call_next, methods=["POST"]),
        Route("/loket/antrean/{id}/{deed}", pages.turn, methods=["POST"]),
        Route("/loket/tamu", pages.guests),
        Route("/loket/tamu", pages.write_guest, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Front:
    console: Console

    async def home(self, request: Request) -> Response:
        """The queue, today's guests and today's tickets of the counter."""
        now = self.console.clock.now()
        day, since = front.day_of(self.console.counter, now), self._midnight(now)
        until = since + timedelta(days=1)

        def read(connection: Any) -> dict[str, Any]:
            return {
                "shown": rows.shown(connection, day, 40),
                "waiting": rows.waiting(connection, day),
                "called": rows.called(connection, day),
                "tally": rows.tally(connection, day),
                "guests": rows.guests(connection, since, until),
                "registered": rows.registered(connection, since),
            }

        found = await look(self.console, request, "front", f"guests:{day}", read)
        return self.console.page(
            request,
            "loket",
            desk=_desk_of(request),
            desks=DESKS,
            label=front.label,
            sources=SOURCES,
            person=person_of,
            phone=display_phone,
            answers=json.loads,
            may_list=may_office(agent_of(request), "see_calls"),
            **found,
        )

    async def choose_desk(self, request: Request) -> Response:
        """This browser stands at a desk, until it says otherwise."""
        check_office(agent_of(request), "front")
        desk = await text_of(request, "desk", 20)
        if desk not in DESKS:
            raise Refused("Meja itu tidak ada.")
        response = back(HOME, f"Peramban ini memanggil untuk {desk}.")
        response.set_cookie(
            DESK, desk.replace(" ", "-"), max_age=_YEAR, path="/console", samesite="lax"
        )
        return response

    async def take_number(self, request: Request) -> Response:
        """The next queue number, and its slip."""
        guest = await text_of(request, "guest", 15)
        guest_id = int(guest) if guest.isascii() and guest.isdigit() else None
        return await self._numbered(request, lambda errand: front.take_number(errand, guest_id))

    async def _numbered(
        self, request: Request, take: Callable[[Errand], tuple[int, str]], *, typed: bool = False
    ) -> Response:
        """Take a number, then show its slip."""
        made: list[int] = []

        def deed(errand: Errand) -> str:
            turn_id, number = take(errand)
            made.append(turn_id)
            return f"Nomor antrean {number}."

        response = await run(self.console, request, "front", HOME, deed, typed=typed)
        return back(f"{HOME}/nomor/{made[-1]}") if made else response

    async def slip(self, request: Request) -> Response:
        """A queue number on paper; nothing personal is on it."""
        turn_id = number_in(request)
        check_office(agent_of(request), "front")

        def read(connection: Any) -> tuple[AnyRow | None, int]:
            row = rows.turn(connection, turn_id)
            before = rows.waiting(connection, row.day) if row else []
            return row, sum(1 for other in before if row and other.turn < row.turn)

        row, ahead = await self.console.read(read)
        if row is None:
            raise HTTPException(404)
        return self.console.page(
            request,
            "karcis",
            row=row,
            number=front.label(row.n),
            ahead=ahead,
            public=f"{self.console.address}/antrian",
        )

    async def call_next(self, request: Request) -> Response:
        """Call whoever is next to this browser's desk."""
        desk = _desk_of(request)
        if not desk:
            return back(HOME, "Pilih dulu Anda di loket berapa.", refused=True)
        return await run(
            self.console, request, "front", HOME, lambda errand: front.call_next(errand, desk)
        )

    async def turn(self, request: Request) -> Response:
        """Called again, came, or skipped."""
        turn_id, deed = number_in(request), _TURNS.get(request.path_params["deed"])
        if deed is None:
            raise HTTPException(404)
        return await run(self.console, request, "front", HOME, lambda e: deed(e, turn_id))

    async def guests(self, request: Request) -> Response:
        """The guest book of a day."""
        now = self.console.clock.now()
        since = self._midnight(now, request.query_params.get("tanggal", ""))
        until = since + timedelta(days=1)
        day = since.date()
        found = await look(
            self.console,
            request,
            "front",
            f"guests:{day}",
            lambda connection: rows.guests(connection, since, until),
        )
        return self.console.page(
            request,
            "tamu",
            day=day,
            before=day - timedelta(days=1),
            after=day + timedelta(days=1),
            today=self._midnight(now).date(),
            guests=found,
            label=front.label,
            phone=display_phone,
        )

    async def write_guest(self, request: Request) -> Response:
        """A line of the guest book, and a queue number with it if one is wanted."""
        name = check("name", mask(await text_of(request, "name", 100)).text).value
        phone, given = "", await text_of(request, "phone", 40)
        if not name:
            raise Refused("Tulis nama tamunya.")
        if given:
            phone = check("phone", mask(given, expected="phone").text).value or ""
            if not phone:
                raise Refused("Nomor teleponnya belum benar. Kosongkan bila tidak ada.")
        guest = front.Guest(
            name=name,
            organisation=mask(await text_of(request, "organisation", 200)).text,
            phone=phone,
            purpose=mask(await text_of(request, "purpose", 1000)).text,
        )
        if await text_of(request, "numbered", 1) == "1":
            return await self._numbered(
                request,
                lambda errand: front.take_number(errand, front.welcome(errand, guest)),
                typed=True,
            )

        def deed(errand: Errand) -> str:
            front.welcome(errand, guest)
            return f"{guest.name} dicatat di buku tamu."

        return await run(self.console, request, "front", HOME, deed, typed=True)

    def _midnight(self, now: datetime, day: str = "") -> datetime:
        """When a day of the office began: today, or the one that is asked for."""
        local = self.console.counter.calendar.local(now)
        try:
            wanted = date.fromisoformat(day) if day else local.date()
        except ValueError:
            wanted = local.date()
        if not _OLDEST <= wanted <= _NEWEST:
            wanted = local.date()
        return datetime.combine(wanted, time(), local.tzinfo)


def _desk_of(request: Request) -> str:
    desk = request.cookies.get(DESK, "").replace("-", " ")
    return desk if desk in DESKS else ""


_TURNS = {"lagi": front.call_again, "datang": front.came, "lewati": front.skip}
