"""Work lists: what did not arrive, who is to be phoned, what is due under UU 27/2022, what was
parked, and what an agent is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.web.console.desk import Console, agent_of, back
from bot.web.console.office import ids_of, look, number_in, run, text_of
from dialogs.checks import display_phone
from handoff.actions import PhoneCall
from handoff.office import errands, front
from handoff.office.errands import Errand
from handoff.refusal import Refused
from handoff.rights import may_office
from handoff.standing import Worker
from storage.base import AnyRow
from storage.repositories import agents, calls, office_lists

HOME = "/console/kerja"
LIMIT = 200
DONE_SHOWN = timedelta(days=30)
Query = Callable[[Any], list[AnyRow]]


@dataclass(frozen=True, slots=True)
class WorkList:
    """A list: its place, what it is called, who sees it (a name of ``rights.OFFICE``), who
    changes it, and where its count comes from."""

    slug: str
    label: str
    what: str
    see: str
    change: str
    count: str


LISTS: tuple[WorkList, ...] = (
    WorkList(
        "tidak-terkirim",
        "Tidak terkirim",
        "Pesan yang ditolak aplikasi, atau tidak jelas sampai atau tidak.",
        "see_undelivered",
        "undelivered",
        "undelivered",
    ),
    WorkList(
        "telepon",
        "Perlu ditelepon",
        "Konfirmasi permintaan data, dan kabar untuk pengguna tanpa chat.",
        "see_calls",
        "see_calls",
        "calls",
    ),
    WorkList(
        "pengaduan",
        "Pengaduan & masukan",
        "Pengaduan, keberatan, saran, dan masukan atas pelayanan.",
        "see_complaints",
        "see_complaints",
        "complaints",
    ),
    WorkList(
        "data-pribadi",
        "Data pribadi",
        "Permintaan menurut UU 27/2022, paling lambat 3x24 jam.",
        "see_personal_data",
        "personal_data",
        "personal_data",
    ),
    WorkList(
        "tertahan",
        "Tertahan",
        "Kiriman pengguna yang gagal diproses sistem.",
        "see_parked",
        "parked",
        "parked",
    ),
    WorkList(
        "pemberitahuan",
        "Pemberitahuan",
        "Yang perlu Anda ketahui dan belum dilihat.",
        "alerts",
        "alerts",
        "alerts",
    ),
)
BY_SLUG: Mapping[str, WorkList] = {one.slug: one for one in LISTS}


def routes(console: Console) -> list[Route]:
    """The pages, relative to /console. Complaints have a module of their own."""
    pages = _Lists(console)
    return [
        Route("/daftar", pages.home),
        Route("/kerja", pages.overview),
        Route("/kerja/tidak-terkirim/{id}/{deed}", pages.undelivered, methods=["POST"]),
        Route("/kerja/telepon/{id}", pages.phone, methods=["POST"]),
        Route("/kerja/jawaban/{id}", pages.answered, methods=["POST"]),
        Route("/kerja/data-pribadi/{id}", pages.personal_data, methods=["POST"]),
        Route("/kerja/tertahan/{id}", pages.parked, methods=["POST"]),
        Route("/kerja/pemberitahuan", pages.alerts, methods=["POST"]),
        Route("/kerja/{slug}", pages.one),
    ]


def tabs(worker: Worker, found: Mapping[str, int]) -> list[dict[str, Any]]:
    """The lists a worker may see, each with how many things wait there."""
    return [
        {"slug": one.slug, "label": one.label, "what": one.what, "count": found[one.count]}
        for one in LISTS
        if may_office(worker, one.see)
    ]


def counts_for(worker: Worker) -> Callable[[Any], dict[str, int]]:
    """How many things wait on each list."""

    def read(connection: Any) -> dict[str, int]:
        mine = agents.alerts_for(connection, worker.id, list(worker.roles), LIMIT)
        return {**office_lists.counts(connection), "alerts": len(mine)}

    return read


def ticket_ids(alerts: list[AnyRow]) -> dict[str, int]:
    """Of the alerts that are about a ticket: subject to ticket id."""
    found = (row.subject for row in alerts if row.subject.startswith("ticket:"))
    return {s: int(s[7:]) for s in found if s[7:].isdigit()}


def person_of(row: AnyRow) -> dict[str, str]:
    """Whom a row is about: name, organisation, phone as people write it."""
    given = json.loads(row.answers) if row.answers else {}
    phone = given.get("telepon", "")
    return {
        "name": given.get("nama") or getattr(row, "profile_name", "") or "tanpa nama",
        "organisation": given.get("instansi", ""),
        "phone": display_phone(phone) if phone else "",
        "dial": phone,
    }


@dataclass(frozen=True, slots=True)
class _Lists:
    console: Console

    async def home(self, request: Request) -> Response:
        """The short address."""
        return RedirectResponse(HOME, 303)

    async def overview(self, request: Request) -> Response:
        """All lists with what waits there."""
        worker = agent_of(request)
        found = await self.console.read(counts_for(worker))
        return self.console.page(request, "lists", tabs=tabs(worker, found), one=None, rows=[])

    async def one(self, request: Request) -> Response:
        """One list."""
        one = BY_SLUG.get(request.path_params["slug"])
        if one is None:
            raise HTTPException(404)
        worker = agent_of(request)
        query = self._queries(worker)[one.slug]
        rows = await look(self.console, request, one.see, f"list:{one.slug}", query)
        found = await self.console.read(counts_for(worker))
        about = ticket_ids(rows) if one.slug == "pemberitahuan" else {}
        numbers = await self.console.read(
            lambda connection: office_lists.numbers(connection, list(about.values()))
        )
        return self.console.page(
            request,
            "lists",
            tabs=tabs(worker, found),
            one=one,
            rows=rows,
            numbers={subject: numbers.get(ticket_id) for subject, ticket_id in about.items()},
            may=may_office(worker, one.change),
            person=person_of,
            full=len(rows) == LIMIT,
        )

    def _queries(self, worker: Worker) -> Mapping[str, Query]:
        since = self.console.clock.now() - DONE_SHOWN
        roles: list[str] = list(worker.roles)
        return {
            "tidak-terkirim": lambda c: office_lists.undelivered_whole(c, LIMIT),
            "telepon": lambda c: office_lists.calls_to_make(c, LIMIT),
            "data-pribadi": lambda c: office_lists.personal_data_whole(c, since, LIMIT),
            "tertahan": lambda c: office_lists.parked_whole(c, LIMIT),
            "pemberitahuan": lambda c: agents.alerts_for(c, worker.id, roles, LIMIT),
        }

    async def undelivered(self, request: Request) -> Response:
        """*Kirim ulang*, *sudah ditelepon* or *selesai*."""
        row_id = number_in(request)
        deed = _UNDELIVERED.get(request.path_params["deed"])
        if deed is None:
            raise HTTPException(404)
        to = f"{HOME}/tidak-terkirim"
        return await run(self.console, request, "undelivered", to, lambda e: deed(e, row_id))

    async def phone(self, request: Request) -> Response:
        """*Sudah ditelepon* or *tidak tersambung* [002 step 4]."""
        call_id, to = number_in(request), f"{HOME}/telepon"
        call = await self.console.read(lambda c: calls.get(c, call_id))
        if call is None:
            raise HTTPException(404)
        reached = await text_of(request, "reached", 1) == "1"
        action = PhoneCall(call_id, reached, await text_of(request, "words"))
        try:
            done = await self.console.act(request, call.ticket_id, action)
        except Refused as refused:
            if action.words:
                raise
            return back(to, str(refused), refused=True)
        return back(to, done.sentence)

    async def answered(self, request: Request) -> Response:
        """*Sudah* or *Belum* of a user without a chat."""
        ticket_id, words = number_in(request), await text_of(request, "words")
        solved = await text_of(request, "solved", 1) == "1"
        to = "/console/loket" if await text_of(request, "to") == "loket" else f"{HOME}/telepon"

        def deed(errand: Errand) -> str:
            return front.answered(errand, ticket_id, solved=solved, words=words)

        return await run(self.console, request, "see_calls", to, deed, typed=bool(words))

    async def personal_data(self, request: Request) -> Response:
        """What became of a request under UU 27/2022."""
        request_id, outcome = number_in(request), await text_of(request, "outcome", 4000)
        return await run(
            self.console,
            request,
            "personal_data",
            f"{HOME}/data-pribadi",
            lambda e: errands.finish_personal_data(e, request_id, outcome),
            typed=bool(outcome),
        )

    async def parked(self, request: Request) -> Response:
        """A parked event was looked after."""
        parked_id, to = number_in(request), f"{HOME}/tertahan"
        return await run(
            self.console, request, "parked", to, lambda e: errands.resolve_parked(e, parked_id)
        )

    async def alerts(self, request: Request) -> Response:
        """Alerts were seen."""
        ids, to = ids_of(await text_of(request, "ids", 4000)), f"{HOME}/pemberitahuan"
        return await run(self.console, request, "alerts", to, lambda e: errands.see_alerts(e, ids))


_UNDELIVERED: Mapping[str, Callable[[Errand, int], str]] = {
    "kirim-ulang": errands.resend,
    "ditelepon": errands.phoned,
    "selesai": errands.dismiss,
}
