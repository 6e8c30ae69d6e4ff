"""The front office: queue numbers at the counter, and tickets of people without a chat."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from bot.clock import HandClock
from dialogs import commands as c
from dialogs.answers import Answers
from dialogs.texts import Texts
from handoff.clock.calendar import OfficeCalendar
from handoff.counter import Counter
from handoff.lkpp import ManualLkpp
from handoff.office import front
from handoff.office.errands import Errand
from handoff.office.front import Given, Registration
from handoff.refusal import Refused
from handoff.rights import OFFICE, OFFICE_NAMES, may_office
from handoff.standing import ROLES, Worker
from storage.database import Database, open_database
from storage.repositories import agents, messages
from storage.repositories import front as rows
from storage.unit import Unit
from tests.handoff.conftest import KEY
from tests.rig import MONDAY, office_config

ANSWERS = {"nama": "Budi", "instansi": "CV Maju", "alamat": "Batam", "telepon": "+628123456789"}


class Office:
    """A database, a clock and two people at the counter."""

    def __init__(self, database: Database, counter: Counter) -> None:
        self.database = database
        self.counter = counter
        self.clock = HandClock(MONDAY)
        self.worker = Worker(self._hire(), "Rina", frozenset({"front_office", "helpdesk"}))

    def _hire(self) -> int:
        values = {"login": "rina", "name": "Rina", "roles": "front_office helpdesk"}
        return self.run(
            lambda unit: agents.add(
                unit.connection, **values, on_duty=True, active=True, created_at=MONDAY
            )
        )

    def run(self, job: Callable[[Unit], Any]) -> Any:
        return self.database.write(job).result()

    def do(self, deed: Callable[..., Any], *what: Any) -> Any:
        return self.run(
            lambda unit: deed(
                Errand(self.counter, unit.connection, self.worker, self.clock.now()), *what
            )
        )

    def take(self) -> int:
        """A new number; its row id."""
        return int(self.do(front.take_number)[0])

    def all(self) -> list[Any]:
        query = text("SELECT * FROM counter_turns ORDER BY day, n")
        return self.database.read(lambda connection: list(connection.execute(query)))

    def one(self, turn_id: int) -> Any:
        return self.database.read(lambda connection: rows.turn(connection, turn_id))

    def called(self, desk: str) -> Any:
        day = front.day_of(self.counter, self.clock.now())
        return self.database.read(lambda connection: rows.called_at(connection, day, desk))

    def waiting(self) -> list[str]:
        day = front.day_of(self.counter, self.clock.now())
        found = self.database.read(lambda connection: rows.waiting(connection, day))
        return [front.label(row.n) for row in found]

    def call(self, desk: str = "Loket 1") -> Any:
        self.do(front.call_next, desk)
        return self.called(desk)

    def never_comes(self, desk: str = "Loket 1") -> None:
        """All calls without an answer, then skipped."""
        row = self.called(desk)
        for _ in range(self.counter.policy.queue.calls - 1):
            self.do(front.call_again, row.id)
        self.do(front.skip, row.id)


@pytest.fixture(scope="module")
def counter() -> Counter:
    config = office_config()
    return Counter(
        office=config.office,
        policy=config.policy,
        texts=Texts(),
        answers=Answers.load(),
        calendar=OfficeCalendar(config.hours, config.identity.zone),
        series=config.series,
        key=KEY,
        lkpp=ManualLkpp(),
    )


@pytest.fixture
def office(tmp_path: Path, migrated: Path, counter: Counter) -> Iterator[Office]:
    path = shutil.copy(migrated, tmp_path / "loket.db")
    database = open_database(f"sqlite:///{path}")
    yield Office(database, counter)
    database.close()


# Numbers


def test_numbers_begin_at_one_every_day(office: Office) -> None:
    assert [office.do(front.take_number)[1] for _ in range(3)] == ["A-001", "A-002", "A-003"]
    office.clock.move(timedelta(days=1))
    assert office.do(front.take_number)[1] == "A-001"


def test_the_day_is_the_offices_not_the_servers(office: Office) -> None:
    office.take()
    office.clock.move(timedelta(hours=16))  # 01.00 in Jakarta, still the day before in UTC
    assert office.do(front.take_number)[1] == "A-001"


def test_a_guest_holds_one_number_at_a_time(office: Office) -> None:
    guest_id = office.do(front.welcome, front.Guest("Budi"))
    office.do(front.take_number, guest_id)
    with pytest.raises(Refused, match="A-001"):
        office.do(front.take_number, guest_id)
    office.do(front.came, office.call().id)
    assert office.do(front.take_number, guest_id)[1] == "A-002"


def test_numbers_are_called_in_their_order(office: Office) -> None:
    for _ in range(3):
        office.take()
    for n in (1, 2, 3):
        row = office.call()
        assert row.n == n
        office.do(front.came, row.id)
    with pytest.raises(Refused, match="Tidak ada nomor"):
        office.call()


def test_two_desks_that_press_at_once_call_two_numbers(office: Office) -> None:
    for _ in range(8):
        office.take()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: office.do(front.call_next, f"Loket {n}"), range(1, 9)))
    assert sorted(row.n for row in office.all() if row.state == "called") == list(range(1, 9))


def test_a_desk_has_one_number_at_a_time(office: Office) -> None:
    office.take(), office.take()
    office.call()
    with pytest.raises(Refused, match="A-001 masih dipanggil"):
        office.call()


def test_nobody_is_skipped_before_three_calls(office: Office) -> None:
    office.take()
    row = office.call()
    for _ in range(2):
        with pytest.raises(Refused, match="3 kali"):
            office.do(front.skip, row.id)
        office.do(front.call_again, row.id)
    with pytest.raises(Refused, match="sudah dipanggil 3 kali"):
        office.do(front.call_again, row.id)
    assert "setelah nomor berikutnya" in office.do(front.skip, row.id)


def test_a_skipped_number_is_called_again_at_the_next_turn(office: Office) -> None:
    for _ in range(4):
        office.take()
    office.call()
    office.never_comes()
    assert office.waiting() == ["A-002", "A-001", "A-003", "A-004"]
    office.do(front.came, office.call().id)
    assert office.call().n == 1


def test_after_two_rounds_a_number_is_gone(office: Office) -> None:
    office.take()
    office.call()
    office.never_comes()
    assert office.waiting() == ["A-001"]
    office.call()
    office.never_comes()
    assert office.all()[0].state == "gone"
    assert office.waiting() == []


def test_two_desks_skip_in_turn_and_the_order_stays_fair(office: Office) -> None:
    for _ in range(4):
        office.take()
    office.call("Loket 1"), office.call("Loket 2")
    office.never_comes("Loket 2")
    office.never_comes("Loket 1")
    assert office.waiting() == ["A-003", "A-001", "A-002", "A-004"]


def test_what_is_no_longer_called_cannot_be_served_twice(office: Office) -> None:
    office.take()
    row = office.call()
    office.do(front.came, row.id)
    for deed in (front.came, front.call_again, front.skip):
        with pytest.raises(Refused, match="tidak sedang dipanggil"):
            office.do(deed, row.id)


class Counters(RuleBasedStateMachine):
    """People come, are called by three desks, answer or do not."""

    template: Path
    counter: Counter

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="loket-counter-"))
        path = shutil.copy(self.template, self.folder / "loket.db")
        self.office = Office(open_database(f"sqlite:///{path}"), self.counter)
        self.given = 0
        self.overtaken: dict[int, int] = {}  # who was skipped: how many went before since

    def teardown(self) -> None:
        self.office.database.close()
        shutil.rmtree(self.folder)

    @rule()
    def comes(self) -> None:
        self.office.take()
        self.given += 1

    @rule(desk=st.sampled_from(front.DESKS[:3]))
    def is_called(self, desk: str) -> None:
        waiting = self.office.waiting()
        try:
            row = self.office.call(desk)
        except Refused:
            return
        assert front.label(row.n) == waiting[0]
        for n in self.overtaken:
            self.overtaken[n] += 1
        assert self.overtaken.pop(row.n, 1) <= 8, "somebody who was skipped is passed over"

    @precondition(lambda self: any(self.office.called(d) for d in front.DESKS[:3]))
    @rule(desk=st.sampled_from(front.DESKS[:3]), calls=st.integers(0, 4))
    def answers_or_not(self, desk: str, calls: int) -> None:
        row = self.office.called(desk)
        if row is None:
            return
        for _ in range(calls):
            try:
                self.office.do(front.call_again, row.id)
            except Refused:
                break
        if calls < 3:
            self.office.do(front.came, row.id)
            return
        self.office.do(front.skip, row.id)
        if self.office.one(row.id).state == "waiting":
            self.overtaken[row.n] = 0

    @invariant()
    def nobody_is_forgotten_and_no_number_is_there_twice(self) -> None:
        found = self.office.all()
        assert [row.n for row in found] == list(range(1, self.given + 1))
        waiting = [row for row in found if row.state == "waiting"]
        assert len({row.turn for row in waiting}) == len(waiting)
        desks = [row.desk for row in found if row.state == "called"]
        assert len(set(desks)) == len(desks)
        for row in found:
            assert row.state in {"waiting", "called", "served", "gone"}
            assert (row.ended_at is not None) == (row.state in {"served", "gone"})
            assert row.state != "gone" or row.rounds == 2


def test_nobody_is_forgotten_whatever_happens(migrated: Path, counter: Counter) -> None:
    machine = type("Machine", (Counters,), {"template": migrated, "counter": counter})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_errand_has_its_roles_and_its_words() -> None:
    assert OFFICE.keys() == OFFICE_NAMES.keys()
    for name, roles in OFFICE.items():
        seen = OFFICE.get(f"see_{name}", roles)
        assert roles <= seen, "whoever changes a list sees it"
        for role in ROLES:
            worker = Worker(1, "X", frozenset({role}))
            assert may_office(worker, name) == (role in roles)
            assert not may_office(replace(worker, active=False), name)


# Registering


def registration(chat: str = "1:abcdefgh", **changes: Any) -> Registration:
    form = c.OpenTicket("permintaan_layanan", "gagal upload", ANSWERS, "penyedia")
    given: dict[str, Any] = {"source": "walk_in", "chat": chat, "form": form}
    return Registration(**{**given, **changes})


def test_a_walk_in_gets_a_ticket_like_any_other(office: Office) -> None:
    ticket = office.do(front.register, registration())
    assert ticket.number.startswith("LPSE-2611-00001-")
    assert (ticket.state, ticket.source, ticket.problem) == ("baru", "walk_in", "gagal upload")


def test_the_same_form_twice_is_one_ticket(office: Office) -> None:
    first = office.do(front.register, registration())
    again = office.do(front.register, registration())
    other = office.do(front.register, registration("1:zyxwvuts"))
    assert again.number == first.number != other.number


def test_a_ticket_comes_with_its_file_and_its_line_in_the_guest_book(office: Office) -> None:
    file = Given("image", "layar.png", "image/png", 10, "0" * 64)
    ticket = office.do(front.register, registration(files=(file,), in_book=True))
    since = MONDAY - timedelta(hours=1)
    (guest,) = office.database.read(
        lambda connection: rows.guests(connection, since, since + timedelta(days=1))
    )
    assert (guest.name, guest.number) == ("Budi", ticket.number)
    files = office.database.read(lambda connection: messages.files_of_ticket(connection, ticket.id))
    assert [f.name for f in files] == ["layar.png"]


def test_what_was_not_given_stands_in_no_guest_book(office: Office) -> None:
    form = c.OpenTicket(
        "permintaan_layanan", "x", {"nama": "Budi", "telepon": "tidak diberikan"}, "penyedia"
    )
    office.do(front.register, registration(form=form, in_book=True))
    since = MONDAY - timedelta(hours=1)
    (guest,) = office.database.read(
        lambda connection: rows.guests(connection, since, since + timedelta(days=1))
    )
    assert guest.phone == ""
