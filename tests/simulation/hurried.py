"""``loket serve`` with shorter patience, so that a simulation of minutes sees what takes hours.

Only spans change, and their order stays: a call is given up before the lane's lease runs out.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from bot import claimed, claims
from bot.channels import telegram, whatsapp_graph
from bot.cli import run

LEASE = 12.0
"""Seconds until a lane of a dead process is taken over."""
CALL = 4.0
"""Seconds until a platform that does not answer is given up."""


def main() -> None:
    """The command line, hurried unless LOKET_SIMULATION_PATIENT is set."""
    claims.LEASE = timedelta(seconds=LEASE)
    claimed.RECEIPT_WAIT = timedelta(seconds=5)
    claimed.UNKNOWN_WAIT = timedelta(seconds=1)
    for name in ("_TIMEOUT", "_FILE_TIMEOUT"):
        setattr(whatsapp_graph, name, whatsapp_graph.httpx.Timeout(CALL, connect=CALL))
    make = telegram._Requests.__init__

    def hurried(self: telegram._Requests, *parts: object, **named: object) -> None:
        spans = ("read_timeout", "write_timeout", "media_write_timeout")
        make(self, *parts, **{**named, **dict.fromkeys(spans, CALL)})  # type: ignore[arg-type]

    telegram._Requests.__init__ = hurried  # type: ignore[method-assign, assignment]
    run()


if __name__ == "__main__":
    if os.environ.pop("SIMULATION_PATIENT", ""):
        sys.exit(run())
    main()
