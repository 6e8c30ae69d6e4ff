"""The faults of the WhatsApp Cloud API and of the way to it, in the port's terms.

Source: Cloud API, "Error codes" (https://developers.facebook.com/documentation/
business-messaging/whatsapp/support/error-codes). Meta advises to go by ``error.code``: the same
code comes with different HTTP statuses, and titles change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx

from bot.channels.port import (
    AccountBroken,
    DeliveryError,
    NotSent,
    OutcomeUnknown,
    Refused,
    RetryLater,
    Unreachable,
    WindowClosed,
)

BSUID_NOT_TAKEN = "131062"
"""This recipient or message cannot be addressed by a user id, only by the phone number."""
MEDIA_REFUSED = ("100", "131009", "131053")
"""What Meta says of a message whose media id it does not know, or cannot use."""

Wait = tuple[float, Literal["chat", "account"]]

# Seconds to wait and what is paused, where Meta names no time of its own.
WAITS: Mapping[int, Wait] = {
    131056: (6.0, "chat"),  # too many messages to this one user
    4: (5.0, "account"),  # calls of the app
    80007: (5.0, "account"),  # calls of the business account
    130429: (5.0, "account"),  # messages a second of the number
}

_CLASSES: tuple[tuple[Callable[[str], DeliveryError], tuple[int, ...]], ...] = (
    # Meta's own trouble: an unknown fault, overload, maintenance, a number being upgraded.
    (NotSent, (1, 2, 131000, 131016, 131057, 133016)),
    (WindowClosed, (131047,)),
    (Unreachable, (130472, 130497, 131021, 131026, 131030, 131049, 131050, 131062)),
    (Refused, (100, 131008, 131009, 131051, 131052, 131053, *range(132000, 132017))),
    # 33 and 133010: our number was deleted, or is not registered.
    (AccountBroken, (0, 3, 10, 33, 190, *range(200, 300), 368, 131005, 131031, 131037)),
    (AccountBroken, (131042, 131045, 131048, 133010)),
)
_TABLE: Mapping[int, Callable[[str], DeliveryError]] = {
    code: kind for kind, codes in _CLASSES for code in codes
}

# Statuses without a word of Graph: something between us and it answered.
_STATUSES: Mapping[int, Callable[[str], DeliveryError]] = {
    401: AccountBroken,
    403: AccountBroken,
    408: NotSent,
    425: NotSent,
    504: OutcomeUnknown,
}
_PAUSE = 60.0
_LONGEST_PAUSE = 3600.0

# The connection never stood, so the request was never sent.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_NO_SUCH_OBJECT = 33
_LONGEST_WORDS = 300
_LONGEST_READ = 2000
_SECRETS = re.compile(
    r"\b[A-Z]{2}\.[A-Za-z0-9.]{6,}"  # a user's id
    r"|(?=[\w.|+/=-]*[A-Z])[\w.|+/=-]{20,}|[\w.|+/=-]{40,}"  # tokens; message ids hold numbers
    r"|\+?\d(?:[ ().-]{0,2}\d){7,}"  # phone numbers, however they are written
)


class NoSuchObject(Refused):
    """The id in the request's address is unknown to Meta, or not ours to use."""


def error_of(code: int, message: str, details: str = "") -> DeliveryError:
    """An error of Meta's, in an answer or in a ``failed`` status. Ids, numbers and tokens
    that its words quote are masked."""
    if code in WAITS:
        return _named(RetryLater(*WAITS[code], exact=False), code)
    words = masked(": ".join(part for part in (message, details) if part))
    return _named(_TABLE.get(code, Refused)(f"WhatsApp {code}: {words}"), code)


def answer_error(response: httpx.Response) -> DeliveryError:
    """The fault an answer tells about. The status decides only where Graph says nothing,
    or names a code nobody knows and the status asks to come again."""
    error = _graph_error(response)
    code = _number(error.get("code"))
    status = response.status_code
    if code is None:
        return _status_error(response)
    if code in WAITS:
        seconds, scope = WAITS[code]
        asked = retry_after(response)
        return _named(RetryLater(asked or seconds, scope, exact=asked is not None), code)
    if code not in _TABLE and (status == httpx.codes.TOO_MANY_REQUESTS or status >= 500):
        return _named(_status_error(response, known=True), code)
    details = error.get("error_data")
    words = details.get("details") if isinstance(details, dict) else None
    if code == 100 and _number(error.get("error_subcode")) == _NO_SUCH_OBJECT:
        return _named(NoSuchObject("WhatsApp 100: no such object, or not ours to use"), code)
    return error_of(code, str(error.get("message") or ""), str(words or ""))


@contextmanager
def port_errors() -> Iterator[None]:
    """Inside it, every fault on the way becomes a DeliveryError."""
    try:
        yield
    except _NEVER_LEFT as fault:
        name = type(fault).__name__
        raise _named(NotSent(f"WhatsApp was not reached ({name})"), name) from None
    except (httpx.HTTPError, httpx.StreamError) as fault:
        name = type(fault).__name__
        raise _named(OutcomeUnknown(f"cut off from WhatsApp ({name})"), name) from None


def unreadable() -> OutcomeUnknown:
    """An answer of success that does not say what it should."""
    return OutcomeUnknown("WhatsApp's answer could not be read")


def body_of(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object; an empty one where there is none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the answer asks to wait (RFC 9110, 10.2.3: seconds or a date), at most an hour."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        seconds = float(value)
    else:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), _LONGEST_PAUSE)


def masked(words: str) -> str:
    """Meta's words without what identifies a user or opens our account, and cut short."""
    return _SECRETS.sub("…", words[:_LONGEST_READ])[:_LONGEST_WORDS]


def _status_error(response: httpx.Response, *, known: bool = False) -> DeliveryError:
    """``known``: Graph itself answered, so nothing was lost between it and us."""
    status = response.status_code
    name, words = f"http_{status}", f"WhatsApp answered {status}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        asked = retry_after(response)
        return _named(RetryLater(asked or _PAUSE, "account", exact=asked is not None), name)
    if response.is_success:
        return unreadable()
    if status in _STATUSES and not known:
        return _named(_STATUSES[status](words), name)
    # A redirect is a matter of set-up: the message was not taken, and is not to blame.
    again = status >= 500 or status < 400
    return _named(NotSent(words) if again else Refused(words), name)


def _graph_error(response: httpx.Response) -> dict[str, Any]:
    error = body_of(response).get("error")
    return error if isinstance(error, dict) else {}


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _named(error: DeliveryError, code: object) -> DeliveryError:
    error.code = str(code)
    return error
