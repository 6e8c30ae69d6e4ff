"""What was typed into a form that was not taken: given back, so that nothing is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

ENOUGH_FOR_GUESTS = 64_000  # bytes of a form from somebody who is not logged in
_OURS = re.compile(r"csrf|nonce|ke|login|old|again|.*(sandi|password).*")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Kept:
    """``texts`` are (field, what was typed); ``files`` the names of files to choose again."""

    texts: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()


def size_of(request: Request) -> int | None:
    """How many bytes a form has; None where it does not say."""
    given = request.headers.get("content-length", "0" if request.method == "GET" else "")
    return int(given) if given.isascii() and given.isdigit() else None


async def kept_of(request: Request, most_bytes: int) -> Kept:
    """The texts of a form; of one that is too big, or is none, nothing."""
    size = size_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if size is None or size > most_bytes or kind not in _FORMS:
        return Kept()
    try:
        form = await request.form()
    except HTTPException:
        return Kept()
    texts, files = [], []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files += [value.filename] if value.filename else []
        elif not _OURS.fullmatch(name) and _is_typed(value.strip()):
            texts.append((name, value))
    return Kept(tuple(texts), tuple(files))


def _is_typed(value: str) -> bool:
    """Whether it is worth giving back: no choice, no row number."""
    return len(value) >= (6 if value.isdecimal() else 3)
