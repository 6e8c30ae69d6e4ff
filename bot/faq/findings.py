"""What is wrong with the ready answers, or may be: missing, expired, too long, without a source.

Everything is judged as this office's users get it: its own files over the shipped ones, rendered
with its own configuration and texts.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from dialogs import required
from dialogs.answers import Answer, Folder
from dialogs.desk import Desk
from dialogs.flows import faq

# One phone screen, measured on our chat page: 412 x 785 CSS pixels (a phone of 412 x 915 with the
# browser's bar) leave 636 pixels between header and composer at 23.2 a line, and about 40
# characters in a bubble.
COLUMNS = 40
LINES = 28
CHARACTERS = 1000
REVIEW_DAYS = 365
_PAPERS = r"ktp|nik|paspor|passport|kartu keluarga|kartu identitas|bukti identitas"
_SECRETS = r"password|kata sandi|sandi|passphrase|otp|pin"
_ABOUT_SECRETS = re.compile(rf"(?i)\b(?:reset|lupa|ganti|ubah|tanpa)\w* (?:{_SECRETS})\b")
_SECRET = re.compile(rf"(?i)\b(?:{_SECRETS})\b")
_PAPER = re.compile(rf"(?i)\b(?:{_PAPERS}|sim)\b")
_SHOWN = re.compile(r"(?i)tunjuk|perlihat|laman resmi|jalur resmi")
_SENDS = re.compile(
    r"(?i)\b(?:kirim\w*|unggah\w*|upload\w*|foto(?:kan)?|lampirkan|ketik\w*|tulis\w*|sebutkan|balas)\b"
    rf".*\b(?:{_PAPERS}|{_SECRETS})\b"
)
_NEVER = re.compile(r"(?i)\b(?:jangan|tidak|bukan|tanpa|tak)\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one topic. ``wrong``: it has to be mended; else it is good to know."""

    topic: str
    kind: str
    says: str
    wrong: bool = True
    file: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Known:
    """What answers are held against. ``taught`` is how many training messages lead to a topic;
    topics of the NLU domain are all in it. ``desk`` renders."""

    desk: Desk
    today: date
    taught: Mapping[str, int]
    shipped: Mapping[str, Answer]
    own: Folder = field(default_factory=Folder)

    @property
    def answers(self) -> dict[str, Answer]:
        """What there is, the office's own before the shipped, valid today or not."""
        return dict(sorted({**self.shipped, **self.own.answers}.items()))


def check(known: Known) -> list[Finding]:
    """All findings, by topic."""
    answers = known.answers
    found = [*_broken(known), *_missing(known, answers), *_alike(answers)]
    for answer in answers.values():
        for kind, rule in RULES.items():
            found += [
                Finding(answer.topic, kind, told.says, told.wrong, answer.file, told.line)
                for told in rule(answer, known)
            ]
    return sorted(found, key=lambda f: (f.topic, f.line or 0))


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule says of one answer."""

    says: str
    line: int | None = None
    wrong: bool = True


def lines_of(text: str) -> int:
    """How many lines of a phone a text takes."""
    return sum(max(1, len(textwrap.wrap(line, COLUMNS))) for line in text.splitlines())


def _broken(known: Known) -> Iterator[Finding]:
    for problem in known.own.problems:
        topic = problem.topic
        yield Finding(topic, "broken", problem.what, True, problem.file, problem.line)


def _missing(known: Known, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    for topic in known.taught:
        if topic not in answers and topic not in known.own.broken:
            says = f"no answer: the NLU knows {faq.PREFIX}{topic}, its users are offered a ticket"
            yield Finding(topic, "missing", says)


def _alike(answers: Mapping[str, Answer]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for answer in answers.values():
        other = first.setdefault(answer.short.casefold(), answer.topic)
        if other != answer.topic:
            says = f'the label "{answer.short}" is also that of {other}; nobody can tell them apart'
            yield Finding(answer.topic, "label", says, True, answer.file, answer.line("short"))


def _valid(answer: Answer, known: Known) -> Iterator[Told]:
    if answer.expired(known.today):
        says = f"expired: valid until {answer.valid_until}; it is no longer given"
        yield Told(says, answer.line("valid_until"))
    elif not answer.begun(known.today):
        instead = "the shipped one is given" if answer.topic in known.shipped else "none is given"
        says = f"not valid before {answer.valid_from}; until then {instead}"
        yield Told(says, answer.line("valid_from"), wrong=False)


def _reviewed(answer: Answer, known: Known) -> Iterator[Told]:
    line = answer.line("reviewed")
    if answer.reviewed > known.today:
        yield Told(f"reviewed on {answer.reviewed}, which is yet to come", line)
    elif (known.today - answer.reviewed).days > REVIEW_DAYS:
        yield Told(f"last reviewed on {answer.reviewed}, more than a year ago", line)


def _length(answer: Answer, known: Known) -> Iterator[Told]:
    text = faq.words(answer, known.desk)
    lines = lines_of(text)
    if lines > LINES or len(text) > CHARACTERS:
        yield Told(
            f"too long for a phone screen: {lines} lines of {COLUMNS}, {len(text)} characters; "
            f"{LINES} lines and {CHARACTERS} characters fit"
        )


def _sources(answer: Answer, known: Known) -> Iterator[Told]:
    if answer.sources:
        return
    if answer.steps or answer.next:
        line = answer.line("steps") or answer.line("next")
        yield Told("steps without a source; name it in sources, or move them to general", line)
    else:
        yield Told(
            "only general guidance, no source: the office has to confirm it",
            answer.line("general"),
            wrong=False,
        )


def _audience(answer: Answer, known: Known) -> Iterator[Told]:
    kinds = [kind.key for kind in known.desk.office.form.user_types]
    for index, key in enumerate(answer.audience):
        if key not in kinds:
            says = f"audience {key} is not known; config.yml has {', '.join(kinds)}"
            yield Told(says, answer.line("audience", index))


def _reached(answer: Answer, known: Known) -> Iterator[Told]:
    if not known.taught.get(answer.topic):
        says = (
            f"no training messages lead to it (intent {faq.PREFIX}{answer.topic}): users do not "
            "get it by asking, agents find it in the console"
        )
        yield Told(says, wrong=False)


def _personal(answer: Answer, known: Known) -> Iterator[Told]:
    """KTP, NIK and passwords are never asked for in a chat."""
    for index, thing in enumerate(answer.required_data):
        line = answer.line("required_data", index)
        if _SECRET.search(_ABOUT_SECRETS.sub("", thing)):
            yield Told(f'"{thing}" asks for a secret; nobody ever needs one', line)
        elif _PAPER.search(thing) and not _SHOWN.search(thing):
            yield Told(f'"{thing}" would be sent in the chat; add ({required.OFFICIAL})', line)
    for key in ("steps", "general", "next"):
        for index, sentence in enumerate(getattr(answer, key)):
            if any(_asks(clause) for clause in re.split(r"[.;!?:]", sentence)):
                says = f'"{sentence}" asks for identity papers or a secret to be sent'
                yield Told(says, answer.line(key, index))


def _asks(clause: str) -> bool:
    return bool(
        _SENDS.search(_ABOUT_SECRETS.sub("", clause))
        and not _NEVER.search(clause)
        and not _SHOWN.search(clause)
    )


RULES: Mapping[str, Callable[[Answer, Known], Iterator[Told]]] = {
    "validity": _valid,
    "review": _reviewed,
    "length": _length,
    "source": _sources,
    "audience": _audience,
    "untaught": _reached,
    "personal": _personal,
}
