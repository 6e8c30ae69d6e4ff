"""Who hears a message besides the flow that owns the talk: a person who has the chat, choices
that count at any time, and whoever waits for words about a ticket."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs import breath, offers
from dialogs.choosing import exact, plain
from dialogs.commands import LeaveChat
from dialogs.flows import data, live, menu
from dialogs.heard import Heard
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.routes import EARS, TAPS, flow_of
from dialogs.state import State
from dialogs.turn import Turn

_MASKED = re.compile(r"\[[^\]]{2,40} disamarkan\]")


def overheard(m: Moment, last: Heard, move: Move | None) -> Turn:
    """A person has the chat: what is said goes to them. What we have to say besides is no
    talk, and no question is put."""
    move = move or live.hear(m, last)
    if any(isinstance(command, LeaveChat) for command in move.commands):
        state = replace(move.state, step=move.state.step + 1)
        question = flow_of(replace(m, state=state)).ask(state, m.facts, m.desk)
        said: tuple[Reply, ...] = (question,)
        state = replace(state, offered=question.choices)
    else:
        said, state = (*move.replies, *reply(move.say, Reply(""))), move.state
    if last.masked:
        said = (Reply(m.text("masked", kinds=last.masked)), *said)
    replies = tuple(replace(reply, row_class="notice") for reply in said)
    return Turn(replace(state, burst=None), replies, move.commands)


def named(m: Moment, value: str) -> Move | None:
    """A choice whose value names what it is about."""
    act = TAPS.get(value.partition(":")[0])
    return act(replace(m, chosen=value)) if act else None


def picked(m: Moment, last: Heard) -> str | None:
    """The choice that a text is, of the question that stands or of the last notice. Where an
    agent wrote after the question was put, a short word is for the agent."""
    state = m.state
    asked = exact(last.text, state.asked)
    if asked and asked.startswith(offers.NOT_FOR) and len(state.asked) == 1 and _figure(last.text):
        asked = None  # "1" answers what the agent asked; it takes nothing back
    if not idle(state):
        return exact(last.text, state.offered) or (asked if _plainly(last.text) else None)
    newest = asked if state.asked_last else None
    offered = None if _awaited(m) else exact(last.text, state.offered)
    return newest or offered or (asked if _plainly(last.text) else None)


def _figure(text: str) -> bool:
    return plain(text).isdecimal()


def _plainly(text: str) -> bool:
    return len(plain(text).split()) > 1


def _awaited(m: Moment) -> bool:
    """Whether an agent waits for words since after the question was put."""
    return any(
        ticket.open and ticket.expects and ticket.expects_at
        and ticket.expects_at.timestamp() > m.state.put_at
        for ticket in m.facts.tickets
    )  # fmt: skip


def idle(state: State) -> bool:
    """Whether nothing waits for words: a ticket that was shown only offers choices."""
    return state.flow in breath.IDLE or (state.flow == "status" and state.at.startswith("shown"))


def unreadable(m: Moment, said: str) -> Move:
    """A sticker and the like. Where nothing is asked but data or a word are waited for, no menu
    comes between: what is missing is said again."""
    waited = any(ticket.open and ticket.expects for ticket in m.facts.tickets)
    if not (waited or m.facts.data or m.facts.queue) or not idle(m.state):
        return menu.aside(m, said)
    requests = [request for request in m.facts.data if not request.late]
    if len(requests) != 1:
        return replace(m.stay(), replies=(Reply(said),), silent=True)
    reminded = data.reminder(m, requests[0])
    return replace(reminded, replies=(Reply(said), *reminded.replies))


def for_a_ticket(m: Moment) -> Move | None:
    """Whoever waits for the user's words about a ticket."""
    if only_masked(m):
        return None
    return next((move for ear in EARS if (move := ear(m))), None)


def only_masked(m: Moment) -> bool:
    """Whether the message is a secret and nothing else."""
    return bool(m.heard.masked) and not m.heard.files and not _left_of(m.heard.text)


def _left_of(text: str) -> bool:
    """Whether words are left beside what was masked."""
    return len(plain(_MASKED.sub(" ", text)).split()) > 2


def reply(say: tuple[str, ...], question: Reply) -> tuple[Reply, ...]:
    text = "\n\n".join(filter(None, (*say, question.text)))
    return (replace(question, text=text),) if text else ()
