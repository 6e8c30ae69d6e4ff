"""How the service was: 1 to 5 after closing, then a comment [003 step 17]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialogs.choosing import exact, plain, without_fillers
from dialogs.commands import RateTicket
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import confirm, faq, menu
from dialogs.move import Moment, Move
from dialogs.offers import MOST_STARS, RATE
from dialogs.offers import stars as stars_of
from dialogs.reply import Choice, Reply
from dialogs.state import State

SKIP = Choice(
    "no_comment",
    "Lewati",
    ("deny", "cancel"),
    ("lewat", "skip", "tidak", "tidak ada", "ga ada", "gak ada", "cukup", "itu saja"),
)
_WORDS: Mapping[str, int] = {"satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5}
_STARS = re.compile(
    r"^(?:(?:bintang|nilai|nilainya|rating|skor|kasih|beri)\s+)*"
    rf"(?P<n>\d{{1,3}}|{'|'.join(_WORDS)})(?:\s+(?:bintang|dari 5|per 5|5))*(?:\s+(?P<rest>.+))?$"
)
# What is said about a service, whatever else the words may mean elsewhere.
_SERVICE = re.compile(
    r"\b(?:(?:pe)?layanan|dilayani|melayani|petugas|admin|helpdesk|respon|respons|jawaban)(?:nya|ny)?\b"
    r"|\b(?:bagus|mantap|mantab|mantul|puas|memuaskan|kecewa|ramah|sabar|keren|hebat|baik|oke punya"
    r"|top|joss?|cepa?et|cepat|fast ?respon|sat set|lambat|lelet|lama|jelek|buruk|jutek|judes"
    r"|terbantu|membantu|lumayan|antri\w*|antre\w*)\b"
)
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
    if m.chosen or not text or m.heard.files:
        return None
    if confirm.verdict(m) is False:
        return None  # "masih error": that is about the ticket
    if not _of_service(m):
        if m.is_(*_ACTS) or faq.confident_topic(m):
            return None
        if m.is_("thanks", "goodbye", "affirm") or not plain(text):
            return menu.rest(m, m.text("rating_kept", number=m.state.at, comment=False))
    number = m.state.at
    move = menu.rest(m, m.text("rating_kept", number=number, comment=True))
    return replace(move, commands=(RateTicket(number, None, text),))


def spoken(m: Moment) -> Move | None:
    """Stars in words ("5", "bintang 4", "lima bintang, cepat"), while the last notice asks for
    them; praise or blame without a number is kept as the comment, and the number asked again."""
    asked = next((c.value for c in m.state.asked if c.value.startswith(f"{RATE}:")), None)
    if asked is None or m.heard.files:
        return None
    number = asked.split(":")[1]
    found = _STARS.match(without_fillers(plain(m.heard.text)))
    stars = _number(found["n"]) if found else 0
    service = _of_service(m)
    if found and 1 <= stars <= MOST_STARS and (service or not found["rest"]):
        comment = m.heard.text.strip() if found["rest"] else ""
        return rate(replace(m, chosen=f"{RATE}:{number}:{stars}"), comment)
    if not m.state.asked_last:
        return None
    if exact(m.heard.text, (SKIP,)) == SKIP.value:
        return menu.rest(m, m.text("rating_kept", number=number, comment=False))
    if found and not found["rest"]:
        return _asked_again(m, number, m.text("rating_range"))
    if service and confirm.verdict(m) is not False:
        kept = RateTicket(number, None, m.heard.text.strip())
        return replace(_asked_again(m, number, m.text("rating_words")), commands=(kept,))
    return None


def _asked_again(m: Moment, number: str, text: str) -> Move:
    return Move(m.state, replies=(Reply(text, stars_of(number)),), again=True, silent=True)


def _of_service(m: Moment) -> bool:
    """Whether the words judge the service rather than ask for something."""
    return "?" not in m.heard.text and _SERVICE.search(plain(m.heard.text)) is not None


def _number(said: str) -> int:
    return _WORDS.get(said) or (int(said) if said.isdecimal() else 0)


def rate(m: Moment, comment: str = "") -> Move:
    """Stars were chosen (``@rate:<number>:<stars>``); a ``comment`` is asked for where none came
    with them and nothing else stands."""
    number, _, said = (m.chosen or "").partition(":")[2].rpartition(":")
    stars = int(said) if said.isdecimal() and 1 <= int(said) <= MOST_STARS else 0
    ticket = next((t for t in m.facts.tickets if t.number == number), None)
    if not stars or ticket is None or ticket.state != "ditutup":
        known = ticket is not None
        text = m.text("rating_not_yet", number=number) if known else m.text("old_button")
        return menu.aside(m, text)
    thanks, command = m.text("rated", number=number, stars=stars), RateTicket(number, stars)
    if comment and m.state.flow in ("menu", "faq", "rating"):
        thanks = m.text("rated_with_words", number=number, stars=stars)
        return replace(menu.rest(m, thanks), commands=(command, RateTicket(number, None, comment)))
    if m.state.flow not in ("menu", "faq", "rating"):
        return m.stay(thanks, commands=(command,))
    return replace(m.go("rating", number, thanks), commands=(command,))
