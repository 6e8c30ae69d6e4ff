"""How a ticket ends: the solution goes out, the user says whether it is solved, the closing
notice carries the form, a rating follows [002 step 8, 003 steps 14 to 17]."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff import actions as a
from handoff.job import Job


def solve(job: Job, action: a.Solve) -> str:
    raise NotImplementedError


def close(job: Job, action: a.Close) -> str:
    raise NotImplementedError


def reopen(job: Job, action: a.Reopen) -> str:
    raise NotImplementedError


def end(job: Job, reason: str, notice: Reply) -> None:
    """Close the ticket for ``reason`` (a key of CLOSE_REASONS) and tell the user ``notice``:
    state, times, expectation, live chat and open data requests end with it."""
    raise NotImplementedError


def confirm(job: Job, command: c.ConfirmSolved) -> list[Reply]:
    """The user said *Sudah* or *Belum*; what is said to them."""
    raise NotImplementedError


def rate(job: Job, command: c.RateTicket) -> list[Reply]:
    raise NotImplementedError


def ask_reopen(job: Job, command: c.AskReopen) -> list[Reply]:
    raise NotImplementedError


def silence(job: Job) -> None:
    """Nothing was said to the solution for the configured time: closed, and told."""
    raise NotImplementedError


def reopened(job: Job, why: str) -> None:
    """Open again and at the tier that solved it."""
    raise NotImplementedError
