"""What every page of the console is given, and the few verbs they share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.blobs import BlobStore
from bot.clock import Clock
from bot.config import Config
from bot.desk_turns import DeskTurns, Done
from bot.speaking import Bells
from dialogs.text_edge import tidy
from handoff.actions import Action
from handoff.counter import Counter
from handoff.refusal import Refused
from handoff.standing import Worker
from storage.database import Database
from storage.unit import Unit

T = TypeVar("T")
FLASH = ("pesan", "gagal")  # in the address: what the last action said


@dataclass(frozen=True, slots=True)
class Console:
    """The parts behind the pages. ``jinja`` renders ``bot/web/templates/console/*.html.j2``.
    ``address`` is the public address of this server."""

    database: Database
    turns: DeskTurns
    counter: Counter
    config: Config
    clock: Clock
    blobs: BlobStore
    bells: Bells
    jinja: Environment
    address: str

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run a read-only query in a worker thread."""
        return await asyncio.to_thread(self.database.read, query)

    async def write(self, job: Callable[[Unit], T]) -> T:
        """Run a job in a write transaction."""
        return await asyncio.wrap_future(self.database.write(job))

    async def act(self, request: Request, ticket_id: int, action: Action) -> Done:
        """An agent's action from a form whose nonce makes it happen once. Raises Refused."""
        worker = agent_of(request)
        nonce = tidy(str((await request.form()).get("nonce", "")), 64).text
        if not nonce:
            raise Refused("Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi.")
        return await asyncio.wrap_future(
            self.turns.do(worker.id, ticket_id, action, event=f"form:{nonce}")
        )

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """A page for the agent who asked; ``flash`` is what the last action said."""
        given = {
            "agent": getattr(request.state, "agent", None),
            "csrf": getattr(request.state, "csrf", ""),
            "nonce": lambda: secrets.token_urlsafe(12),
            "flash": _flash(request),
            "flash_kind": "refused" if request.query_params.get("gagal") else "done",
            "path": request.url.path,
            "office": self.config.identity,
            "calendar": self.counter.calendar,
            "policy": self.counter.policy,
            "alerts": getattr(request.state, "alerts", 0),
            "now": self.clock.now(),
        }
        html = self.jinja.get_template(f"console/{template}.html.j2").render(given | values)
        # Half an emoji in a form has no UTF-8; what was typed around it is given back.
        data = html.encode(errors="replace")
        return HTMLResponse(data, status, headers={"Cache-Control": "no-store"})


def agent_of(request: Request) -> Worker:
    """Who is logged in; the guard has made sure that somebody is."""
    worker = request.state.agent
    assert isinstance(worker, Worker)
    return worker


def _flash(request: Request) -> str:
    """What the last action said. A link from elsewhere (from another program too) cannot put
    words into our mouth."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return ""
    return request.query_params.get("pesan", "")[:300]


def back(to: str, sentence: str = "", *, refused: bool = False) -> Response:
    """After a POST: on to a page that shows what became of it."""
    query = f"{'&' if '?' in to else '?'}pesan={quote(sentence)}" if sentence else ""
    return RedirectResponse(f"{to}{query}{'&gagal=1' if refused and sentence else ''}", 303)
