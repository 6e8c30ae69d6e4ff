"""What a free text already tells, so that the form does not ask for it again.

Precision comes first: what is doubtful is left out, and the form asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dialogs import checks, deadline, introduction
from dialogs.identity_words import FIRMS, ROLE
from dialogs.words import FUNCTION, GREETINGS, HONORIFICS, POLITE, PRONOUNS, STATUS, word_set
from nlu.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Extracted:
    """``answers`` (keys ``nama``, ``instansi``, ``alamat``, ``telepon``, ``email``, ``npwp``)
    passed their checks. ``problem`` is what is left of the text, "" if only a greeting or
    an introduction was said. ``deadline`` None: nothing sure was said about it."""

    answers: Mapping[str, str]
    user_type: str | None
    problem: str
    deadline: Literal["under_24h", "later"] | None


RULES: Mapping[str, str] = {
    "nama": "name",
    "instansi": "text",
    "alamat": "address",
    "telepon": "phone",
    "email": "email",
    "npwp": "npwp",
}
_LABELS = {
    "telepon": r"(?:(?:no|nomor|nomer|nmr)\.? ?)?(?:hp|handphone|telepon|telpon|telp|tlp|wa"
    r"|whatsapp|kontak)(?: ?/ ?(?:hp|wa|telepon|telp))?",
    "instansi": r"(?:nama )?(?:instansi|perusahaan|satker|opd|badan usaha)(?: ?/ ?"
    r"(?:instansi|perusahaan))?|asal instansi|kantor",
    "nama": r"nama(?: lengkap| saya| pelapor| pemohon)?|nm",
    "alamat": r"alamat(?: kantor| lengkap| perusahaan| instansi)?|almt",
    "email": r"(?:alamat )?e-?mail",
    "npwp": r"(?:no(?:mor)?\.? ?)?npwp(?: perusahaan)?",
    "role": r"(?:jenis |tipe )?pengguna|peran|jabatan|status|sebagai",
    "problem": r"(?:permasalahan|masalah|kendala|keluhan|pertanyaan|isi|perihal|problem)(?:nya)?",
}
_LABEL = re.compile(
    r"(?:^|(?<=[\n,;|]))[ \t]{0,8}(?:(?:[-*•]|\d{1,2}[.)]|[a-h][.)])[ \t]{0,8})?(?:"
    + "|".join(rf"(?P<{key}>{words})" for key, words in _LABELS.items())
    + r")[ \t]{0,8}[:=][ \t]{0,8}",
    re.IGNORECASE,
)
_OWN = r"(?:nya|[ ](?:saya|sy|kami|kantor|perusahaan|aktif))?"
_CONTACTS = {
    "telepon": re.compile(
        rf"(?P<own>\b(?:(?:no|nomor|nomer)\.? ?)?(?:hp|wa|whatsapp|telp|telepon|tlp|telpon){_OWN}"
        rf"[ :.]{{1,3}}|\b(?:nomor|nomer|no)(?:nya|[ ](?:saya|kami)){{1,2}}[ :]{{1,2}})?"
        r"(?P<value>(?<![\w.+/-])(?:\+?62|\(?0)[\d ().-]{7,18}\d)(?!\d)",
        re.IGNORECASE,
    ),
    "email": re.compile(
        rf"(?P<own>\be-?mail{_OWN}[ :]{{1,3}})?(?<![\w.@+-])"
        r"(?P<value>[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24})",
        re.IGNORECASE,
    ),
    "npwp": re.compile(
        rf"(?P<own>\bnpwp{_OWN}(?:[ ](?:cv|pt))?[ :]{{1,3}})(?P<value>\d[\d .-]{{13,24}}\d)(?!\d)",
        re.IGNORECASE,
    ),
}
_SIGNS = {"telepon": re.compile(r"\d"), "email": re.compile("@"), "npwp": re.compile(r"\d")}
_NOT_OWN = re.compile(
    r"\b(?:ke|hubungi|menghubungi|lpse|lkpp|helpdesk|call center|petugas|admin|customer|lama|dari"
    r"|nomor ini|salah|teman|rekan)\s{1,2}$",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    r"\b(?:di)?(?:ganti|ubah|gnti|perubahan|mengganti|mengubah|lama|baru|salah|keliru|terdaftar"
    r"|dipakai|ganda|dobel|lupa|beda|error|invalid)\b",
    re.IGNORECASE,
)
_SMALL_TALK = (
    GREETINGS
    | POLITE
    | HONORIFICS
    | PRONOUNS
    | word_set("mau tanya bertanya nanya ingin numpang perkenalkan kenalkan dengan dari hormat yth")
)
_LEFT_OVER = _SMALL_TALK | word_set(
    "dgn ini nama lengkap sebagai selaku ada yang dan hp wa no nomor telp email lpse tim dulu"
)
_NOT_VOCATIVE = word_set("admin pa ka petugas helpdesk tes test ping p ass om")
_OPENING = re.compile(
    r"^(?:(?:"
    + "|".join(sorted((GREETINGS | HONORIFICS | {"perkenalkan", "yth"}) - _NOT_VOCATIVE))
    + r")(?![\w'-])[\s,.!]*)+",
    re.IGNORECASE,
)
_Span = tuple[int, int]


class _Findings:
    """Answers as they are found; the first of a kind that passes its check stays."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.answers: dict[str, str] = {}
        self.user_type: str | None = None
        self.problems: list[str] = []
        self.spans: list[_Span] = []
        self.role: _Span | None = None

    def take(self, key: str, value: str, span: _Span) -> bool:
        """Keep an answer if it is the first of its kind and passes its check."""
        clean = None if key in self.answers else checks.check(RULES[key], value).value
        if clean is None:
            return False
        self.answers[key] = clean
        self.spans.append(span)
        return True

    def take_role(self, value: str) -> None:
        self.user_type = self.user_type or value


def _labelled(found: _Findings) -> None:
    """Lines like "Nama: Budi"; a problem runs on to the next label."""
    marks = list(_LABEL.finditer(found.text))
    ends = [*(m.start() for m in marks[1:]), len(found.text)]
    for mark, end in zip(marks, ends, strict=False):
        key, value = str(mark.lastgroup), found.text[mark.end() : end]
        if key == "problem":
            found.problems.append(value.strip(" \t\n,;"))
            found.spans.append((mark.start(), end))
            continue
        value = re.split(r"[\n;|]", value)[0].strip(" \t,")
        span = (mark.start(), mark.end() + len(value))
        if key == "role":
            if role := ROLE.match(value):
                found.take_role(str(role.lastgroup))
                found.spans.append(span)
        elif not _is_complaint(value):
            found.take(key, value, span)


def _is_complaint(value: str) -> bool:
    words = value.casefold().split()
    return not words or words[0].strip(".,") in STATUS | FUNCTION


def _introduced(found: _Findings) -> None:
    rest = _without(found.text, found.spans)
    for part in introduction.find(rest):
        if part.kind == "role":
            found.take_role(part.value)
            found.role = (part.start, part.end)
        else:
            found.take(part.kind, part.value, (part.start, part.end))


def _contacts(found: _Findings, understanding: Understanding) -> None:
    """Contacts that are the user's own; not what the parse takes for another thing."""
    others = [
        (e.start, e.end)
        for e in understanding.entities
        if e.entity in ("ticket_number", "kode_tender", "user_id", "url")
    ]
    introduced = bool(found.answers)
    for key, pattern in _CONTACTS.items():
        rest = _without(found.text, found.spans)
        matches = list(pattern.finditer(rest))[:5] if _SIGNS[key].search(rest) else []
        for m in matches:
            lead = rest[max(0, m.start() - 20) : m.start()]
            own = bool(m["own"]) or _stands_alone(rest, m.span("value")) or introduced
            taken = any(start < m.end("value") and m.start("value") < end for start, end in others)
            if taken or not own or _NOT_OWN.search(lead):
                continue
            if key != "telepon" and (len(matches) > 1 or _CHANGING.search(rest)):
                continue
            if found.take(key, m["value"], m.span()):
                break


def _stands_alone(text: str, span: _Span) -> bool:
    """Whether nothing but marks stands beside a value in its clause."""
    before = re.split(r"[,;|\n]", text[: span[0]][-40:])[-1]
    after = re.split(r"[,;|\n]", text[span[1] :][:40])[0]
    return not before.strip(" .-/(") and not after.strip(" .-/)")


def _without(text: str, spans: list[_Span]) -> str:
    """The text with the spans blanked out; offsets stay the same."""
    for start, end in spans:
        text = text[:start] + "," + " " * max(0, end - start - 1) + text[end:]
    return text


def _left(found: _Findings) -> str:
    """What is left when the introduction is taken out. "Saya PPK" alone belongs to the
    problem: "saya PPK lupa password" says more than "lupa password"."""
    if found.role is None:
        return _between(found, found.spans)
    left = _between(found, [*found.spans, found.role])
    return _between(found, found.spans) if left and not found.spans else left


def _between(found: _Findings, spans: list[_Span]) -> str:
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces.append(found.text[at : max(at, start)])
        at = max(at, end)
    pieces = [p.strip(" \t,;|/()-–") for p in [*pieces, found.text[at:]]]
    talk = _LEFT_OVER if spans else _SMALL_TALK
    kept = [p.strip() for p in pieces if not _is_small_talk(p, talk)]
    return _opened("\n".join([*kept, *found.problems]).strip())


def _opened(text: str) -> str:
    """The text without the greeting before it."""
    rest = _OPENING.sub("", text, count=1).strip(" \t\n,.!")
    return rest if len(rest) >= 3 else text


def _is_small_talk(text: str, talk: frozenset[str]) -> bool:
    words = (w.strip(".,!:;-()") for w in text.casefold().split())
    return all(not w or w in talk for w in words)


def _firm_type(found: _Findings) -> Iterator[str]:
    first = found.answers.get("instansi", "").casefold().partition(" ")[0].strip(".")
    if first in FIRMS:
        yield "penyedia"


def extract(text: str, understanding: Understanding) -> Extracted:
    """Name, firm, address, contacts, user type and deadline of a text, where they are sure."""
    found = _Findings(text)
    _labelled(found)
    _introduced(found)
    _contacts(found, understanding)
    for user_type in _firm_type(found):
        found.take_role(user_type)
    return Extracted(found.answers, found.user_type, _left(found), deadline.deadline(text))
