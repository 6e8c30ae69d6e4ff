"""Ready answers: one answered, some suggested, or the honest word that there is none."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs.answers import Answer
from dialogs.choosing import exact, plain
from dialogs.choosing import words as plain_words
from dialogs.commands import RecordConsultation, RecordMiss
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Part, State
from dialogs.words import FUNCTION, HONORIFICS, POLITE, PRONOUNS
from nlu.understanding import Understanding

PREFIX = "faq_"
_FIRST, _SECOND, _THIRD = 0.08, 0.01, 0.04
"""Confidence that the first, second and third suggestion have at least."""
_LINK = re.compile(r"https?://\S+|www\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S*", re.IGNORECASE)
_AROUND_A_LINK = (
    FUNCTION | HONORIFICS | POLITE | PRONOUNS | {"lihat", "liat", "cek", "buka", "link", "tautan"}
)
MOST_SUGGESTIONS = 3
MOST_BESIDE = 2
_BESIDE = ("status",)  # besides topics; a ticket and a person are offered anyway
_PROBLEM_PARTS = 6
_AROUND_FIGURES = (
    FUNCTION
    | HONORIFICS
    | POLITE
    | PRONOUNS
    | plain_words("kode kodenya nomor nomornya nomer no hp wa telp tiket tender paket rup id")
)

HELPED = Choice(
    "helped",
    "Terjawab",
    ("resolved", "thanks", "affirm"),
    (
        "sudah",
        "udah",
        "udh",
        "sdh",
        "sudah terjawab",
        "sip",
        "oke",
        "ok",
        "iya",
        "ya",
        "mantap",
        "jelas",
        "paham",
    ),
)
_HELPED_BESIDE = replace(HELPED, intents=("resolved", "thanks"), words=("sudah terjawab", "jelas"))
UNHELPED = Choice(
    "unhelped", "Belum terjawab", (), ("belum", "blm", "belom", "tidak", "tidak membantu", "kurang")
)
NOT_HELPED = ("not_resolved", "deny")
_AGREED = ("ya", "iya", "ya mau", "iya mau", "mau", "boleh", "lanjut", "oke", "ok", "juga")
NONE_OF_THESE = Choice(
    "none", "Bukan itu", ("deny",), ("bukan", "tidak ada", "bukan semua", "tidak", "lainnya")
)
_WRONG = replace(NONE_OF_THESE, words=("bukan", "salah", "bukan begitu", "tidak nyambung"))
_ACTS = {"open_ticket": menu.TICKET, "ticket_status": menu.STATUS, "request_human": menu.PERSON}


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``answered:<value>,...`` (what else was asked in the same message), the same after the
    next steps were given as ``answered_next``, ``suggest:<value>,...``, ``rephrase``, ``offer``,
    or ``later:<value>``: the second matter of a form that was sent."""
    at, _, listed = state.at.partition(":")
    values = tuple(filter(None, listed.split(",")))
    others = _labelled(values, desk)
    helped = _HELPED_BESIDE if others else HELPED
    answered = (*_agreeing(others), helped, UNHELPED, menu.TICKET, menu.PERSON)
    choices = {
        "answered": answered,
        "answered_next": answered,
        "suggest": (*others, NONE_OF_THESE),
        "rephrase": (menu.TICKET, menu.PERSON),
        "offer": (*_agreeing((menu.TICKET,)), menu.PERSON, menu.MENU),
        "later": (*others, *_agreeing((menu.TICKET,)), menu.MENU),
    }
    if at not in choices:
        at = "offer"
    text = desk.texts.render(
        "faq_next",
        at=at,
        titles=[choice.detail or choice.label for choice in others],
        text="\n".join(part.text for part in state.problem),
        office=desk.office,
    )
    return Reply(text, choices[at])


def hear(m: Moment) -> Move | None:
    """A choice of ours, or a word about the answer just given."""
    if m.chosen == "helped":
        return _helped(m)
    if m.chosen == "unhelped":
        return unhelped(m)
    if m.chosen == "none":
        return replace(not_understood(m), commands=_missed(m))
    if m.chosen and m.chosen.startswith("faq:"):
        return answer(m, m.chosen.removeprefix("faq:"))
    if m.chosen is None and m.state.at.startswith("suggest") and m.is_("affirm"):
        return m.stay(m.text("choose_one"))
    if m.chosen is None and m.state.at == "offer" and m.is_("deny", "not_resolved"):
        return m.with_state(problem=joined(m)).stay()
    if m.chosen is not None or not answered(m.state):
        return None
    if exact(m.heard.text, (_WRONG,)):
        return replace(not_understood(replace(m, parts=())), commands=_missed(m))
    return unhelped(m) if m.is_(*NOT_HELPED) else None


def answered(state: State) -> bool:
    """Whether a ready answer is the last thing that was said."""
    return state.flow == "faq" and state.at.partition(":")[0] in ("answered", "answered_next")


def unhelped(m: Moment, *say: str) -> Move:
    """The answer did not help: a ticket or a person, and the question is kept for review."""
    said = say or (m.text("faq_not_helped"),)
    move = m.go("faq", "offer", *said, problem=joined(m))
    return replace(move, commands=_missed(m))


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
    problem = joined(m) if topic == m.state.topic or m.chosen else m.parts
    if found is None:
        known = {"topic": topic, "topic_version": None, "problem": problem}
        return m.go("faq", "offer", m.text("faq_no_answer"), **known)
    return m.go(
        "faq",
        f"answered:{','.join(_others(m, topic))}".rstrip(":"),
        words(found, m.desk),
        topic=found.topic,
        topic_version=found.version,
        problem=problem,
        misses=0,
    )


def beside(m: Moment, move: Move) -> Move:
    """The move, with the answer to a question that came with a wish ("cek tiket, sama gimana
    cara ganti email?") as a message of its own before it. A ticket or a person takes it along."""
    if move.state.flow != "status" or move.silent:
        return move
    found = next((a for v in _others(m, "") if (a := m.desk.answers.get(v[4:]))), None)
    if found is None:
        return move
    return replace(move, replies=(*move.replies, Reply(words(found, m.desk))))


def confident_topic(m: Moment) -> str | None:
    """The topic the text is surely about, whether it has an answer or not."""
    return topic_of(m.heard.understanding, m.desk)


def topic_of(understanding: Understanding, desk: Desk) -> str | None:
    intent, sure = understanding.intent, desk.office.conversation.thresholds.confident
    if only_figures(understanding.text) or only_a_link(understanding.text):
        return None
    if _vague(understanding.text, desk):
        return None
    if intent and intent.name.startswith(PREFIX) and intent.confidence >= sure:
        return intent.name.removeprefix(PREFIX)
    return None


def _others(m: Moment, topic: str) -> tuple[str, ...]:
    """What the message asked besides, as choices; after a choice, what is left of them."""
    if m.chosen is not None:
        left = m.state.at.partition(":")[2] if answered(m.state) else ""
        values = [value for value in left.split(",") if value]
    else:
        sure = m.desk.office.conversation.thresholds.confident
        also = (i for i in m.heard.understanding.also if i.confidence >= sure)
        named = (_value(intent.name, m.desk) for intent in also)
        values = [v for v in named if v and (v.startswith("faq:") or v in _BESIDE)]
    return tuple(dict.fromkeys(v for v in values if v != f"faq:{topic}"))[:MOST_BESIDE]


def only_figures(text: str) -> bool:
    """Whether there are figures and no word but those around them ("kodenya 10023456")."""
    said = plain(text).split()
    left = (word for word in said if not re.search(r"\d", word))
    return re.search(r"\d", text) is not None and _AROUND_FIGURES.issuperset(left)


def only_a_link(text: str) -> bool:
    """Whether there is an address and no word but those around it ("lihat ini https://...")."""
    left = _LINK.sub(" ", text)
    return left != text and _AROUND_A_LINK.issuperset(plain(left).split())


def suggest(m: Moment) -> Move | None:
    """Up to three things the text may mean, as choices; None if nothing is near."""
    values = _near(m.heard.understanding, m.desk)
    if not values or only_figures(m.heard.text) or only_a_link(m.heard.text):
        return None
    return m.go("faq", f"suggest:{','.join(values)}", problem=joined(m))


def not_understood(m: Moment) -> Move:
    """Ask once to say it in other words, after that offer a ticket or a person."""
    first = m.state.misses == 0
    move = m.go(
        "faq",
        "rephrase" if first else "offer",
        m.text("faq_rephrase" if first else "faq_give_up"),
        misses=m.state.misses + 1,
        problem=joined(m),
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
    kept = {"misses": 1, "problem": joined(m)}
    return replace(m.go("faq", "rephrase", text, **kept), commands=move.commands)


def _missed(m: Moment) -> tuple[RecordMiss, ...]:
    """The answer or the suggestions were beside the point: what was asked was a miss."""
    meant = f"{PREFIX}{m.state.topic}" if answered(m.state) else None
    return tuple(RecordMiss(part.text, meant, 0.0) for part in m.state.problem[-1:])


def _helped(m: Moment) -> Move:
    done = m.with_state(problem=(), files=(), misses=0, topic=None, topic_version=None)
    move = menu.rest(done, m.text("faq_helped"))
    if m.state.topic is None or m.state.topic_version is None:
        return move
    return replace(move, commands=(RecordConsultation(m.state.topic, m.state.topic_version),))


def _near(understanding: Understanding, desk: Desk) -> tuple[str, ...]:
    """Two or three things that a message about our matters may mean, the likeliest first; the
    second and third only if they are not far off."""
    if understanding.in_scope() < desk.office.conversation.thresholds.suggest:
        return ()
    ranking = understanding.intent_ranking
    named = [(i.confidence, value) for i in ranking if (value := _value(i.name, desk))]
    vague = _vague(understanding.text, desk)
    if not named or named[0][0] < _FIRST:
        return ()
    near = [value for confidence, value in named if confidence >= _SECOND or vague][:2]
    near += [value for confidence, value in named[2:] if confidence >= _THIRD or vague]
    return tuple(near[:MOST_SUGGESTIONS])


def _vague(text: str, desk: Desk) -> bool:
    """Whether a text is a single word that is the name of no topic, or of several ("akun")."""
    said = plain(text).split()
    if len(said) != 1:
        return False
    titles = (f"{answer.title} {answer.short}" for answer in desk.answers.by_topic.values())
    return sum(said[0] in plain(title).split() for title in titles) != 1


def _value(intent: str, desk: Desk) -> str | None:
    """The choice an intent stands for: an act, or a topic that has an answer."""
    if intent in _ACTS:
        return _ACTS[intent].value
    known = intent.startswith(PREFIX) and desk.answers.get(intent)
    return f"faq:{intent.removeprefix(PREFIX)}" if known else None


def _agreeing(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """The choices; "ya" means the first of them."""
    first, rest = choices[:1], choices[1:]
    return (
        *(replace(c, intents=(*c.intents, "affirm"), words=(*c.words, *_AGREED)) for c in first),
        *rest,
    )


def _labelled(values: tuple[str, ...], desk: Desk) -> tuple[Choice, ...]:
    acts = {choice.value: choice for choice in _ACTS.values()}
    choices = (acts.get(value) or _about(value, desk) for value in values)
    return tuple(choice for choice in choices if choice)


def _about(value: str, desk: Desk) -> Choice | None:
    found = desk.answers.get(value.removeprefix("faq:"))
    return Choice(value, found.short, detail=found.title) if found else None


def joined(m: Moment) -> tuple[Part, ...]:
    """What was asked so far, the words of this message last."""
    seen = {part.message_id for part in m.parts}
    kept = tuple(part for part in m.state.problem if part.message_id not in seen)
    return (*kept, *m.parts)[-_PROBLEM_PARTS:]
