"""What must hold after the storm: what people said, tickets, and what must never be anywhere.

What went out is in ``arrivals``, what platforms told about it in ``receipts``.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import MetaData, select

from bot.channels.whatsapp_parse import parse
from handoff import history
from handoff.numbers import is_well_formed
from storage.base import AnyRow
from tests.people import NUMBER
from tests.platforms.postman import Stray
from tests.process import SECRET_KEY
from tests.simulation.arrivals import Arrivals
from tests.simulation.lines import Said, TelegramLine, WebLine
from tests.simulation.office import TOKEN
from tests.simulation.people import SECRET, Person
from tests.simulation.receipts import Receipts
from tests.simulation.town import Town

KEY = SECRET_KEY.encode()
OLD_BUTTON = "(tombol lama)"
THRICE = "it was begun three times without an end"
_TAKEN = frozenset({0, *range(200, 300), *range(500, 600)})
_REFUSED = frozenset({0, 401, 403, *range(500, 600)})


class Aftermath:
    """The office after the storm. ``check`` raises AssertionError with what is wrong."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.office = town.office
        self.people = town.people
        self.parked: list[AnyRow] = []
        self.homes: dict[str, set[int]] = {}

    def summary(self) -> str:
        """What the storm was like."""
        fakes = (self.town.telegram, self.town.whatsapp)
        states = self.office.rows("SELECT state, count(*) FROM outbox GROUP BY state")
        count = {
            "said": sum(len(p.line.said) for p in self.people),
            **{f"outbox {row[0]}": row[1] for row in sorted(map(tuple, states))},
            "repeated": self.office.count("outbox WHERE repeated"),
            "templates": self.office.count("outbox WHERE announced_at IS NOT NULL"),
            "cut": sum(len(fake.cut) for fake in fakes),
            "lost on the way": len(self.town.whatsapp.lost),
            "tickets": self.office.count("tickets"),
            "parked": self.office.count("parked"),
            "strays": sum(len(fake.postman.strays) for fake in fakes),
            "desk": self.town.desk.done,
            "kills": self.office.kills,
            "nudges": sum(p.nudges for p in self.people),
            "gave up": sum(len(p.gave_up) for p in self.people),
        }
        return ", ".join(f"{name}: {number}" for name, number in count.items())

    def check(self) -> None:
        """Every invariant of the design that a storm might break."""
        assert not self.town.telegram.strange
        assert not self.town.desk.faults, self.town.desk.faults[:3]
        self.parked = self.office.rows("SELECT * FROM parked")
        self.homes = {person.name: self._home(person) for person in self.people}
        self._settled()
        self._apart()
        for person in self.people:
            self._heard_all(person)
        self._nothing_else()
        self._tickets()
        self._announced()
        Arrivals(self.office, self.people, self.homes, self.town.killer.at).check()
        Receipts(self.office, self.town.whatsapp).check()
        self._strays()
        self._parked()
        self._secrets()

    # What was said.

    def _settled(self) -> None:
        states = {row[0] for row in self.office.rows("SELECT DISTINCT state FROM outbox")}
        assert states <= {"sent", "withdrawn", "unknown", "failed", "held"}, states
        local = "outbox o JOIN lanes l USING (conversation_id) WHERE l.channel = 'web'"
        assert self.office.count(f"{local} AND o.state NOT IN ('sent', 'withdrawn')") == 0
        assert self.office.count("lanes WHERE owner IS NOT NULL OR lease_until IS NOT NULL") == 0
        broken = "SELECT conversation_id FROM messages GROUP BY 1 HAVING max(seq) <> count(*)"
        assert not self.office.rows(broken), "a message is missing"
        fakes = (self.town.telegram, self.town.whatsapp)
        assert all(p.taken for fake in fakes for p in fake.postman.parcels)

    def _home(self, person: Person) -> set[int]:
        """The ids of a person's conversations."""
        if isinstance(person.line, WebLine):
            token = hashlib.sha256(person.line.token.encode()).hexdigest()
            query = "SELECT conversation_id FROM web_sessions WHERE token_hash = :token"
            rows = self.office.rows(query, token=token)
        elif isinstance(person.line, TelegramLine):
            query = "SELECT id FROM conversations WHERE channel = 'telegram' AND chat = :chat"
            rows = self.office.rows(query, chat=str(person.line.user.chat))
        else:
            ids = {said.id for said in person.line.said}
            query = (
                "SELECT m.conversation_id, m.platform_id FROM messages m "
                "JOIN conversations c ON c.id = m.conversation_id "
                "WHERE m.author = 'user' AND c.channel = 'whatsapp'"
            )
            rows = [row for row in self.office.rows(query) if row[1] in ids]
        return {int(row[0]) for row in rows}

    def _apart(self) -> None:
        """Nobody shares a chat or a case with anybody else, and there is nobody else."""
        owners = Counter(home for homes in self.homes.values() for home in homes)
        assert set(owners.values()) <= {1}, owners.most_common(3)
        rows = self.office.rows("SELECT id, contact_id FROM conversations")
        assert {row[0] for row in rows} == set(owners), "there is somebody whom nobody knows"
        contacts = dict(map(tuple, rows))
        cases = [{contacts[home] for home in homes} for homes in self.homes.values()]
        assert all(len(case) == 1 for case in cases)
        assert len(set().union(*cases)) == len(self.people)

    def _heard_all(self, person: Person) -> None:
        """What was taken is there once, in the order in which it was said. Only what was under
        way when servers died twice may have been put aside instead."""
        aside = self._put_aside(person)
        kept = [said for said in person.line.said if _event(said) not in aside]
        rows = self._said(person)
        named = {row.platform_id: row for row in rows if row.platform_id}
        assert len(rows) == len(kept), f"{person.name}: {len(rows)} of {len(kept)} messages"
        order = []
        for said in (said for said in kept if said.id):
            row = named.get(said.id)
            assert row is not None, f"{person.name}: {said} is not there"
            assert _same(row.text, said, person), f"{person.name}: {row.text!r} is not {said}"
            if said.parcel is None or "/" not in said.parcel.lane:
                order.append((row.conversation_id, row.seq))
        assert order == sorted(order), f"{person.name}: not in the order in which it was said"
        taps = Counter(row.text for row in rows if not row.platform_id)
        strange = taps - Counter(said.words for said in kept if not said.id)
        assert set(strange) <= {OLD_BUTTON}, f"{person.name}: {strange}"

    def _said(self, person: Person) -> list[AnyRow]:
        query = """
            SELECT conversation_id, seq, text, platform_id FROM messages
            WHERE author = 'user' AND conversation_id = :home ORDER BY seq
        """
        return [
            row for h in sorted(self.homes[person.name]) for row in self.office.rows(query, home=h)
        ]

    def _put_aside(self, person: Person) -> set[str]:
        """Events of this person that were parked."""
        parked = {row.event_id.rpartition(":")[2] for row in self.parked if row.error == THRICE}
        found = {_event(said) for said in person.line.said} & parked
        for said in person.line.said:
            if _event(said) in found:
                assert _interrupted(said, person) >= 2, f"{said} was put aside for nothing"
        return found

    def _nothing_else(self) -> None:
        said = sum(len(self._said(person)) for person in self.people)
        assert self.office.count("messages WHERE author = 'user'") == said
        for words in ("PALSU", "untuk nomor lain", "racun"):
            found = self.office.rows("SELECT text FROM messages WHERE text LIKE :w", w=f"%{words}%")
            assert not found, found[:3]

    # Tickets.

    def _tickets(self) -> None:
        """Numbered without a gap, one for each form, with histories that verify."""
        rows = self.office.rows("SELECT id, number, problem, contact_id FROM tickets ORDER BY id")
        self._numbered([row.number for row in rows])
        self._numbered([r.number for r in self.office.rows("SELECT number FROM human_requests")])
        counts = Counter(
            mark
            for row in rows
            for person in self.people
            for mark in person.marks
            if f"Masalah {mark}." in row.problem
        )
        told = Counter(
            mark
            for person in self.people
            for said in self._said(person)
            for mark in person.marks
            if f"Masalah {mark}." in said.text
        )
        # Who said it again, because no answer came for long, may have made a second form of it.
        doubled = {mark: n for mark, n in counts.items() if n > max(1, told[mark])}
        assert not doubled, doubled
        if not any(person.gave_up for person in self.people):
            missing = {mark for person in self.people for mark in person.marks} - set(counts)
            assert not missing, f"no ticket for {missing}"
        for row in rows:
            wrong = self.office.database.read(lambda c, t=row.id: history.verify(c, KEY, t))  # type: ignore[misc]
            assert wrong is None, f"{row.number}: {wrong}"

    def _numbered(self, numbers: list[str]) -> None:
        counts: dict[str, list[int]] = {}
        for number in numbers:
            assert is_well_formed(number), number
            prefix, n, _ = number.rsplit("-", 2)
            counts.setdefault(prefix, []).append(int(n))
        for prefix, found in counts.items():
            assert sorted(found) == list(range(1, len(found) + 1)), f"{prefix}: {found}"

    def _announced(self) -> None:
        """Each number was told to its own person, unless that message never arrived."""
        query = "SELECT number, conversation_id FROM tickets"
        owners = {row.number: row.conversation_id for row in self.office.rows(query)}
        for person in self.people:
            own = {n for n, home in owners.items() if home in self.homes[person.name]}
            heard = set(NUMBER.findall("\n".join(person.line.arrived())))
            assert heard <= own, f"{person.name} heard of {heard - own}"
            for number in own - heard:
                assert self._went_astray(number), f"{person.name} never heard of {number}"

    def _went_astray(self, number: str) -> bool:
        query = (
            "SELECT o.state FROM outbox o JOIN messages m ON m.id = o.message_id "
            "WHERE m.text LIKE :number"
        )
        states = {row[0] for row in self.office.rows(query, number=f"%{number}%")}
        return bool(states - {"sent"})

    # What must change nothing, and what must be nowhere.

    def _strays(self) -> None:
        for fake in (self.town.telegram, self.town.whatsapp):
            for stray in fake.postman.strays:
                allowed = _REFUSED if stray.kind == "forged" else _TAKEN
                assert stray.status in allowed, f"{stray.kind} was answered {stray.status}"

    def _parked(self) -> None:
        """What nobody can read is kept, and nothing else but what died with the servers."""
        people = {_event(said) for person in self.people for said in person.line.said}
        for row in self.parked:
            if row.event_id.rpartition(":")[2] in people:
                assert row.error == THRICE, f"{row.event_id} was parked: {row.error}"
        kept = {row.event_id for row in self.parked}
        whatsapp = self.town.whatsapp
        for stray in whatsapp.postman.strays:
            if stray.kind == "poison" and 200 <= stray.status < 300:
                missing = set(_strange(stray, whatsapp.phone_id)) - kept
                assert not missing, f"{stray.body!r} was taken and not kept"

    def _secrets(self) -> None:
        tables = MetaData()
        tokens = (SECRET, TOKEN, self.town.whatsapp.token, self.town.whatsapp.app_secret)

        def texts() -> Iterator[tuple[str, str]]:
            for table in tables.tables.values():
                query = select(table)
                for row in self.office.database.read(lambda c, q=query: c.execute(q).fetchall()):  # type: ignore[misc]
                    yield table.name, " ".join(map(str, row))

        self.office.database.read(lambda c: tables.reflect(c))
        for name, text in texts():
            assert not any(token in text for token in tokens), f"a secret is in {name}"
        log = self.office.whole_logs()
        for token in (*tokens, SECRET_KEY):
            assert token not in log, "a secret is in the log"


def _event(said: Said) -> str:
    """The event's id in the office's books, without its account."""
    if said.parcel is None:
        return said.id
    update = said.parcel.content.get("update_id")
    return str(update) if update is not None else said.id


def _same(text: str, said: Said, person: Person) -> bool:
    if SECRET in said.words or not any(map(str.isalnum, said.words)):
        return SECRET not in text
    if said.tapped:
        return text in (said.words, OLD_BUTTON, f"({said.words})")
    return text == said.words or person.habits.tells_secret


def _interrupted(said: Said, person: Person) -> int:
    """How often a server died while this was under way, at most."""
    if said.parcel is None:
        assert isinstance(person.line, WebLine)
        return person.line.survived[said.id]
    return sum(not 200 <= status < 300 for status in said.parcel.statuses)


def _strange(stray: Stray, phone_id: str) -> list[str]:
    """The ids under which something unreadable is kept."""
    try:
        return [found.event_id for found in parse(json.loads(stray.body), phone_id).strange]
    except ValueError:
        return [f"raw:{hashlib.sha256(stray.body).hexdigest()}"]
