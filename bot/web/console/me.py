"""*Akun saya*: on duty or not, the password, accounts elsewhere that belong to this one."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.speaking import BOARD
from bot.staff import accounts
from bot.web.console.desk import Console, agent_of, back
from bot.web.console.guard import ROOT, safe_path
from bot.web.console.login import Login, too_often
from handoff.refusal import Refused
from handoff.standing import ROLE_LABELS
from storage.repositories import agents
from storage.unit import Unit

HERE = f"{ROOT}/saya"


@dataclass(frozen=True, slots=True)
class Me:
    """The pages."""

    console: Console
    login: Login

    def routes(self) -> list[Route]:
        """Paths below ``/console``."""
        return [
            Route("/saya", self.page, methods=["GET"]),
            Route("/saya/tugas", self.duty, methods=["POST"]),
            Route("/saya/sandi", self.password, methods=["POST"]),
            Route("/saya/telegram", self.telegram, methods=["POST"]),
            Route("/saya/telegram/lepas", self.no_telegram, methods=["POST"]),
            Route("/saya/penyedia/lepas", self.no_provider, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """What the account is and has."""
        return await self._page(request)

    async def duty(self, request: Request) -> Response:
        """*Bertugas* or *Istirahat*: ``on`` is 1 or 0."""
        me, form = agent_of(request), await request.form()
        on = str(form.get("on", "")) == "1"
        bells = self.console.bells

        def turn(unit: Unit) -> None:
            agents.change(unit.connection, me.id, on_duty=on)
            unit.after_commit(lambda: bells.desk.ring(BOARD))

        await self.console.write(turn)
        to = safe_path(str(form.get("ke", HERE)))
        said = "Anda bertugas. Obrolan baru bisa masuk." if on else "Anda istirahat."
        return back(to, said)

    async def password(self, request: Request) -> Response:
        """A new password; the old one is asked for, and counted like a login."""
        me, form, now = agent_of(request), await request.form(), self.console.clock.now()
        row = await self.console.read(lambda c: agents.get(c, me.id))
        assert row is not None
        wait = await self.login.admit(request, row.login)
        if wait:
            return await self._page(request, 429, sentence=too_often(wait))
        matches = self.login.passwords.matches
        if not await self.login.slowly(matches, row.password_hash, str(form.get("old", ""))):
            return await self._page(request, 422, sentence="Kata sandi lama tidak cocok.")
        try:
            kept = await self.login.chosen(form, row.login)
        except Refused as error:
            return await self._page(request, 422, sentence=str(error))
        mine = request.state.session.token_hash
        await self.console.write(
            lambda unit: accounts.set_password(unit.connection, me.id, kept, mine, now)
        )
        return back(HERE, "Kata sandi diganti. Perangkat lain sudah dikeluarkan.")

    async def telegram(self, request: Request) -> Response:
        """A one-time code for linking a Telegram account, shown once."""
        me, now = agent_of(request), self.console.clock.now()
        code = await self.console.write(
            lambda unit: accounts.telegram_code(unit.connection, me.id, now)
        )
        return await self._page(request, code=code)

    async def no_telegram(self, request: Request) -> Response:
        """Unlink it."""
        me, now = agent_of(request), self.console.clock.now()
        await self.console.write(
            lambda unit: accounts.unlink_telegram(unit.connection, me.id, now, me.id)
        )
        return back(HERE, "Akun Telegram dilepas.")

    async def no_provider(self, request: Request) -> Response:
        """Unlink the provider's account."""
        me, now = agent_of(request), self.console.clock.now()
        await self.console.write(lambda unit: accounts.unlink_subject(unit.connection, me.id, now))
        return back(HERE, "Akun penyedia masuk dilepas.")

    async def _page(
        self, request: Request, status: int = 200, *, sentence: str = "", code: str = ""
    ) -> Response:
        me = agent_of(request)
        row = await self.console.read(lambda c: agents.get(c, me.id))
        assert row is not None
        return self.console.page(
            request,
            "me",
            status,
            row=row,
            sentence=sentence,
            code=code,
            code_minutes=int(accounts.CODE_LIFE.total_seconds() // 60),
            labels=ROLE_LABELS,
            provider=self.login.provider,
        )
