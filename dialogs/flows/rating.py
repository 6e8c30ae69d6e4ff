"""How the service was: 1 to 5 after closing, then a comment [003 step 17]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialogs.choosing import plain, without_fillers
from dialogs.commands import RateTicket
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import confirm, faq, menu
from dialogs.move import Moment, Move
from dialogs.offers import MOST_STARS, RATE
from dialogs.reply import Choice, Reply
from dialogs.state import State

SKIP = Choice(
    "no_comment",
    "Lewati",
    ("deny", "cancel"),
    ("lewat", "skip", "tidak", "tidak ada", "ga ada", "gak ada", "cukup", "itu saja"),
)
_STARS = re.compile(r"^(?:(?:bintang|nilai|rating|skor)\s+)?([1-5])(?:\s*(?:bintang|dari 5|5))?$")
_WORDS: Mapping[str, int] = {"satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5}
# Wishes that are no comment on the service.
_ACTS = (
    "request_human", "open_ticket", "ticket_status", "erase_my_data", "help", "bot_challenge",
    "greet",
)  # fmt: skip


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """The comment; ``at`` is the ticket's number."""
    return Reply(desk.texts.render("rating_comment", number=state.at, office=desk.office), (SKIP,))


def hear(m: Moment) -> Move | None:
    """A comment, or none; None: something else is said."""
    if m.chosen == SKIP.value:
        return menu.rest(m, m.text("rating_kept", number=m.state.at, comment=False))
    text = m.heard.text.strip()
    if m.chosen or not text or m.heard.files or m.is_(*_ACTS) or faq.confident_topic(m):
        return None
    if confirm.verdict(m) is False:
        return None  # "masih error": that is about the ticket
    if m.is_("thanks", "goodbye", "affirm"):
        return menu.rest(m, m.text("rating_kept", number=m.state.at, comment=False))
    number = m.state.at
    move = menu.rest(m, m.text("rating_kept", number=number, comment=True))
    return replace(move, commands=(RateTicket(number, None, text),))


def spoken(m: Moment) -> Move | None:
    """Stars in words ("5", "bintang 4", "lima"), while the last notice asks for them."""
    asked = next((c.value for c in m.state.asked if c.value.startswith(f"{RATE}:")), None)
    if asked is None or m.heard.files:
        return None
    said = without_fillers(plain(m.heard.text))
    found = _STARS.match(said)
    stars = int(found[1]) if found else _WORDS.get(said)
    if stars is None:
        return None
    return rate(replace(m, chosen=f"{asked.rpartition(':')[0]}:{stars}"))


def rate(m: Moment) -> Move:
    """Stars were chosen (``@rate:<number>:<stars>``); a comment is asked for where nothing else
    stands."""
    number, _, said = (m.chosen or "").partition(":")[2].rpartition(":")
    stars = int(said) if said.isdecimal() and 1 <= int(said) <= MOST_STARS else 0
    ticket = next((t for t in m.facts.tickets if t.number == number), None)
    if not stars or ticket is None or ticket.state != "ditutup":
        known = ticket is not None
        text = m.text("rating_not_yet", number=number) if known else m.text("old_button")
        return menu.aside(m, text)
    thanks, command = m.text("rated", number=number, stars=stars), RateTicket(number, stars)
    if m.state.flow not in ("menu", "faq", "rating"):
        return m.stay(thanks, commands=(command,))
    return replace(m.go("rating", number, thanks), commands=(command,))
