"""``loket serve`` with shorter patience, so that a simulation of minutes sees what takes hours.

Only spans change, and their order stays: a call is given up before the lane's lease runs out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import httpx

from bot import claimed, claims, rates
from bot.channels import telegram, whatsapp_graph
from bot.cli import run
from bot.incoming import ConversationKey

LEASE = 12.0
"""Seconds until a lane of a dead process is taken over."""
CALL = 4.0
"""Seconds until a platform that does not answer is given up."""
CHATS = {"telegram": 5.0, "whatsapp": 1.0}
"""Messages a second in one chat, on average."""


def main() -> None:
    """The command line of Loket, hurried."""
    claims.LEASE = timedelta(seconds=LEASE)
    claimed.RECEIPT_WAIT = timedelta(seconds=5)
    claimed.UNKNOWN_WAIT = timedelta(seconds=1)
    for name in ("_TIMEOUT", "_FILE_TIMEOUT"):
        setattr(whatsapp_graph, name, httpx.Timeout(CALL))
    rates._BY_CHANNEL = {
        name: partial(_quicker, rule, CHATS[name]) if name in CHATS else rule
        for name, rule in rates._BY_CHANNEL.items()
    }
    make = telegram._Requests.__init__

    def hurried(self: telegram._Requests, *parts: object, **named: object) -> None:
        spans = ("read_timeout", "write_timeout", "media_write_timeout")
        make(self, *parts, **{**named, **dict.fromkeys(spans, CALL)})  # type: ignore[arg-type]

    telegram._Requests.__init__ = hurried  # type: ignore[method-assign, assignment]
    run()


def _quicker(
    rule: Callable[[ConversationKey], rates.Rate], per_second: float, key: ConversationKey
) -> rates.Rate:
    return replace(rule(key), every=timedelta(seconds=1 / per_second))


if __name__ == "__main__":
    main()
