"""The door of the console: logging in and out, the first admin, a password by one-time link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.staff import accounts, sessions
from bot.staff.fields import tidy_login, tidy_name
from bot.staff.passwords import Passwords, problem
from bot.web.console.cookies import AGENT, GUEST, PROVIDER, Cookies
from bot.web.console.desk import Console, agent_of
from bot.web.console.guard import DOOR, ROOT, safe_path
from dialogs.text_edge import tidy
from handoff.refusal import Refused
from storage.base import AnyRow
from storage.repositories import agents
from storage.unit import Unit

AT_ONCE = 2  # passwords hashed at the same time: each takes 64 MiB
_WRONG = "Nama masuk atau kata sandi tidak cocok."


@dataclass
class Login:
    """``provider`` is the label of the OIDC provider."""

    console: Console
    cookies: Cookies
    passwords: Passwords
    provider: str = ""
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def routes(self) -> list[Route]:
        """Paths below ``/console`` that are open to everybody."""
        return [
            Route("/masuk", self.enter, methods=["GET", "POST"]),
            Route("/mulai/{token}", self.set_up, methods=["GET", "POST"]),
            Route("/sandi/{token}", self.new_password, methods=["GET", "POST"]),
        ]

    def routes_inside(self) -> list[Route]:
        """The way out is for those who are in."""
        return [Route("/keluar", self.leave, methods=["POST"])]

    async def slowly(self, job: Callable[..., Any], *given: Any) -> Any:
        """Hash or compare in a worker thread, few at once."""
        async with self._turn:
            return await asyncio.to_thread(job, *given)

    async def enter(self, request: Request) -> Response:
        """The login form, and what is sent with it."""
        if request.method != "POST":
            to = safe_path(request.query_params.get("ke", ""))
            if request.state.agent is not None:
                return RedirectResponse(to, 303)
            return self._form(request, to=to)
        form = await request.form()
        login = tidy(str(form.get("login", "")), 100).text.lower()
        to, given = safe_path(str(form.get("ke", ""))), str(form.get("password", ""))
        wait = await self.admit(request, login)
        if wait:
            return self._form(request, 429, too_often(wait), login=login, to=to, wait=wait)
        row = await self._known(login, given)
        if row is None:
            return self._form(request, 403, _WRONG, login=login, to=to)
        return await self.let_in(request, row.id, to, login=login)

    async def admit(self, request: Request, login: str) -> int:
        """Seconds to wait where this was tried too often."""
        now, address = self.console.clock.now(), _address(request)
        wait = await self.console.write(
            lambda unit: sessions.admit(unit.connection, login, address, now)
        )
        return ceil(wait / timedelta(seconds=1))

    async def _known(self, login: str, password: str) -> AnyRow | None:
        """The account, if the password is its own. It takes as long where there is none."""
        row = await self.console.read(lambda c: agents.by_login(c, login))
        kept = row.password_hash if row is not None and row.active else None
        if not await self.slowly(self.passwords.matches, kept, password):
            return None
        assert row is not None
        assert kept is not None
        if self.passwords.is_stale(kept):
            better = await self.slowly(self.passwords.hash, password)
            await self.console.write(
                lambda unit: agents.change(unit.connection, row.id, password_hash=better)
            )
        return row

    async def let_in(
        self, request: Request, agent_id: int, to: str, *, login: str | None = None
    ) -> Response:
        """Begin a session of its own (never one that was there before) and go on."""
        now, old = self.console.clock.now(), self.cookies.read(request, AGENT)

        def begin(unit: Unit) -> str:
            row = agents.get(unit.connection, agent_id)
            if row is None or not row.active:
                raise Refused(_WRONG)
            if login is not None:
                sessions.forgive(unit.connection, login, _address(request), now)
            if old:
                sessions.end(unit.connection, old, now)
            return sessions.begin(unit.connection, agent_id, now)

        token = await self.console.write(begin)
        response = RedirectResponse(to, 303)
        self.cookies.give(response, AGENT, token)
        self.cookies.take(response, PROVIDER)
        await self.console.write(lambda unit: sessions.sweep(unit.connection, now))
        return response

    def _form(
        self,
        request: Request,
        status: int = 200,
        sentence: str = "",
        *,
        login: str = "",
        to: str = "",
        wait: int = 0,
    ) -> Response:
        response = self.console.page(
            request,
            "login",
            status,
            sentence=sentence,
            login=login,
            to="" if to == f"{ROOT}/" else to,
            provider=self.provider,
        )
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response

    async def leave(self, request: Request) -> Response:
        """Log out. Who is not there any more gets no chats, unless the group reaches them."""
        token, agent = self.cookies.read(request, AGENT), agent_of(request)
        now = self.console.clock.now()

        def end(unit: Unit) -> None:
            sessions.end(unit.connection, token, now)
            row = agents.get(unit.connection, agent.id)
            if row is not None and row.telegram_user is None:
                agents.change(unit.connection, agent.id, on_duty=False)

        await self.console.write(end)
        response = RedirectResponse(DOOR, 303)
        self.cookies.take(response, AGENT)
        self.cookies.take(response, GUEST)
        return response

    async def set_up(self, request: Request) -> Response:
        """The first admin, by the link that the first start printed."""
        token, now = request.path_params["token"][:100], self.console.clock.now()
        if not await self.console.read(lambda c: accounts.is_live(c, token, accounts.SETUP, now)):
            return self._gone(request, accounts.SETUP)
        if request.method != "POST":
            return self.console.page(request, "setup", sentence="", login="", name="")
        form = await request.form()
        login, name = str(form.get("login", ""))[:100], str(form.get("name", ""))[:100]
        try:
            login, name = tidy_login(login), tidy_name(name)
            kept = await self.chosen(form, login)
        except Refused as error:
            return self.console.page(
                request, "setup", 422, sentence=str(error), login=login, name=name
            )
        agent_id = await self.console.write(
            lambda unit: accounts.set_up(
                unit.connection, token, login=login, name=name, password_hash=kept, now=now
            )
        )
        return await self.let_in(request, agent_id, f"{ROOT}/saya")

    async def new_password(self, request: Request) -> Response:
        """Set one's password by a one-time link."""
        token, now = request.path_params["token"][:100], self.console.clock.now()
        row = await self.console.read(lambda c: _owner(c, token, now))
        if row is None:
            return self._gone(request, accounts.PASSWORD)
        if request.method != "POST":
            return self.console.page(request, "password", sentence="", owner=row)
        try:
            kept = await self.chosen(await request.form(), row.login)
        except Refused as error:
            return self.console.page(request, "password", 422, sentence=str(error), owner=row)
        agent_id = await self.console.write(
            lambda unit: accounts.set_password_by_link(unit.connection, token, kept, now)
        )
        return await self.let_in(request, agent_id, f"{ROOT}/")

    async def chosen(self, form: Any, login: str) -> str:
        """The hash of a new password, typed twice. Raises Refused with what is wrong."""
        password = str(form.get("password", ""))
        why = problem(password, login)
        if why is None and password != str(form.get("again", "")):
            why = "Kedua kata sandi tidak sama."
        if why is not None:
            raise Refused(why)
        kept: str = await self.slowly(self.passwords.hash, password)
        return kept

    def _gone(self, request: Request, purpose: str) -> Response:
        return self.console.page(request, "gone", 410, sentence=accounts.gone(purpose))


def too_often(wait: int) -> str:
    """How long to wait, in words."""
    many = f"{wait} detik" if wait < 90 else f"{ceil(wait / 60)} menit"
    return f"Terlalu banyak percobaan. Coba lagi dalam {many}."


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _owner(connection: Any, token: str, now: Any) -> AnyRow | None:
    link = accounts.is_live(connection, token, accounts.PASSWORD, now)
    row = agents.get(connection, link.agent_id) if link is not None else None
    return row if row is not None and row.active else None
