"""Bursts: several messages of one breath are thought about as one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dialogs.commands import (
    AskReopen,
    Command,
    ConfirmSolved,
    FinishData,
    GiveData,
    PassToAgent,
    RateTicket,
    SortData,
)
from dialogs.desk import Desk
from dialogs.heard import File, Heard
from dialogs.office import Thresholds
from dialogs.state import Burst, Part, State
from dialogs.turn import Settle
from nlu.understanding import Understanding

IDLE = ("menu", "faq")
_SOCIAL = frozenset({"greet", "goodbye", "thanks", "affirm", "deny"})
_DONE = (
    PassToAgent, GiveData, SortData, FinishData, ConfirmSolved, RateTicket, AskReopen,
)  # fmt: skip
_ASKING = 3  # words from which a message of a breath is a question of its own
_MOST_MESSAGES = 12
_MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Breath:
    """``state`` before the first message, ``last`` the new message alone, ``heard`` all
    messages as one."""

    state: State
    last: Heard
    heard: Heard
    parts: tuple[Part, ...]


def taken(state: State, heard: Heard, *, unspoken: bool, desk: Desk) -> Breath:
    """The message with those whose answer was withdrawn before it was sent."""
    burst = state.burst
    if burst is None or not unspoken:
        text = heard.text.strip() if heard.tap is None else ""
        alone = (Part(heard.edits or heard.message_id, text),) if text else ()
        return Breath(replace(state, burst=None), heard, heard, alone)
    parts = _parts(burst, heard)
    joined = _joined(parts, heard, burst.files, desk)
    return Breath(burst.before, heard, joined, parts)


def kept(breath: Breath, after: State, settle: Settle) -> State:
    """The new state, which remembers the breath as long as its answer may be withdrawn."""
    length = sum(len(part.text) for part in breath.parts)
    full = len(breath.parts) >= _MOST_MESSAGES or length >= _MOST_CHARACTERS
    if settle is Settle.NOW or full or breath.state.flow not in IDLE or after.flow not in IDLE:
        return replace(after, burst=None)
    burst = Burst(
        before=replace(breath.state, burst=None),
        texts=tuple(part.text for part in breath.parts),
        files=tuple(file.attachment_id for file in breath.heard.files),
        ids=tuple(part.message_id for part in breath.parts),
    )
    return replace(after, burst=burst)


def happened(commands: tuple[Command, ...]) -> bool:
    """Whether words went to somebody: they are not thought about a second time."""
    return any(isinstance(command, _DONE) for command in commands)


def settled(after: State, settle: Settle) -> Settle:
    """An answer may wait only where a next message can still be joined to it, or where
    the next answer of the form says all that still matters."""
    in_form = after.flow == "consultation"
    return settle if after.burst is not None or in_form else Settle.NOW


def _parts(burst: Burst, heard: Heard) -> tuple[Part, ...]:
    ids = burst.ids or (0,) * len(burst.texts)
    parts = [Part(i, text) for i, text in zip(ids, burst.texts, strict=False)]
    text = heard.text.strip() if heard.tap is None else ""
    if heard.edits is not None and any(p.message_id == heard.edits for p in parts):
        parts = [replace(p, text=text) if p.message_id == heard.edits else p for p in parts]
    elif text:
        parts.append(Part(heard.message_id, text))
    return tuple(part for part in parts if part.text)


def _joined(parts: tuple[Part, ...], heard: Heard, files: tuple[int, ...], desk: Desk) -> Heard:
    earlier = tuple(File(attachment, "document", "") for attachment in files)
    if not parts:
        return replace(heard, files=(*earlier, *heard.files))
    text = "\n".join(part.text for part in parts)
    whole = desk.understand(text)
    candidates = [whole, *(desk.understand(part.text) for part in parts if len(parts) > 1)]
    thresholds = desk.office.conversation.thresholds
    best = max(candidates, key=lambda u: _worth(u, thresholds))
    others = (u.intent for u in candidates if _asks(u, thresholds))
    also = {i.name: i for i in (*whole.also, *others) if i and i != best.intent}
    understanding = replace(
        whole,
        intent=best.intent,
        intent_ranking=best.intent_ranking,
        also=tuple(i for name, i in also.items() if best.intent and name != best.intent.name),
    )
    return replace(heard, text=text, understanding=understanding, files=(*earlier, *heard.files))


def _asks(understanding: Understanding, thresholds: Thresholds) -> bool:
    """Whether a text surely asks something by itself."""
    intent, few = understanding.intent, len(understanding.text.split()) < _ASKING
    if intent is None or few or not intent.name.startswith("faq_"):
        return False
    return intent.confidence >= thresholds.confident


def _worth(understanding: Understanding, thresholds: Thresholds) -> tuple[int, float]:
    """A question or a wish before courtesies, courtesies before a guess; then the surest."""
    intent = understanding.intent
    if intent is None:
        return (0, 0.0)
    if intent.name in _SOCIAL:
        return (1 if intent.confidence >= thresholds.act else 0, intent.confidence)
    least = thresholds.confident if intent.name.startswith("faq_") else thresholds.act
    return (2 if intent.confidence >= least else 0, intent.confidence)
