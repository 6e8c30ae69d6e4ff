"""What people at the office do that is no action on a ticket: messages that did not arrive,
parked events, personal-data requests, alerts, texts that were not understood.

Each runs inside one transaction, is authorised by ``rights.OFFICE`` and leaves a trace.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dialogs import state as states
from dialogs.reply import Attached, Choice, Reply
from handoff import actions as a
from handoff import rights
from handoff.clock import service
from handoff.counter import Counter, Moment, Say
from handoff.data import asked, requests
from handoff.job import Job, safe
from handoff.refusal import Refused
from handoff.standing import Worker
from handoff.ticket.arrival import AGAIN
from storage.base import AnyRow
from storage.repositories import (
    agents,
    calls,
    conversations,
    messages,
    misses,
    office_lists,
    tickets,
)
from storage.repositories.conversations import Case

_AT_WORK = "Sudah diurus."


@dataclass(frozen=True, slots=True)
class Errand:
    """The transaction, and who does it. ``moments`` gathers what users are told of it."""

    counter: Counter
    connection: Connection
    worker: Worker
    now: datetime
    moments: list[Moment] = field(default_factory=list)

    def moment(self, conversation_id: int) -> Moment:
        """Lock the person of a conversation."""
        return self.at(conversations.load_locked(self.connection, conversation_id))

    def at(self, case: Case) -> Moment:
        """What is said to a person whose case is locked."""
        self.moments.append(Moment(self.connection, case, self.now))
        return self.moments[-1]

    def trace(self, what: str) -> None:
        """Who did what, where no ticket's history tells."""
        agents.log_access(self.connection, self.worker.id, what, self.now)


def resend(errand: Errand, row_id: int) -> str:
    """The words of a message that did not arrive go out once more, as a notice. A data
    request's time runs from the delivery of that one."""
    moment, row = _undelivered(errand, row_id)
    request = office_lists.request_of_message(errand.connection, row.message_id)
    moment.say(
        Say(
            row.conversation_id,
            _again(row, moment.case),
            ticket_id=row.ticket_id,
            data_request=request.id if request is not None else None,
            must_arrive=row.ticket_id is not None,
            origin=AGAIN if _is_the_solution(errand, row) else None,
        )
    )
    _settled(errand, moment, row, "resent")
    return "Ditaruh di antrean kirim. Kalau gagal lagi, pesannya kembali ke daftar ini."


def _is_the_solution(errand: Errand, row: AnyRow) -> bool:
    """Whether silence about this message may close its ticket: then its copy counts for it."""
    if row.ticket_id is None or row.origin == AGAIN:
        return row.ticket_id is not None
    solved_at = tickets.get(errand.connection, row.ticket_id).solved_at
    if solved_at is None:
        return False
    told = messages.newest_notice(errand.connection, row.ticket_id, solved_at)
    return told is not None and bool(told.id == row.message_id)


def phoned(errand: Errand, row_id: int, words: str = "") -> str:
    """The user was told by phone. Where the message asked for data, the time for them runs
    from the call [002 step 4]."""
    moment, row = _undelivered(errand, row_id)
    if row.ticket_id is not None:
        _settle_calls(errand, moment, row, words)
    _settled(errand, moment, row, "phoned", safe(words))
    return "Dicatat: pengguna sudah ditelepon."


def dismiss(errand: Errand, row_id: int) -> str:
    """Nothing more is to be done about a message."""
    moment, row = _undelivered(errand, row_id)
    _settled(errand, moment, row, "not_resent")
    return "Selesai: pesan itu keluar dari daftar."


def _undelivered(errand: Errand, row_id: int) -> tuple[Moment, AnyRow]:
    row = office_lists.undelivered_one(errand.connection, row_id)
    if row is None:
        raise Refused(_AT_WORK)
    moment = errand.moment(row.conversation_id)
    if not office_lists.resolve_undelivered(errand.connection, row_id, errand.now):
        raise Refused(_AT_WORK)
    return moment, row


def _settled(errand: Errand, moment: Moment, row: AnyRow, what: str, words: str = "") -> None:
    if row.ticket_id is None:
        errand.trace(f"undelivered:{row.id} {what}")
        return
    job = Job(errand.counter, moment, errand.worker, row.ticket_id)
    job.write(what, words or " ".join(row.text.split())[:200])
    service.sync(job)


def _again(row: AnyRow, case: Case) -> Reply:
    body: dict[str, Any] = json.loads(row.body) if row.body else {}
    file = body.get("file")
    attached = Attached(body["file_id"], **file) if file else None
    return Reply(
        row.text,
        choices=_choices(body, case),
        row_class="notice",
        link=body["link"][0] if "link" in body else None,
        file=attached,
    )


def _choices(body: dict[str, Any], case: Case) -> tuple[Choice, ...]:
    """The buttons of the first attempt, as far as the conversation still takes them."""
    state = states.load(case.state)
    values = [str(data).partition(":")[2] for data, *_ in body.get("choices", ())]
    known = {choice.value: choice for choice in (*state.offered, *state.asked)}
    return tuple(known[value] for value in values if value in known)


def _settle_calls(errand: Errand, moment: Moment, row: AnyRow, words: str) -> None:
    """The calls that were to tell what this message could not are made with that."""
    about = {calls.about(row.message_id)}
    request = office_lists.request_of_message(errand.connection, row.message_id)
    if request is not None:
        about.add(asked.subject(request.id))
    for call in calls.of_ticket(errand.connection, row.ticket_id):
        if call.subject in about:
            job = Job(errand.counter, moment, errand.worker, row.ticket_id)
            action = a.PhoneCall(call.id, reached=True, words=words)
            rights.check(errand.worker, job.standing(), action)
            requests.phoned(job, action)


def resolve_parked(errand: Errand, parked_id: int) -> str:
    """A parked event was looked after; its bytes are deleted with it (design 6.10)."""
    if not office_lists.resolve_parked(errand.connection, parked_id, errand.now):
        raise Refused(_AT_WORK)
    errand.trace(f"parked:{parked_id} resolved")
    return "Ditandai selesai."


def finish_personal_data(errand: Errand, request_id: int, outcome: str) -> str:
    """What became of a request under UU 27/2022: written down, and told with its number.
    Nothing is deleted by this."""
    row = office_lists.personal_data_one(errand.connection, request_id)
    if row is None:
        raise Refused("Permintaan itu tidak ada.")
    words = safe(outcome)
    if not words:
        raise Refused("Tulis hasilnya: apa yang dilakukan, atau kenapa tidak.")
    moment = errand.moment(row.conversation_id)
    done = office_lists.finish_personal_data(
        errand.connection, request_id, agent_id=errand.worker.id, outcome=words, now=errand.now
    )
    if not done:
        raise Refused(f"{row.number} sudah selesai.")
    text = errand.counter.text("personal_data_done", number=row.number, outcome=words)
    moment.say(Say(row.conversation_id, Reply(text, row_class="notice")))
    errand.trace(f"personal_data:{row.number} done")
    return f"{row.number} selesai; pengguna diberi tahu."


def see_alerts(errand: Errand, alert_ids: tuple[int, ...]) -> str:
    """Alerts were seen by somebody they are meant for."""
    roles: list[str] = list(errand.worker.roles)
    mine = {row.id for row in agents.alerts_for(errand.connection, errand.worker.id, roles, 1000)}
    office_lists.see_alerts(
        errand.connection,
        tuple(alert_id for alert_id in alert_ids if alert_id in mine),
        errand.worker.id,
        errand.now,
    )
    return "Ditandai sudah dilihat."


def review_misses(errand: Errand, miss_ids: tuple[int, ...], topic: str | None) -> str:
    """Texts that were not understood belong to a topic (an intent of the NLU domain), or are
    put aside (None)."""
    count = misses.review(
        errand.connection, miss_ids, topic=topic, agent_id=errand.worker.id, now=errand.now
    )
    if not count:
        raise Refused("Sudah ditinjau.")
    errand.trace(f"misses:{','.join(map(str, miss_ids[:20]))} {topic or 'dismissed'}")
    return "Disimpan sebagai contoh latih." if topic else "Disisihkan."


def reopen_misses(errand: Errand, miss_ids: tuple[int, ...]) -> str:
    """A review was wrong: back on the list."""
    if not misses.reopen(errand.connection, miss_ids):
        raise Refused("Sudah kembali ke daftar.")
    errand.trace(f"misses:{','.join(map(str, miss_ids[:20]))} reopened")
    return "Kembali ke daftar yang perlu ditinjau."
