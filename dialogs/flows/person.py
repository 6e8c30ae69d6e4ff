"""Petugas: the user wants a person. Every such talk is a ticket: name and problem come first
(``queue.form_first``), then a place in the queue or the hours, never a promised connection."""

from __future__ import annotations

from dataclasses import replace

from dialogs.checks import check
from dialogs.choosing import plain
from dialogs.commands import CallHuman, Command
from dialogs.desk import Desk
from dialogs.facts import Facts, TicketFact
from dialogs.flows import consultation_problem, form, menu, status
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, Part, State
from dialogs.texts import clip

_REASON_LENGTH = 1000
_MOST_LISTED = 5
_INSISTED = "insisted"  # in Draft.done: the user asked again instead of answering
_ANOTHER = Choice(
    "another", "Hal lain", ("deny",), ("lain", "bukan", "baru", "masalah lain", "masalah baru")
)


def call(m: Moment) -> Move:
    """The wish for a person, said anywhere."""
    if m.facts.queue is not None or m.facts.waiting_number is not None:
        return _beside(m, CallHuman(_reason(m)))
    if found := _meant(m):
        return _beside(m, CallHuman(_reason(m), found.number))
    if m.state.flow == "consultation" and m.state.draft is not None:
        return _in_form(m, m.state.draft)
    m = _with_feedback(m)
    if _open(m.facts):
        return m.go("person", "which", problem=_told(m))
    return _anew(m)


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``which``: about which of the open tickets, or another matter."""
    tickets = _open(facts)
    text = desk.texts.render("person_which", tickets=tickets, office=desk.office)
    choices = (Choice(f"t:{t.number}", clip(t.number), (), (t.number,), t.subject) for t in tickets)
    return Reply(text, (*choices, _ANOTHER, menu.MENU))


def hear(m: Moment) -> Move | None:
    """The matter was chosen, or told in words."""
    if m.chosen == "another":
        return _anew(m)
    if m.chosen is not None and m.chosen.startswith("t:"):
        return _waits(m, CallHuman(_reason(m), m.chosen.removeprefix("t:")))
    if m.chosen is not None:
        return None
    if found := _meant(m):
        return _waits(m, CallHuman(_reason(m), found.number))
    told = consultation_problem.tells(m.heard.text) or m.heard.files
    return _anew(m.with_state(problem=_told(m))) if told else None


def _anew(m: Moment) -> Move:
    """A matter without a ticket yet, as much of the form first as the office wants."""
    first = m.desk.office.form_first
    draft = m.state.draft if form.worth_keeping(m.state.draft) else None
    draft = draft or _known(m, replace(form.begun(m), parts=_told(m)))
    m = m.with_state(problem=(), files=(), misses=0)
    draft = replace(draft, for_person=True, brief=first != "full", editing=False)
    if first == "none":
        return form.sent(m, _with_words(m, draft))
    if consultation_problem.tells(form.problem_text(draft)):
        draft = _problem_told(draft)
    lead = m.text("person_begin", brief=draft.brief, facts=m.facts)
    return form.onward(m, draft, lead)


def _in_form(m: Moment, draft: Draft) -> Move:
    """The form at hand becomes the one that is sent before a person is called."""
    first = m.desk.office.form_first
    insisted = draft.for_person and _INSISTED in draft.done
    if first == "none" or (draft.brief and insisted):
        return form.sent(m, _with_words(m, replace(draft, for_person=True)))
    if draft.for_person and draft.brief:
        draft = replace(draft, done=(*draft.done, _INSISTED))
        return form.place(m, draft, m.text("person_first", asking=draft.asking), again=True)
    draft = replace(draft, for_person=True)
    lead = m.text("human_in_between", brief=first == "short", facts=m.facts)
    if first == "full":
        return form.place(m, draft, lead, again=True)
    draft = replace(_known(m, draft), brief=True, editing=False)
    if consultation_problem.tells(form.problem_text(draft)):
        draft = _problem_told(draft)
    return form.onward(m, draft, lead)


def _known(m: Moment, draft: Draft) -> Draft:
    """What is known from the last form and from the app is not asked again."""
    the_form, identity = m.desk.office.form, m.facts.identity or {}
    known = form.checked(identity, the_form)
    name = next((f for f in the_form.fields if f.check == "name"), None)
    if name is not None and m.facts.profile_name and name.key not in known:
        profile = check("name", m.facts.profile_name).value
        known |= {name.key: profile} if profile else {}
    phone = form.phone_field(the_form)
    if phone is not None and m.facts.own_phone:
        known |= form.checked({phone.key: m.facts.own_phone}, the_form)
    types = {t.key for t in the_form.user_types}
    said = draft.user_type or identity.get("user_type")
    return replace(
        draft,
        answers={**known, **draft.answers},
        user_type=said if said in types else None,
        identity_offered=True,
    )


def _problem_told(draft: Draft) -> Draft:
    return replace(draft, done=tuple(dict.fromkeys((*draft.done, form.PROBLEM))))


def _with_words(m: Moment, draft: Draft) -> Draft:
    """A ticket is never empty: without a problem it says that a person was asked for."""
    if form.problem_text(draft):
        return draft
    said = m.text("person_no_problem")
    return replace(draft, parts=(Part(m.heard.message_id, said),))


def _beside(m: Moment, command: Command) -> Move:
    """A form or another open question stays where it is."""
    if m.state.flow in ("consultation", "feedback", "erasure"):
        return m.stay(commands=(command,))
    return _waits(m, command)


def _waits(m: Moment, command: Command) -> Move:
    return replace(m.go("menu", "rest", problem=()), commands=(command,), silent=True)


def _with_feedback(m: Moment) -> Moment:
    """Words of a feedback that was not sent are what the person is to hear."""
    if m.state.flow != "feedback" or not m.state.words:
        return m
    part = Part(m.heard.message_id, m.state.words)
    return m.with_state(problem=(*m.state.problem, part), words="")


def _open(facts: Facts) -> list[TicketFact]:
    newest = sorted(facts.tickets, key=lambda t: t.opened_at, reverse=True)
    return [t for t in newest if t.open][:_MOST_LISTED]


def _meant(m: Moment) -> TicketFact | None:
    """The open ticket that is quoted or named."""
    number = m.facts.about or (status.spoken_number(m) if m.heard.tap is None else None)
    found = status.own(number, m.facts) if number else None
    return found if found and found.open else None


def _told(m: Moment) -> tuple[Part, ...]:
    """What it is about, as far as the user said: their own words, the newest last."""
    said = m.heard.text.strip()
    now = (Part(m.heard.message_id, said),) if m.chosen is None else ()
    told = (*m.state.problem, *(m.parts or now))
    kept = {part.text: part for part in told if consultation_problem.tells(part.text)}
    return tuple(kept.values())


def _reason(m: Moment) -> str:
    now = m.heard.text.strip() if m.chosen is None and len(plain(m.heard.text).split()) > 2 else ""
    told = [part.text for part in m.state.problem]
    return "\n".join(dict.fromkeys(filter(None, (*told, now))))[-_REASON_LENGTH:]
