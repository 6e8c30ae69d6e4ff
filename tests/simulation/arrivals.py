"""What arrived is what the office wrote: once, in order, at whom it is for.

A message may have come twice only where its row says that it was sent again, where the fake
knows that the office was not told (``cut``), or where a server died right after it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels import telegram_look, whatsapp_look
from bot.channels.port import Button, OutFile, Outgoing
from bot.claims import Address
from bot.incoming import ConversationKey
from bot.receipts import read_ref
from storage.base import AnyRow
from tests.process import SECRET_KEY
from tests.simulation.lines import TelegramLine, WebLine, WhatsAppLine
from tests.simulation.office import PUBLIC_URL, Office
from tests.simulation.people import Person

AT_A_DEATH = 6.0
"""Seconds before a kill (and while the dying server is still heard) in which an answer may have
been lost with it."""
_ADDRESS = Address(PUBLIC_URL, SECRET_KEY.encode())
_OUT = """
    SELECT o.id, o.seq, o.state, o.repeated, o.attempts, o.kind, o.purpose, o.error,
        o.announced_at, m.text, m.body, m.author, c.channel, c.chat
    FROM outbox o JOIN messages m ON m.id = o.message_id
    JOIN conversations c ON c.id = o.conversation_id
    WHERE o.conversation_id = :home ORDER BY o.seq
"""


@dataclass
class Arrivals:
    """``homes`` are the conversations of each person, ``kills`` the times of the kills."""

    office: Office
    people: Sequence[Person]
    homes: dict[str, set[int]]
    kills: Sequence[float]

    def check(self) -> None:
        """Raises AssertionError with the first that is wrong."""
        for person in self.people:
            if isinstance(person.line, WebLine):
                self._page(person, person.line)
            elif isinstance(person.line, TelegramLine):
                self._telegram(person, person.line)
            elif isinstance(person.line, WhatsAppLine):
                self._whatsapp(person, person.line)
        self._nobody_else()

    def _rows(self, person: Person) -> list[AnyRow]:
        homes = sorted(self.homes[person.name])
        return [row for home in homes for row in self.office.rows(_OUT, home=home)]

    def _page(self, person: Person, line: WebLine) -> None:
        """The page showed each message once, in order, and left none out."""
        (home,) = self.homes[person.name]
        query = """
            SELECT m.seq, m.text FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
            WHERE m.conversation_id = :home AND coalesce(o.state, '') <> 'withdrawn' ORDER BY m.seq
        """
        rows = self.office.rows(query, home=home)
        assert [seq for seq, _ in line.seqs] == [row.seq for row in rows], f"{person.name}: order"

    def _telegram(self, person: Person, line: TelegramLine) -> None:
        """What arrived is the outbox in its order."""
        arrived = [a for a in line.user.arrived if not a.sweeping]
        texts = [a.text for a in arrived]
        unsure = Counter(
            cut.message.text for cut in self.office.telegram.cut if cut.who == line.user.chat
        ) + Counter(a.text for a in arrived if self._at_a_death(a.at))
        ends = {0}
        for row in self._rows(person):
            shown = telegram_look.look(outgoing(row), private=True).text
            least, most = _copies(row)
            most += min(unsure[shown], 1) if row.attempts > 1 else 0
            ends = {
                end + n
                for end in ends
                for n in range(least, most + 1)
                if texts[end : end + n] == [shown] * n
            }
            assert ends, f"{person.name}: row {row.id} {shown!r} is not where it should be: {texts}"
        assert len(arrived) in ends, f"{person.name}: more came than was written"

    def _whatsapp(self, person: Person, line: WhatsAppLine) -> None:
        """Each that arrived names its row: the words are the row's, the order is theirs."""
        rows = {row.id: row for row in self._rows(person)}
        arrived: dict[int, list[Any]] = {}
        for each in line.user.arrived:
            ref = read_ref(each.ref)
            assert ref is not None, f"{person.name}: {each} is nobody's"
            row_id, _, template = ref
            row = rows.get(row_id)
            assert row is not None, f"{person.name}: {each} is another's"
            assert template == (each.kind == "template"), each
            if not template:
                assert each.text == _words(row), f"{person.name}: {each.text!r}"
                arrived.setdefault(row_id, []).append(each)
        for row_id, row in rows.items():
            self._how_often(person, row, arrived.get(row_id, []))
        self._in_order(person, line, [arrived[i][0] for i in rows if i in arrived], rows)

    def _how_often(self, person: Person, row: AnyRow, arrived: list[Any]) -> None:
        least, most = _copies(row)
        told = {id(cut.message) for cut in self.office.whatsapp.cut}
        unsure = sum(id(each) in told or self._at_a_death(each.at) for each in arrived)
        most = max(most, 1 if row.attempts else 0, 1 + unsure if unsure else 0)
        if row.state == "held":
            least, most = 0, unsure
        count = len(arrived)
        assert least <= count <= most, (
            f"{person.name}: row {row.id} ({row.state}, {row.attempts} attempts, "
            f"repeated {row.repeated}, {row.error}) arrived {count} times: {row.text[:60]!r}"
        )

    def _in_order(
        self, person: Person, line: WhatsAppLine, firsts: list[Any], rows: dict[int, AnyRow]
    ) -> None:
        """Rows arrive in their order; what a platform took and lost comes again when that is
        known, after what followed it."""
        lost = {_row_of(message) for who, message, _ in self.office.whatsapp.lost}
        places = [
            (each.at, rows[_row_of(each)].seq) for each in firsts if _row_of(each) not in lost
        ]
        order = [seq for _, seq in sorted(places)]
        assert order == sorted(order), f"{person.name}: {order} came out of order"

    def _nobody_else(self) -> None:
        """Nothing came to anybody who never wrote."""
        users = {p.line.user for p in self.people if isinstance(p.line, WhatsAppLine)}
        chats = {p.line.user.chat for p in self.people if isinstance(p.line, TelegramLine)}
        assert {who for who, came in self.office.whatsapp.chats.items() if came} <= users
        assert {who for who, came in self.office.telegram.chats.items() if came} <= chats

    def _at_a_death(self, at: float) -> bool:
        return any(-0.5 <= kill - at <= AT_A_DEATH for kill in self.kills)


def outgoing(row: AnyRow) -> Outgoing:
    """The message of a row as delivery makes it."""
    body = json.loads(row.body or "{}")
    link = _ADDRESS.link(*body["link"]) if "link" in body else None
    return Outgoing(
        row.kind,
        ConversationKey(row.channel, "", row.chat),
        text=row.text.replace("{link}", link) if link else row.text,
        buttons=tuple(Button(*choice) for choice in body.get("choices", ())),
        ask_phone=body.get("ask_phone", False),
        hide_keyboard=body.get("hide_keyboard", False),
        file=OutFile(**body["file"]) if "file" in body else None,
        link=link,
    )


def _words(row: AnyRow) -> str:
    """How a row reads on WhatsApp."""
    out = outgoing(row)
    if out.file is not None:
        return whatsapp_look.caption(out) or ""
    content = whatsapp_look.words(out)
    part: dict[str, Any] = content[content["type"]]
    return str(part["body"]["text"] if content["type"] == "interactive" else part["body"])


def _row_of(message: Any) -> int:
    ref = read_ref(message.ref)
    return ref[0] if ref is not None else 0


def _copies(row: AnyRow) -> tuple[int, int]:
    """How often a message may have arrived, as its row tells."""
    again = 1 if row.repeated else 0
    if row.state == "unknown":
        return 0, 2
    if row.state in ("failed", "withdrawn", "held"):
        return 0, again
    return 1, 1 + again
