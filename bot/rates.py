"""How fast each platform may be sent to (GCRA), as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incoming import ConversationKey


@dataclass(frozen=True, slots=True)
class Rate:
    """At most one message per ``every`` on average, ``burst`` of them at once."""

    scope: str
    every: timedelta
    burst: int

    def allowed_at(self, tat: datetime | None, now: datetime) -> datetime:
        """When the next message may go, given the theoretical arrival time."""
        if tat is None:
            return now
        return max(now, tat - self.every * (self.burst - 1))

    def after(self, tat: datetime | None, now: datetime) -> datetime:
        """The arrival time once a message has gone."""
        return max(tat or now, now) + self.every


def _telegram(key: ConversationKey) -> tuple[Rate, ...]:
    """About 30/s over all, 1/s in a chat with short bursts, 20/min in a group; published as
    approximate (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""
    # A burst comes on top of the average: 5 and 25 make 30 in any second, 5 and 15 make 20
    # in any minute.
    everything = Rate(account_scope(key), timedelta(seconds=1) / 25, 5)
    if key.chat.startswith("-"):
        return (everything, Rate(chat_scope(key), timedelta(seconds=4), 5))
    return (everything, Rate(chat_scope(key), timedelta(seconds=1), 3))


_BY_CHANNEL: Mapping[str, Callable[[ConversationKey], tuple[Rate, ...]]] = {
    "telegram": _telegram,
    "telegram_group": _telegram,
}


def rates_of(key: ConversationKey) -> tuple[Rate, ...]:
    """The limits a message to ``key`` counts against."""
    rule = _BY_CHANNEL.get(key.channel)
    return rule(key) if rule else ()


def account_scope(key: ConversationKey) -> str:
    """The scope of everything one account sends."""
    return key.account


def chat_scope(key: ConversationKey) -> str:
    """The scope of one chat (all its topics together)."""
    return f"{key.account}/{key.chat}"
