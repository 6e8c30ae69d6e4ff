"""Reading a request's body without taking more than is wanted."""

from __future__ import annotations

from starlette.requests import Request

_MOST_DIGITS = 16  # no body has a petabyte, and Python refuses to read 5,000 digits


async def read_body(request: Request, limit: int) -> bytes | None:
    """The body; None if it has more than ``limit`` bytes: then the rest is left unread, and
    nothing at all is read where the headers say so already. What they say is not believed
    otherwise. Raises ClientDisconnect if the sender hung up."""
    if declared(request) > limit:
        return None
    data = bytearray()
    async for chunk in request.stream():
        if len(data) + len(chunk) > limit:
            return None
        data += chunk
    return bytes(data)


def declared(request: Request) -> int:
    """The largest length in bytes that the headers name; 0 if none of them is a number."""
    lengths = (length.strip() for length in request.headers.getlist("content-length"))
    numbers = (length for length in lengths if length.isascii() and length.isdigit())
    return max((int("0" + n.lstrip("0")[:_MOST_DIGITS]) for n in numbers), default=0)
