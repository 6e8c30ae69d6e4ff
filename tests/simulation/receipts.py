"""What the office believes of its messages is what WhatsApp told it, whatever the order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bot.receipts import read_ref
from storage.repositories.receipts import ACCEPTED, DELIVERED, RANKS
from tests.platforms import FakeWhatsApp
from tests.simulation.office import Office

_ROWS = """
    SELECT o.id, o.state, o.attempts, o.receipt, o.announced, o.announced_at, o.arrived_at,
        c.window_until
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id WHERE c.channel = 'whatsapp'
"""


@dataclass
class Receipts:
    """Compares the outbox with every status that the fake told."""

    office: Office
    whatsapp: FakeWhatsApp

    def check(self) -> None:
        """Raises AssertionError with the first that is wrong."""
        told: defaultdict[int, set[tuple[int, bool, int]]] = defaultdict(set)
        for row_id, attempt, template, rank in self._told():
            told[row_id].add((attempt, template, rank))
        for row in self.office.rows(_ROWS):
            ranks = told[row.id]
            own = [rank for attempt, template, rank in ranks if not template]
            last = [r for at, template, r in ranks if not template and at == row.attempts]
            least = max([*last, *(r for r in own if r >= DELIVERED)], default=0)
            assert least <= row.receipt <= max(least, ACCEPTED), (
                f"row {row.id} ({row.state}, {row.attempts} attempts) believes {row.receipt}, "
                f"but was told {sorted(ranks)}"
            )
            arrived = any(rank >= DELIVERED for _, _, rank in ranks)
            assert arrived == (row.arrived_at is not None), f"row {row.id}: {sorted(ranks)}"

    def _told(self) -> Iterator[tuple[int, int, bool, int]]:
        for parcel in self.whatsapp.postman.parcels:
            for status in parcel.content.get("statuses", ()):
                ref = read_ref(status.get("biz_opaque_callback_data", ""))
                if ref is not None:
                    yield (*ref, RANKS[status["status"]])
