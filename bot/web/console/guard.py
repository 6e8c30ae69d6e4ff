"""Who may pass: every page of the console is called through here, and nowhere else.

The account is read anew at each request. A form is taken only with its token and from our own
pages. Whatever stops a form gives back the text that was typed into it.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.staff import sessions
from bot.staff.sessions import Session
from bot.web.console.cookies import AGENT, GUEST, Cookies
from bot.web.console.desk import FLASH, Console
from bot.web.console.kept import ENOUGH_FOR_GUESTS, Kept, kept_of, size_of
from handoff.refusal import Refused
from storage.database import Unavailable
from storage.repositories import watch

log = logging.getLogger(__name__)

ROOT = "/console"
DOOR = f"{ROOT}/masuk"
Endpoint = Callable[[Request], Awaitable[Response]]
_STREAM = "text/event-stream"
_READS = ("GET", "HEAD")


class Stopped(Exception):
    """A request that is answered with a page of its own. ``again``: where the agent can go on;
    ``keep``: show what was typed."""

    def __init__(self, status: int, title: str, sentence: str, *, keep: bool = True) -> None:
        super().__init__(sentence)
        self.status = status
        self.title = title
        self.keep = keep


@dataclass
class Guard:
    """Stands before the endpoints of ``console``."""

    console: Console
    cookies: Cookies
    routes: list[Route] = field(default_factory=list)

    def over(self, routes: Iterable[Route]) -> list[Route]:
        """The same routes, for agents only."""
        return [self._guarded(route, open_to_all=False) for route in routes]

    def at_the_door(self, routes: Iterable[Route]) -> list[Route]:
        """The same routes, for everybody; forms need their token all the same."""
        return [self._guarded(route, open_to_all=True) for route in routes]

    def page_above(self, path: str) -> str:
        """The nearest page on the way up from a form's address."""
        inner = path.removeprefix(ROOT).rstrip("/")
        while inner:
            if any("GET" in (r.methods or ()) and r.path_regex.match(inner) for r in self.routes):
                return ROOT + inner
            inner = inner.rpartition("/")[0]
        return f"{ROOT}/"

    def _guarded(self, route: Route, *, open_to_all: bool) -> Route:
        endpoint = route.endpoint
        assert inspect.iscoroutinefunction(endpoint), f"{route.path}: an async function is needed"

        async def guarded(request: Request) -> Response:
            try:
                return await self._pass(request, endpoint, open_to_all)
            finally:
                await request.close()

        methods = sorted((route.methods or {"GET"}) - {"HEAD"})
        made = Route(route.path, guarded, methods=methods, name=route.name)
        if open_to_all or route.path != "/{rest:path}":
            self.routes.append(made)
        return made

    async def _pass(self, request: Request, endpoint: Endpoint, open_to_all: bool) -> Response:
        token = self.cookies.read(request, AGENT)
        try:
            session = await self._who(request, token)
            if session is None and not open_to_all:
                return await self._nobody(request, token)
            guest = self._greet(request, token if session else "")
            _check_address(request)
            if request.method not in _READS:
                await self._check_form(request, guest=session is None)
            response = await endpoint(request)
        except Exception as error:
            return await self._stopped(request, error)
        if guest and guest != self.cookies.read(request, GUEST):
            self.cookies.give(response, GUEST, guest)
        return self._finished(request, response, token)

    async def _who(self, request: Request, token: str) -> Session | None:
        """Read the session, note that it is used, and tell the endpoint who asks."""
        request.state.agent, request.state.csrf = None, ""
        if not token:
            return None
        now, quiet = self.console.clock.now(), _is_fragment(request)

        def read(connection: Any) -> tuple[Session | None, int]:
            found = sessions.find(connection, token, now)
            if found is None or quiet:
                return found, 0
            return found, watch.alert_count(connection, found.agent.id, found.agent.roles)[0]

        session, request.state.alerts = await self.console.read(read)
        if session is None:
            return None
        request.state.agent, request.state.session = session.agent, session
        if not quiet and session.seen_at + sessions.SEEN_EVERY <= now:
            await self.console.write(lambda unit: sessions.see(unit.connection, session, now))
        return session

    def _greet(self, request: Request, token: str) -> str:
        """Bind the forms of this page to the session, else to a guest's cookie, which is
        given back so that it can be set."""
        guest = ""
        if not token:
            token = guest = self.cookies.read(request, GUEST) or secrets.token_urlsafe(24)
        request.state.csrf = sessions.csrf(self.console.counter.key, token)
        return guest

    async def _check_form(self, request: Request, *, guest: bool) -> None:
        """Raises Stopped for what no form of ours can have sent."""
        if not self._is_from_here(request):
            log.warning("a forged form was refused: %s", _page_name(request))
            raise Stopped(403, "Ditolak", _FORGED, keep=False)
        size, most = size_of(request), ENOUGH_FOR_GUESTS if guest else self._most_bytes()
        if size is None or size > most:
            raise Stopped(413, "Terlalu besar", "Kiriman ini terlalu besar.", keep=False)
        given = request.headers.get("x-csrf", "")
        if not given:
            given = str((await request.form()).get("csrf", ""))
        if not hmac.compare_digest(given.encode(errors="replace"), request.state.csrf.encode()):
            log.warning("a form without its token was refused: %s", _page_name(request))
            raise Stopped(403, "Ditolak", _OLD_PAGE)

    def _most_bytes(self) -> int:
        return int(self.console.config.files.max_mb * 10_000_000) + 1_000_000

    def _is_from_here(self, request: Request) -> bool:
        """Browsers say where a request comes from; a page cannot change it."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = request.headers.get("origin", "null")
        own = (urlsplit(self.console.address).netloc, request.headers.get("host", ""))
        return origin == "null" or urlsplit(origin).netloc in own

    async def _nobody(self, request: Request, token: str) -> Response:
        """No session, or no longer."""
        if _is_fragment(request):
            return PlainTextResponse("Sesi sudah berakhir. Masuk lagi.", 401)
        if request.method in _READS:
            there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            to = f"{DOOR}?ke={quote(there)}" if there != f"{ROOT}/" else DOOR
            return RedirectResponse(to, 303, {"Cache-Control": "no-store"})
        kept = Kept()
        if self._is_from_here(request):
            known = await self.console.read(lambda c: sessions.is_known(c, token))
            kept = await kept_of(request, self._most_bytes() if known else ENOUGH_FOR_GUESTS)
        return self._page(request, 401, "Sesi berakhir", _OVER, kept)

    async def _stopped(self, request: Request, error: Exception) -> Response:
        """The page for what went wrong; what is our own fault goes on to the log."""
        if isinstance(error, Stopped):
            status, title, sentence = error.status, error.title, str(error)
        elif isinstance(error, Refused):
            status, title, sentence = 403, "Tidak bisa", str(error)
        elif isinstance(error, Unavailable):
            log.warning("answered 503: %s", error)
            status, title, sentence = 503, "Sistem sibuk", _BUSY
        elif isinstance(error, HTTPException):
            status, title = error.status_code, "Tidak bisa"
            sentence = "Halaman itu tidak ada." if status == 404 else _BAD
        else:
            log.error("a page of the console went wrong", exc_info=error)
            status, title, sentence = 500, "Ada kesalahan", _BROKEN
        if _is_fragment(request):
            return PlainTextResponse(sentence, status)
        keep = request.method not in _READS and getattr(error, "keep", True)
        limit = self._most_bytes() if request.state.agent else ENOUGH_FOR_GUESTS
        kept = await kept_of(request, limit) if keep else Kept()
        return self._page(request, status, title, sentence, kept)

    def _page(
        self, request: Request, status: int, title: str, sentence: str, kept: Kept
    ) -> Response:
        back = self.page_above(request.url.path)
        to = back if request.state.agent else f"{DOOR}?ke={quote(back)}"
        response = self.console.page(
            request,
            "stopped",
            status,
            heading=title,
            sentence=sentence,
            kept=kept,
            back=to,
        )
        if status == 503:
            response.headers["Retry-After"] = "5"
        return response

    def _finished(self, request: Request, response: Response, token: str) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        if isinstance(response, StreamingResponse) and response.media_type == _STREAM:
            response.body_iterator = self._while_in(token, response.body_iterator)
        return response

    async def _while_in(self, token: str, stream: Any) -> AsyncIterator[Any]:
        """A stream ends with its session."""
        now = self.console.clock.now
        async with aclosing(stream):
            async for part in stream:
                if await asyncio.to_thread(
                    self.console.database.read,
                    lambda connection: sessions.find(connection, token, now()),
                ):
                    yield part
                else:
                    return


def safe_path(given: str) -> str:
    """Where to go after logging in: a page of the console, whatever was asked for."""
    parts = urlsplit(given) if given.isprintable() and "\\" not in given else None
    inside = (
        parts is not None
        and not parts.scheme
        and not parts.netloc
        and (parts.path == ROOT or parts.path.startswith(f"{ROOT}/"))
        and "//" not in parts.path
        and ".." not in parts.path.split("/")
        and not parts.path.startswith(DOOR)
    )
    if parts is None or not inside:
        return f"{ROOT}/"
    # What a page says about the last action is ours to say, not the address's.
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in FLASH]
    return parts.path + (f"?{urlencode(kept)}" if kept else "")


def _check_address(request: Request) -> None:
    """No page of ours has a NUL in its address, and PostgreSQL takes none. Raises 404."""
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise HTTPException(404)


def _page_name(request: Request) -> str:
    """An address for the log, without what stands behind the page: that may be a one-time
    link's token. Printable whatever was sent."""
    return ascii("/".join(request.scope["path"].split("/")[:3]))


def _is_fragment(request: Request) -> bool:
    return "x-fragment" in request.headers or _STREAM in request.headers.get("accept", "")


_FORGED = (
    "Permintaan ini tidak datang dari halaman konsol, jadi tidak ada yang dilakukan. Bila Anda "
    "sendiri yang menekannya, buka konsol dan ulangi dari sana."
)
_OLD_PAGE = (
    "Halaman ini sudah terlalu lama terbuka atau berasal dari sesi lain, jadi tidak ada yang "
    "dilakukan. Buka lagi halamannya, lalu ulangi."
)
_OVER = "Sesi Anda sudah berakhir, jadi tidak ada yang dilakukan. Masuk lagi, lalu ulangi."
_BUSY = "Sistem sibuk, jadi tidak ada yang dilakukan. Coba lagi sebentar."
_BROKEN = (
    "Ada kesalahan di sistem kami. Periksa dulu apakah tindakan ini sudah tercatat sebelum "
    "mengulanginya."
)
_BAD = "Permintaan ini tidak bisa dilayani, jadi tidak ada yang dilakukan."
