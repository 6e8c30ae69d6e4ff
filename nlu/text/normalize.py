"""Indonesian as people type it, brought to one spelling; pure and fast.

The same function prepares the training messages and the messages of users, so what it
does to a word matters less than that it does the same to every spelling of that word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from nlu.text.lexicon import FORMS, KEEP, NYA_WORDS
from nlu.text.phrases import FUSED_HEADS, FUSED_VERBS, PHRASES, PIECES
from nlu.text.roots import root
from nlu.text.slips import TERMS, corrected, unvowelled

LONGEST = 8000
"""Characters looked at, as many as a message can have."""
# Stand-ins for values that say nothing about the question but differ in every message.
URL, EMAIL, TICKET, NUMBER = "_url", "_mail", "_tiket", "_num"

TICKET_NUMBER = re.compile(
    r"\b[a-z]{2,8}[\s-]{0,3}\d{4}[\s-]{0,3}\d{5}[\s-]{0,3}[a-z0-9]\b", re.IGNORECASE
)
EMAIL_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
WEB_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)\S+"
    r"|(?<![\w.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:id|com|net|org|info)\b(?:/\S*)?",
    re.IGNORECASE,
)
_SPECIALS = (
    (re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE), " "),
    (EMAIL_ADDRESS, f" {EMAIL} "),
    (WEB_ADDRESS, f" {URL} "),
    (TICKET_NUMBER, f" {TICKET} "),
)
_TOKEN = re.compile(r"_[a-z]+|[a-z]+(?:['-]?[a-z0-9]+)*|[0-9][0-9.,:/-]*")
_LONG = re.compile(r"([a-z])\1{2,}")
_TWICE = re.compile(r"^(?:([a-z]{3,})2|([a-z]{3,})-?\2|([a-z]{3,})-\3)(nya|an|in)?$")
_TAIL = re.compile(r"(?:([aiou])\1|([hknmg])\2)$")
_NYA = re.compile(r"^([a-z]{3,})-?(?:nya|ny)$")
_PHRASE = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, PHRASES), key=len, reverse=True)) + r")\b"
)
# Zero-width characters, soft hyphens, accents and variation selectors go.
_NOISE: dict[int, str | None] = {0x2019: "'"} | dict.fromkeys(
    [0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, *range(0x300, 0x370), *range(0xFE00, 0xFE10)]
)
KNOWN: frozenset[str] = frozenset(TERMS).union(*(form.split() for form in FORMS.values()))
"""Words that are right as they stand, and that endings of other languages are cut from."""
# Javanese -e, -ne, Sundanese -na, Malay and Minang -nye, -nyo; and what Indonesian glues on.
_ENDINGS = ("nyo", "nye", "kah", "lah", "pun", "ku", "mu", "ne", "na", "e")
_SHORTEST_STEM = 4


def normalize(text: str) -> str:
    """Lower-case words in Latin letters, separated by single blanks; "" if there are none.

    Addresses, ticket numbers and long numbers become stand-ins; one-digit numbers and
    HTTP error codes stay, because they tell questions apart ("katalog 6", "error 404").
    """
    text = text[:LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_NOISE)
    lowered = text.lower()
    for pattern, stand_in in _SPECIALS:
        lowered = pattern.sub(stand_in, lowered)
    words = " ".join(filter(None, map(_word, _TOKEN.findall(lowered))))
    return _PHRASE.sub(lambda match: PHRASES[match.group()], words)


@lru_cache(maxsize=8192)
def _word(token: str) -> str:
    """One token in its usual spelling; possibly two words, never more than it needs."""
    if token[0] == "_":
        return token
    if token[0].isdigit():
        return _number(token)
    for candidate in _shorter(token):
        if candidate in FORMS:
            return FORMS[candidate]
        if candidate in KEEP:
            return candidate
        if fused := _fused(candidate):
            return fused
    stem = _stem(token)
    if verb := root(stem):
        return FORMS.get(verb, verb)
    if stem in KNOWN:
        return stem
    if parted := _without_ending(stem) or _apart(stem):
        return parted
    meant = corrected(stem) or unvowelled(stem) or stem
    meant = root(meant) or meant
    return FORMS.get(meant, meant)


def _shorter(token: str) -> Iterator[str]:
    """The spellings to look up: as typed, without lengthening, without what is glued on."""
    once = _LONG.sub(r"\1", token)
    yield from (token, _LONG.sub(r"\1\1", token), once, _TAIL.sub(r"\1\2", once))
    stem = _stem(token)
    yield stem
    for prefix in ("di", "nge", "ng", "mem", "me"):
        rest = stem.removeprefix(prefix)
        if rest != stem and len(rest) > 3:
            yield rest


def _stem(token: str) -> str:
    if token in KEEP:
        return token
    word = _LONG.sub(r"\1", token)
    if len(word) > 4:
        word = _TAIL.sub(r"\1\2", word)
    twice = _TWICE.match(word)
    if twice:
        word = twice[1] or twice[2] or twice[3]
    if word in NYA_WORDS or word in KEEP:
        return word
    clitic = _NYA.match(word)
    word = clitic[1] if clitic else word
    return word.replace("-", " ").replace("'", "")


def _fused(token: str) -> str:
    """ "gabisa", "blmmuncul" as the two words they are, "" for any other."""
    for head, form in FUSED_HEADS.items():
        verb = token.removeprefix(head)
        if verb != token and verb in FUSED_VERBS:
            return f"{form} {FORMS.get(verb, verb)}"
    return ""


def _without_ending(word: str) -> str:
    """ "akune", "sandinyo", "tenderku" without what is glued on, "" for any other."""
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM and (stem in KNOWN or stem in PIECES):
            return FORMS.get(stem, stem)
    return ""


def _apart(word: str) -> str:
    """ "lupapassword" as the two words it is, "" for any other."""
    for i in range(3, len(word) - 2):
        if word[:i] in PIECES and word[i:] in PIECES:
            return " ".join(FORMS.get(piece, piece) for piece in (word[:i], word[i:]))
    return ""


def _number(token: str) -> str:
    digits = token.rstrip(".,:/-")
    if len(digits) == 1 or re.fullmatch(r"[45]0\d", digits):
        return digits
    return NUMBER
