"""Masukan: a complaint, an objection, a suggestion or praise about the service itself [000]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from dialogs.choosing import plain
from dialogs.commands import OpenTicket
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import form, menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State

Category = Literal["pengaduan", "keberatan", "saran", "masukan"]
CATEGORIES: Mapping[str, Category] = {
    "pengaduan": "pengaduan",
    "keberatan": "keberatan",
    "saran": "saran",
    "masukan": "masukan",
}
OTHER: Category = "masukan"  # what nothing says otherwise of
_SEND = Choice("send", "Kirim", ("affirm",), ("ya", "iya", "oke", "ok", "kirimkan", "benar"))
_SORT = Choice("sort", "Ganti jenis", (), ("jenis", "ganti jenisnya", "jenisnya salah"))
_REWRITE = Choice("rewrite", "Tulis ulang", (), ("ubah", "ganti", "ulang"))
_DROP = Choice("drop_words", "Batal", ("cancel", "deny"), ("tidak jadi", "tidak", "gak jadi"))
_KINDS = tuple(
    Choice(f"sort:{category}", category.capitalize(), (), words)
    for category, words in (
        ("pengaduan", ("aduan", "keluhan", "komplain", "lapor")),
        ("keberatan", ("protes", "tidak setuju")),
        ("saran", ("usul", "usulan")),
        ("masukan", ("lainnya", "pujian", "apresiasi")),
    )
)
_WHOLE = 3  # words from which a text is the feedback itself, not the wish to give some
# What the user's own words make of it; the first that fits counts, and they may say otherwise.
_SAYS: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("keberatan", re.compile(r"\b(?:keberatan|protes|tidak setuju|tdk setuju|gak setuju)\b")),
    (
        "saran",
        re.compile(
            r"\b(?:saran|usul|usulan|menyarankan|sebaiknya|sebaikny|alangkah|andai|andaikan"
            r"|baiknya|seharusnya ada|harusnya ada|mohon ditambah|tolong ditambah)\b"
        ),
    ),
    (
        "pengaduan",
        re.compile(
            r"\b(?:pengaduan|mengadu|aduan|keluhan|mengeluh|komplain|komplen|kecewa|lambat|lelet"
            r"|lama|buruk|jelek|kasar|jutek|judes|cuek|diabaikan|dicuekin|pungli|melaporkan"
            r"|susah|sulit|ribet|parah|marah|ketus|dipersulit)\b"
            r"|\b(?:tidak|tdk|ga|gak|nggak|belum|blm) (?:ada )?"
            r"(?:di|me)?(?:layani|jawab|balas|respon|respons|tanggapi|ramah|profesional)\w*"
        ),
    ),
)


_NAMED = re.compile(
    r"^(?:(?:min|mimin|admin|kak|pak|bu|mas|mbak|gan|saya|sy|aku|mau|ingin|pengen|kasih|beri|ada|ini|izin"
    r"|sekedar|sekadar|sampaikan|menyampaikan|mengajukan|ajukan|tolong|catat)\s+){0,6}"
    r"(?:saran|usul|usulan|masukan|keluhan|mengeluh|komplain|komplen|aduan|pengaduan|mengadu|protes"
    r"|keberatan)\b"
)


def named(m: Moment) -> bool:
    """Whether the words call themselves a suggestion, a complaint or an objection."""
    return "?" not in m.heard.text and _NAMED.search(plain(m.heard.text)) is not None


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``text`` asks for the words, ``confirm:<category>`` shows them, ``sort:<category>`` asks
    for another one."""
    at, _, category = state.at.partition(":")
    if not state.words:
        at = "text"
    text = desk.texts.render(
        "feedback",
        at=at,
        words=state.words,
        category=CATEGORIES.get(category, OTHER),
        files=len(state.files),
        office=desk.office,
    )
    choices = {"confirm": (_SEND, _REWRITE, _DROP, _SORT), "sort": _KINDS}
    return Reply(text, choices.get(at, (_DROP,)))


def start(m: Moment) -> Move:
    said = m.heard.text.strip()
    whole = m.chosen is None and len(plain(said).split()) >= _WHOLE
    return _shown(m, said) if whole else m.go("feedback", "text", words="")


def hear(m: Moment) -> Move | None:
    """Words and files are gathered until the user sends or drops them."""
    category = CATEGORIES.get(m.state.at.partition(":")[2])
    if m.chosen == "send":
        return _send(m, category or OTHER) if m.state.words else m.go("feedback", "text")
    if m.chosen == "sort" and category:
        return m.go("feedback", f"sort:{category}")
    if m.chosen and m.chosen.startswith("sort:"):
        return m.go("feedback", f"confirm:{m.chosen.removeprefix('sort:')}")
    if m.chosen == "rewrite":
        return m.go("feedback", "text", words="")
    if m.chosen == "drop_words":
        return menu.cancel(m)
    if m.chosen or not (m.heard.text.strip() or m.heard.files):
        return None
    words = "\n".join(filter(None, (m.state.words, m.heard.text.strip())))
    files = (*m.state.files, *(file.attachment_id for file in m.heard.files))
    files = tuple(dict.fromkeys(files))
    if not words:
        return m.go("feedback", "text", files=files)
    return _shown(m.with_state(files=files), words, category)


def derived(words: str) -> Category:
    """What it is by the user's own words."""
    said = plain(words)
    return next((category for category, says in _SAYS if says.search(said)), OTHER)


def _shown(m: Moment, words: str, category: Category | None = None) -> Move:
    """More words may show what it is, unless something was clear before."""
    known = category if category not in (None, OTHER) else derived(words)
    return m.go("feedback", f"confirm:{known}", words=words)


def _send(m: Moment, category: Category) -> Move:
    known = {**(m.facts.identity or {}), **m.state.heard}
    command = OpenTicket(
        "masukan",
        m.state.words,
        answers=form.checked(known, m.desk.office.form),
        attachment_ids=m.state.files,
        category=category,
    )
    move = m.go("menu", "rest", words="", files=())
    return replace(move, commands=(command,), silent=True)
