"""Two Lokets on one PostgreSQL, and everything at once: nothing lost, nothing twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import inspect, text

from bot.bootstrap import Loket
from bot.channels.port import Refused as PlatformRefused
from bot.office_turns import OfficeTurns
from bot.staff import accounts
from dialogs.heard import SharedPhone
from handoff import actions as a
from handoff.clock import due
from handoff.job import Job
from handoff.office import front
from handoff.office.errands import Errand
from storage.repositories import agents, queue
from storage.repositories import clock as clocks
from storage.unit import Unit
from tests.bot.replicas import Office, in_thread, make_url, office, outcomes, postgres
from tests.handoff.tickets import opened

__all__ = ["make_url", "office", "postgres"]

PHONE = "+6281277770000"
WHOLE = "SELECT id FROM agents FOR UPDATE"


def waiting(office: Office, user: str) -> str:
    """A user on Telegram who waits for a person; the ticket's number."""
    for words in ("petugas", user.capitalize(), "token apendo tidak terbaca"):
        office.rig.say(words, user, "telegram")
    return str(office.rig.ticket().number)


def live(office: Office) -> list[Any]:
    return office.rig.rows("SELECT * FROM human_requests WHERE state = 'live'")


def holders(office: Office) -> set[str]:
    rows = office.rig.rows("SELECT holder FROM conversations WHERE holder IS NOT NULL")
    return {row.holder for row in rows}


def kinds(office: Office, kind: str) -> int:
    """How often something stands in the histories."""
    like = f'%"kind": "{kind}"%'
    return int(office.rig.rows("SELECT count(*) FROM history WHERE body LIKE :k", k=like)[0][0])


# Two people on one ticket


def test_of_two_who_take_at_once_one_has_the_chat_and_the_other_is_told(office: Office) -> None:
    number = waiting(office, "budi")
    one, two = office.lokets
    with office.held_contact("budi"):
        futures = (
            office.acts(one, "rina", a.Take(), number),
            office.acts(two, "joko", a.Take(), number),
        )
    done, refused = outcomes(*futures)
    assert len(done) == len(refused) == 1
    assert "sudah diambil" in refused[0]
    (row,) = live(office)
    assert holders(office) == {row.number}
    assert office.rig.ticket(number).agent_id == row.agent_id
    assert kinds(office, "chat_begun") == 1


def test_an_agent_takes_while_the_user_leaves(office: Office) -> None:
    number = waiting(office, "budi")
    one, two = office.lokets
    leaving = office.rig.event("budi", "telegram", text="kembali ke bot")
    with office.held_contact("budi"):
        taken, left = office.acts(one, "rina", a.Take(), number), office.says(two, leaving)
    outcomes(taken, left)
    assert holders(office) == {row.number for row in live(office)}
    office.rig.settle()
    assert office.rig.say("menu", "budi", "telegram") or live(office)


def test_a_solution_and_a_line_of_the_user_both_count(office: Office) -> None:
    number = opened(office.rig)
    office.rig.act("rina", a.ReplyToUser("sudah dicoba lagi?"), number)
    one, two = office.lokets
    line = office.rig.event("budi", "telegram", text="masih gagal di langkah kedua")
    with office.held_contact("budi"):
        solved = office.acts(one, "rina", a.Solve("Coba lagi", "Rina", missing=True), number)
        heard = office.says(two, line)
    outcomes(solved, heard)
    assert kinds(office, "solved") == 1
    rows = office.rig.rows("SELECT text FROM messages WHERE author = 'user' ORDER BY seq")
    assert [row.text for row in rows][-1] == "masih gagal di langkah kedua"
    seqs = office.rig.rows("SELECT seq FROM messages ORDER BY seq")
    assert [row.seq for row in seqs] == list(range(1, len(seqs) + 1))


def test_data_are_asked_for_while_a_file_comes(office: Office) -> None:
    number = opened(office.rig)
    office.rig.act("rina", a.ReplyToUser("mohon kirim tangkapan layar"), number)
    one, two = office.lokets
    sent = office.rig.event("budi", "telegram", files=(office.rig.file("layar.png"),))
    with office.held_contact("budi"):
        asked = office.acts(one, "rina", a.AskData((("Scan NIB", "file"),)), number)
        heard = office.says(two, sent)
    outcomes(asked, heard)
    office.rig.settle()
    (file,) = office.rig.rows("SELECT ticket_id FROM attachments WHERE name = 'layar.png'")
    assert file.ticket_id == office.rig.ticket(number).id
    assert office.rig.ticket(number).state == "menunggu_data"


# The queue


def test_six_who_come_at_once_have_six_places_and_numbers_without_a_gap(office: Office) -> None:
    users = ("andi", "budi", "citra", "dewi", "eka", "fajar")
    for user in users:
        for words in ("petugas", f"{user.capitalize()} Santoso"):
            office.rig.say(words, user, "telegram")
    lokets = itertools.cycle(office.lokets)
    last = [office.rig.event(user, "telegram", text="token tidak terbaca") for user in users]
    with office.held_contact(*users, waiters=6):
        futures = [office.says(next(lokets), event) for event in last]
    outcomes(*futures)
    rows = office.rig.rows("SELECT number, turn FROM human_requests ORDER BY turn")
    assert [row.turn for row in rows] == [1000, 2000, 3000, 4000, 5000, 6000]
    assert [row.number[-7:-2] for row in rows] == [f"{n:05d}" for n in range(1, 7)]
    numbers = office.rig.rows("SELECT number FROM tickets ORDER BY number")
    assert [row.number[-7:-2] for row in numbers] == [f"{n:05d}" for n in range(1, 7)]


def test_an_agent_who_has_room_for_one_takes_one_of_two(office: Office) -> None:
    first, second = waiting(office, "budi"), waiting(office, "siti")
    office.rig.loket.database.write(
        lambda unit: agents.change(unit.connection, office.rig.agents["rina"], chat_limit=1)
    ).result()
    one, two = office.lokets
    with office.held(WHOLE, waiters=2):
        futures = (
            office.acts(one, "rina", a.Take(), first),
            office.acts(two, "rina", a.Take(), second),
        )
    done, refused = outcomes(*futures)
    assert len(done) == len(refused) == 1
    assert "Akhiri salah satu" in refused[0]
    assert len(live(office)) == 1


def test_two_who_take_over_from_each_other_do_not_block_each_other(office: Office) -> None:
    """Naming an agent (an alert, a message) waits for nobody who counts that agent's chats."""
    for login in ("dedi", "sari"):
        office.rig.hire(login, "koordinator", "helpdesk")
    pairs = [(waiting(office, "budi"), "dedi"), (waiting(office, "siti"), "sari")]
    for number, login in pairs:
        office.rig.act(login, a.ReplyToUser("sebentar"), number)
        office.rig.duty(login, on=False)
    (first, dedi), (second, sari) = pairs
    one, two = office.lokets
    with office.held_contact("budi", "siti"):
        futures = (
            office.acts(one, sari, a.Take(), first),
            office.acts(two, dedi, a.Take(), second),
        )
    done, _ = outcomes(*futures)
    assert len(done) == 2
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert office.rig.rows(deadlocks)[0][0] == 0


def test_two_who_come_back_at_once_have_different_places(office: Office) -> None:
    """They answer calls of somebody who is not there any more."""
    for user in ("budi", "siti"):
        office.rig.act("rina", a.CallUser(), waiting(office, user))
    waiting(office, "maya")
    office.rig.duty("rina", on=False)
    with office.held("SELECT id FROM human_requests FOR UPDATE", waiters=2):
        futures = [
            office.says(loket, office.rig.event(user, "telegram", text="saya di sini"))
            for loket, user in zip(office.lokets, ("budi", "siti"), strict=True)
        ]
    outcomes(*futures)
    rows = office.rig.rows("SELECT state, turn FROM human_requests")
    assert [row.state for row in rows] == ["waiting"] * 3
    assert len({row.turn for row in rows}) == 3
    assert max(row.turn for row in rows) == 3000  # both before whoever came after them


def test_behind_the_next_is_before_the_one_after_however_narrow_it_is(office: Office) -> None:
    for user in ("budi", "siti", "wati", "maya"):
        waiting(office, user)

    def squeezed(unit: Unit) -> list[str]:
        for n, turn in enumerate((1000, 2000, 2001, 2002), 1):
            queue.change(unit.connection, n, turn=turn)
        queue.change(unit.connection, 1, turn=queue.turn_behind_next(unit.connection, 1000))
        return [row.number[-7:-2] for row in queue.waiting(unit.connection)]

    order = office.rig.loket.database.write(squeezed).result()
    assert order == ["00002", "00001", "00003", "00004"]


def test_chats_that_come_back_together_have_different_places(office: Office) -> None:
    for user in ("budi", "siti", "wati"):
        office.rig.act("rina", a.Take(), waiting(office, user))
    waiting(office, "maya")
    office.rig.clock.move(timedelta(minutes=11))
    office.rig._beat()
    office.ring_both()
    rows = office.rig.rows("SELECT turn FROM human_requests WHERE state = 'waiting'")
    assert len(rows) == len({row.turn for row in rows}) == 4
    assert not live(office)
    assert not holders(office)


def test_an_account_is_closed_while_its_chat_is_ended(office: Office) -> None:
    number = waiting(office, "budi")
    office.rig.act("rina", a.Take(), number)
    one, two = office.lokets

    def close(unit: Unit) -> None:
        agents.change(unit.connection, office.rig.agents["rina"], active=False, on_duty=False)

    two.database.write(close).result()
    with office.held_contact("budi", waiters=3):
        ended = office.acts(one, "rina", a.EndChat(), number)
        rung = [in_thread(loket.ticker.ring) for loket in office.lokets]
    outcomes(ended, *rung)
    office.ring_both()
    assert not holders(office)
    assert kinds(office, "released") + kinds(office, "unassigned") == 1
    assert office.rig.ticket(number).agent_id is None
    told = [s.text for s in office.rig.answers("budi", "telegram") if "antrean" in s.text]
    assert len(told) == len(set(told))


# Sweeps of both


def test_a_notice_that_was_refused_leads_to_one_call(office: Office) -> None:
    number = opened(office.rig)
    office.rig.telegram.faults = [PlatformRefused("no")] * 3
    office.rig.act("rina", a.Solve("Coba lagi", "Rina", missing=True), number)
    office.rig.run(office.rig._work())
    office.ring_both()
    calls = office.rig.rows("SELECT * FROM calls WHERE state = 'open'")
    assert len(calls) == 1
    assert kinds(office, "to_be_phoned") == 1
    alerts = office.rig.rows("SELECT * FROM alerts WHERE kind = 'undelivered'")
    assert len(alerts) == 1


def test_a_notice_that_was_refused_goes_out_once_elsewhere(office: Office) -> None:
    number = opened(office.rig)
    office.rig.say("halo", "budi", "web")
    _join(office, ("budi", "web"), ("budi", "telegram"))
    office.rig.telegram.faults = [PlatformRefused("no")] * 3
    office.rig.act("rina", a.Solve("Coba lagi", "Rina", missing=True), number)
    office.rig.run(office.rig._work())
    office.ring_both()
    office.rig.settle()
    copies = [s for s in office.rig.answers("budi", "web") if "Coba lagi" in s.text]
    assert len(copies) == 1
    assert kinds(office, "notice_repeated") == 1


def test_a_notice_of_several_parts_goes_out_once_elsewhere(office: Office) -> None:
    number = opened(office.rig)
    office.rig.say("halo", "budi", "web")
    _join(office, ("budi", "web"), ("budi", "telegram"))
    long = " ".join(f"langkah-{n}." for n in range(900))
    office.rig.telegram.faults = [PlatformRefused("no")] * 9
    office.rig.act("rina", a.Solve(long, "Rina", missing=True), number)
    office.rig.run(office.rig._work())
    office.ring_both()
    office.rig.settle()
    shown = "\n".join(s.text for s in office.rig.answers("budi", "web"))
    assert shown.count("langkah-7.") == 1
    assert shown.count("langkah-899.") == 1


def test_a_data_request_begins_once(office: Office) -> None:
    number = opened(office.rig)
    office.rig.act("rina", a.AskData((("Scan NIB", "file"),)), number)
    office.rig.run(office.rig._work())
    office.ring_both()
    assert kinds(office, "data_request_arrived") == 1


def test_a_poison_ticket_is_told_once_and_keeps_nobody_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, good = opened(office.rig), opened(office.rig, user="siti")
    bad_id, good_id = office.rig.ticket(poison).id, office.rig.ticket(good).id

    def look_after(job: Job) -> None:
        if job.ticket.id == bad_id:
            raise RuntimeError("poison")
        job.write("looked_after")

    def broken(connection: Any, *, now: Any) -> list[int]:
        raise RuntimeError("cannot look")

    def found(connection: Any, *, now: Any) -> list[int]:
        return [bad_id, good_id]

    monkeypatch.setattr(due, "SWEEPS", ((broken, look_after), (found, look_after)))
    office.rig.loket.ticker.ring()
    office.rig.loket.ticker.ring()
    assert kinds(office, "looked_after") == 2
    told = office.rig.rows("SELECT subject FROM alerts WHERE kind = 'sweep_failed'")
    assert [row.subject for row in told] == [f"ticket:{bad_id}"]


def test_a_deadline_that_fails_in_both_is_told_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = opened(office.rig)
    office.rig.act("rina", a.Solve("Coba lagi", "Rina", missing=True), number)

    def poison(*_: Any) -> None:
        raise RuntimeError("poison")

    monkeypatch.setattr(due, "DEEDS", dict.fromkeys(due.DEEDS, poison))
    office.rig.clock.move(timedelta(days=4))
    office.rig._beat()
    office.ring_both()
    told = office.rig.rows("SELECT subject FROM alerts WHERE kind = 'deadline_failed'")
    assert told
    assert len(told) == len(set(told))
    now = office.rig.clock.now()
    assert not office.rig.loket.database.read(lambda c: clocks.due(c, now))


# The counter, accounts


def _errand(office: Office, at: Loket, deed: Callable[[Errand], str]) -> Future[Any]:
    turns = OfficeTurns(at.turns)
    return turns.do(office.rig.agents["dewi"], "front", deed, event=f"e:{next(_events)}")


_events = itertools.count(1)


def _guests(office: Office, count: int) -> None:
    office.rig.hire("dewi", "front_office")
    for _ in range(count):
        _errand(office, office.rig.loket, lambda e: front.take_number(e)[1]).result()


def test_a_desk_that_is_pressed_twice_calls_one_number(office: Office) -> None:
    _guests(office, 4)
    one, two = office.lokets
    with office.held("SELECT * FROM series FOR UPDATE", waiters=3):
        futures = [
            _errand(office, one, lambda e: front.call_next(e, "Loket 1")),
            _errand(office, two, lambda e: front.call_next(e, "Loket 1")),
            _errand(office, two, lambda e: front.call_next(e, "Loket 2")),
        ]
    done, refused = outcomes(*futures)
    assert len(done) == 2
    assert "masih dipanggil" in refused[0]
    rows = office.rig.rows("SELECT n FROM counter_turns WHERE state = 'called' ORDER BY n")
    assert [row.n for row in rows] == [1, 2]


def test_two_numbers_are_skipped_at_once(office: Office) -> None:
    _guests(office, 4)
    for desk in ("Loket 1", "Loket 2"):
        _errand(office, office.rig.loket, partial(front.call_next, desk=desk)).result()
    ids = [r.id for r in office.rig.rows("SELECT id FROM counter_turns WHERE state = 'called'")]
    for turn_id, _ in itertools.product(ids, range(2)):
        _errand(office, office.rig.loket, partial(front.call_again, turn_id=turn_id)).result()
    with office.held("SELECT * FROM series FOR UPDATE", waiters=2):
        futures = [
            _errand(office, loket, partial(front.skip, turn_id=turn_id))
            for loket, turn_id in zip(office.lokets, ids, strict=True)
        ]
    done, _ = outcomes(*futures)
    assert len(done) == 2
    rows = office.rig.rows("SELECT n, turn FROM counter_turns ORDER BY turn")
    assert len({row.turn for row in rows}) == 4
    assert rows[0].n == 3  # whoever was behind both is next now


def test_a_guest_is_given_one_number(office: Office) -> None:
    _guests(office, 1)
    guest = OfficeTurns(office.rig.loket.turns).make(
        office.rig.agents["dewi"], "front", lambda e: front.welcome(e, front.Guest("Hendra"))
    )
    guest_id = guest.result()
    with office.held("SELECT * FROM series FOR UPDATE", waiters=2):
        futures = [
            _errand(office, loket, lambda e: front.take_number(e, guest_id)[1])
            for loket in office.lokets
        ]
    done, refused = outcomes(*futures)
    assert len(done) == len(refused) == 1
    _errand(office, office.other, lambda e: front.take_number(e)[1]).result()
    rows = office.rig.rows("SELECT n FROM counter_turns ORDER BY n")
    assert [row.n for row in rows] == [1, 2, 3]


def test_two_setup_links_make_one_admin(office: Office) -> None:
    now = office.rig.clock.now()

    def nobody(unit: Unit) -> list[str]:
        unit.connection.execute(text("DELETE FROM agents"))
        made = []
        for _ in range(2):
            link = accounts.setup_link(unit.connection, now)
            assert link is not None
            made.append(link)
        unit.connection.execute(text("UPDATE agent_links SET expires_at = 9000000000000000"))
        return made

    links = office.rig.loket.database.write(nobody).result()

    def set_up(unit: Unit, token: str, login: str) -> int:
        return accounts.set_up(
            unit.connection, token, login=login, name="Sari", password_hash="x", now=now
        )

    lock = "SELECT * FROM agent_links FOR UPDATE"
    with office.held(lock, waiters=2):
        futures = [
            loket.database.write(partial(set_up, token=link, login=login))
            for loket, link, login in zip(office.lokets, links, ("sari", "kus"), strict=True)
        ]
    done, refused = outcomes(*futures)
    assert len(done) == len(refused) == 1
    assert office.rig.count("agents") == 1


def test_a_turn_that_fails_leaves_no_gap_in_the_numbers(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(office.rig)
    real = Job.alert_holder

    def fails(job: Job, kind: str, text: str) -> None:
        if job.ticket.problem == "gagal":
            raise RuntimeError("after the number was counted")
        real(job, kind, text)

    monkeypatch.setattr(Job, "alert_holder", fails)
    with pytest.raises(RuntimeError):
        opened(office.rig, user="siti", problem="gagal")
    assert opened(office.rig, user="wati")[-7:-2] == "00002"


# One person after all


def _join(office: Office, source: tuple[str, str], target: tuple[str, str]) -> None:
    """The platform vouches for the same number in both chats."""
    _prove(office, office.contact(*target))
    phone = SharedPhone(PHONE, own=True)
    office.says(office.rig.loket, office.rig.event(*source, phone=phone)).result()


def owned(office: Office, contact_id: int) -> dict[str, int]:
    """How many rows of each table belong to a contact: every table that names one."""
    tables = [
        name
        for name in inspect(office.engine).get_table_names()
        if any(col["name"] == "contact_id" for col in inspect(office.engine).get_columns(name))
    ]
    with office.engine.connect() as connection:
        found = {
            name: connection.execute(
                text(f"SELECT count(*) FROM {name} WHERE contact_id = :c"), {"c": contact_id}
            ).scalar_one()
            for name in tables
        }
    return {name: count for name, count in found.items() if count}


def test_whoever_proves_to_be_somebody_takes_everything_along(office: Office) -> None:
    rig = office.rig
    number = waiting(office, "budi")
    rig.say("hapus data saya", "budi", "telegram")
    for label in ("Ya", "Kirim"):
        if label in rig.labels("budi", "telegram"):
            rig.tap(label, "budi", "telegram")
    rig.act("rina", a.Take(), number)
    rig.act("rina", a.AskData((("Scan NIB", "file"),)), number)
    rig.settle()
    rig.say("halo", "budi", "web")
    source, target = office.contact("budi"), office.contact("budi", "web")
    before = owned(office, source)
    assert {"conversations", "tickets", "human_requests", "deadlines", "data_requests"} <= {*before}
    one, two = office.lokets
    _prove(office, target)
    phone = rig.event("budi", "telegram", phone=SharedPhone(PHONE, own=True))
    with office.held_contact("budi", waiters=2):
        joins = office.says(one, phone)
        replies = office.acts(two, "rina", a.ReplyToUser("halo Budi"), number)
    outcomes(joins, replies)
    assert owned(office, source) == {}
    gained = owned(office, target)
    assert all(gained[name] >= count for name, count in before.items() if name != "deadlines")
    rig.settle()
    assert any("halo Budi" in s.text for s in rig.answers("budi", "telegram"))
    rig.act("rina", a.Solve("Selesai", "Rina", missing=True), number)
    assert not holders(office)


def _prove(office: Office, contact_id: int) -> None:
    with office.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO identities (contact_id, kind, value, proven_by, created_at) "
                "VALUES (:c, 'phone', :p, 'test', 0)"
            ),
            {"c": contact_id, "p": PHONE},
        )


def test_a_number_that_is_proved_meanwhile_joins_under_both_locks(office: Office) -> None:
    """Whom to join is known only after the wait for one's own lock: they are locked then."""
    rig = office.rig
    for user in ("budi", "siti"):
        opened(rig, user=user)
    with ExitStack() as siti:
        with office.held_contact("budi", waiters=1):
            shares = rig.event("budi", "telegram", phone=SharedPhone(PHONE, own=True))
            joins = office.says(office.other, shares)
            office.wait_for(1)
            _prove(office, office.contact("siti"))
            siti.enter_context(office.held_contact("siti", waiters=0))
        office.wait_for(1)
        assert not joins.done()
    joins.result(timeout=10)
    assert office.contact("budi") == office.contact("siti")
    assert owned(office, office.contact("budi"))["tickets"] == 2


def test_two_chats_that_prove_one_number_at_once_are_one_person(office: Office) -> None:
    rig = office.rig
    for user in ("budi", "siti"):
        opened(rig, user=user)
    one, two = office.lokets
    phone = SharedPhone(PHONE, own=True)
    with office.held_contact("budi", "siti"):
        first = office.says(one, rig.event("budi", "telegram", phone=phone))
        second = office.says(two, rig.event("siti", "telegram", phone=phone))
    failed = [error for error in (f.exception() for f in (first, second)) if error is not None]
    assert len(failed) <= 1  # the intake begins such a turn again
    if failed:
        user = "budi" if first.exception() else "siti"
        office.says(one, rig.event(user, "telegram", phone=phone)).result()
    assert office.contact("budi") == office.contact("siti")
    assert rig.rows("SELECT count(DISTINCT contact_id) FROM tickets")[0][0] == 1
