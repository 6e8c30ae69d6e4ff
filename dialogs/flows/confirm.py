"""Whether it is solved, and "masih error" after closing [003 step 16]."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs import offers
from dialogs.choosing import plain, words
from dialogs.commands import AskReopen, Command, ConfirmSolved, NoteOnTicket
from dialogs.facts import TicketFact
from dialogs.flows import faq, status
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.words import GREETINGS, HONORIFICS, POLITE, QUESTIONS

CLOSED = "ditutup"
_SUDAH = r"(?:sudah|udah|udh|sdh|dah|sudh|uda)"
_TIDAK = r"(?:tidak|tdk|ga|gak|gk|ngga|nggak|nda|ndak|tak|gabisa|tetap|tetep|masih|msih|msh)"
_STILL = re.compile(
    r"\b(?:masih|msih|msh|tetap|tetep)\b.*\b(?:error|eror|gagal|sama|begitu|gitu|muncul|belum|blm"
    r"|tidak|tdk|ga|gak|gk|nggak|ngga|gabisa|bermasalah|terkendala|ditolak|loading|lemot|macet)\b"
    r"|\b(?:error|eror|gagal|muncul|kambuh|terulang|bermasalah|buka)\s+(?:lagi|terus|kembali)\b"
    r"|\b(?:masih|msh)\s+(?:perlu|butuh|kurang)\b"
    r"|\b(?:belum|blm|belom)\s+(?:selesai|beres|terjawab|dijawab|jelas|puas)\b"
)
_ABOUT_CLOSING = re.compile(r"\b(?:di ?tutup|ketutup|ditutupin|closed?|di ?close)\b")
_FAULT = re.compile(r"\b(?:error|eror|gagal|muncul|kambuh|macet|ditolak)\b")
_SAME = re.compile(
    r"\b(?:sama|podo|sami|gitu|begitu)\s+(?:aja|saja|aj|ae|wae|bae|mawon|juga|jg|terus|keneh)\b"
    r"|\bsarua\b"
    r"|\b(?:ga|gak|gk|tdk|tidak|ngga|nggak) (?:ada )?(?:ngefek|efek|mempan|ngaruh|pengaruh)\b"
)
_FUSED = re.compile(
    r"\b(?:ga|gak|gk|tdk|tak|ngga|nggak|nda|blm|belum|blom)(?:bisa|bs)\b"
    r"|\b(?:ga|gak|ora|ra|teu|durung|dereng)\s+(?:iso|isa|biso|saged|tiasa|bisa)\b"
)
# Javanese and Sundanese for "not yet"; "can" only at the beginning, or before what it is about.
_FAR = re.compile(r"\b(?:durung|dereng|tacan|acan)\b|^can\b|\bcan (?:bisa|tiasa|beres|leres)\b")
_NOT_YET = re.compile(
    rf"\b(?:belum|blm|blum|belom|blom)\b|{_STILL.pattern}|\b{_TIDAK}\s+(?:bisa|bs|berhasil|beres)\b"
    rf"|{_SAME.pattern}|{_FUSED.pattern}|{_FAR.pattern}"
)
# "Masih ga bisa login": the same as before, even where a ready answer knows the topic.
_PERSISTS = re.compile(
    r"^(?:\w+\s+){0,2}(?:masih|msih|msh|tetap|tetep|ttp)\s+(?:\w+\s+){0,2}"
    r"(?:(?:ga|gak|gk|g|tdk|tidak|ngga|nggak|belum|blm)\s*(?:bisa|bs|masuk|berhasil)|error|eror|gagal)\b"
)
# The same in the middle of a long (dictated) text.
_STUCK = re.compile(
    r"\b(?:tapi|tp|tetapi|namun|ternyata|masih|msh|tetap|tetep)\s+(?:\w+\s+){0,3}"
    r"(?:tidak|tdk|ga|gak|gk|ngga|nggak|belum|blm)\s+(?:bisa|bs|berhasil|beres)\b"
)
_SOLVED = re.compile(
    rf"^{_SUDAH}(?:\s+(?:min|mimin|kak|pak|bu|mas|mbak|bang|ya|kok|nih|dong|makasih|terima"
    r"|kasih))*$"
    rf"|\b{_SUDAH}\s+(?:\w+\s+){{0,3}}(?:bisa|bs|beres|selesai|normal|lancar|aman|ok|oke|berhasil"
    r"|masuk|teratasi|tuntas|sukses|clear|jalan)\b"
    rf"|\b{_SUDAH}(?:bisa|bs|beres)\b"
    r"|\b(?:wes|wis|uwis|sampun|mpun|atos|parantos|geus|ges)\s+(?:iso|isa|saged|tiasa|bisa|beres|rampung"
    r"|lancar|mari)\b"
    r"|^(?:beres|berhasil|aman|lancar|tuntas|sukses|bisa|clear)\b"
)
_YES = re.compile(
    r"^(?:ya|iya|yes|yup|yoi|betul|benar)(?:\s+(?:min|kak|pak|bu|mas|mbak|bang|dong))*$"
)
_NOT_TRIED = re.compile(r"\b(?:coba|dicoba|nyoba|cek|sempat|sempet|kerjakan|lihat|baca)\b")
# "Baik min" takes note of the answer; it does not say that it helped.
_NOTED = words("ok oke okay okey baik baiklah siap sip noted oh ooh dicoba dulu") | {
    *HONORIFICS, *GREETINGS, *POLITE,
}  # fmt: skip
_THANKS = words(
    "makasih makasi mksh makasii terima terimakasih trims thanks thx tq suwun nuwun nuhun"
)
_TELLING = 3  # words from which a text tells something
# Wishes about the conversation: no answer, and nothing for the agent either.
_ACTS = (
    "greet", "goodbye", "thanks", "help", "bot_challenge", "request_human", "open_ticket",
    "ticket_status", "cancel", "back", "erase_my_data", "submit_feedback",
)  # fmt: skip
_MOST_WORDS = 12  # beyond them a text tells more than an answer does; the agent reads it


def hear(m: Moment) -> Move | None:
    """Free text that answers "Apakah masalah sudah beres?", or says that it is not after all;
    None: it is something else."""
    waiting = [t for t in _talked_of(m) if t.expects == "confirm"]
    solved = verdict(m)
    if solved is None:
        only = waiting[0].number if len(waiting) == 1 else ""
        return (_noted(m, only) or _told(m, only)) if only else None
    if len(waiting) == 1:
        return _confirm(m, waiting[0].number, solved)
    if waiting:
        event = "resolved" if solved else "not_resolved"
        said = m.with_state(words=m.heard.text.strip())
        return said.go("status", f"which:{event}")
    return None if solved else _again(m)


def _noted(m: Moment, number: str) -> Move | None:
    """ "Ok", "makasih", a thumb: that does not say whether it helped, so it is asked again."""
    said = plain(m.heard.text).split()
    hello = bool(said) and GREETINGS.union(HONORIFICS).issuperset(said)
    if m.heard.files or hello or _asks(m) or not _NOTED.issuperset(said):
        return None
    thanks = not _THANKS.isdisjoint(said)
    text = m.text("solution_again", number=number, thanks=thanks)
    choices = offers.solved(number)
    m = m.with_state(asked=choices, asked_last=True)
    return replace(m.stay(), replies=(Reply(text, choices),), silent=True)


def questioned(m: Moment) -> str | None:
    """The solution that a question can only be about, by its ticket's number."""
    waiting = [t for t in _talked_of(m) if t.expects == "confirm"]
    few = len(plain(m.heard.text).split()) < _TELLING
    if len(waiting) != 1 or few or not _asks(m) or m.is_(*_ACTS):
        return None
    if _foreign(m) or faq.confident_topic(m):
        return None
    return waiting[0].number


def _told(m: Moment, number: str) -> Move | None:
    """No answer, but words or files that can only be about the ticket: the agent gets them,
    and the question stays open."""
    said = plain(m.heard.text).split()
    few = len(said) < _TELLING and not m.heard.files and m.facts.about != number
    if few or _asks(m) or m.is_(*_ACTS) or _foreign(m) or faq.confident_topic(m):
        return None
    return _silently(m, NoteOnTicket(number, "addition", m.heard.text.strip(), _files(m)))


def _foreign(m: Moment) -> bool:
    """Whether the words are surely about nothing of ours."""
    return m.is_("out_of_scope", at_least=m.desk.office.conversation.thresholds.confident)


def _asks(m: Moment) -> bool:
    return "?" in m.heard.text or not QUESTIONS.isdisjoint(plain(m.heard.text).split())


def verdict(m: Moment) -> bool | None:
    """Solved, not solved, or no word about that."""
    said = plain(m.heard.text)
    asks = _asks(m)
    if _YES.match(said) and not asks:
        return True
    if _NOTED.issuperset(said.split()) or (asks and faq.confident_topic(m)):
        return None
    short = len(said.split()) <= _MOST_WORDS
    if short and _NOT_YET.search(said):
        return None if _NOT_TRIED.search(said) and not _STILL.search(said) else False
    if short and _SOLVED.search(said) and not asks and "tapi" not in said.split():
        return True
    if not short and _STUCK.search(said) and not asks:
        return False
    if m.is_("not_resolved", "deny"):
        return False
    return True if m.is_("resolved", "affirm") else None


def yes(m: Moment) -> Move:
    """*Sudah* was chosen; the value ends in the ticket's number, as with the others here."""
    return _confirm(m, _chosen(m), solved=True)


def no(m: Moment) -> Move:
    """*Belum*."""
    return _confirm(m, _chosen(m), solved=False)


def reopen(m: Moment) -> Move:
    """*Buka lagi*."""
    return _silently(m, AskReopen(_chosen(m), _said(m), _ids(m), _files(m)))


def _chosen(m: Moment) -> str:
    return (m.chosen or "").partition(":")[2]


def _talked_of(m: Moment) -> list[TicketFact]:
    """The tickets this can be about: the one that is quoted or named, else all."""
    number = m.facts.about or status.spoken_number(m)
    found = status.own(number, m.facts) if number else None
    if number:
        return [found] if found else []
    return list(m.facts.tickets)


def _again(m: Moment) -> Move | None:
    """ "Masih error" where nothing is open: the ticket closed last is meant. With other tickets
    at work, status asks which."""
    tickets = _talked_of(m)
    closed = [t for t in tickets if t.may_reopen]
    said = plain(m.heard.text)
    still = _STILL.search(said) or m.is_("not_resolved")
    if m.state.flow == "faq" and m.state.at.startswith("answered") and not m.state.asked_last:
        return None  # it is the ready answer that did not help
    persists = _PERSISTS.search(said) and not _asks(m)
    if faq.confident_topic(m) and not persists and not _FAULT.search(said):
        return None
    if len(closed) != 1 or any(t.state != CLOSED for t in tickets):
        return None
    if _ABOUT_CLOSING.search(said) and not _STILL.search(said):
        return status.show(m, closed[0].number)  # "lho kok ditutup": asked, not reopened
    if not still:
        return None
    return _silently(m, AskReopen(closed[0].number, _said(m), _ids(m), _files(m)))


def _confirm(m: Moment, number: str, solved: bool) -> Move:
    return _silently(m, ConfirmSolved(number, solved, _said(m), _ids(m), _files(m)))


def _silently(m: Moment, command: Command) -> Move:
    """Whatever question stands stays good: this came in between."""
    files = set(_files(m))
    m = m.with_state(files=tuple(f for f in m.state.files if f not in files))
    return replace(m.stay(commands=(command,)), silent=True)


def _said(m: Moment) -> str:
    return m.heard.text.strip() if m.heard.tap is None else ""


def _ids(m: Moment) -> tuple[int, ...]:
    """The messages that say it; a tap says nothing."""
    if m.heard.tap is not None:
        return ()
    ids = (*(part.message_id for part in m.parts), m.heard.message_id)
    return tuple(dict.fromkeys(i for i in ids if i))


def _files(m: Moment) -> tuple[int, ...]:
    return tuple(file.attachment_id for file in m.heard.files)
