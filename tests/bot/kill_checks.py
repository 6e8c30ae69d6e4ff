"""What must hold after a server was killed many times: the database, and what people got."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from sqlite3 import Row

from bot.channels.port import Button, Outgoing
from bot.channels.telegram_look import look
from bot.delivery import Address
from bot.incoming import ConversationKey
from handoff import history
from storage.database import open_database
from tests.people import NUMBER, Chatterer, Person, Said, TelegramPerson, WebPerson
from tests.platforms import FakeTelegram
from tests.process import SECRET_KEY, Served

KEY = SECRET_KEY.encode()
TELEGRAM = "telegram:700001"
_MARK = re.compile(r"Masalah (.*?)\.")
OLD_BUTTON = "(tombol lama)"
_OUT = """
    SELECT m.text, m.body, m.author, o.state, o.repeated, o.attempts, o.kind
    FROM outbox o JOIN messages m ON m.id = o.message_id
    WHERE o.conversation_id = ? AND o.state <> 'withdrawn' ORDER BY o.seq
"""


@dataclass
class Aftermath:
    """The office after the storm. ``check`` raises AssertionError with what is wrong."""

    served: Served
    people: list[Person]
    telegram: FakeTelegram

    @property
    def formers(self) -> list[Person]:
        """Those who filled in forms."""
        return [p for p in self.people if not isinstance(p, Chatterer)]

    def summary(self) -> str:
        """What the storm was like."""
        count = {
            "messages": sum(len(p.acknowledged) for p in self.people),
            "sent again": sum(p.again for p in self.people),
            "forms": sum(len(p.forms) for p in self.people),
            "said anew": sum(p.nudges for p in self.people),
            "repeated": self._count("outbox WHERE repeated"),
            "unknown": self._count("outbox WHERE state = 'unknown'"),
            "parked": self._count("parked"),
        }
        return ", ".join(f"{name}: {number}" for name, number in count.items())

    def check(self) -> None:
        """Every invariant that a kill might break."""
        assert not self.telegram.strange
        self._settled()
        self._tickets()
        for person in self.people:
            self._heard_all(person)
            if isinstance(person, TelegramPerson):
                self._telegram_order(person)
            elif isinstance(person, WebPerson):
                self._page(person)
        for person in self.formers:
            self._announced(person)

    def _settled(self) -> None:
        states = {row[0] for row in self.served.rows("SELECT DISTINCT state FROM outbox")}
        assert states <= {"sent", "withdrawn", "unknown"}, states
        local = "outbox o JOIN lanes l USING (conversation_id) WHERE l.channel = 'web'"
        assert self._count(f"{local} AND o.state NOT IN ('sent', 'withdrawn')") == 0
        assert self._count("outbox WHERE state = 'unknown' AND NOT repeated") == 0
        held = self._count("lanes WHERE owner IS NOT NULL OR lease_until IS NOT NULL")
        assert held == 0

    def _tickets(self) -> None:
        """One for every form, numbered without a gap, with a history that verifies."""
        rows = self.served.rows("SELECT id, number, problem FROM tickets ORDER BY id")
        counts: dict[str, list[int]] = {}
        for row in rows:
            prefix, n, _ = row["number"].rsplit("-", 2)
            counts.setdefault(prefix, []).append(int(n))
        for prefix, numbers in counts.items():
            assert numbers == list(range(1, len(numbers) + 1)), f"{prefix}: {numbers}"
        last = sum(row[0] for row in self.served.rows("SELECT last FROM series"))
        assert last == len(rows) == sum(len(p.forms) for p in self.people)
        marks = Counter(mark for r in rows for mark in set(_MARK.findall(r["problem"])))
        forms = Counter(mark for p in self.people for mark in p.forms if self._stored(p, mark))
        assert marks == forms, f"too many {marks - forms}, missing {forms - marks}"
        database = open_database(f"sqlite:///{self.served.database}")
        try:
            for row in rows:
                wrong = database.read(lambda c, row=row: history.verify(c, KEY, row["id"]))
                assert wrong is None, f"{row['number']}: {wrong}"
        finally:
            database.close()

    def _announced(self, person: Person) -> None:
        """Each number was told in its own chat, for its own form, and no other was."""
        query = "SELECT number, problem FROM tickets WHERE conversation_id = ?"
        kept = {row["number"]: row["problem"] for row in self.served.rows(query, self._id(person))}
        assert set(kept) == set(person.forms.values())
        assert set(kept) == set(NUMBER.findall("\n".join(h.text for h in person.heard)))
        for mark, number in person.forms.items():
            assert not self._stored(person, mark) or f"Masalah {mark}." in kept[number]

    def _stored(self, person: Person, mark: str) -> bool:
        """Whether the words with a form's mark were taken, and not put aside."""
        parked = self._parked(person)
        words = f"Masalah {mark}."
        return any(s.shown == words for s in person.acknowledged if s.event_id not in parked)

    def _heard_all(self, person: Person) -> None:
        """What was acknowledged is there once, in the order in which it was said. Only what
        was under way when the server died twice may have been put aside instead."""
        parked = {event.rpartition(":")[2] for event in self._parked(person)}
        assert all(person.survived[event] >= 2 for event in parked)
        kept = [said for said in person.acknowledged if said.event_id not in parked]
        query = """
            SELECT text, platform_id FROM messages
            WHERE conversation_id = ? AND author = 'user' ORDER BY seq
        """
        rows = self.served.rows(query, self._id(person))
        assert len(rows) == len(kept), f"{person.name}: {len(rows)} of {len(kept)} messages"
        for row, said in zip(rows, kept, strict=True):
            assert _is(row, said, isinstance(person, WebPerson)), (tuple(row), said)

    def _parked(self, person: Person) -> set[str]:
        query = "SELECT event_id, error FROM parked WHERE account = ?"
        rows = self.served.rows(query, "web" if isinstance(person, WebPerson) else TELEGRAM)
        assert {row["error"] for row in rows} <= {"it was begun three times without an end"}
        own = {said.event_id for said in person.acknowledged}
        return {row[0].rpartition(":")[2] for row in rows} & own

    def _page(self, person: WebPerson) -> None:
        """The page showed each message once, in order, and left none out."""
        query = """
            SELECT m.seq FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
            WHERE m.conversation_id = ? AND coalesce(o.state, '') <> 'withdrawn' ORDER BY m.seq
        """
        shown = [seq for seq, _ in person.seqs]
        assert shown == [row[0] for row in self.served.rows(query, self._id(person))]
        assert person.nudges == 0, f"{person.name} got no answer"

    def _telegram_order(self, person: TelegramPerson) -> None:
        """What arrived is the outbox in its order; only what was cut off may have come twice
        in a row, or not at all if it was cut off both times."""
        arrived = [a.text for a in person.arrived()]
        ends = {0}
        for row in self.served.rows(_OUT, self._id(person)):
            text, (least, most) = self._look(row, person.chat), _copies(row)
            ends = {
                end + n
                for end in ends
                for n in range(least, most + 1)
                if arrived[end : end + n] == [text] * n
            }
            assert ends, f"{person.name}: {text!r} is not where it should be in {arrived}"
        assert len(arrived) in ends, f"{person.name}: more came than was written"

    def _look(self, row: Row, chat: int) -> str:
        body = json.loads(row["body"] or "{}")
        link = Address(self.served.url, KEY).link(*body["link"]) if "link" in body else None
        key = ConversationKey("telegram", TELEGRAM, str(chat))
        buttons = tuple(Button(*choice) for choice in body.get("choices", ()))
        out = Outgoing(row["kind"], key, row["text"], buttons, link=link)
        return look(out, private=True).text

    def _id(self, person: Person) -> int:
        if isinstance(person, WebPerson):
            token = hashlib.sha256(person.token.encode()).hexdigest()
            query = "SELECT conversation_id FROM web_sessions WHERE token_hash = ?"
            return int(self.served.rows(query, token)[0][0])
        assert isinstance(person, TelegramPerson)
        query = "SELECT id FROM conversations WHERE channel = 'telegram' AND chat = ?"
        return int(self.served.rows(query, str(person.chat))[0][0])

    def _count(self, what: str) -> int:
        return int(self.served.rows(f"SELECT count(*) FROM {what}")[0][0])


def _is(row: Row, said: Said, on_web: bool) -> bool:
    if said.tap is not None:
        same = row["text"] in (said.shown, OLD_BUTTON)
        return same and row["platform_id"] == (said.event_id if on_web else None)
    return bool(row["text"] == said.shown and row["platform_id"] == said.event_id)


def _copies(row: Row) -> tuple[int, int]:
    """How often a message may have arrived."""
    if row["state"] == "unknown":
        return 0, 2
    return 1, 2 if row["repeated"] else 1
