"""Long polling: fetches raw updates and hands them over, losing none.

Source: Bot API, getUpdates. An update counts as received only when a later call carries
a higher offset, so the offset moves after the whole batch was handled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import warnings
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import telegram
from telegram.error import (
    Conflict,
    EndPointNotFound,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.warnings import PTBUserWarning

from bot.channels.telegram_errors import seconds_of
from bot.channels.telegram_parse import ALLOWED_UPDATES

Raw = dict[str, Any]
Handle = Callable[[Raw], Awaitable[None]]

LONGEST_PAUSE = 60.0
CONFLICT_PAUSE = 5.0
_MARGIN = 10.0  # seconds the answer may come after the long poll's own end

log = logging.getLogger(__name__)


async def poll(
    bot: telegram.Bot,
    handle: Handle,
    stop: asyncio.Event,
    *,
    timeout: int = 30,
    pause: float = 1.0,
) -> None:
    """Ask for updates until ``stop`` is set; a batch that is being handled is finished.

    ``handle`` gets each update as the JSON object that came. When it raises, the same
    batch is asked for again (what was handled already comes twice). Updates of different
    chats run side by side, those of one chat in order. ``timeout`` is Telegram's, in
    seconds (at most 50); ``pause`` the first wait after a fault, growing to a minute.
    """
    warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'", PTBUserWarning)
    trouble = _Trouble(pause)
    offset: int | None = None
    while not stop.is_set():
        try:
            batch = await _unless(stop, _ask(bot, offset, timeout))
            await _handle_all(batch or [], handle)
            offset = _next_offset(batch or [])
            trouble.over()
        except Exception as fault:  # whatever it is, polling goes on
            await _sleep(stop, trouble.pause_after(fault))


async def _ask(bot: telegram.Bot, offset: int | None, hold: int) -> list[Raw]:
    """One getUpdates. ``Bot.get_updates`` would raise away a batch of which one update
    cannot be parsed, so the raw form of the call is used."""
    wanted: dict[str, Any] = {"timeout": hold, "allowed_updates": list(ALLOWED_UPDATES)}
    if offset is not None:
        wanted["offset"] = offset
    answer = await bot.do_api_request("getUpdates", wanted, read_timeout=hold + _MARGIN)
    return list(answer)


def _next_offset(batch: Iterable[Raw]) -> int | None:
    """One more than the highest id. An empty answer means that everything was confirmed;
    then no offset is sent, because after a quiet week the ids start anywhere."""
    return max((update["update_id"] + 1 for update in batch), default=None)


async def _handle_all(batch: list[Raw], handle: Handle) -> None:
    lanes: dict[object, list[Raw]] = {}
    for update in batch:
        lanes.setdefault(lane(update), []).append(update)
    results = await asyncio.gather(
        *(_handle_lane(updates, handle) for updates in lanes.values()), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _handle_lane(updates: list[Raw], handle: Handle) -> None:
    for update in updates:
        await handle(update)


def lane(update: Raw) -> object:
    """What the order is kept within: the chat. An update of no known shape is on its own."""
    for kind in ALLOWED_UPDATES:
        content = update.get(kind)
        if not isinstance(content, dict):
            continue
        holder = content.get("message") if kind == "callback_query" else content
        chat = holder.get("chat") if isinstance(holder, dict) else None
        if isinstance(chat, dict):
            return str(chat.get("id"))
    return ("alone", update.get("update_id"))


class _Trouble:
    """How long to wait after a fault. A fault that goes on is logged once."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._times = 0
        self._told: type[BaseException] | None = None

    def pause_after(self, fault: Exception) -> float:
        """Seconds until the next try: what Telegram asks for, or doubling with jitter."""
        if type(fault) is not self._told:
            self._told = type(fault)
            log.warning("%s", _sentence(fault))
        self._times += 1
        if isinstance(fault, RetryAfter):
            return seconds_of(fault)
        if isinstance(fault, Conflict):
            return min(CONFLICT_PAUSE, self._first * 5) * random.uniform(1.0, 1.5)
        if isinstance(fault, InvalidToken | EndPointNotFound):
            return LONGEST_PAUSE
        longest: float = min(LONGEST_PAUSE, self._first * 2 ** min(self._times - 1, 10))
        return longest * random.uniform(0.5, 1.0)

    def over(self) -> None:
        """Things work again."""
        if self._times:
            log.info("Telegram polling works again after %d failed tries", self._times)
        self._times, self._told = 0, None


def _sentence(fault: Exception) -> str:
    if isinstance(fault, Conflict):
        return "Telegram polling waits: another process polls with this token, or a webhook is set"
    if isinstance(fault, InvalidToken | EndPointNotFound):
        return "Telegram refuses the token; check LOKET_TELEGRAM_TOKEN"
    if isinstance(fault, TelegramError):
        return f"Telegram polling failed and is tried again: {fault}"
    # Only its type: the words of such a fault may quote the user.
    return f"Updates could not be handled and are asked for again ({type(fault).__name__})"


async def _unless(stop: asyncio.Event, asking: Awaitable[list[Raw]]) -> list[Raw] | None:
    """The answer, or None when ``stop`` came first; nothing is confirmed by that."""
    question = asyncio.ensure_future(asking)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({question, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return question.result() if question.done() else None
    finally:
        for task in (question, stopped):
            task.cancel()
        await asyncio.gather(question, stopped, return_exceptions=True)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
