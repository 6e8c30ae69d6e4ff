"""What the pages beside tickets share: looking at a list, and doing an errand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.office_turns import OfficeTurns
from bot.web.console.desk import Console, agent_of, back
from dialogs.text_edge import tidy
from handoff.office.errands import Errand
from handoff.refusal import Refused
from handoff.rights import check_office
from storage.repositories import agents

T = TypeVar("T")


async def look(
    console: Console, request: Request, right: str, what: str, query: Callable[[Any], T]
) -> T:
    """What a list shows, for those who may see it; each look at personal data is logged (UU
    27/2022). Raises Refused."""
    worker = agent_of(request)
    check_office(worker, right)
    found = await console.read(query)
    now = console.clock.now()
    await console.write(lambda unit: agents.log_access(unit.connection, worker.id, what, now))
    return found


async def run(
    console: Console,
    request: Request,
    right: str,
    to: str,
    deed: Callable[[Errand], str],
    *,
    typed: bool = False,
) -> Response:
    """An errand from a form, and back to its page. ``typed``: a refusal gives back the words
    that were typed, on a page of its own."""
    nonce = await text_of(request, "nonce", 64)
    if not nonce:
        raise Refused("Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi.")
    turns = OfficeTurns(console.turns.turns)
    try:
        done = await asyncio.wrap_future(
            turns.do(agent_of(request).id, right, deed, event=f"form:{nonce}")
        )
    except Refused as refused:
        if typed:
            raise
        return back(to, str(refused), refused=True)
    return back(to, done.sentence)


async def text_of(request: Request, name: str, limit: int = 2000) -> str:
    """A field of the form, tidied and cut to its limit; a file there counts as nothing."""
    value = (await request.form()).get(name, "")
    return tidy(value, limit).text if isinstance(value, str) else ""


def number_in(request: Request, name: str = "id") -> int:
    """A row's id in the address. Raises 404 for anything else."""
    value = str(request.path_params[name])
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise HTTPException(404)
    return int(value)


def ids_of(text: str, most: int = 200) -> tuple[int, ...]:
    """Row ids joined by commas; what is none is left out."""
    parts = (part.strip() for part in text.split(","))
    found = (int(p) for p in parts if p.isascii() and p.isdigit() and len(p) <= 15)
    return tuple(dict.fromkeys(found))[:most]
