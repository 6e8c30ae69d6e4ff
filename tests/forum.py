"""The agents' group under test: the real adapter on a Bot API that keeps topics as Telegram."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

import httpx

from bot.bootstrap import Loket, build
from bot.channels.telegram import TelegramChannel, make_bot
from bot.channels.telegram_group import TelegramGroupChannel
from bot.channels.telegram_service import TelegramService, TelegramSettings
from bot.group.linking import Linker
from dialogs.commands import OpenTicket
from handoff.counter import Moment
from handoff.desk import carry_out
from storage.repositories import agents, conversations
from storage.unit import Unit
from tests.rig import Rig

GROUP = -100200
TOKEN = "1:synthetic-token"
ACCOUNT = "telegram:1"
MESSAGES = ("sendMessage", "sendPhoto", "sendDocument", "createForumTopic")


class Killed(BaseException):
    """The process died."""


@dataclass
class Post:
    """One message in a topic, as the agents see it."""

    message_id: int
    thread: int
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    file: str = ""
    markup: dict[str, Any] = field(default_factory=dict)
    entities: list[dict[str, Any]] = field(default_factory=list)


class Forum:
    """Telegram with one forum group. ``faults`` are raised after what was sent has arrived;
    ``manages`` says that our bot may manage topics, ``reacts`` that reactions are allowed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.chat = GROUP
        self.old: list[int] = []
        self.topics: dict[int, dict[str, Any]] = {}
        self.posts: list[Post] = []
        self.calls: list[tuple[str, dict[str, Any], datetime]] = []
        self.files: dict[str, bytes] = {}
        self.faults: list[BaseException] = []
        self.manages = True
        self.reacts = True
        self.is_forum = True
        self.gone = False
        self.refuses = ""
        self._ids = itertools.count(500)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/file/"):
            return httpx.Response(200, content=self.files[request.url.path.rpartition("/")[2]])
        method, fields = request.url.path.rpartition("/")[2], _fields(request)
        self.calls.append((method, fields, self.now()))
        try:
            result = self._do(method, fields)
        except _BadRequest as bad:
            body = {"ok": False, "error_code": bad.code, "description": bad.words, **bad.more}
            return httpx.Response(bad.code, json=body)
        if method in MESSAGES and self.faults:
            raise self.faults.pop(0)
        return httpx.Response(200, json={"ok": True, "result": result})

    def in_topic(self, thread: int) -> list[Post]:
        return [post for post in self.posts if post.thread == thread]

    def texts(self, thread: int | None = None) -> str:
        return "\n".join(p.text for p in self.posts if thread in (None, p.thread))

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [fields for name, fields, _ in self.calls if name == method]

    def most_in_a_minute(self) -> int:
        """The most messages that the group got in any minute."""
        times = [
            at for name, f, at in self.calls if name in MESSAGES and f.get("chat_id") == self.chat
        ]
        minute = timedelta(minutes=1)
        return max((sum(t <= u < t + minute for u in times) for t in times), default=0)

    def _do(self, method: str, fields: dict[str, Any]) -> Any:
        if method in ("getChat", "getChatMember"):
            return self._about(method)
        if method == "getFile":
            ref = fields["file_id"]
            return {"file_id": ref, "file_unique_id": ref, "file_path": ref}
        if method == "setMessageReaction" and not self.reacts:
            raise _BadRequest("Bad Request: REACTION_INVALID")
        if fields.get("chat_id") in self.old:
            more = {"parameters": {"migrate_to_chat_id": self.chat}}
            raise _BadRequest("Bad Request: group chat was upgraded to a supergroup chat", **more)
        if fields.get("chat_id") != self.chat:
            return {"message_id": next(self._ids), "date": 1, "chat": _private(fields)}
        return self._in_group(method, fields)

    def _about(self, method: str) -> Any:
        if self.gone:
            raise _BadRequest("Bad Request: chat not found")
        if method == "getChat":
            base = {"id": self.chat, "type": "supergroup", "accent_color_id": 0}
            kinds = {"unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False}
            kinds |= {"premium_subscription": False, "gifts_from_channels": False}
            more = {"max_reaction_count": 1, "accepted_gift_types": kinds}
            return {**base, **more, "is_forum": self.is_forum, "title": "Petugas"}
        me = {"id": 1, "is_bot": True, "first_name": "Loket"}
        rights = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages "
            "can_manage_video_chats can_restrict_members can_promote_members can_change_info "
            "can_invite_users can_post_stories can_edit_stories can_delete_stories"
        )
        flags = dict.fromkeys(rights.split(), False)
        return {"user": me, "status": "administrator", "can_manage_topics": self.manages, **flags}

    def _in_group(self, method: str, fields: dict[str, Any]) -> Any:
        if self.gone:
            raise _BadRequest("Forbidden: bot was kicked from the supergroup chat", code=403)
        if method == "createForumTopic":
            if not (self.manages and self.is_forum):
                raise _BadRequest("Bad Request: not enough rights to create a topic")
            thread = next(self._ids)
            self.topics[thread] = {"name": fields["name"], "open": True}
            return {"message_thread_id": thread, "name": fields["name"], "icon_color": 1}
        if method in ("closeForumTopic", "reopenForumTopic"):
            return self._turn(fields["message_thread_id"], method == "reopenForumTopic")
        if method in MESSAGES and self.refuses:
            raise _BadRequest(self.refuses)
        if method in MESSAGES:
            return self._post(fields)
        return True

    def _turn(self, thread: int, to: bool) -> bool:
        if thread not in self.topics:
            raise _BadRequest("Bad Request: TOPIC_ID_INVALID")
        if self.topics[thread]["open"] == to:
            raise _BadRequest("Bad Request: TOPIC_NOT_MODIFIED")
        self.topics[thread]["open"] = to
        return True

    def _post(self, fields: dict[str, Any]) -> Any:
        thread = fields.get("message_thread_id")
        if thread not in self.topics:
            raise _BadRequest("Bad Request: message thread not found")
        if not self.topics[thread]["open"] and not self.manages:
            raise _BadRequest("Bad Request: TOPIC_CLOSED")
        markup = fields.get("reply_markup") or {}
        rows = markup.get("inline_keyboard", ())
        post = Post(
            next(self._ids),
            thread,
            str(fields.get("text", fields.get("caption", ""))),
            [(b["callback_data"], b["text"]) for row in rows for b in row],
            str(fields.get("photo", fields.get("document", ""))),
            markup,
            fields.get("entities") or [],
        )
        self.posts.append(post)
        chat = {"id": self.chat, "type": "supergroup"}
        return {"message_id": post.message_id, "date": 1, "chat": chat}


class _BadRequest(Exception):
    def __init__(self, words: str, code: int = 400, **more: Any) -> None:
        super().__init__(words)
        self.words, self.code, self.more = words, code, more


def _private(fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": fields.get("chat_id", 0), "type": "private"}


def _fields(request: httpx.Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if "urlencoded" in kind:
        return {name: _value(text) for name, text in parse_qsl(request.content.decode())}
    if not kind.startswith("multipart"):
        return {}
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.content)
    found: dict[str, Any] = {}
    for part in whole.get_payload():  # type: ignore[union-attr]
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        named = part.get_filename()  # type: ignore[union-attr]
        payload = part.get_payload(decode=True)  # type: ignore[union-attr]
        found[str(name)] = named or _value(payload.decode())  # type: ignore[union-attr]
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class GroupRig(Rig):
    """An office with an agents' group. Users are on the web, agents in the topics."""

    forum: Forum
    service: TelegramService

    def __init__(self, *args: Any, **options: Any) -> None:
        change = options.pop("change", None)

        def with_group(raw: dict[str, Any]) -> None:
            raw["channels"]["telegram_agent_group"] = GROUP
            if change:
                change(raw)

        self._updates = itertools.count(9000)
        self._written = itertools.count(70000)
        super().__init__(*args, change=with_group, **options)

    def _build(self) -> Loket:
        if not hasattr(self, "forum"):
            self.forum = Forum(self.clock.now)
        transport = httpx.MockTransport(self.forum)
        bot = make_bot(TOKEN, "http://telegram.test", transport)
        files = httpx.AsyncClient(transport=transport)
        channel = TelegramChannel(bot, files)
        group = TelegramGroupChannel(channel, bot, ACCOUNT)
        loket = build(
            self.config,
            self.places,
            self.engine,
            clock=self.clock,
            channels={"telegram": channel, "telegram_group": group},
        )
        assert loket.group is not None
        settings = TelegramSettings(ACCOUNT, "webhook", "http://x", "s" * 10, str(GROUP))
        asides = (Linker(loket.turns, ACCOUNT), loket.group)
        self.service = TelegramService(
            bot, channel, settings, loket.intake, loket.database, self.clock, asides
        )
        return loket

    async def _work(self) -> None:
        await super()._work()
        assert self.loket.group is not None
        await self.loket.group.talk.drain()
        await self.loket.group.watch_lag()
        await self.loket.delivery.drain()

    def open_ticket(self, user: str = "budi", problem: str = "gagal upload penawaran") -> int:
        """A ticket of somebody on the web; its row id."""
        self.hear("halo", user)
        self.settle()

        def write(unit: Unit) -> None:
            key = self.key(user)
            found = conversations.find(
                unit.connection, key.channel, key.account, key.chat, key.thread
            )
            assert found is not None
            case = conversations.load_locked(unit.connection, found[0])
            moment = Moment(unit.connection, case, self.clock.now())
            answers = {"nama": user.capitalize(), "instansi": "CV Maju", "telepon": "+62812345678"}
            command = OpenTicket("permasalahan", problem, answers, "penyedia")
            carry_out(self.loket.turns.counter, moment, [command])
            self.loket.turns.finish(unit, moment)

        self.loket.database.write(write).result()
        self.settle()
        return int(self.ticket().id)

    def link(self, login: str, *roles: str) -> int:
        """An agent with a linked Telegram account; that account's id."""
        agent_id = self.hire(login, *(roles or ("helpdesk",)))
        user = 880000 + agent_id
        self.loket.database.write(
            lambda unit: agents.change(unit.connection, agent_id, telegram_user=str(user))
        ).result()
        return user

    def wait_a_day(self) -> None:
        self.wait(timedelta(days=1))

    def thread(self, ticket_id: int) -> int:
        (row,) = self.rows("SELECT thread FROM topics WHERE ticket_id = :t", t=ticket_id)
        return int(row.thread)

    def topic(self, ticket_id: int) -> str:
        """All that stands in a ticket's topic."""
        return self.forum.texts(self.thread(ticket_id))

    def update(self, **content: Any) -> dict[str, Any]:
        return {"update_id": next(self._updates), **content}

    def message(self, thread: int, user: int, **content: Any) -> dict[str, Any]:
        chat = {"id": self.forum.chat, "type": "supergroup", "is_forum": True, "title": "P"}
        sender = {"id": user, "is_bot": False, "first_name": f"Orang{user}"}
        head = {"message_id": next(self._written), "date": 1763712000, "chat": chat}
        where = {"message_thread_id": thread, "is_topic_message": True}
        return {**head, **where, "from": sender, **content}

    def give(self, update: dict[str, Any]) -> None:
        """An update comes in; whatever it causes goes out."""
        self.run(self.service.take(json.dumps(update).encode()))

    def write(self, thread: int, user: int, text: str, **content: Any) -> dict[str, Any]:
        """Somebody writes into a topic; the update."""
        update = self.update(message=self.message(thread, user, text=text, **content))
        self.give(update)
        self.settle()
        return update

    def answer_prompt(self, thread: int, user: int, text: str) -> None:
        """A reply to the last message of a topic."""
        asked = self.forum.in_topic(thread)[-1]
        chat = {"id": self.forum.chat, "type": "supergroup", "is_forum": True}
        quoted = {"message_id": asked.message_id, "date": 1, "chat": chat, "text": "?"}
        self.write(thread, user, text, reply_to_message=quoted)

    def press(self, thread: int, user: int, label: str) -> str:
        """Somebody presses the newest button of that name; the sentence they are shown."""
        shown = [b for p in self.forum.in_topic(thread) for b in p.buttons if b[1] == label]
        self.give(self.tap(thread, user, shown[-1][0]))
        self.settle()
        return str(self.forum.asked("answerCallbackQuery")[-1]["text"])

    def tap(self, thread: int, user: int, data: str) -> dict[str, Any]:
        query = {"id": str(next(self._written)), "chat_instance": "1", "data": data}
        sender = {"id": user, "is_bot": False, "first_name": f"Orang{user}"}
        message = self.message(thread, 1, text="?")
        return self.update(callback_query={**query, "from": sender, "message": message})
