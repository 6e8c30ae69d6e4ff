"""The front office: queue numbers at the counter [001, 004], and tickets of people who come by
or phone.

A queue number is waiting, called, served or gone. Whoever does not answer all calls goes behind
the next one and is called again at that turn; after as many rounds as the office allows the
number is gone (``queue.calls`` and ``queue.rounds`` in config.yml).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dialogs import commands as c
from dialogs.texts import clip
from handoff import actions as a
from handoff import rights
from handoff.clock import service
from handoff.counter import Counter, Moment
from handoff.job import NOT_GIVEN, Job, safe
from handoff.office.errands import Errand
from handoff.refusal import Refused
from handoff.ticket import closure
from handoff.ticket.opening import open_ticket
from storage.base import AnyRow
from storage.repositories import calls, conversations, front, messages, tickets

CHANNEL = "counter"  # nobody can be sent to there: what is to be said is on the call list
DESKS = tuple(f"Loket {n}" for n in range(1, 10))
Source = Literal["walk_in", "phone"]
SOURCES: dict[str, str] = {"walk_in": "Datang ke loket", "phone": "Telepon"}


def label(n: int) -> str:
    """A queue number as it is printed and called."""
    return f"A-{n:03d}"


def day_of(counter: Counter, now: datetime) -> str:
    """The office's date: numbers begin again every day."""
    return counter.calendar.local(now).date().isoformat()


def take_number(errand: Errand, guest_id: int | None = None) -> tuple[int, str]:
    """The next queue number of today: (its row id, how it reads). The series' row orders those
    who come at once."""
    connection, day = errand.connection, day_of(errand.counter, errand.now)
    if guest_id is not None and front.guest(connection, guest_id) is None:
        raise Refused("Tamu itu tidak ada di buku tamu.")
    n = tickets.next_in_series(connection, _series(day))  # given back if it is refused
    held = front.turn_of_guest(connection, guest_id, day) if guest_id is not None else None
    if held is not None:
        raise Refused(f"Tamu ini sudah memegang nomor {label(held.n)}.")
    turn_id = front.add_turn(
        connection,
        day=day,
        n=n,
        guest_id=guest_id,
        state="waiting",
        turn=front.last_turn(connection, day) + 1,
        created_at=errand.now,
    )
    return turn_id, label(n)


def _series(day: str) -> str:
    return f"counter:{day}"


def call_next(errand: Errand, desk: str) -> str:
    """Call whoever is next to a desk. Two who press at once call two different numbers."""
    connection, day = errand.connection, day_of(errand.counter, errand.now)
    tickets.lock_series(connection, _series(day))  # two who press at once go one by one
    still = front.called_at(connection, day, desk)
    if still is not None:
        raise Refused(
            f"{label(still.n)} masih dipanggil di {desk}. Tandai datang atau lewati dulu."
        )
    row = front.next_waiting(connection, day)
    if row is None:
        raise Refused("Tidak ada nomor yang menunggu.")
    front.change(
        connection, row.id, "waiting", state="called", calls=1, desk=desk, called_at=errand.now
    )
    _trace(errand, row, f"called {desk}")
    return f"{label(row.n)} dipanggil ke {desk}."


def call_again(errand: Errand, turn_id: int) -> str:
    """The second and third call [001]."""
    row, most = _called(errand, turn_id), errand.counter.policy.queue.calls
    if row.calls >= most:
        raise Refused(f"{label(row.n)} sudah dipanggil {most} kali. Tandai tidak datang.")
    _change(errand, row, calls=row.calls + 1, called_at=errand.now)
    _trace(errand, row, f"called again {row.calls + 1}")
    return f"{label(row.n)} dipanggil lagi ({row.calls + 1} dari {most})."


def came(errand: Errand, turn_id: int) -> str:
    """The number came to the desk."""
    row = _called(errand, turn_id)
    _change(errand, row, state="served", ended_at=errand.now)
    _trace(errand, row, "served")
    return f"{label(row.n)} sudah di {row.desk}."


def skip(errand: Errand, turn_id: int) -> str:
    """Nobody came after all calls: behind the next one, or gone after the last round."""
    tickets.lock_series(errand.connection, _series(day_of(errand.counter, errand.now)))
    row, rules = _called(errand, turn_id), errand.counter.policy.queue
    if row.calls < rules.calls:
        raise Refused(f"Panggil {label(row.n)} {rules.calls} kali dulu, baru dilewati.")
    rounds = row.rounds + 1
    _trace(errand, row, f"skipped {rounds}")
    if rounds >= rules.rounds:
        _change(errand, row, state="gone", rounds=rounds, ended_at=errand.now)
        return f"{label(row.n)} tidak datang setelah {rounds} putaran; nomornya hangus."
    others = front.waiting(errand.connection, row.day)
    _change(errand, row, state="waiting", rounds=rounds, calls=0, desk="")
    order = behind_next([other.id for other in others], row.id)
    places = sorted([row.turn, *(other.turn for other in others)])
    for turn, waiting_id in zip(places, order, strict=True):
        front.change(errand.connection, waiting_id, "waiting", turn=turn)
    return f"{label(row.n)} dilewati; dipanggil lagi setelah nomor berikutnya."


def behind_next(waiting: Sequence[int], skipped: int) -> list[int]:
    """The order of those who wait with a skipped one behind the next."""
    return [*waiting[:1], skipped, *waiting[1:]]


def _called(errand: Errand, turn_id: int) -> AnyRow:
    row = front.turn(errand.connection, turn_id)
    if row is None:
        raise Refused("Nomor antrean itu tidak ada.")
    if row.state != "called":
        raise Refused(f"{label(row.n)} tidak sedang dipanggil.")
    return row


def _change(errand: Errand, row: AnyRow, **values: object) -> None:
    """Raises Refused where somebody else was quicker."""
    if not front.change(errand.connection, row.id, "called", **values):
        raise Refused(f"{label(row.n)} tidak sedang dipanggil.")


def _trace(errand: Errand, row: AnyRow, what: str) -> None:
    errand.trace(f"counter:{row.day}:{label(row.n)} {what}")


@dataclass(frozen=True, slots=True)
class Guest:
    """A line of the guest book [001 step 1]; its texts are masked already."""

    name: str
    organisation: str = ""
    phone: str = ""
    purpose: str = ""


def welcome(errand: Errand, guest: Guest) -> int:
    """Write a line of the guest book; its row id."""
    return front.add_guest(
        errand.connection,
        name=guest.name,
        organisation=guest.organisation,
        phone=guest.phone,
        purpose=guest.purpose,
        agent_id=errand.worker.id,
        at=errand.now,
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A file handed over at the counter; ``blob`` is the key of its stored bytes."""

    kind: str
    name: str
    mime: str
    size: int
    blob: str


@dataclass(frozen=True, slots=True)
class Registration:
    """The form as it was taken from somebody at the counter or on the phone. ``chat`` is unique
    to the form: sent twice, it is one ticket. ``guest_id`` is their line of the guest book;
    ``in_book``: make one."""

    source: Source
    chat: str
    form: c.OpenTicket
    files: tuple[Given, ...] = ()
    guest_id: int | None = None
    in_book: bool = False


def register(errand: Errand, what: Registration) -> AnyRow:
    """A ticket for a person without a chat, opened as the chat opens one [001 steps 3 to 5];
    its row. All texts are masked already."""
    now, connection = errand.now, errand.connection
    case = conversations.open_case(connection, (CHANNEL, CHANNEL, what.chat, ""), now)
    moment = errand.at(case)
    if known := tickets.of_contact(connection, case.contact_id, 1):
        return tickets.get(connection, known[0].id)
    message_id = messages.add(
        connection,
        conversation_id=case.id,
        seq=case.seq + 1,
        author="user",
        text=what.form.problem,
        now=now,
    )
    conversations.save_state(connection, case.id, state=case.state, seq=case.seq + 1)
    files = tuple(_keep(moment, message_id, file) for file in what.files)
    open_ticket(errand.counter, moment, replace(what.form, attachment_ids=files))
    ticket_id = tickets.of_contact(connection, case.contact_id, 1)[0].id
    messages.put_on_ticket(connection, (message_id,), ticket_id)
    job = Job(errand.counter, moment, errand.worker, ticket_id)
    job.update(source=what.source)
    job.write("registered", SOURCES[what.source])
    service.sync(job)
    guest_id = what.guest_id
    if guest_id is None and what.in_book:
        guest_id = welcome(errand, _guest_of(what.form))
    if guest_id is not None:
        front.give_ticket(connection, guest_id, ticket_id)
    return job.ticket


def _guest_of(form: c.OpenTicket) -> Guest:
    given = {key: "" if value == NOT_GIVEN else value for key, value in form.answers.items()}
    return Guest(
        given.get("nama", ""),
        given.get("instansi", ""),
        given.get("telepon", ""),
        clip(form.problem, 200),
    )


def _keep(moment: Moment, message_id: int, file: Given) -> int:
    return messages.add_file(
        moment.connection,
        conversation_id=moment.case.id,
        message_id=message_id,
        kind=file.kind,
        name=file.name,
        mime=file.mime,
        size=file.size,
        ref=None,
        blob=file.blob,
        sha256=file.blob,
        now=moment.now,
    )


def answered(errand: Errand, ticket_id: int, *, solved: bool, words: str) -> str:
    """What a user without a chat says to the solution, at the desk or on the phone: *Sudah* or
    *Belum* [002 step 8, 003 step 16]. The calls about it are made with that."""
    ticket = tickets.find(errand.connection, ticket_id)
    if ticket is None:
        raise Refused("Tiket itu tidak ada.")
    moment = errand.moment(ticket.conversation_id)
    if moment.case.channel != CHANNEL:
        raise Refused(f"{ticket.number} punya chat: penggunanya menjawab sendiri di sana.")
    job = Job(errand.counter, moment, errand.worker, ticket_id)
    rights.check(errand.worker, job.standing(), a.PhoneCall(0, reached=True))
    if job.ticket.state != "selesai":
        raise Refused(f"{ticket.number} tidak sedang menunggu jawaban pengguna.")
    said = safe(words)
    if not solved and not said:
        raise Refused("Tulis apa yang belum beres menurut pengguna.")
    job.write("answered_at_desk", f"{'Sudah' if solved else 'Belum'}. {said}".strip())
    closure.confirm(job, c.ConfirmSolved(ticket.number, solved, said))
    service.sync(job)
    moment.says.clear()  # whoever would be told has just been spoken to
    for call in calls.of_ticket(errand.connection, ticket_id):
        if call.kind == "walk_in":
            calls.change(
                errand.connection,
                call.id,
                state="done",
                done_at=errand.now,
                done_by=errand.worker.id,
            )
    return f"{ticket.number}: dicatat {'sudah' if solved else 'belum'} beres."
