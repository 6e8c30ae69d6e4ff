"""What a run under load has to answer for: the crowd's memory beside the bot's own books."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.engine import Engine, make_url

from bench.people import Channel, Person
from storage.base import AnyRow, table_of
from storage.models import Conversation, Message, OutboxRow, Parked, Ticket

_C, _M, _O = table_of(Conversation), table_of(Message), table_of(OutboxRow)
_OPEN = ("queued", "sending", "announcing")


@dataclass
class Truth:
    """``lost``: taken with 200 and not in the transcript (as are parked events), or in the books
    and not with its person (nor withdrawn on purpose); ``twice``: the same, in either direction;
    ``disorder``: pairs in the wrong order; ``elsewhere``: with somebody it was not for.
    ``silent`` are messages that no word of ours follows. ``waits``: seconds from a message (from
    when it was due) to the first word that answers it. Counts and waits are of what came after
    ``since``, faults of all there was."""

    since: float
    lost: int = 0
    twice: int = 0
    disorder: int = 0
    elsewhere: int = 0
    silent: int = 0
    messages: int = 0
    answers: int = 0
    waits: dict[Channel, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def faults(self) -> dict[str, int]:
        """What must be 0."""
        names = ("lost", "twice", "disorder", "elsewhere", "silent")
        return {name: getattr(self, name) for name in names}


class Books:
    """The bot's database, seen from outside."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self._engine: Engine = create_engine(parsed)

    def close(self) -> None:
        self._engine.dispose()

    def waiting(self) -> int:
        """Messages still on their way out."""
        with self._engine.connect() as connection:
            query = select(func.count()).select_from(_O).where(_O.c.state.in_(_OPEN))
            return int(connection.execute(query).scalar_one())

    def tickets(self) -> int:
        with self._engine.connect() as connection:
            query = select(func.count()).select_from(table_of(Ticket))
            return int(connection.execute(query).scalar_one())

    def parked(self) -> int:
        """Events that the bot failed on and put aside: kept, but answered with an apology."""
        with self._engine.connect() as connection:
            query = select(func.count()).select_from(table_of(Parked))
            return int(connection.execute(query).scalar_one())

    def drain(self, patience: float) -> float:
        """Wait until nothing is on its way; how many seconds that took."""
        begun = time.perf_counter()
        while self.waiting() and time.perf_counter() - begun < patience:
            time.sleep(0.25)
        return time.perf_counter() - begun

    def check(self, people: Iterable[Person], since: float) -> Truth:
        """These people's messages and answers, one by one; counts and waits are of messages
        that were due after ``since``."""
        truth = Truth(since)
        with self._engine.connect() as connection:
            talks, owners = _talks(connection)
        for person in people:
            _check(person, talks.get((person.channel, person.chat), []), owners, truth)
        return truth


def _talks(
    connection: Connection,
) -> tuple[dict[tuple[str, str], list[AnyRow]], dict[str, tuple[str, str]]]:
    """All rows of each chat in order, and whose each platform id is."""
    query = (
        select(
            _C.c.channel, _C.c.chat, _M.c.seq, _M.c.author, _M.c.platform_id, _O.c.state
        )
        .join(_C, _C.c.id == _M.c.conversation_id)
        .outerjoin(_O, _O.c.message_id == _M.c.id)
        .order_by(_M.c.conversation_id, _M.c.seq)
    )  # fmt: skip
    talks: defaultdict[tuple[str, str], list[AnyRow]] = defaultdict(list)
    owners: dict[str, tuple[str, str]] = {}
    for row in connection.execute(query):
        talks[row.channel, row.chat].append(row)
        if row.platform_id:
            owners[row.platform_id] = (row.channel, row.chat)
    return talks, owners


def _check(
    person: Person, rows: list[AnyRow], owners: dict[str, tuple[str, str]], truth: Truth
) -> None:
    me = (person.channel, person.chat)
    came = {ref: at for ref, at in reversed(person.got)}
    heard = [row.platform_id for row in rows if row.author == "user"]
    ours = {row.platform_id: row.seq for row in rows if row.author != "user"}
    taken = [said.id for said in person.said if said.taken is not None]
    order = {said.id: n for n, said in enumerate(person.said)}
    truth.messages += sum(said.due >= truth.since for said in person.said)
    truth.answers += sum(at >= truth.since for _, at in person.got)
    truth.lost += len({*taken} - {*heard})
    truth.lost += sum(
        row.state != "withdrawn" and row.platform_id not in came
        for row in rows
        if row.author != "user"
    )
    truth.twice += len(heard) - len({*heard}) + len(person.got) - len(came)
    unknown = [ref for ref in came if ref not in ours]
    truth.elsewhere += sum(owners.get(ref, me) != me for ref in unknown)
    truth.twice += sum(owners.get(ref, me) == me for ref in unknown)
    truth.disorder += _falls([order.get(ref, -1) for ref in heard])
    truth.disorder += _falls([ours[ref] for ref, _ in person.got if ref in ours])
    due = {said.id: said.due for said in person.said if said.due >= truth.since}
    for row, after in pairwise([*rows, None]):
        if row is None or row.author != "user":
            continue
        if after is None or after.author == "user":
            truth.silent += 1
        elif after.platform_id in came and row.platform_id in due:
            truth.waits[person.channel].append(came[after.platform_id] - due[row.platform_id])


def _falls(numbers: list[int]) -> int:
    return sum(a > b for a, b in pairwise(numbers))
