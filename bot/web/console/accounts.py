"""Accounts: who works here, with which roles. For the Admin Loket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.staff import accounts
from bot.staff.fields import number_or_none
from bot.web.console.desk import Console, agent_of, back
from bot.web.console.guard import ROOT
from bot.web.console.office import number_in
from handoff import rights
from handoff.refusal import Refused
from handoff.standing import ROLE_LABELS
from storage.base import AnyRow
from storage.repositories import agents, queue
from storage.unit import Unit

LIST = f"{ROOT}/akun"
# What an admin should know when giving a role; the rights themselves are in handoff/rights.py.
ROLE_HINTS = {
    "front_office": "buku tamu, antrean loket, mendaftarkan tamu dan telepon",
    "helpdesk": "mengambil obrolan dan tiket tingkat pertama",
    "koordinator": "tingkat kedua, membagi tugas",
    "kepala_unit": "melihat semua dan memberi rekomendasi",
    "admin_lpse": "berhubungan dengan LKPP",
    "admin": "mengelola akun petugas",
}


@dataclass(frozen=True, slots=True)
class Accounts:
    """The pages; every change is one line in the log (``access_log``)."""

    console: Console

    def routes(self) -> list[Route]:
        """Paths below ``/console``."""
        return [
            Route("/akun", self.all, methods=["GET", "POST"]),
            Route("/akun/{id}", self.one, methods=["GET", "POST"]),
            Route("/akun/{id}/hapus", self.remove, methods=["POST"]),
            Route("/akun/{id}/pulihkan", self.restore, methods=["POST"]),
            Route("/akun/{id}/tautan", self.link, methods=["POST"]),
        ]

    async def all(self, request: Request) -> Response:
        """The list; a POST adds one and shows the link to hand over."""
        rights.check_office(agent_of(request), "accounts")
        if request.method != "POST":
            return await self._list(request)
        form, now, me = await request.form(), self.console.clock.now(), agent_of(request).id
        name, roles = str(form.get("name", "")), [str(r) for r in form.getlist("roles")]
        login = str(form.get("login", ""))

        def add(unit: Unit) -> tuple[int, str]:
            agent_id = accounts.add(
                unit.connection, login=login, name=name, roles=roles, now=now, by=me
            )
            return agent_id, accounts.password_link(unit.connection, agent_id, now=now, by=me)

        try:
            agent_id, token = await self.console.write(add)
        except Refused as error:
            return await self._list(
                request, 422, sentence=str(error), given={"login": login, "name": name}, roles=roles
            )
        return await self._one(request, agent_id, link=self._address(token))

    async def one(self, request: Request) -> Response:
        """One account; a POST changes name, roles and limit."""
        rights.check_office(agent_of(request), "accounts")
        agent_id = number_in(request)
        if request.method != "POST":
            return await self._one(request, agent_id)
        form, now, me = await request.form(), self.console.clock.now(), agent_of(request).id
        roles = [str(r) for r in form.getlist("roles")]
        try:
            limit = number_or_none(str(form.get("chat_limit", "")))
            await self.console.write(
                lambda unit: accounts.change(
                    unit.connection,
                    agent_id,
                    name=str(form.get("name", "")),
                    roles=roles,
                    chat_limit=limit,
                    now=now,
                    by=me,
                )
            )
        except Refused as error:
            return await self._one(request, agent_id, 422, sentence=str(error))
        return back(LIST if "admin" in roles or agent_id != me else f"{ROOT}/saya", "Tersimpan.")

    async def remove(self, request: Request) -> Response:
        """Take an account away; the box in the form confirms it."""
        form = await request.form()
        if form.get("sure") != "1":
            return back(self._page_of(request), "Centang dulu tanda yakin.", refused=True)
        return await self._do(request, accounts.remove, LIST, "Akun dinonaktifkan.")

    async def restore(self, request: Request) -> Response:
        """A removed account works again, once its password is set."""
        sentence = "Akun aktif lagi. Buat tautan kata sandi untuk pemiliknya."
        return await self._do(request, accounts.restore, self._page_of(request), sentence)

    async def link(self, request: Request) -> Response:
        """A new one-time link to set a password, shown once."""
        rights.check_office(agent_of(request), "accounts")
        agent_id, now = number_in(request), self.console.clock.now()
        me = agent_of(request).id
        token = await self.console.write(
            lambda unit: accounts.password_link(unit.connection, agent_id, now=now, by=me)
        )
        return await self._one(request, agent_id, link=self._address(token))

    async def _do(self, request: Request, deed: Any, to: str, sentence: str) -> Response:
        me = agent_of(request)
        rights.check_office(me, "accounts")
        agent_id, now = number_in(request), self.console.clock.now()
        try:
            await self.console.write(
                lambda unit: deed(unit.connection, agent_id, now=now, by=me.id)
            )
        except Refused as error:
            return back(self._page_of(request), str(error), refused=True)
        return back(to, sentence)

    async def _list(
        self,
        request: Request,
        status: int = 200,
        *,
        sentence: str = "",
        given: dict[str, str] | None = None,
        roles: list[str] | None = None,
    ) -> Response:
        rows = await self.console.read(lambda c: agents.everyone(c, active_only=False))
        return self.console.page(
            request,
            "accounts",
            status,
            rows=sorted(rows, key=lambda row: not row.active),
            sentence=sentence,
            given=given or {"login": "", "name": ""},
            chosen=roles or [],
            labels=ROLE_LABELS,
            hints=ROLE_HINTS,
        )

    async def _one(
        self,
        request: Request,
        agent_id: int,
        status: int = 200,
        *,
        sentence: str = "",
        link: str = "",
    ) -> Response:
        row, held = await self.console.read(lambda c: (agents.get(c, agent_id), _held(c, agent_id)))
        if row is None:
            raise HTTPException(404)
        return self.console.page(
            request,
            "account",
            status,
            row=row,
            sentence=sentence,
            link=link,
            labels=ROLE_LABELS,
            hints=ROLE_HINTS,
            links=links_of(row),
            held=held,
            hours=int(accounts.PASSWORD_LIFE.total_seconds() // 3600),
        )

    def _address(self, token: str) -> str:
        return f"{self.console.address}{ROOT}/sandi/{token}"

    def _page_of(self, request: Request) -> str:
        return f"{LIST}/{number_in(request)}"


def links_of(row: AnyRow) -> list[str]:
    """How an account can be entered, in words."""
    found = {
        "kata sandi": row.password_hash,
        "akun Telegram": row.telegram_user,
        "penyedia masuk": row.subject,
    }
    return [words for words, there in found.items() if there]


def _held(connection: Any, agent_id: int) -> dict[str, int]:
    """What somebody else has to take over if the account goes."""
    return {
        "tickets": agents.open_tickets(connection, agent_id),
        "chats": queue.chats_of(connection, agent_id),
    }
