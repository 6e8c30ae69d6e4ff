"""What is served over HTTP, wired together: the chat where it is open, and the console."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from bot.config import Config, ConfigError
from bot.delivery import Address
from bot.desk_turns import DeskTurns
from bot.places import Places
from bot.staff.passwords import Passwords
from bot.web import antrian, health, metrics
from bot.web.app import make_app, make_jinja
from bot.web.console import app as console_app
from bot.web.console.desk import Console
from bot.web.console.login import Login
from bot.web.webchat import WebChat

if TYPE_CHECKING:
    from bot.bootstrap import Loket


def application(loket: Loket, passwords: Passwords) -> ASGIApp:
    """Web chat, webhook and console over the parts of one process. Raises ConfigError."""
    config, clock, counter = loket.config, loket.clock, loket.turns.counter
    database, blobs, bells = loket.database, loket.blobs, loket.bells
    address = Address(loket.places.address, counter.key)
    webchat = (
        WebChat(database, loket.intake, blobs, bells.pages, counter.office, address, clock)
        if config.channels.web
        else None
    )
    turns = DeskTurns(loket.turns)
    console = Console(
        database, turns, counter, config, clock, blobs, bells, make_jinja(), loket.places.address
    )
    login = console_app.make_login(console, passwords, config.oidc.label if config.oidc else "")
    pages = [
        *_for_operators(loket),
        *antrian.routes(console),
        _console(login, config, loket.places),
    ]
    return make_app(counter.office, webchat, loket.webhooks, loket.running, pages)


def _for_operators(loket: Loket) -> list[Route]:
    """What a supervisor, a balancer and Prometheus ask for."""
    loket.metrics.delivery.knows(loket.channels)
    loket.metrics.queue.follow(loket.database, loket.clock, loket.channels)
    counts = metrics.route(loket.metrics, loket.places.metrics_token)
    return [*health.routes(loket.health), counts]


def _console(login: Login, config: Config, places: Places) -> Mount:
    if config.oidc is None:
        return console_app.routes(login)
    if not places.oidc_secret:
        raise ConfigError(
            "LOKET_OIDC_SECRET is missing; oidc in config.yml needs it (or set oidc to null)"
        )
    with warnings.catch_warnings(record=True):  # Authlib's, about the httpx it is to use
        from bot.web.console.oidc import Provider  # slow to import, and rarely there

    provider = Provider(login, config.oidc, places.oidc_secret)
    return console_app.routes(login, provider.routes(), provider.routes_inside())
