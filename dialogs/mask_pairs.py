"""User and password said together without the word: "login pake budi / Rahasia99"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialogs.mask_numbers import Found
from dialogs.mask_shapes import core_end, is_known, is_mixed, words_after
from dialogs.words import is_ordinary

_PAIR = re.compile(
    r"\b(?=[lms])(?:log ?in|loginnya|masuk|sign ?in)[ ]{1,2}"
    r"(?:(?:saya|pake?k?|pakai|pk|dgn|dengan|via|lewat) ){1,3}"
    r"(?:akun |user ?(?:id|name)? |id |email )?(?P<user>[^\s/,;|&]{2,60})"
    r"(?P<between>[ ]{0,2}[/,;|&+][ ]{0,2}| (?:dan|sama|dgn|dengan|terus|trus) | )"
)


def find(text: str, low: str) -> Iterator[Found]:
    """The word after the user where it looks like a secret; ``low`` as ``mask_shapes.flat``."""
    for m in _PAIR.finditer(low):
        word = next(iter(words_after(text, m.end(), 1)), None)
        if word is None or not is_mixed(word.text) or is_known(word.text):
            continue
        if m["between"].strip() or not is_ordinary(m["user"]):
            yield Found(word.start, core_end(word), "password")
