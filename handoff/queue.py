"""Live chats: waiting for a person, being called, talking, coming back to the bot [001, 004]."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff import actions as a
from handoff import numbers
from handoff.counter import Counter, Moment, hours
from handoff.job import Job
from storage.repositories import tickets


def take(job: Job, action: a.Take) -> str:
    """Become the holder; a user who waits in the queue becomes a live chat."""
    raise NotImplementedError


def call(job: Job, action: a.CallUser) -> str:
    raise NotImplementedError


def end(job: Job, action: a.EndChat) -> str:
    raise NotImplementedError


def relayed(counter: Counter, moment: Moment, command: c.Relay) -> list[Reply]:
    """A user's line of a live chat reached the desk: timers, alert."""
    raise NotImplementedError


def answered(job: Job) -> None:
    """An agent's line went out in a live chat: timers."""
    raise NotImplementedError


def leave(counter: Counter, moment: Moment) -> list[Reply]:
    """The user goes back to the bot, out of a live chat or out of the queue."""
    raise NotImplementedError


def over(job: Job) -> None:
    """The ticket was solved or closed: a live chat or a place in the queue ends quietly."""
    raise NotImplementedError


def enqueue(counter: Counter, moment: Moment, command: c.CallHuman) -> list[Reply]:
    """A waiting request with a number; a second call gives the same one."""
    number = tickets.waiting_human(moment.connection, moment.case.contact_id)
    again = number is not None
    if number is None:
        local = counter.calendar.local(moment.now)
        number = numbers.take(moment.connection, "human", counter.series.human, local)
        tickets.add_human_request(
            moment.connection,
            number=number,
            contact_id=moment.case.contact_id,
            conversation_id=moment.case.id,
            reason=command.reason,
            state="waiting",
            created_at=moment.now,
        )
    text = counter.text("human_waiting", number=number, again=again, **hours(counter, moment.now))
    return [Reply(text, row_class="notice")]


def here(counter: Counter, moment: Moment) -> list[Reply]:
    """*Saya di sini*: the chat is live with whoever called."""
    raise NotImplementedError
