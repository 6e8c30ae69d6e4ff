"""What the web chat's requests carry: read, limited and checked before anything is done."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from bot.web.reading import declared, read_body
from dialogs.text_edge import tidy

MAX_FILES = 10
MAX_JSON = 600_000
_MOST_PARTS = 50  # above MAX_FILES, so that one file too many is told as such

Body = TypeVar("Body", bound=BaseModel)


class ApiError(HTTPException):
    """A refusal with a sentence for the user."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code


def _without_surrogates(value: object) -> object:
    """Half an emoji, cut by somebody's program, is dropped instead of refused (design 6.18)."""
    return re.sub("[\ud800-\udfff]", "", value) if isinstance(value, str) else value


Clean = BeforeValidator(_without_surrogates)
MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), Clean]
Token = Annotated[str, Field(max_length=100), Clean]


class SessionBody(BaseModel):
    """What a new session may come with."""

    model_config = ConfigDict(extra="forbid")
    resume: Token | None = None
    join: Token | None = None


class MessageBody(BaseModel):
    """A message without files: a text or a choice."""

    model_config = ConfigDict(extra="forbid")
    message_id: MessageId
    text: Annotated[str, Clean] | None = None
    choice: Annotated[str, Field(min_length=1, max_length=64), Clean] | None = None


class FileBody(BaseModel):
    """What stands beside the files of a message: perhaps a caption."""

    model_config = ConfigDict(extra="forbid")
    message_id: MessageId
    text: Annotated[str, Clean] = ""


async def session_body(request: Request) -> SessionBody:
    """The body of POST /webchat/sessions; none at all is a new conversation."""
    data = await _bytes(request)
    if data and content_type(request) != "application/json":
        raise ApiError(415, "bad_content_type", "Kirim JSON.")
    return _parse(SessionBody, _json(data or b"{}"))


async def message_body(request: Request) -> MessageBody:
    """A text or a choice, neither empty nor both."""
    body = _parse(MessageBody, _json(await _bytes(request)))
    if body.text is not None and body.choice is not None:
        raise ApiError(400, "bad_request", "Kirim text atau choice, bukan keduanya.")
    if body.choice is None and _is_blank(body.text or ""):
        raise _empty()
    return body


@asynccontextmanager
async def file_body(
    request: Request, file_limit: int
) -> AsyncIterator[tuple[FileBody, list[UploadFile]]]:
    """Caption and files of a multipart body; its temporary files live as long as the block.
    ``file_limit`` is the largest file in bytes."""
    if not request.headers.get("content-length", "").isdigit():
        raise ApiError(411, "no_length", "Kiriman berkas perlu Content-Length.")
    if declared(request) > MAX_FILES * file_limit + MAX_JSON:
        raise ApiError(413, "too_big", "Kiriman terlalu besar. Kirim berkas satu per satu.")
    try:
        form = await request.form(
            max_files=_MOST_PARTS, max_fields=_MOST_PARTS, max_part_size=MAX_JSON
        )
    except (MultiPartException, HTTPException, ClientDisconnect) as error:
        raise ApiError(400, "bad_form", "Kiriman tidak lengkap. Coba kirim lagi.") from error
    try:
        fields, uploads = _sorted(form)
        body = _parse(FileBody, fields)
        if len(uploads) > MAX_FILES:
            raise ApiError(400, "too_many_files", f"Paling banyak {MAX_FILES} berkas sekali kirim.")
        if not uploads and _is_blank(body.text):
            raise _empty()
        yield body, uploads
    finally:
        await form.close()


def content_type(request: Request) -> str:
    """The media type without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _sorted(form: FormData) -> tuple[dict[str, str], list[UploadFile]]:
    fields: dict[str, str] = {}
    uploads: list[UploadFile] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name == "file":
            uploads.append(value)
        elif isinstance(value, UploadFile) or name in fields:
            raise _bad_field(name)
        else:
            fields[name] = value
    return fields, uploads


def _is_blank(text: str) -> bool:
    return not tidy(text).text


def _empty() -> ApiError:
    return ApiError(400, "empty", "Pesan kosong. Tulis sesuatu atau pilih berkas.")


def _bad_field(name: str) -> ApiError:
    shown = tidy(name, 40).text or "JSON"
    return ApiError(400, "bad_request", f"Isian {shown} tidak benar.")


async def _bytes(request: Request) -> bytes:
    try:
        data = await read_body(request, MAX_JSON)
    except ClientDisconnect:
        raise ApiError(400, "cut_off", "Kiriman terputus. Coba lagi.") from None
    if data is None:
        raise ApiError(413, "too_big", "Pesan terlalu panjang.")
    return data


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_json", "Kiriman bukan JSON yang benar.") from None


def _parse(model: type[Body], raw: Any) -> Body:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False)[0]["loc"]
        raise _bad_field(".".join(str(part) for part in where)) from None
