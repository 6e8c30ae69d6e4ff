"""A small Telegram that keeps what a bot sends, for tests in which the bot dies often.

It answers after a while, so that some bots die between the arrival and the answer.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.process import eventually, quiet_port

ME = {"id": 700001, "is_bot": True, "first_name": "Loket", "username": "loket_bot"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message in a chat, with (data, label) of its inline buttons."""

    message_id: int
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    sweeping: bool = False


class FakeTelegram:
    """Takes everything. ``chats`` is what each person got, in order of arrival."""

    def __init__(self, rng: random.Random, slowest: float = 0.15) -> None:
        self.url = ""
        self.chats: defaultdict[int, list[Arrived]] = defaultdict(list)
        self.strange: list[str] = []
        self._rng = rng
        self._slowest = slowest
        self._messages = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Open for the bot on a port of its own."""
        port = quiet_port()
        self.url = f"http://127.0.0.1:{port}"
        app = Starlette(routes=[Route("/bot{token}/{method}", self._call, methods=["POST"])])
        config = uvicorn.Config(
            app, port=port, log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        try:
            await asyncio.to_thread(eventually, lambda: server.started)
            yield
        finally:
            server.should_exit = True
            await task

    async def _call(self, request: Request) -> Response:
        try:
            fields = dict(parse_qsl((await request.body()).decode()))
        except ClientDisconnect:  # the bot died before it had said it all
            return Response(status_code=400)
        result = self._do(request.path_params["method"], fields)
        await asyncio.sleep(self._rng.uniform(0, self._slowest))
        return JSONResponse({"ok": True, "result": result})

    def _do(self, method: str, fields: dict[str, str]) -> Any:
        if method == "getMe":
            return ME
        if method == "sendMessage":
            return self._keep(fields)
        if method not in _NODS:
            self.strange.append(method)
        return True

    def _keep(self, fields: dict[str, str]) -> Any:
        chat = int(fields["chat_id"])
        markup = json.loads(fields.get("reply_markup", "{}"))
        self._messages += 1
        inline = (button for row in markup.get("inline_keyboard", ()) for button in row)
        buttons = tuple((b["callback_data"], b["text"]) for b in inline if "callback_data" in b)
        sweeping = "remove_keyboard" in markup and "disable_notification" in fields
        self.chats[chat].append(Arrived(self._messages, fields["text"], buttons, sweeping))
        place = {"id": chat, "type": "private"}
        return {"message_id": self._messages, "date": 1763712000, "chat": place}


_NODS = ("setWebhook", "setMyCommands", "sendChatAction", "answerCallbackQuery", "deleteMessage")
