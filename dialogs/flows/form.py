"""The Formulir Konsultasi as a list of steps (SOP 001): what is known, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from dialogs import deadline as deadlines
from dialogs import required
from dialogs.checks import check
from dialogs.commands import CallHuman, Command, Deadline, OpenTicket, TicketKind
from dialogs.move import Moment, Move
from dialogs.office import Form, FormField, Office
from dialogs.state import Draft, Part, State

IDENTITY, USER_TYPE, PROBLEM, DEADLINE = "identity", "user_type", "problem", "deadline"
SUMMARY, EDIT, FILES = "summary", "edit", "files"
FIELD = "field:"
DATA = "data:"  # and the place in Draft.wanted
_URGENT = "urgent"  # in Draft.done: the honest word about the hours was said
# Keys of ``State.heard`` beside the fields; a field's key cannot begin with an underscore.
HEARD_USER_TYPE, HEARD_DEADLINE = "_user_type", "_deadline"
_SPECIAL_KINDS: Mapping[str, TicketKind] = {"gangguan": "gangguan"}
_DEADLINES: Mapping[str, Deadline] = {"under_24h": "under_24h", "later": "later", "none": "none"}


def field_of(form: Form, step: str) -> FormField | None:
    """The field a step asks for, None for the other steps."""
    key = step.removeprefix(FIELD)
    return next((f for f in form.fields if step.startswith(FIELD) and f.key == key), None)


def phone_field(form: Form) -> FormField | None:
    return next((f for f in form.fields if f.check == "phone"), None)


def order(draft: Draft, form: Form) -> tuple[str, ...]:
    """Every step that applies: section A, who asks, what only that kind is asked, section B.
    In a brief form the name and section B, and then it is sent."""
    if draft.brief:
        names = (FIELD + f.key for f in form.fields if f.check == "name" and not f.only_for)
        return (*list(names)[:1], PROBLEM, SUMMARY)
    general = (f for f in form.fields if not f.only_for)
    special = (f for f in form.fields if draft.user_type in f.only_for)
    return (
        *(FIELD + f.key for f in general),
        USER_TYPE,
        *(FIELD + f.key for f in special),
        PROBLEM,
        *data_steps(draft),
        DEADLINE,
        SUMMARY,
    )


def data_steps(draft: Draft) -> tuple[str, ...]:
    """The steps that ask for what the topic needs."""
    return tuple(f"{DATA}{at}" for at in range(len(draft.wanted)))


def data_at(draft: Draft, step: str = "") -> int:
    """The place in ``wanted`` of the step that is asked; the last one if it is no such step."""
    said = (step or draft.asking).removeprefix(DATA)
    last = len(draft.wanted) - 1
    return min(int(said), last) if said.isdecimal() else last


def known(draft: Draft, step: str) -> bool:
    """Whether a step needs no asking any more."""
    match step:
        case "user_type":
            return draft.user_type is not None
        case "problem":
            return bool(draft.parts) and PROBLEM in draft.done
        case "deadline":
            return draft.deadline is not None or DEADLINE in draft.done
        case "summary":
            return False
    if step in data_steps(draft) and draft.wanted[data_at(draft, step)] in draft.data:
        return True
    return step.removeprefix(FIELD) in draft.answers or step in draft.done


def next_step(draft: Draft, form: Form) -> str:
    return next(step for step in order(draft, form) if not known(draft, step))


def previous_step(draft: Draft, form: Form) -> str | None:
    """The step before the one being asked; None at the first."""
    steps = order(draft, form)
    if draft.asking not in steps:
        return SUMMARY if draft.asking in (EDIT, FILES) else None
    at = steps.index(draft.asking)
    return steps[at - 1] if at else None


def answers_in_use(draft: Draft, form: Form) -> dict[str, str]:
    """The answers to send: those of fields that apply to this user type."""
    steps = set(order(replace(draft, brief=False), form))
    return {k: v for k, v in draft.answers.items() if FIELD + k in steps and v}


def checked(answers: Mapping[str, str], form: Form) -> dict[str, str]:
    """What of these answers passes its field's check."""
    found = ((f.key, check(f.check, answers[f.key])) for f in form.fields if f.key in answers)
    return {key: result.value for key, result in found if result.value}


def problem_text(draft: Draft) -> str:
    """Section B as written, a line a message."""
    return "\n".join(part.text for part in draft.parts).strip()


def worth_keeping(draft: Draft | None) -> bool:
    return draft is not None and bool(draft.answers or draft.parts or draft.files)


def aged(state: State, now: float, office: Office, after: timedelta | None = None) -> bool:
    """Whether there is a form with something in it that was left alone for long: for ``after``,
    else the office's time."""
    draft = state.draft
    limit = after or timedelta(hours=office.conversation.draft_offer_after_hours)
    idle = now - draft.touched_at if draft is not None else 0.0
    return worth_keeping(draft) and idle >= limit.total_seconds()


def begun(m: Moment) -> Draft:
    """A new form with all that the user has already told."""
    form, heard = m.desk.office.form, m.state.heard
    types = {t.key for t in form.user_types}
    said_type = heard.get(HEARD_USER_TYPE)
    return Draft(
        answers=checked(heard, form),
        user_type=said_type if said_type in types else None,
        parts=m.state.problem,
        files=m.state.files,
        deadline=_DEADLINES.get(heard.get(HEARD_DEADLINE, "")),
        topic=m.state.topic,
    )


def planned(m: Moment, draft: Draft) -> Draft:
    """What the topic needs, with what of it was said already: only the rest is asked."""
    answer = m.desk.answers.get(draft.topic)
    labels = required.told_in_chat(answer) if answer else ()
    text = problem_text(draft)
    understood = m.desk.understand(text)
    data = dict(draft.data)
    heard = {**draft.answers, **m.state.heard}
    for label in labels:
        if label not in data and required.alone(label, labels):
            said = required.found(label, text, understood) or required.remembered(label, heard)
            data |= {label: said} if said else {}
    if set(labels) == set(draft.wanted):
        return replace(draft, data=data)
    wanted = tuple(sorted(labels, key=lambda label: label not in data))
    done = tuple(step for step in draft.done if not step.startswith(DATA))
    given = sum(label in data for label in wanted)
    return replace(draft, wanted=wanted, given=given, data=data, done=done)


def data_in_use(draft: Draft) -> tuple[tuple[str, str], ...]:
    """(label, value) of the data its topic needs, as far as they are known."""
    return tuple((label, draft.data[label]) for label in draft.wanted if draft.data.get(label))


def place(m: Moment, draft: Draft, *say: str, again: bool = False) -> Move:
    """Put the question the draft stands at; every visit counts as touching it."""
    touched = replace(draft, touched_at=m.facts.now.timestamp())
    state = replace(m.state, flow="consultation", at=draft.asking, draft=touched)
    return Move(state, say, again=again)


def onward(m: Moment, draft: Draft, *say: str) -> Move:
    """Put the first question that is still open, else the summary."""
    step = next_step(draft, m.desk.office.form)
    if step == SUMMARY and draft.brief:
        return sent(m, draft)
    if step == PROBLEM and draft.parts:
        say = (*say, m.text("problem_known", text=problem_text(draft)))
    if step == SUMMARY and draft.deadline == "under_24h" and _URGENT not in draft.done:
        say = (*say, _urgent(m, draft))
        draft = replace(draft, done=(*draft.done, _URGENT))
    return place(m, replace(draft, asking=step, editing=False, refused=0), *say)


def sent(m: Moment, draft: Draft) -> Move:
    """The form becomes a ticket; who asked for a person waits for one about it. What the topic
    needs stands at the end of section B: the paper form has no other place for it."""
    draft = planned(m, draft)
    problem, data = problem_text(draft), data_in_use(draft)
    command = OpenTicket(
        kind=_SPECIAL_KINDS.get(draft.topic or "", "permintaan_layanan"),
        problem=m.text("problem_data", problem=problem, data=data) if data else problem,
        answers=answers_in_use(draft, m.desk.office.form),
        user_type=draft.user_type,
        deadline=draft.deadline or "none",
        topic=draft.topic,
        attachment_ids=draft.files,
        for_person=draft.for_person,
        hours_left=deadlines.hours_left(problem) if draft.deadline == "under_24h" else None,
    )
    after: tuple[Command, ...] = (CallHuman(problem_text(draft)),) if draft.for_person else ()
    messages = tuple(part.message_id for part in draft.parts)
    m = m.with_state(draft=None, heard={}, topic=None, topic_version=None, sent=messages)
    if draft.later and not draft.for_person:
        return replace(_second(m, draft.later), commands=(command,))
    move = m.go("menu", "rest", problem=draft.later)
    return replace(move, commands=(command, *after), silent=True)


def _second(m: Moment, later: tuple[Part, ...]) -> Move:
    """The matter that was put apart comes next."""
    intent = m.desk.understand("\n".join(part.text for part in later)).intent
    answer = m.desk.answers.get(intent.name) if intent else None
    return m.go("faq", f"later:faq:{answer.topic}" if answer else "later", problem=later)


def _urgent(m: Moment, draft: Draft) -> str:
    """Under 24 hours: what the office can and cannot do now, and who can decide."""
    answer = m.desk.answers.get(draft.topic)
    authority = answer.authority if answer else "lpse"
    sentence = m.desk.office.authorities.sentence(authority)
    return m.text("urgent", facts=m.facts, authority=authority, sentence=sentence)
