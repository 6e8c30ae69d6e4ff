"""Data asked of a user [002 step 4, 003 step 4]: asked, gathered, reminded of, ended."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff import actions as a
from handoff.counter import Moment
from handoff.job import Job


def ask(job: Job, action: a.AskData) -> str:
    raise NotImplementedError


def phoned(job: Job, action: a.PhoneCall) -> str:
    raise NotImplementedError


def complete(job: Job, action: a.DataComplete) -> str:
    raise NotImplementedError


def move(job: Job, action: a.MoveData) -> str:
    raise NotImplementedError


def give(job: Job, command: c.GiveData) -> list[Reply]:
    raise NotImplementedError


def finish(job: Job, request_id: int) -> list[Reply]:
    raise NotImplementedError


def cancel_open(job: Job) -> None:
    """The ticket ended: its open requests end with it, clocks and calls too."""
    raise NotImplementedError


def number_of(moment: Moment, request_id: int) -> str:
    """The number of the ticket a request is about; empty where there is none."""
    raise NotImplementedError
