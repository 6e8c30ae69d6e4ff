"""The faults of Telegram and of python-telegram-bot, in the port's terms.

Source: Bot API, "Making requests" (error codes, ``parameters``); the library's exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.channels.port import (
    AccountBroken,
    DeliveryError,
    Moved,
    NotSent,
    OutcomeUnknown,
    Refused,
    RetryLater,
    Unreachable,
)

# The connection never stood, so the request was never sent.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# 400s that tell about the chat, not about the message.
_CHAT_IS_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "group chat was deactivated",
    "chat_write_forbidden",
    "not enough rights to send",
    "have no rights to send",
)
TOO_LARGE = ("request entity too large", "file is too big")


class ServerFault(NetworkError):
    """Telegram answered that it could not (5xx); the library's own errors hold no status. One
    whose gateway gave up waiting (504) is none of these: it does not know what became of it."""


def seconds_of(fault: RetryAfter) -> float:
    """How long Telegram asks to wait, whichever type the library holds it in."""
    wait = fault.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def translate(fault: TelegramError) -> DeliveryError:
    """A fault of the library in the port's terms. BadRequest is a NetworkError there,
    so the order matters. Never quotes a refused token."""
    if isinstance(fault, RetryAfter):
        return RetryLater(seconds_of(fault))
    if isinstance(fault, ChatMigrated):
        return Moved(str(fault.new_chat_id))
    if isinstance(fault, Forbidden):
        return Unreachable(fault.message)
    if isinstance(fault, InvalidToken | EndPointNotFound):
        return AccountBroken("Telegram refuses the token")
    words = fault.message.lower()
    if isinstance(fault, BadRequest):
        gone = any(sign in words for sign in _CHAT_IS_GONE)
        return Unreachable(fault.message) if gone else Refused(fault.message)
    if isinstance(fault.__cause__, UnicodeError) or any(sign in words for sign in TOO_LARGE):
        return Refused(fault.message)
    if isinstance(fault, ServerFault) or isinstance(fault.__cause__, _NEVER_LEFT):
        return NotSent(fault.message)
    return OutcomeUnknown(fault.message)


@contextmanager
def port_errors() -> Iterator[None]:
    """Inside it, every fault of the library becomes a DeliveryError."""
    try:
        yield
    except InvalidToken as fault:
        raise translate(fault) from None  # the library's words may hold the token
    except TelegramError as fault:
        raise translate(fault) from fault
    except (AttributeError, KeyError, TypeError) as fault:
        raise OutcomeUnknown("Telegram's answer could not be read") from fault
