"""The console as one application: every page behind the guard, the doors open to all."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from bot.staff.passwords import Passwords
from bot.web.console import (
    board,
    complaints,
    front,
    lists,
    live,
    misses,
    registering,
    replies,
    ticket,
)
from bot.web.console.accounts import Accounts
from bot.web.console.cookies import Cookies
from bot.web.console.desk import Console
from bot.web.console.guard import ROOT, Guard
from bot.web.console.login import Login
from bot.web.console.me import Me

# Each gives its routes below ``/console``; of two that fit, the one that stands first is taken.
PAGES = (board, ticket, live, registering, front, complaints, lists, misses, replies)


def make_login(console: Console, passwords: Passwords, provider: str = "") -> Login:
    """The door. ``provider`` is the label of the OIDC provider, if there is one."""
    return Login(console, Cookies(console.address), passwords, provider)


def routes(
    login: Login, doors: list[Route] | None = None, inside: list[Route] | None = None
) -> Mount:
    """Everything below ``/console``. ``doors`` and ``inside`` are the OIDC provider's."""
    console = login.console
    guard = Guard(console, login.cookies)
    pages = [
        *login.routes_inside(),
        *Me(console, login).routes(),
        *Accounts(console).routes(),
        *(route for module in PAGES for route in module.routes(console)),
        *(inside or ()),
        Route("/{rest:path}", _nothing, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    return Mount(
        ROOT,
        app=Router([*guard.at_the_door([*login.routes(), *(doors or ())]), *guard.over(pages)]),
    )


async def _nothing(request: Request) -> Response:
    raise HTTPException(404)
