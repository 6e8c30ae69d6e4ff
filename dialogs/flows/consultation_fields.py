"""Section A of the form: one field at a time, each answer checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialogs.checks import Checked, check, display_phone
from dialogs.choosing import plain, words
from dialogs.commands import ProvePhone
from dialogs.desk import Desk
from dialogs.extraction import Extracted, extract
from dialogs.facts import Facts
from dialogs.flows import consultation_problem, consultation_second, faq, form
from dialogs.move import Moment, Move
from dialogs.office import FormField
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, State
from dialogs.turn import Settle
from dialogs.words import GREETINGS, HONORIFICS, PRONOUNS, QUESTIONS

_KEEP = Choice("keep", "Tetap", (), ("biarkan", "sama", "lanjut", "tidak berubah", "sudah benar"))
_SKIP = Choice(
    "skip", "Lewati", (), ("skip", "kosong", "tidak ada", "lewat", "ga ada", "lewati semua")
)
_OWN = Choice("own", "Pakai nomor ini", ("affirm",), ("pakai", "nomor ini", "ya", "iya", "ini"))
_PROFILE = Choice("profile", "Pakai nama ini", ("affirm",), ("pakai", "nama ini", "ya", "iya"))
_WHY = re.compile(
    r"\b(kenapa|knp|mengapa|untuk apa|utk apa|buat apa|kok)\b.{0,30}"
    r"\b(isi|tulis|minta|tanya|data|nama|alamat|nomor|hp)",
    re.IGNORECASE,
)
_SPEAKING = PRONOUNS | GREETINGS | HONORIFICS | {"mau", "ingin", "izin", "ijin", "tolong", "maaf"}
_WISHES = words(
    "mau ingin pengen tanya nanya bertanya izin ijin minta tolong bantu dibantu butuh bingung lapor"
)
_ASKING = 2  # words; "kirim" alone asks nothing
_TELLING = 5  # words
_ASKED = QUESTIONS | {"cara", "caranya"}
_STORY = 8  # words from which a text that is no answer tells of the problem
_QUESTION = re.compile(
    r"\?|\b(gi?mana|gmn|bagaimana|bgmn|apa(kah)?|kenapa|knp|mengapa|berapa|brp|kapan|cara(nya)?"
    r"|gagal|err?or|lupa|(tidak|tdk|ga|gak|nggak|ngga|gk|tak) ?bisa|gabisa|kok)\b",
    re.IGNORECASE,
)


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """The field's question, with what is on hand to answer it."""
    draft, field = _at(state, desk)
    current = draft.answers.get(field.key)
    own = facts.own_phone if field.check == "phone" and not current else None
    name = _profile_name(field, facts) if not current else None
    choices = (
        *((_KEEP,) if current else ()),
        *((_OWN,) if own else ()),
        *((_PROFILE,) if name else ()),
        *(() if field.required else (_SKIP,)),
    )
    text = desk.texts.render(
        "field",
        field=field,
        current=current,
        own=own,
        profile=name,
        refused=bool(draft.refused),
        office=desk.office,
    )
    share = field.check == "phone" and facts.can_share_phone and not own and not current
    return Reply(text, choices, ask_phone=share)


def hear(m: Moment, draft: Draft) -> Move:
    field = form.field_of(m.desk.office.form, draft.asking)
    assert field is not None  # the table sends only fields here
    if m.chosen is not None:
        return _chosen(m, draft, field)
    text = m.heard.text.strip()
    if m.heard.files:
        if check(field.check, text).value is None or faq.confident_topic(m):
            return consultation_problem.beside(m, draft)
        draft = consultation_problem.with_files(m, draft)  # the caption is the answer
    found = extract(text, m.heard.understanding)
    others = _new(found, draft, field, m.desk)
    more = others or (field.check == "name" and len(found.problem.split()) > 1)
    if more and field.key in found.answers:
        return _take_several(m, draft, field, found, others)
    if asks_why(text):
        return m.stay(m.text("form_why"))
    result = check(field.check, text)
    if field.check == "text" and field.key not in found.answers and _chatter(text):
        result = Checked(None, "text_is_talk")
    if result.value is None and field.key in found.answers:
        result = check(field.check, found.answers[field.key])
    if (result.value is None or asks(text)) and (move := question(m, draft, sure=False)):
        return move
    if text.endswith("?"):
        return m.stay(m.text("form_help"))
    if result.value is not None:
        return form.onward(m, _answered(m, draft, {field.key: result.value, **others}))
    if others:
        noted = m.text("field_noted", labels=[f.label for f in _fields(others, m.desk)])
        return form.onward(m, _answered(m, draft, others), noted)
    if len(text.split()) >= _STORY:
        kept = consultation_problem.with_part(m, draft, text)
        added = form.place(m, kept, m.text("problem_added"), again=True)
        return consultation_second.noted(m, draft, added)
    problem = m.text("problems", problem=result.problem or "", field=field)
    refused = replace(draft, refused=m.heard.message_id)
    return replace(form.place(m, refused, problem, again=True), settle=Settle.BREATH)


def question(m: Moment, draft: Draft, *, sure: bool = True) -> Move | None:
    """A FAQ question in mid-form: answered, and the form goes on where it was. What was
    answered before is the user's problem and kept as such."""
    topic = faq.confident_topic(m)
    answer = m.desk.answers.get(topic)
    if len(m.heard.text.split()) < _ASKING:
        return None
    if answer is None or not (sure or asks(m.heard.text) or len(m.heard.text.split()) > 2):
        return None
    if topic == m.state.topic:
        kept = consultation_problem.with_part(m, draft, m.heard.text.strip())
        return form.place(m, kept, m.text("problem_added"), again=True)
    m = m.with_state(topic=answer.topic, topic_version=answer.version)
    if _tells(m.heard.text):
        kept = consultation_problem.with_part(m, draft, m.heard.text.strip())
        said = m.text("faq_beside", text=faq.words(answer, m.desk))
        return form.place(m, kept, said, again=True)
    return m.stay(faq.words(answer, m.desk))


def _tells(text: str) -> bool:
    """Whether a text tells what is wrong rather than asking something."""
    said = plain(text).split()
    return len(said) >= _TELLING and "?" not in text and _ASKED.isdisjoint(said)


def shared_phone(m: Moment, draft: Draft) -> Move:
    """A number from the app's own button; only one's own proves who somebody is."""
    phone, field = m.heard.phone, form.phone_field(m.desk.office.form)
    assert phone is not None  # the caller looked
    proof = (ProvePhone(phone.number),) if phone.own else ()
    result = check("phone", phone.number)
    if field is None or result.value is None:
        return m.stay(m.text("phone_unused"), commands=proof)
    if not phone.own and draft.asking != form.FIELD + field.key:
        told = m.text("contact_told", number=display_phone(result.value))
        return form.place(
            m, consultation_problem.with_part(m, draft, told), m.text("problem_added"), again=True
        )
    draft = _answered(m, draft, {field.key: result.value})
    if draft.asking == form.FIELD + field.key:
        return replace(form.onward(m, draft), commands=proof)
    noted = m.text("field_noted", labels=[field.label])
    return replace(form.place(m, draft, noted, again=True), commands=proof)


def amend(m: Moment, draft: Draft, edited: int) -> Move | None:
    """The message that gave an answer was edited: check and take the new words."""
    keys = [key for key, message in draft.sources.items() if message == edited]
    fields = [f for f in m.desk.office.form.fields if f.key in keys]
    if not fields:
        return None
    found = extract(m.heard.text, m.heard.understanding).answers
    several = len(fields) > 1
    said = {f.key: found.get(f.key, "" if several else m.heard.text.strip()) for f in fields}
    results = form.checked(said, m.desk.office.form)
    if not results:
        problem = check(fields[0].check, said[fields[0].key]).problem or ""
        return m.stay(m.text("problems", problem=problem, field=fields[0]))
    labels = [f.label for f in fields if f.key in results]
    amended = replace(draft, answers={**draft.answers, **results})
    return form.place(m, amended, m.text("field_amended", labels=labels), again=True)


def _chatter(text: str) -> bool:
    """ "Saya Joko mau tanya": talk about oneself, and no name of a firm or an office."""
    said = plain(text).split()
    return len(said) > 1 and said[0] in _SPEAKING and not _WISHES.isdisjoint(said)


def _at(state: State, desk: Desk) -> tuple[Draft, FormField]:
    draft = state.draft or Draft()
    field = form.field_of(desk.office.form, draft.asking)
    return draft, field or desk.office.form.fields[0]


def _chosen(m: Moment, draft: Draft, field: FormField) -> Move:
    offers = {"own": m.facts.own_phone, "profile": m.facts.profile_name}
    if m.chosen == "skip":
        left = {k: v for k, v in draft.answers.items() if k != field.key}
        done = tuple(dict.fromkeys((*draft.done, draft.asking)))
        return form.onward(m, replace(draft, answers=left, done=done))
    if m.chosen in offers:
        result = check(field.check, offers[m.chosen] or "")
        if result.value is None:
            return m.stay(m.text("problems", problem=result.problem or "", field=field))
        return form.onward(m, _answered(m, draft, {field.key: result.value}))
    return form.onward(m, draft)


def _take_several(
    m: Moment, draft: Draft, field: FormField, found: Extracted, others: Mapping[str, str]
) -> Move:
    """ "Saya Budi dari CV Maju, 0812..., gagal upload" answers several questions at once."""
    own = form.checked({field.key: found.answers[field.key]}, m.desk.office.form)
    draft = _answered(m, draft, {**own, **others})
    if draft.user_type is None and found.user_type in _types(m.desk):
        draft = replace(draft, user_type=found.user_type)
    if found.problem.strip():
        draft = consultation_problem.with_part(m, draft, found.problem.strip())
    labels = [f.label for f in _fields({**own, **others}, m.desk)]
    return form.onward(m, draft, m.text("field_noted", labels=labels))


def _new(found: Extracted, draft: Draft, field: FormField, desk: Desk) -> dict[str, str]:
    """Valid answers to other questions that are still open."""
    valid = form.checked(found.answers, desk.office.form)
    return {k: v for k, v in valid.items() if k != field.key and k not in draft.answers}


def _answered(m: Moment, draft: Draft, answers: Mapping[str, str]) -> Draft:
    sources = {**draft.sources, **dict.fromkeys(answers, m.heard.message_id)}
    return replace(draft, answers={**draft.answers, **answers}, sources=sources)


def _fields(answers: Mapping[str, str], desk: Desk) -> list[FormField]:
    return [f for f in desk.office.form.fields if f.key in answers]


def _types(desk: Desk) -> set[str]:
    return {t.key for t in desk.office.form.user_types}


def _profile_name(field: FormField, facts: Facts) -> str | None:
    if field.check != "name" or not facts.profile_name:
        return None
    return check("name", facts.profile_name).value


def asks_why(text: str) -> bool:
    """ "Kenapa harus isi alamat": what is it wanted for."""
    return _WHY.search(text) is not None


def asks(text: str) -> bool:
    """Whether a text reads like a question or a complaint."""
    return _QUESTION.search(text) is not None
