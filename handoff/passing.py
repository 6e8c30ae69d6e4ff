"""The user's words for an agent outside a live chat: passed on, and taken back."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff.job import Job


def take(job: Job, command: c.PassToAgent) -> list[Reply]:
    """Words and files go to whoever holds the ticket; the expectation has its answer."""
    raise NotImplementedError


def take_back(job: Job, command: c.TakeBack) -> list[Reply]:
    """They leave the ticket again; history keeps that they did."""
    raise NotImplementedError
