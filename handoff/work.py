"""One agent's action on one ticket: authorised at one place, done inside one transaction.

Each action has one function in a module of its own kind; this is their table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from handoff import actions as a
from handoff.clock import service
from handoff.counter import Counter, Moment
from handoff.data import moving as data_moves
from handoff.data import requests
from handoff.job import Job
from handoff.live import queue
from handoff.rights import check
from handoff.standing import Worker
from handoff.ticket import closure, ticketing, tiers


def act(
    counter: Counter, moment: Moment, worker: Worker, ticket_id: int, action: a.Action, origin: str
) -> str:
    """Do it; the sentence the agent reads. What users are told is in ``moment.says``.

    The contact of the ticket is locked by the caller. Raises Refused with the reason.
    """
    job = Job(counter, moment, worker, ticket_id, origin)
    check(worker, job.standing(), action)
    sentence = DEEDS[type(action)](job, action)
    service.sync(job)
    return sentence


DEEDS: Mapping[type[a.Action], Callable[[Job, Any], str]] = {
    a.Take: queue.take,
    a.CallUser: queue.call,
    a.EndChat: queue.end,
    a.Release: ticketing.release,
    a.Assign: ticketing.assign,
    a.Classify: ticketing.classify,
    a.FillForm: ticketing.fill,
    a.ReplyToUser: ticketing.reply,
    a.WriteNote: ticketing.note,
    a.Recommend: ticketing.recommend,
    a.MarkExempt: ticketing.exempt,
    a.PassOn: ticketing.pass_on,
    a.Merge: ticketing.merge,
    a.AskData: requests.ask,
    a.PhoneCall: requests.phoned,
    a.DataComplete: requests.complete,
    a.MoveData: data_moves.move,
    a.Solve: closure.solve,
    a.Close: closure.close,
    a.Reopen: closure.reopen,
    a.Escalate: tiers.escalate,
    a.SendBack: tiers.send_back,
    a.LkppSent: tiers.lkpp_sent,
    a.LkppAnswer: tiers.lkpp_answer,
}
