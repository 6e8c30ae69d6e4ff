"""The unit of work: a connection inside a transaction, and what happens after its COMMIT."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Connection

log = logging.getLogger(__name__)


class Unit:
    """One transaction. What is asked for with ``after_commit`` runs only if it commits."""

    __slots__ = ("_after", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._after: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` after COMMIT, in the writer's thread; it must be quick and not raise."""
        self._after.append(action)

    def committed(self) -> None:
        """Called once by the database after COMMIT."""
        for action in self._after:
            try:
                action()
            except Exception:  # what is committed stays so, and the writer goes on
                log.exception("something after a commit went wrong")
