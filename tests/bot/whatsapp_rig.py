"""An office on WhatsApp without a network: a channel that keeps what it is given, receipts that
come when a test says so, and a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.bootstrap import Loket, build
from bot.channels.port import DeliveryError, Outgoing, Receipt
from bot.channels.whatsapp import WhatsAppChannel
from bot.incoming import Became, ConversationKey
from bot.receipts import Receipts
from dialogs.heard import Tap
from nlu.engines.port import Engine
from tests.rig import CHEAP, RecordingChannel, Rig

ACCOUNT = "whatsapp:106540352242922"
BUDI, SITI = "ID.budi", "ID.siti"
NUMBER, OTHER = "6281234567890", "6281299999999"


class _Recorded(RecordingChannel):
    async def send(self, out: Outgoing) -> str | None:
        await super().send(out)
        return f"wamid.{out.ref}"


class WhatsAppRig(Rig):
    """Loket with WhatsApp beside Telegram and the page; agents are on the console."""

    def __init__(self, folder: Path, engine: Engine, **options: Any) -> None:
        self.whatsapp = _Recorded("whatsapp", WhatsAppChannel.abilities)
        self._received = iter(range(1, 100_000))
        super().__init__(folder, engine, **options)

    def _build(self) -> Loket:
        channels = {"telegram": self.telegram, "whatsapp": self.whatsapp}
        return build(
            self.config,
            self.places,
            self.engine,
            clock=self.clock,
            channels=channels,
            passwords=CHEAP,
        )

    def key(self, user: str = "budi", channel: str = "whatsapp") -> ConversationKey:
        if channel != "whatsapp":
            return super().key(user, channel)
        return ConversationKey("whatsapp", ACCOUNT, user)

    def writes(
        self,
        text: str,
        user: str = BUDI,
        number: str | None = NUMBER,
        *,
        sent_at: datetime | None = None,
        **what: Any,
    ) -> list[str]:
        """Somebody writes; what they get for it, in order."""
        before = len(self.whatsapp.sent)
        event = self.event(user, "whatsapp", text=text, number=number, sent_at=sent_at, **what)
        self.take(event)
        self.settle()
        return [out.text for out in self.whatsapp.sent[before:]]

    def taps(self, value: str, user: str = BUDI, **what: Any) -> list[str]:
        """Somebody taps a button by its value, of the step it was made for."""
        return self.writes("", user, tap=Tap(value, 0), **what)

    def becomes(self, user: str, number: str | None, became: Became) -> None:
        """The platform says that a user goes on under other ids."""
        self.take(self.event(user, "whatsapp", number=number, became=became))

    def report(
        self,
        out: Outgoing,
        state: str,
        *,
        error: DeliveryError | None = None,
        at: datetime | None = None,
        wamid: str = "",
    ) -> None:
        """The platform tells what became of a message."""
        wamid = wamid or f"wamid.{out.ref}"
        receipt = Receipt(
            ACCOUNT,
            f"{wamid}:{state}",
            out.ref,
            wamid,
            state,  # type: ignore[arg-type]
            at or self.clock.now(),
            error,
        )
        self.news(receipt)

    def news(self, *found: Receipt) -> None:
        loket = self.loket
        takes = Receipts(loket.database, self.clock, loket.bells, loket.metrics.delivery)
        self.run(takes.take(found))

    def fates(self, kind: str = "state") -> list[Any]:
        """A column of every outgoing row on WhatsApp, in order."""
        query = f"""
            SELECT o.{kind} FROM outbox o JOIN conversations c ON c.id = o.conversation_id
            WHERE c.channel = 'whatsapp' AND o.state <> 'withdrawn' ORDER BY o.id
        """
        return [row[0] for row in self.rows(query)]

    def last(self) -> Outgoing:
        return self.whatsapp.sent[-1]


def made(folder: Path, engine: Engine, **always: Any) -> Iterator[Callable[..., WhatsAppRig]]:
    """Makes offices that are closed afterwards; ``always`` goes to each."""
    offices: list[WhatsAppRig] = []

    def make(**options: Any) -> WhatsAppRig:
        place = folder / f"office{len(offices)}"
        offices.append(WhatsAppRig(place, engine, **always, **options))
        return offices[-1]

    yield make
    for office in offices:
        office.close()
