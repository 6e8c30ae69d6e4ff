"""A second matter told in the middle of a form: it stays with the first unless the user wants a
ticket of its own for it, which then comes after this one."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs import offers
from dialogs.flows import faq, form, menu
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.state import Draft

# Words with which another matter begins; a confident other topic alone may be the same matter
# in other words.
_ANOTHER = re.compile(
    r"(?i)\b(?:juga|jg|satu lagi|1 lagi|sama satu|selain itu|oh iya|o iya|oiya|sekalian"
    r"|masalah lain|hal lain|soal lain|yang lain|beda lagi|lain lagi|kedua"
    r"|sama (?:mau|ini|itu|lupa|gimana)|mau (?:nanya|tanya) (?:juga|lagi))\b"
)


def noted(m: Moment, before: Draft, move: Move) -> Move:
    """The move, with the offer of a ticket of its own where the words are about another topic
    than what was told ``before``."""
    intent = m.heard.understanding.intent
    topic = intent.name.removeprefix(faq.PREFIX) if intent and m.is_(intent.name) else None
    answer = m.desk.answers.get(topic)
    if answer is None or not before.parts or not _ANOTHER.search(m.heard.text):
        return move
    first = before.topic or faq.topic_of(m.desk.understand(form.problem_text(before)), m.desk)
    if first in (None, topic) or before.brief:
        return move
    choice = offers.apart(m.heard.message_id)
    said = Reply(m.text("second_noted", title=answer.title), (choice,))
    state = replace(move.state, asked=(choice,), asked_last=True)
    return replace(move, state=state, replies=(*move.replies, said))


def apart(m: Moment) -> Move:
    """*Tiket sendiri*: the value ends in the message's row id."""
    draft, said = m.state.draft, (m.chosen or "").partition(":")[2]
    parts = draft.parts if draft is not None else ()
    moved = tuple(part for part in parts if str(part.message_id) == said)
    if draft is None or not moved:
        return menu.aside(m, m.text("old_button"))
    left = tuple(part for part in parts if part not in moved)
    draft = replace(draft, parts=left, later=(*draft.later, *moved))
    m = m.with_state(asked=(), asked_last=False)
    return form.place(m, draft, m.text("second_apart"), again=True)
