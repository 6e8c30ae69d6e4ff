"""A small Telegram: it keeps what a bot sends, and brings it what people say.

Source: Bot API (methods used here, "Making requests" for the errors) and the published source
of its server (order and retries of webhooks).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.platforms.faults import Faults
from tests.platforms.postman import Envelope, Parcel, Postman
from tests.platforms.serving import Platform, Refusal, is_local
from tests.platforms.telegram_users import TelegramUser
from tests.platforms.telegram_wire import (
    REFUSALS,
    Arrived,
    arrived_of,
    check,
    fields_of,
    no,
    wait,
    yes,
)

__all__ = ["ME", "Arrived", "FakeTelegram", "TelegramUser"]

ME = {"id": 700001, "is_bot": True, "first_name": "Loket", "username": "loket_bot"}
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_DOWNLOAD = 20 << 20
_QUERY_LIVES = 150.0
_PORTS = (443, 80, 88, 8443)
_SENDING = {"sendMessage": "text", "sendPhoto": "photo", "sendDocument": "document"}
_NODS = (
    *("setMyCommands", "sendChatAction", "deleteMessage", "leaveChat", "setMessageReaction"),
    *("closeForumTopic", "reopenForumTopic", "editForumTopic", "editMessageText"),
    *("editMessageReplyMarkup", "logOut", "close"),
)


class FakeTelegram(Platform):
    """``chats`` is what each chat got, in order of arrival; ``users`` who writes to the bot;
    ``strange`` the methods nobody here knows. ``token`` None takes any."""

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        token: str | None = None,
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(faults, clock, speed)
        self.token = token
        self.secret = ""
        self.webhook = ""
        self.chats: defaultdict[int, list[Arrived]] = defaultdict(list)
        self.users: dict[int, TelegramUser] = {}
        self.moved: dict[int, int] = {}
        self.strange: list[str] = []
        self.files: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self._updates = itertools.count(5001)
        self._queries: dict[str, float] = {}
        self.postman = Postman(
            self.faults, self._pack, self._forge, self._poison, clock=clock, speed=speed
        )

    def user(self, chat: int, name: str = "Budi", id: int | None = None) -> TelegramUser:
        """Somebody in a chat: always the same one for the same chat and id."""
        person = id or abs(chat)
        found = self.users.get(chat)
        if found is None or found.id != person:
            found = self.users[chat] = TelegramUser(self, chat, person, name)
        return found

    def hook(self, url: str, secret: str = "") -> None:
        """Bring updates there, as after setWebhook."""
        self.webhook, self.secret = url, secret
        self.postman.doors = [url] if url and is_local(url) else []

    def migrate(self, old: int, new: int) -> None:
        """A group becomes a supergroup: the old id is refused with the new one."""
        self.moved[old] = new

    def routes(self) -> list[BaseRoute]:
        call = Route("/bot{token}/{method}", self._call, methods=["GET", "POST"])
        return [call, Route("/file/bot{token}/{path:path}", self._file)]

    def server_error(self) -> Response:
        return no(500, "Internal Server Error: restart")

    # What the users' deeds need.

    def news(self, lane: str, user: TelegramUser, words: str, update: dict[str, Any]) -> Parcel:
        number = next(self._updates)
        content = {"update_id": number, **update}
        return self.postman.post(Parcel(lane, str(number), content, user, words))

    def store(self, content: bytes) -> dict[str, Any]:
        """Keep a file that a user sent; what its message says of it."""
        ref = f"BQAC{len(self.files) + 1:08d}"
        self.files[ref] = content
        return {"file_id": ref, "file_unique_id": f"u{ref}", "file_size": len(content)}

    def about_me(self) -> dict[str, Any]:
        number = int(self.token.partition(":")[0]) if self.token else ME["id"]
        return {**ME, "id": number}

    def now(self) -> int:
        return int(self.clock())

    def new_message(self) -> int:
        return next(self._numbers)

    def new_query(self) -> str:
        query = str(4382000000 + next(self._numbers))
        self._queries[query] = self.clock()
        return query

    # What the bot calls.

    async def _call(self, request: Request) -> Response:
        if self.token not in (None, request.path_params["token"]):
            return no(401, "Unauthorized")
        if self.faults.account is not None:
            return no(self.faults.account, "Unauthorized")
        method = request.path_params["method"]
        try:
            fields = await fields_of(request)
            if method in _SENDING:
                return await self._send(request, method, fields)
            if method == "getUpdates":
                return await self._get_updates(fields)
            if method in _NODS:
                return yes(True)
            do = self._METHODS.get(method)
            if do is None:
                self.strange.append(method)
                return yes(True)
            return yes(do(self, fields))
        except Refusal as refusal:
            return refusal.answer

    async def _send(self, request: Request, method: str, fields: dict[str, Any]) -> Response:
        chat = int(fields["chat_id"])

        async def arrive(fault: str) -> tuple[Arrived, Response]:
            self._refuse(chat, fault)
            check(fields)
            self._pace(chat)
            return self._keep(chat, _SENDING[method], fields)

        return await self.deliver(request, (chat,), arrive)

    def _refuse(self, chat: int, fault: str) -> None:
        if fault in REFUSALS:
            raise Refusal(no(*REFUSALS[fault]))
        if fault == "rate":
            raise Refusal(wait(self.faults.rng.randint(1, 3)))
        if chat in self.moved:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(no(400, words, parameters={"migrate_to_chat_id": self.moved[chat]}))
        user = self.users.get(chat)
        if user is not None and user.blocked:
            raise Refusal(no(*REFUSALS["blocked"]))

    def _pace(self, chat: int) -> None:
        where = "group" if chat < 0 else "chat"
        if (over := self.too_fast({"account": "", where: chat})) is not None:
            raise Refusal(wait(max(1, math.ceil(over[1]))))

    def _keep(self, chat: int, kind: str, fields: dict[str, Any]) -> tuple[Arrived, Response]:
        arrived = arrived_of(self.new_message(), kind, fields, self.clock())
        self.chats[chat].append(arrived)
        place = {"id": chat, "type": "private" if chat > 0 else "supergroup", "title": "Grup"}
        head = {"message_id": arrived.message_id, "date": self.now(), "chat": place}
        text = {"text": arrived.text} if kind == "text" else {"caption": arrived.text}
        return arrived, yes({**head, "from": self.about_me(), **text})

    async def _get_updates(self, fields: dict[str, Any]) -> Response:
        if self.webhook:
            words = "Conflict: can't use getUpdates method while webhook is active; "
            return no(409, words + "use deleteWebhook to delete the webhook first")
        offset, limit = int(fields.get("offset", 0)), int(fields.get("limit", 100))
        end = time.monotonic() + float(fields.get("timeout", 0))
        for parcel in self.postman.waiting():
            if int(parcel.id) < offset:
                self.postman.drop(parcel)
        while not self.postman.waiting() and time.monotonic() < end:
            if self._closing.is_set():
                break
            await asyncio.sleep(0.02)
        waiting = sorted(self.postman.waiting(), key=lambda parcel: int(parcel.id))
        return yes([parcel.content for parcel in waiting[:limit]])

    def _set_webhook(self, fields: dict[str, Any]) -> bool:
        url = httpx.URL(str(fields.get("url", "")))
        allowed = is_local(str(url)) or (url.scheme == "https" and (url.port or 443) in _PORTS)
        if str(url) and not allowed:
            words = "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443"
            raise Refusal(no(400, words + " or 8443"))
        doors = self.postman.doors if not is_local(str(url)) else []
        self.hook(str(url), str(fields.get("secret_token", "")))
        self.postman.doors = self.postman.doors or doors
        return True

    def _delete_webhook(self, fields: dict[str, Any]) -> bool:
        self.hook("")
        return True

    def _webhook_info(self, fields: dict[str, Any]) -> dict[str, Any]:
        info = {"url": self.webhook, "has_custom_certificate": False}
        waiting = {"pending_update_count": len(self.postman.waiting())}
        error = self.postman.last_error
        return {**info, **waiting, **({"last_error_message": error} if error else {})}

    def _answer_query(self, fields: dict[str, Any]) -> bool:
        asked = self._queries.get(str(fields.get("callback_query_id")), self.clock())
        if self.clock() - asked > _QUERY_LIVES:
            words = "Bad Request: query is too old and response timeout expired or query ID is"
            raise Refusal(no(400, f"{words} invalid"))
        return True

    def _create_topic(self, fields: dict[str, Any]) -> dict[str, Any]:
        thread = self.new_message()
        return {"message_thread_id": thread, "name": fields["name"], "icon_color": 7322096}

    def _get_file(self, fields: dict[str, Any]) -> dict[str, Any]:
        ref = str(fields.get("file_id"))
        if ref not in self.files:
            raise Refusal(no(400, "Bad Request: invalid file_id"))
        size = len(self.files[ref])
        if size > LARGEST_DOWNLOAD:
            raise Refusal(no(400, "Bad Request: file is too big"))
        about = {"file_id": ref, "file_unique_id": f"u{ref}", "file_size": size}
        return {**about, "file_path": f"documents/{ref}"}

    _METHODS: dict[str, Callable[[FakeTelegram, dict[str, Any]], Any]] = {  # noqa: RUF012
        "getMe": lambda self, fields: self.about_me(),
        "setWebhook": _set_webhook,
        "deleteWebhook": _delete_webhook,
        "getWebhookInfo": _webhook_info,
        "answerCallbackQuery": _answer_query,
        "createForumTopic": _create_topic,
        "getFile": _get_file,
    }

    async def _file(self, request: Request) -> Response:
        content = self.files.get(request.path_params["path"].rpartition("/")[2])
        if content is None or self.faults.hit("media_gone"):
            return no(404, "Not Found")
        return Response(content, media_type="application/octet-stream")

    # What the postman carries.

    def _pack(self, parcels: list[Parcel]) -> Envelope:
        return self._envelope(parcels[0].content, self.secret)

    def _forge(self, parcels: list[Parcel]) -> Envelope:
        whole = json.dumps(parcels[0].content).replace(parcels[0].words or "{", "PALSU", 1)
        try:
            content = json.loads(whole)
        except ValueError:
            content = parcels[0].content
        wrong = self.faults.rng.choice(("x", self.secret + "x", self.secret[:-1] or "y"))
        return self._envelope(content, wrong)

    def _poison(self) -> Envelope:
        number = next(self._updates)
        strange: tuple[dict[str, Any], ...] = (
            {"message": {"message_id": 1}},
            {"message": None},
            {"callback_query": {"id": 5, "from": "?", "data": ["x"]}},
            {"message": {"message_id": "1", "chat": {"id": "a"}, "text": {"deep": [[[]]]}}},
            {"from_the_future": {"id": number}},
        )
        return self._envelope({"update_id": number, **self.faults.rng.choice(strange)}, self.secret)

    def _envelope(self, content: dict[str, Any], secret: str) -> Envelope:
        return Envelope(json.dumps(content).encode(), {SECRET_HEADER: secret} if secret else {})
