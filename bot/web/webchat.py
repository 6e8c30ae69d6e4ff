"""The web chat's JSON API (described in openapi.yml): sessions, messages, live events, files."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot import media, rendering
from bot.bells import PageBells
from bot.blobs import BlobStore
from bot.channels.web import ACCOUNT, CHANNEL
from bot.clock import Clock
from bot.delivery import Address
from bot.incoming import ConversationKey, Incoming, IncomingFile
from bot.intake import Busy, Intake
from bot.user_turns import Outcome, Taken
from bot.web import bodies, live
from bot.web.bodies import ApiError, MessageBody
from dialogs.heard import Tap
from dialogs.office import Office
from dialogs.text_edge import tidy
from handoff import links
from storage.base import AnyRow
from storage.database import Database
from storage.repositories import conversations, messages, people
from storage.unit import Unit

log = logging.getLogger(__name__)

PAGE = 100
SESSIONS_PER_MINUTE = 60
LONGEST_NAME = 120
_AUTHORS = {"user": "user", "bot": "bot", "notice": "bot", "person": "petugas"}
_SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks: one web conversation."""

    token_hash: str
    conversation_id: int
    chat: str


@dataclass(frozen=True, slots=True)
class _Page:
    """Messages as the API gives them; ``unseen``: some of them are about a ticket and new to
    the browser."""

    shown: list[dict[str, Any]]
    unseen: bool


class WebChat:
    """The endpoints. Every answer that is no success is JSON with a code and a sentence."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        blobs: BlobStore,
        bells: PageBells,
        office: Office,
        address: Address,
        clock: Clock,
    ) -> None:
        self._database = database
        self._intake = intake
        self._blobs = blobs
        self._bells = bells
        self._office = office
        self._address = address
        self._clock = clock
        self._newcomers = _PerMinute(SESSIONS_PER_MINUTE)
        self._across = live.Across(database, bells)

    async def open_session(self, request: Request) -> Response:
        """POST /webchat/sessions"""
        body = await bodies.session_body(request)
        host = request.client.host if request.client else ""
        if not self._newcomers.allows(host):
            raise ApiError(
                429,
                "too_many_sessions",
                "Terlalu banyak percakapan baru dari jaringan ini. Coba lagi sebentar.",
                {"Retry-After": "30"},
            )
        if body.join and "authorization" in request.headers:
            session = await self._session(request)
            token = _bearer(request)
        else:
            token = secrets.token_urlsafe(32)
            session = await self._write(lambda unit: self._make_session(unit, token, body.resume))
        if body.join:
            incoming = Incoming(
                _key(session), f"{session.chat}:join:{_hash(body.join)}", link_token=body.join
            )
            await self._handle(incoming, b"")
        rules = self._office.files
        return JSONResponse(
            {
                "session": token,
                "limits": {"max_mb": rules.max_mb, "types": list(rules.types)},
                "office": {"name": self._office.identity.name},
            },
            201,
        )

    def _make_session(self, unit: Unit, token: str, resume: str | None) -> Session:
        now, link_id = self._clock.now(), None
        if resume is None:
            chat = secrets.token_hex(16)
            conversation_id, _ = conversations.ensure(
                unit.connection, CHANNEL, ACCOUNT, chat, "", now
            )
        else:
            link = self._live_link(unit, resume)
            case = conversations.load_locked(unit.connection, link.conversation_id)
            link = self._live_link(unit, resume)  # it may have been revoked before the lock
            people.use_link(unit.connection, link.id, now)
            conversation_id, link_id, chat = case.id, link.id, case.chat
        people.add_session(
            unit.connection,
            token_hash=_hash(token),
            conversation_id=conversation_id,
            link_id=link_id,
            now=now,
        )
        return Session(_hash(token), conversation_id, chat)

    def _live_link(self, unit: Unit, token: str) -> AnyRow:
        link = links.find(unit.connection, self._address.key, "resume", token, self._clock.now())
        if link is None:
            raise ApiError(
                410, "link_gone", "Tautan ini sudah tidak berlaku. Mulai percakapan baru saja."
            )
        return link

    async def end_session(self, request: Request) -> Response:
        """DELETE /webchat/sessions/current"""
        session = await self._session(request)
        now = self._clock.now()
        await self._write(lambda u: people.end_session(u.connection, session.token_hash, now))
        self._bells.ring(session.conversation_id)
        return Response(status_code=204)

    async def revoke_links(self, request: Request) -> Response:
        """DELETE /webchat/links"""
        session = await self._session(request)
        now = self._clock.now()

        def revoke(unit: Unit) -> None:
            case = conversations.load_locked(unit.connection, session.conversation_id)
            people.revoke_links(unit.connection, case.contact_id, now)

        await self._write(revoke)
        self._bells.ring(session.conversation_id)  # whoever came by a link is let go
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        """GET and POST /webchat/messages"""
        session = await self._session(request)
        if request.method == "POST":
            return await self._take(request, session)
        after = _cursor(request.query_params.get("after"))
        shown = await self._page(session, after)
        cursor = shown[-1]["seq"] if shown else after
        return JSONResponse({"messages": shown, "cursor": cursor, "more": len(shown) == PAGE})

    async def _take(self, request: Request, session: Session) -> Response:
        kind = bodies.content_type(request)
        if kind == "multipart/form-data":
            incoming = await self._with_files(request, session)
        elif kind == "application/json":
            incoming = _as_incoming(session, await bodies.message_body(request))
        else:
            raise ApiError(415, "bad_content_type", "Kirim JSON atau multipart/form-data.")
        taken = await self._handle(incoming, incoming.text.encode(errors="replace"))
        return JSONResponse(
            {
                "message_id": incoming.message_id,
                "seq": taken.seq,
                "duplicate": taken.outcome is Outcome.DUPLICATE,
            },
            202,
        )

    async def _with_files(self, request: Request, session: Session) -> Incoming:
        limit = int(self._office.files.max_mb * 1_000_000)
        async with bodies.file_body(request, limit) as (body, uploads):
            for upload in uploads:  # all are judged before any is kept
                await self._judge(upload, limit)
            files = tuple([await self._keep(upload) for upload in uploads])
        said = MessageBody(message_id=body.message_id, text=body.text)
        return _as_incoming(session, said, files)

    async def _judge(self, upload: UploadFile, limit: int) -> None:
        name = _file_name(upload)
        kind, _ = media.described(name, upload.content_type or "")
        data = await upload.read(limit + 1)
        reason = media.judge(name, kind, data, self._office.files)
        if reason is not None:
            raise _refusal(reason, name, self._office)
        await upload.seek(0)

    async def _keep(self, upload: UploadFile) -> IncomingFile:
        name = _file_name(upload)
        kind, mime = media.described(name, upload.content_type or "")
        data = await upload.read()
        key = await asyncio.to_thread(self._blobs.put, data)
        return IncomingFile(kind, name, mime, len(data), None, key)

    async def _handle(self, incoming: Incoming, raw: bytes) -> Taken:
        try:
            return await self._intake.handle(incoming, raw)
        except Busy:
            raise ApiError(
                429, "too_fast", "Pesan masuk terlalu cepat. Tunggu sebentar.", {"Retry-After": "5"}
            ) from None

    async def events(self, request: Request) -> Response:
        """GET /webchat/events?after= (text/event-stream)"""
        session = await self._session(request)
        after = _cursor(request.headers.get("last-event-id") or request.query_params.get("after"))

        async def page(seq: int) -> list[dict[str, Any]] | None:
            return await self._fetched(session, self._open_page, seq)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=headers)
        conversation = session.conversation_id
        stream = live.events(self._bells, self._across, conversation, after, page, PAGE)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def file(self, request: Request) -> Response:
        """GET /webchat/files/<id>"""
        session = await self._session(request)
        file_id = _number(request.path_params["file_id"])
        row = None
        if file_id is not None:
            own = session.conversation_id
            row = await self._read(lambda c: messages.own_file(c, file_id, own))
        if row is None or row.blob is None:
            raise _no_file()
        try:
            data = await asyncio.to_thread(self._blobs.get, row.blob)
        except KeyError:
            log.error("the bytes of file %d are gone", row.id)
            raise _no_file() from None
        image = row.kind == "image" and row.mime in _SHOWN_INLINE
        return Response(
            data,
            media_type=row.mime if image else "application/octet-stream",
            headers={
                "Content-Disposition": "inline" if image else "attachment",
                "Cache-Control": "private, max-age=3600",
            },
        )

    async def _session(self, request: Request) -> Session:
        token_hash = _hash(_bearer(request))
        row = await self._read(lambda c: people.session(c, token_hash))
        if row is None:
            raise ApiError(
                401,
                "no_session",
                "Sesi ini sudah berakhir. Muat ulang halaman.",
                {"WWW-Authenticate": "Bearer"},
            )
        return Session(token_hash, row.conversation_id, row.chat)

    async def _page(self, session: Session, after: int) -> list[dict[str, Any]]:
        return await self._fetched(session, self._messages, after) or []

    async def _fetched(
        self, session: Session, page: Callable[[Any, Session, int], _Page | None], after: int
    ) -> list[dict[str, Any]] | None:
        """A page on its way to the browser: what it holds about tickets counts as delivered."""
        found = await asyncio.to_thread(self._database.read, lambda c: page(c, session, after))
        if found is None:
            return None
        if found.unseen:
            last, now = found.shown[-1]["seq"], self._clock.now()
            await self._write(
                lambda u: messages.mark_seen(u.connection, session.conversation_id, last, now)
            )
        return found.shown

    def _messages(self, connection: Any, session: Session, after: int) -> _Page:
        rows = messages.page(connection, session.conversation_id, after, PAGE)
        files = messages.files_of(connection, [row.id for row in rows])
        unseen = any(
            row.ticket_id is not None and row.seen_at is None and row.author != "user"
            for row in rows
        )
        return _Page([self._shown(row, files) for row in rows], unseen)

    def _open_page(self, connection: Any, session: Session, after: int) -> _Page | None:
        """The same, or None once the session is over."""
        if people.session(connection, session.token_hash) is None:
            return None
        return self._messages(connection, session, after)

    def _shown(self, row: AnyRow, files: list[AnyRow]) -> dict[str, Any]:
        body = json.loads(row.body) if row.body else {}
        link = self._address.link(*body["link"]) if "link" in body else None
        return {
            "seq": row.seq,
            "from": _AUTHORS[row.author],
            "notice": row.author == "notice",
            "name": body.get("name", ""),
            "text": row.text.replace("{link}", link) if link else row.text,
            "message_id": row.platform_id if row.author == "user" else None,
            "choices": [{"id": c[0], "label": c[1]} for c in body.get("choices", ())],
            "files": [
                *(
                    _file(f.id, f.name, f.kind, f.state)
                    for f in files
                    if f.message_id == row.id and f.id != body.get("file_id")
                ),
                *_sent_file(body),
            ],
            "at": row.created_at.isoformat(timespec="milliseconds"),
            "ask_phone": bool(body.get("ask_phone")),
            "link": link,
        }

    async def _read(self, job: Any) -> Any:
        return await asyncio.to_thread(self._database.read, job)

    async def _write(self, job: Any) -> Any:
        return await asyncio.wrap_future(self._database.write(job))


def _file(file_id: int, name: str, kind: str, state: str) -> dict[str, str]:
    return {"name": name, "kind": kind, "url": f"/webchat/files/{file_id}", "state": state}


def _sent_file(body: dict[str, Any]) -> list[dict[str, str]]:
    if "file" not in body:
        return []
    return [_file(body["file_id"], body["file"]["name"], body["file"]["kind"], "stored")]


class _PerMinute:
    """A rate limit by address, in memory: enough against one that hammers."""

    def __init__(self, limit: int) -> None:
        self._every = 60 / limit
        self._tats: OrderedDict[str, float] = OrderedDict()

    def allows(self, host: str) -> bool:
        now = time.monotonic()
        tat = max(self._tats.pop(host, now), now)
        allowed = tat - now <= 60
        self._tats[host] = tat + self._every if allowed else tat
        while len(self._tats) > 10_000:
            self._tats.popitem(last=False)
        return allowed


def _as_incoming(
    session: Session, body: MessageBody, files: tuple[IncomingFile, ...] = ()
) -> Incoming:
    tap = None
    if body.choice is not None:
        step, value = rendering.parse_choice(body.choice)
        tap = Tap(value, step)
    return Incoming(
        key=_key(session),
        event_id=f"{session.chat}:{body.message_id}",
        text=body.text or "",
        tap=tap,
        files=files,
        message_id=body.message_id,
    )


def _key(session: Session) -> ConversationKey:
    return ConversationKey(CHANNEL, ACCOUNT, session.chat)


def _refusal(reason: media.Reason, name: str, office: Office) -> ApiError:
    rules = office.files
    types = ", ".join(rules.types)
    sentences = {
        "too_big": (413, f'"{name}" terlalu besar. Paling besar {rules.max_mb:g} MB.'),
        "bad_type": (
            415,
            f'"{name}" bukan jenis berkas yang bisa diterima. Kirim {types}.',
        ),
        "empty": (400, f'"{name}" kosong. Pilih berkas lain.'),
        "gone": (400, f'"{name}" tidak bisa dibaca. Kirim ulang.'),
    }
    status, sentence = sentences[reason]
    return ApiError(status, reason, sentence)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(
            401,
            "no_session",
            "Sesi belum dimulai. Muat ulang halaman.",
            {"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _number(text: str) -> int | None:
    """A number that fits any database, or None."""
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _cursor(text: str | None) -> int:
    number = _number("0" if text is None else text)
    if number is None:
        raise ApiError(400, "bad_cursor", "Penanda pesan harus berupa angka.")
    return number


def _file_name(upload: UploadFile) -> str:
    """The last part of an upload's name, clean, its end (and so its type) kept."""
    last = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
    return tidy(last).text[-LONGEST_NAME:] or "berkas"


def _no_file() -> ApiError:
    return ApiError(404, "no_file", "Berkas itu tidak ada di percakapan ini.")
