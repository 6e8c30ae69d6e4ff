"""Data requests: what the user sends for one, in any order and over several messages
[002 step 4]. Also what comes after its time was over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dialogs import offers
from dialogs.choosing import plain, words
from dialogs.commands import FinishData, GiveData, Piece, SortData
from dialogs.facts import DataFact, ItemFact
from dialogs.flows import faq, menu, status
from dialogs.heard import File
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.state import Part, Passed
from dialogs.turn import Settle
from dialogs.words import GREETINGS, HONORIFICS, POLITE, QUESTIONS

_THIS = r"(?:(?:ini|itu|nih|yg|yang|utk|untuk|buat|tadi|foto|file|filenya|berkas|gambar)\s+){0,4}"
_NUMBERED = re.compile(
    rf"(?i)^\s*(?:{_THIS}(?:no|nomor|nomer|nmr|poin|point|data|#)\.?\s*(\d{{1,2}})\b\s*[:.)=-]?\s*"
    r"|(\d{1,2})(?:\s*[:=]\s*|[.)]\s+|\s+-\s+|\s*$))"
)
_DONE = re.compile(
    r"(?i)^(?:(?:ya|iya|ok|oke|baik|itu)\s+)?(?:(?:sudah|udah|udh|sdh|dah)\s+"
    r"(?:semua(?:nya)?|lengkap|komplit|komplet|dikirim semua|saya kirim semua|kirim semua|itu saja)"
    r"|lengkap|itu (?:saja|aja)|semua sudah|(?:data(?:nya)? )?(?:sudah|udah|sdh) lengkap)\b"
)
_ENOUGH = re.compile(
    r"^(?:(?:sudah|udah|udh|sdh|dah|ya|iya|cukup|cuma|hanya|baru)\s+)*(?:itu|segitu|segini|ini)\s+"
    r"(?:saja|aja|aj|doang|dulu|semua|semuanya)$"
    r"|^(?:sudah|udah|udh|sdh|dah)\s+(?:cukup|semua|smua)(?:\s+\w+)?$"
    r"|^(?:tidak|tdk|ga|gak|gk|ngga|nggak|udah ga|sudah tidak)\s+(?:ada|punya)\s+(?:(?:yg|yang)\s+)?"
    r"(?:lagi|lain|lainnya|laen)$"
)
_DONE_WORDS = 6
_LONGEST_ID = 15  # digits of a request's id; what has more was never sent by us
# Words of a label that tell nothing about which label it is.
_COMMON = words(
    """
    scan foto file berkas dokumen data nomor no surat bukti salinan fotokopi copy gambar yang dan
    atau untuk dari pada dengan milik atas nama asli terbaru lengkap halaman kode hasil tangkapan
    """
)
_TALK = GREETINGS | HONORIFICS | POLITE
_SOON = _TALK | words(
    """
    ok oke okay okey oki baik baiklah siap sip iya ya yaa noted bentar sebentar sbentar bntar tunggu
    nanti ntar dulu dl besok bsk kirim kirimkan saya sy aku ku cari cek carikan siapkan otw segera
    sore malam pagi siang coba ditunggu
    """
)
_AFTER = words("ya yaa tadi itu ini yg yang foto fotonya file filenya gambar barusan nih")
# What is no data, however short: courtesies, and wishes about the conversation.
_ACTS = (
    "greet", "goodbye", "thanks", "affirm", "deny", "help", "bot_challenge", "request_human",
    "open_ticket", "ticket_status", "cancel", "back", "erase_my_data", "submit_feedback",
)  # fmt: skip


def hear(m: Moment) -> Move | None:
    """Free text or files while ``facts.data`` has requests; None: not for one."""
    request = _meant(m)
    if request is None:
        return _which(m)
    text = m.heard.text.strip()
    if not m.heard.files and not request.late:
        if _says_done(text):
            return _silently(m, FinishData(request.id))
        if (item := _sorts(m, request)) is not None:
            return _silently(m, SortData(request.id, item.id))
    if not m.heard.files and not _is_data(m, request):
        return _noted(m, request)
    return _given(m, request)


def full(m: Moment) -> Move:
    """*Sudah lengkap* was chosen; its value ends in the request's id."""
    said = (m.chosen or "").partition(":")[2]
    if not said.isdecimal() or len(said) > _LONGEST_ID:
        return menu.aside(m, m.text("old_button"))
    return _silently(m, FinishData(int(said)))


def missing(request: DataFact) -> list[ItemFact]:
    """What has not come yet."""
    return [item for item in request.items if not item.got]


def _silently(m: Moment, command: FinishData | GiveData | SortData, **changes: object) -> Move:
    """Whatever question stands stays good: this came in between."""
    m = m.with_state(**changes)
    return replace(m.stay(commands=(command,)), silent=True)


def _meant(m: Moment) -> DataFact | None:
    """The request that this is for; None where it is for none, or where nobody can tell."""
    requests = [r for r in m.facts.data if not r.late]
    number = m.facts.about or _own_number(m)
    if number is not None:
        return next((r for r in m.facts.data if r.number == number), None)
    if len(requests) == 1:
        return requests[0]
    named = [r for r in requests or m.facts.data if _named(m, r.items)]
    if len(named) == 1:
        return named[0]
    late = [r for r in m.facts.data if r.late]
    return late[0] if not requests and len(late) == 1 and m.heard.files else None


def _which(m: Moment) -> Move | None:
    """Several requests are open and it can be for any of them: asked, and kept meanwhile."""
    requests = [r for r in m.facts.data if not r.late]
    if len(requests) < 2 or m.facts.about or _own_number(m):
        return None
    if not m.heard.files and not any(_is_data(m, request) for request in requests):
        return None
    files = tuple(file.attachment_id for file in m.heard.files)
    parts = m.parts or (Part(m.heard.message_id, ""),)
    kept = Passed("", m.facts.now.timestamp(), parts, files)
    return m.go("passing", f"which:{','.join(r.number for r in requests)}", passed=kept)


def _own_number(m: Moment) -> str | None:
    """A ticket's number in the text, where it is one of the user's own."""
    spoken = status.spoken_number(m)
    found = status.own(spoken, m.facts) if spoken else None
    return found.number if found else None


def _named(m: Moment, items: Sequence[ItemFact]) -> bool:
    said = (m.heard.text, *(file.name for file in m.heard.files))
    return any(_by_words(text, items) for text in said)


def _says_done(text: str) -> bool:
    said = plain(text)
    if len(said.split()) > _DONE_WORDS:
        return False
    bare = " ".join(word for word in said.split() if word not in _TALK and word not in ("ya", "yaa"))
    return bool(_DONE.match(said) or _ENOUGH.match(bare))


def _noted(m: Moment, request: DataFact) -> Move | None:
    """ "Ok, bentar ya min", a thumb: nothing came, and what is waited for is said again."""
    said = plain(m.heard.text).split()
    hello = bool(said) and GREETINGS.union(HONORIFICS).issuperset(said)
    if request.late or hello or "?" in m.heard.text or not _SOON.issuperset(said):
        return None
    text = m.text(
        "data_soon", number=request.number, missing=missing(request), due=request.due_at
    )
    choices = (offers.full(request.id),)
    m = m.with_state(asked=choices, asked_last=True)
    return replace(m.stay(), replies=(Reply(text, choices),), silent=True)


def claims(m: Moment, number: str) -> bool:
    """Whether a request about another ticket than ``number`` is plainly meant: by the name of
    what it asks for, or as the word that it is all."""
    others = [r for r in m.facts.data if not r.late and r.number != number]
    done = not m.heard.files and _says_done(m.heard.text.strip())
    return any(done or _named(m, request.items) for request in others)


def _sorts(m: Moment, request: DataFact) -> ItemFact | None:
    """The item that "ini untuk nomor 2", with nothing of its own, means for what came last."""
    text = m.heard.text.strip()
    begins = _NUMBERED.match(text)
    came = request.loose or any(item.got for item in request.items)
    if begins is None or begins[1] is None or not came:
        return None
    left = plain(text[begins.end() :]).split()
    return _numbered(text, request.items) if _TALK.union(_AFTER).issuperset(left) else None


def _is_data(m: Moment, request: DataFact) -> bool:
    """Whether a text can be meant for the request, rather than as ordinary talk."""
    text = m.heard.text.strip()
    said = plain(text).split()
    if not said or _TALK.issuperset(said):
        return False
    if _numbered(text, request.items):
        return True
    figures = re.search(r"\d{3}", text) is not None
    if _asks(text) and not figures:
        return False
    if m.facts.about == request.number or _by_words(text, request.items):
        return True
    if request.late:
        return False
    return figures or not (m.is_(*_ACTS) or faq.confident_topic(m))


def _asks(text: str) -> bool:
    return "?" in text or not QUESTIONS.isdisjoint(plain(text).split())


def _given(m: Moment, request: DataFact) -> Move:
    """It is on its way to the request; what has come and what is missing is said once for all
    that comes in a breath. What comes late is answered by what becomes of the ticket."""
    pieces = tuple(_pieces(m, request))
    files = tuple(file.attachment_id for file in m.heard.files)
    parts = m.parts or (Part(m.heard.message_id, ""),)
    before = m.state.passed
    together = before and before.number == request.number and before.fresh and m.facts.unspoken
    earlier = before if before and together else Passed(request.number, 0.0)
    passed = Passed(
        request.number,
        0.0,  # what is said next is heard on its own: a question is no data
        (*earlier.parts, *parts),
        (*earlier.files, *files),
        fresh=not request.late,
    )
    kept = tuple(f for f in m.state.files if f not in files)
    command = GiveData(request.id, pieces)
    if request.late:
        return _silently(m, command, passed=passed, files=kept)
    said = _received(m, request, pieces)
    choices = {"asked": said.choices, "asked_last": True}
    m = m.with_state(passed=passed, files=kept, **choices)
    if m.state.flow == "consultation":  # its question is put again
        return replace(m.stay(commands=(command,)), replies=(said,))
    waits = Settle.BREATH if m.heard.text.strip() else Settle.FRAGMENT
    return replace(m.stay(commands=(command,)), replies=(said,), settle=waits, silent=True)


def _received(m: Moment, request: DataFact, pieces: Sequence[Piece]) -> Reply:
    now = {piece.item_id for piece in pieces}
    loose = request.loose + sum(piece.item_id is None for piece in pieces)
    text = m.text(
        "data_received",
        number=request.number,
        came=[item for item in request.items if item.got or item.id in now],
        missing=[item for item in request.items if not item.got and item.id not in now],
        loose=loose,
    )
    return Reply(text, (offers.full(request.id), offers.not_for(request.number)))


def _pieces(m: Moment, request: DataFact) -> Iterator[Piece]:
    """Each file with its caption, else each text; lines with numbers of their own apart."""
    left = missing(request)
    if m.heard.files:
        caption = m.heard.text.strip()
        for file in m.heard.files:
            item = _of_file(file, caption, request.items, left)
            left = [i for i in left if item is None or i.id != item.id]
            item_id = item.id if item else None
            yield Piece(m.heard.message_id, caption, file.attachment_id, item_id)
        return
    for part in m.parts or (Part(m.heard.message_id, m.heard.text.strip()),):
        for line in _lines(part.text, request.items):
            item = _of_text(line, request.items, left)
            left = [i for i in left if item is None or i.id != item.id]
            yield Piece(part.message_id, line, None, item.id if item else None)


def _lines(text: str, items: Sequence[ItemFact]) -> list[str]:
    """A text, cut where lines begin with numbers of items."""
    found: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if not found or _numbered(line, items):
            found.append(line.strip())
        else:
            found[-1] += f"\n{line.strip()}"
    return found


def _of_file(
    file: File, caption: str, items: Sequence[ItemFact], left: list[ItemFact]
) -> ItemFact | None:
    return (
        _numbered(caption, items)
        or _by_words(caption, items)
        or _by_words(file.name, items)
        or _by_kind("file", left)
    )


def _of_text(text: str, items: Sequence[ItemFact], left: list[ItemFact]) -> ItemFact | None:
    return _numbered(text, items) or _by_words(text, items) or _by_kind("text", left)


def _numbered(text: str, items: Sequence[ItemFact]) -> ItemFact | None:
    """The item whose number the text begins with."""
    begins = _NUMBERED.match(text)
    if begins is None:
        return None
    n = int(begins[1] or begins[2])
    return next((item for item in items if item.n == n), None)


def _by_words(text: str, items: Sequence[ItemFact]) -> ItemFact | None:
    """The one item that shares the most telling words with a text or a file's name."""
    said = set(_split(text))
    shared = {item.id: len(said.intersection(_telling(item.label))) for item in items}
    most = max(shared.values(), default=0)
    best = [item for item in items if most and shared[item.id] == most]
    return best[0] if len(best) == 1 else None


def _split(text: str) -> list[str]:
    return plain(text.replace("_", " ").replace("-", " ")).split()


def _telling(label: str) -> set[str]:
    return {word for word in _split(label) if len(word) >= 3 and word not in _COMMON}


def _by_kind(kind: str, left: list[ItemFact]) -> ItemFact | None:
    """The only missing one it can be; else the only one asked for as exactly this kind."""
    can_be = [item for item in left if item.kind in (kind, "any")]
    exact = [item for item in can_be if item.kind == kind]
    if len(can_be) == 1:
        return can_be[0]
    return exact[0] if len(exact) == 1 else None
