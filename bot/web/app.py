"""The HTTP server's routes: the chat page, its API, the Telegram webhook."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.bodies import ApiError
from bot.web.webchat import WebChat
from dialogs.office import Office
from storage.database import Unavailable

log = logging.getLogger(__name__)

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
        b"base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
_API_HEADERS = [*_HEADERS, (b"cache-control", b"no-store")]  # unless the answer says more


def make_app(
    office: Office,
    webchat: WebChat | None,
    webhooks: Sequence[BaseRoute] = (),
    lifespan: Lifespan | None = None,
    console: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """The ASGI application. Channels that are closed have no routes; ``console`` are the pages
    of the people who work here, and of who looks after the process."""
    routes: list[Any] = [
        Mount("/static", StaticFiles(packages=[("bot.web", "static")])),
        *console,
        *webhooks,
    ]
    if webchat is not None:
        routes += _web_routes(office, webchat)
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _refused,
            Unavailable: _unavailable,
            Exception: _broken,
        },
    )
    return _WithHeaders(app)


def _web_routes(office: Office, webchat: WebChat) -> list[Any]:
    pages = _Pages(office)
    return [
        Route("/", pages.chat),
        Route("/t/{token}", pages.resume),
        Route("/openapi.json", _openapi),
        Route("/webchat/sessions", webchat.open_session, methods=["POST"]),
        Route("/webchat/sessions/current", webchat.end_session, methods=["DELETE"]),
        Route("/webchat/links", webchat.revoke_links, methods=["DELETE"]),
        Route("/webchat/messages", webchat.messages, methods=["GET", "POST"]),
        Route("/webchat/events", webchat.events, methods=["GET"]),
        Route("/webchat/files/{file_id}", webchat.file, methods=["GET"]),
    ]


def make_jinja() -> Environment:
    """What renders pages; every value is escaped."""
    return Environment(
        loader=PackageLoader("bot.web", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class _Pages:
    """Server-rendered pages; nothing in them is personal."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._jinja = make_jinja()

    async def chat(self, request: Request) -> Response:
        """The chat; ``?join=`` comes from another chat of the same person."""
        return self._page(join_token=request.query_params.get("join", "")[:100])

    async def resume(self, request: Request) -> Response:
        """A private link: the page asks before it uses the token, so previews do nothing."""
        return self._page(resume_token=request.path_params["token"][:100])

    def _page(self, *, resume_token: str = "", join_token: str = "") -> Response:
        office = self._office
        html = self._jinja.get_template("chat.html.j2").render(
            office=office.identity,
            limits=office.files,
            privacy=office.privacy,
            resume_token=resume_token,
            join_token=join_token,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def _openapi(request: Request) -> Response:
    text = (files("bot.web") / "openapi.yml").read_text(encoding="utf-8")
    return Response(json.dumps(yaml.safe_load(text), default=str), media_type="application/json")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


_SENTENCES = {
    404: ("not_found", "Halaman itu tidak ada."),
    405: ("bad_method", "Cara memanggil ini tidak dikenal di sini."),
}
_REFUSED = ("refused", "Permintaan ini tidak bisa dilayani.")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, ApiError):
        code, message = error.code, error.detail
    else:
        code, message = _SENTENCES.get(error.status_code, _REFUSED)
    headers = dict(error.headers) if error.headers else None
    return _error(error.status_code, code, message, headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("answered 503: %s", error)
    return _error(
        503,
        "unavailable",
        "Sistem sedang sibuk. Pesan belum tersimpan; coba kirim lagi sebentar.",
        {"Retry-After": "5"},
    )


async def _broken(request: Request, error: Exception) -> Response:
    return _error(500, "broken", "Ada kesalahan di sistem kami. Coba lagi sebentar.")


class _WithHeaders:
    """Adds the security headers to every answer, without touching bodies (pure ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        more = _API_HEADERS if scope["path"].startswith("/webchat/") else _HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name for name, _ in given}
                message["headers"] = given + [pair for pair in more if pair[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)
