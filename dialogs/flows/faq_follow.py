"""What is asked after a ready answer, with no topic of its own: it failed, how long, what it
costs, which documents, whom to turn to, and for whom else. A surely new topic is no follow-up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from dialogs import follow_ups, required
from dialogs.answers import Answer
from dialogs.choosing import plain
from dialogs.flows import faq, form
from dialogs.move import Moment, Move
from dialogs.words import QUESTIONS

_HALF = 0.5
_CONTENT = 3  # words of its own from which a complaint is another one
_FEW = 4
_THANKS = re.compile(r"\b(?:makasih|makasi|terima ?kasih|trims|thanks|thx|suwun|nuhun)\b")
_AFTER = ("answered", "answered_next", "offer", "rephrase")


def hear(m: Moment) -> Move | None:
    """A follow-up to the ready answer that stands, else what the flow itself hears."""
    place = m.state.at.partition(":")[0]
    if m.state.flow == "faq" and m.chosen is None and place in _AFTER and not m.heard.files:
        found = m.desk.answers.get(m.state.topic)
        if found is not None and (move := _follow(m, found)):
            return move
    return faq.hear(m)


def _follow(m: Moment, found: Answer) -> Move | None:
    said = plain(m.heard.text)
    if not said:
        return None
    if move := _for_another(m, found, said):
        return move
    kind, topic = follow_ups.kind_of(said), faq.confident_topic(m)
    if kind is None and topic == found.topic:
        return _again(m, said)
    if kind is None:
        return _detail(m, found, said) if topic is None else None
    new = topic not in (None, found.topic) and not follow_ups.bare(said)
    if new and not (kind == "fails" and _same_matter(said, found)):
        return None
    return _ACTS[kind](m, found)


def _again(m: Moment, said: str) -> Move | None:
    """More about the topic that was just answered, and no question: the same answer would not
    help."""
    if m.heard.edits or "?" in m.heard.text or not QUESTIONS.isdisjoint(said.split()):
        return None
    if _THANKS.search(said):
        return faq.hear(replace(m, chosen=faq.HELPED.value))
    if len(said.split()) > _FEW:
        return None
    return m.with_state(problem=faq.joined(m)).stay(m.text("faq_kept"))


def _detail(m: Moment, found: Answer, said: str) -> Move | None:
    """A short question about nothing else that is known: the answer does not speak of it."""
    intent, thresholds = m.heard.understanding.intent, m.desk.office.conversation.thresholds
    if intent is None or not follow_ups.detail(said, "?" in m.heard.text):
        return None
    foreign = intent.name == "out_of_scope" and intent.confidence >= thresholds.act
    wish = intent.name not in ("out_of_scope", "deny") and intent.confidence >= thresholds.act
    return None if foreign or wish else _else(m, found)


def _same_matter(said: str, found: Answer) -> bool:
    """Whether the words that are left are few, or those of the answer: "udah sinkron tetap ga
    muncul"."""
    text = plain(" ".join((found.title, *found.steps, *found.general, *found.next))).split()
    own = [word.removesuffix("nya") for word in said.split() if word not in follow_ups.BARE]
    return len(own) < _CONTENT or all(
        any(other.startswith(word[:6]) for other in text) for word in own
    )


def fails(m: Moment, found: Answer) -> Move:
    """It was tried in vain: the next steps once, after that a ticket or a person; where it
    closes soon, these at once."""
    hurried = m.state.heard.get(form.HEARD_DEADLINE) == "under_24h"
    if hurried or not _more(m, found):
        return _people(m)
    return _said(m, found, "fails", at="answered_next", problem=faq.joined(m))


def _more(m: Moment, found: Answer) -> bool:
    """Whether there are next steps that were not given yet."""
    return bool(found.next) and m.state.at.partition(":")[0] == "answered"


def _for_another(m: Moment, found: Answer, said: str) -> Move | None:
    """ "Kalau untuk PPK gimana?": the same matter for another kind of user."""
    kind = m.heard.understanding.first("user_type")
    if kind is None or not follow_ups.for_whom(said):
        return None
    if kind in found.audience:
        return _said(m, found, "same", user_type=kind)
    topic = sibling(m, found, kind)
    if topic is None:
        return _else(m, found)
    first = m.state.problem[:1]
    return faq.answer(m.with_state(problem=first), topic)


def sibling(m: Moment, found: Answer, kind: str) -> str | None:
    """The topic that is this one for another kind of user: by its name, else by what the first
    question means with that kind in it."""
    stem = found.topic.split("_")
    near = [
        (_alike(stem, other.split("_")), other)
        for other, answer in m.desk.answers.by_topic.items()
        if other != found.topic and kind in answer.audience
    ]
    most, name = max(near, default=(0.0, ""))
    if most > _HALF:
        return name
    asked = " ".join((*(part.text for part in m.state.problem[:1]), kind))
    topic = faq.topic_of(m.desk.understand(asked), m.desk)
    answer = m.desk.answers.get(topic)
    return topic if answer and topic != found.topic and kind in answer.audience else None


def _alike(one: list[str], other: list[str]) -> float:
    """How much of the shorter of two names they begin with alike (0..1)."""
    same = [a == b for a, b in zip(one, other, strict=False)]
    return (same.index(False) if False in same else len(same)) / len(same)


def _else(m: Moment, found: Answer) -> Move:
    """A case that the answer does not speak of: the next steps if there are any, else people."""
    if _more(m, found):
        return _said(m, found, "fails", at="answered_next", problem=faq.joined(m))
    return _people(m, _text(m, found, "else"))


def _people(m: Moment, *say: str) -> Move:
    """A ticket or a person; where they are offered already, the offer stands."""
    if m.state.at == "offer":
        return m.with_state(problem=faq.joined(m)).stay(m.text("faq_kept"))
    return faq.unhelped(m, *say)


def _said(
    m: Moment, found: Answer, kind: str, *, at: str = "", user_type: str = "", **changes: object
) -> Move:
    """A short word beside the answer; the question whether it helped stands."""
    here, _, others = m.state.at.partition(":")
    place = ":".join(filter(None, (at or here, others)))
    return m.go("faq", place, _text(m, found, kind, user_type), **changes)


def _text(m: Moment, found: Answer, kind: str, user_type: str = "") -> str:
    office = m.desk.office
    label = next((t.label for t in office.form.user_types if t.key == user_type), user_type)
    return m.text(
        "faq_follow",
        kind=kind,
        answer=found,
        steps=found.next,
        tell=required.told_in_chat(found),
        prepare=required.prepared(found),
        contact=office.authorities.sentence(found.authority),
        target=found.authority not in office.promises.no_target_for,
        user_type=label,
    )


_ACTS: Mapping[follow_ups.Kind, Callable[[Moment, Answer], Move]] = {
    "unclear": lambda m, _: _people(m),
    "fails": fails,
    "who": lambda m, found: _said(m, found, "who"),
    "documents": lambda m, found: _said(m, found, "documents"),
    "cost": lambda m, found: _said(m, found, "cost"),
    "time": lambda m, found: _said(m, found, "time"),
    "on": _else,
    "else": _else,
}
