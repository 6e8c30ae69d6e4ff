"""Ready answers: one answered, some suggested, or the honest word that there is none."""

from __future__ import annotations

from dataclasses import replace

from dialogs.answers import Answer
from dialogs.choosing import exact
from dialogs.commands import RecordConsultation, RecordMiss
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Part, State
from nlu.understanding import Understanding

PREFIX = "faq_"
MOST_SUGGESTIONS = 3
_PROBLEM_PARTS = 6

HELPED = Choice(
    "helped",
    "Terjawab",
    ("resolved", "thanks", "affirm"),
    ("sudah", "sudah terjawab", "sip", "oke", "ok", "iya", "ya", "mantap", "jelas", "paham"),
)
NOT_HELPED = ("not_resolved", "deny")
NONE_OF_THESE = Choice(
    "none", "Bukan itu", ("deny",), ("bukan", "tidak ada", "bukan semua", "tidak", "lainnya")
)
_WRONG = replace(NONE_OF_THESE, words=("bukan", "salah", "bukan begitu", "tidak nyambung"))
_ACTS = {"open_ticket": menu.TICKET, "ticket_status": menu.STATUS, "request_human": menu.PERSON}


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``answered``, ``suggest:<value>,...``, ``rephrase`` or ``offer``."""
    at, _, listed = state.at.partition(":")
    values = tuple(filter(None, listed.split(",")))
    choices = {
        "answered": (HELPED, menu.TICKET, menu.PERSON),
        "suggest": (*_labelled(values, desk), NONE_OF_THESE),
        "rephrase": (menu.TICKET, menu.PERSON),
        "offer": (menu.TICKET, menu.PERSON, menu.MENU),
    }
    if at not in choices:
        at = "offer"
    return Reply(desk.texts.render("faq_next", at=at, office=desk.office), choices[at])


def hear(m: Moment) -> Move | None:
    """A choice of ours, or a word about the answer just given."""
    if m.chosen == "helped":
        return _helped(m)
    if m.chosen == "none":
        return replace(not_understood(m), commands=_missed(m))
    if m.chosen and m.chosen.startswith("faq:"):
        return answer(m, m.chosen.removeprefix("faq:"))
    if m.chosen is not None or m.state.at != "answered":
        return None
    if exact(m.heard.text, (_WRONG,)):
        return replace(not_understood(replace(m, parts=())), commands=_missed(m))
    if m.is_(*NOT_HELPED):
        return m.go("faq", "offer", m.text("faq_not_helped"), problem=_joined(m))
    return None


def words(answer: Answer, desk: Desk) -> str:
    """The answer as the user reads it."""
    sentence = ""
    if answer.authority not in ("lpse", "sendiri"):
        sentence = desk.office.authorities.sentence(answer.authority)
    return desk.texts.render("faq_answer", answer=answer, contact=sentence, office=desk.office)


def answer(m: Moment, topic: str) -> Move:
    """Give the ready answer; without one say so and offer a ticket or a person."""
    found = m.desk.answers.get(topic)
    topic = topic.removeprefix(PREFIX)
    problem = _joined(m) if topic == m.state.topic or m.chosen else m.parts
    if found is None:
        known = {"topic": topic, "topic_version": None, "problem": problem}
        return m.go("faq", "offer", m.text("faq_no_answer"), **known)
    return m.go(
        "faq",
        "answered",
        words(found, m.desk),
        topic=found.topic,
        topic_version=found.version,
        problem=problem,
        misses=0,
    )


def confident_topic(m: Moment) -> str | None:
    """The topic the text is surely about, whether it has an answer or not."""
    return topic_of(m.heard.understanding, m.desk)


def topic_of(understanding: Understanding, desk: Desk) -> str | None:
    intent, sure = understanding.intent, desk.office.conversation.thresholds.confident
    if intent and intent.name.startswith(PREFIX) and intent.confidence >= sure:
        return intent.name.removeprefix(PREFIX)
    return None


def suggest(m: Moment) -> Move | None:
    """Up to three things the text may mean, as choices; None if nothing is near."""
    values = _near(m.heard.understanding, m.desk)
    if not values:
        return None
    return m.go("faq", f"suggest:{','.join(values)}", problem=_joined(m))


def not_understood(m: Moment) -> Move:
    """Ask once to say it in other words, after that offer a ticket or a person."""
    first = m.state.misses == 0
    move = m.go(
        "faq",
        "rephrase" if first else "offer",
        m.text("faq_rephrase" if first else "faq_give_up"),
        misses=m.state.misses + 1,
        problem=_joined(m),
    )
    intent = m.heard.understanding.intent
    name, confidence = (intent.name, intent.confidence) if intent else (None, 0.0)
    return replace(move, commands=(RecordMiss(m.heard.text, name, confidence),))


def out_of_scope(m: Moment) -> Move:
    """Outside our services, or so it seems: said once, kindly, and kept for review like
    anything else we could not answer."""
    if m.state.misses:
        return not_understood(m)
    move = not_understood(m)
    text = m.text("out_of_scope")
    kept = {"misses": 1, "problem": _joined(m)}
    return replace(m.go("faq", "rephrase", text, **kept), commands=move.commands)


def _missed(m: Moment) -> tuple[RecordMiss, ...]:
    """The answer or the suggestions were beside the point: what was asked was a miss."""
    meant = f"{PREFIX}{m.state.topic}" if m.state.at == "answered" else None
    return tuple(RecordMiss(part.text, meant, 0.0) for part in m.state.problem[-1:])


def _helped(m: Moment) -> Move:
    done = m.with_state(problem=(), files=(), misses=0, topic=None, topic_version=None)
    move = menu.rest(done, m.text("faq_helped"))
    if m.state.topic is None or m.state.topic_version is None:
        return move
    return replace(move, commands=(RecordConsultation(m.state.topic, m.state.topic_version),))


def _near(understanding: Understanding, desk: Desk) -> tuple[str, ...]:
    least = desk.office.conversation.thresholds.suggest
    ranking = understanding.intent_ranking
    if not ranking or ranking[0].confidence < least:
        return ()
    near = [i.name for i in ranking if i.confidence >= least / 2]
    values = [
        _ACTS[name].value if name in _ACTS else f"faq:{name.removeprefix(PREFIX)}"
        for name in near
        if name in _ACTS or (name.startswith(PREFIX) and desk.answers.get(name))
    ]
    return tuple(values[:MOST_SUGGESTIONS])


def _labelled(values: tuple[str, ...], desk: Desk) -> tuple[Choice, ...]:
    acts = {choice.value: choice for choice in _ACTS.values()}
    choices = (acts.get(value) or _about(value, desk) for value in values)
    return tuple(choice for choice in choices if choice)


def _about(value: str, desk: Desk) -> Choice | None:
    found = desk.answers.get(value.removeprefix("faq:"))
    return Choice(value, found.short, detail=found.title) if found else None


def _joined(m: Moment) -> tuple[Part, ...]:
    seen = {part.message_id for part in m.parts}
    kept = tuple(part for part in m.state.problem if part.message_id not in seen)
    return (*kept, *m.parts)[-_PROBLEM_PARTS:]
