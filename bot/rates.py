"""How fast each platform may be sent to (GCRA), as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incoming import ConversationKey

CLOCK_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most one message per ``every`` on average, ``burst`` of them at once."""

    scope: str
    every: timedelta
    burst: int

    def allowed_at(self, tat: datetime | None, now: datetime) -> datetime:
        """When the next message may go, given the theoretical arrival time."""
        tat = self._sane(tat, now)
        if tat is None:
            return now
        return max(now, tat - self.every * (self.burst - 1))

    def after(self, tat: datetime | None, now: datetime) -> datetime:
        """The arrival time once a message has gone."""
        return max(self._sane(tat, now) or now, now) + self.every

    def _sane(self, tat: datetime | None, now: datetime) -> datetime | None:
        """No arrival time is further away than a burst: the clock was set back since."""
        latest = now + self.every * self.burst + CLOCK_SLACK
        return None if tat is None or tat > latest else tat


def _telegram(key: ConversationKey) -> Rate:
    """1/s in a chat with short bursts, 20/min in a group; published as approximate
    (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""
    # A burst comes on top of the average: 5 and 15 make 20 in any minute.
    if key.chat.startswith("-"):
        return Rate(chat_scope(key), timedelta(seconds=4), 5)
    return Rate(chat_scope(key), timedelta(seconds=1), 3)


def _whatsapp(key: ConversationKey) -> Rate:
    """One message in six seconds to one user, of which 45 may be borrowed from the future
    (Cloud API, "Throughput", pair rate limits; over it: error 131056)."""
    return Rate(chat_scope(key), timedelta(seconds=6), 45)


_BY_CHANNEL: Mapping[str, Callable[[ConversationKey], Rate]] = {
    "telegram": _telegram,
    "telegram_group": _telegram,
    "whatsapp": _whatsapp,
}


def rates_of(key: ConversationKey, per_second: float, *, bulk: bool) -> tuple[Rate, ...]:
    """The limits a message to ``key`` counts against. ``per_second`` is the account's (0: none);
    what is ``bulk`` gets half of it at most, so that it never stands before people's words."""
    found = []
    if per_second:
        found.append(_steady(account_scope(key), per_second))
        if bulk:
            found.append(_steady(bulk_scope(key), per_second / 2))
    rule = _BY_CHANNEL.get(key.channel)
    return (*found, rule(key)) if rule else tuple(found)


def _steady(scope: str, per_second: float) -> Rate:
    """At most ``per_second`` in any second: a burst comes on top of the average."""
    burst = max(1, round(per_second / 6))
    return Rate(scope, timedelta(seconds=1) / max(per_second - burst, 1), burst)


def account_scope(key: ConversationKey) -> str:
    """The scope of everything one account sends."""
    return key.account


def bulk_scope(key: ConversationKey) -> str:
    """The scope of what the clock says on one account."""
    return f"{key.account}/bulk"


def chat_scope(key: ConversationKey) -> str:
    """The scope of one chat (all its topics together)."""
    return f"{key.account}/{key.chat}"
