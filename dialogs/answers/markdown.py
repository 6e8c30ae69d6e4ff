"""An answer as Markdown: the keys as YAML between two lines of three dashes, then the steps as
a numbered list and general guidance as a bulleted one.

``# Lanjutan`` (of any level) begins what those hear who have tried the steps in vain; other
headings only part the text. Words are taken as they stand: HTML, templates and emphasis mean
nothing here, a link is written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dialogs.answers.document import Document, read_yaml
from dialogs.answers.problems import AnswerError, Problem

if TYPE_CHECKING:
    from markdown_it.token import Token

_DASHES = re.compile(r"^---[ \t]*$", re.MULTILINE)
_LISTS: Mapping[str, str] = {"ordered_list_open": "steps", "bullet_list_open": "general"}
# what a list under a heading is; None: what its kind says
HEADINGS: Mapping[str, str | None] = {
    "langkah": None,
    "panduan umum": None,
    "lanjutan": "next",
}


def read_markdown(file: str, text: str) -> Document:
    """Keys, steps and guidance with their lines. Raises AnswerError."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    marks = [match for match in _DASHES.finditer(text)][:2]
    if not marks or text[: marks[0].start()].strip():
        raise AnswerError(Problem(file, "no_front", 1))
    if len(marks) == 1:
        raise AnswerError(Problem(file, "front_open", text.count("\n", 0, marks[0].start()) + 1))
    document = read_yaml(file, text[: marks[1].start()])  # from the top: so its lines are right
    above = text.count("\n", 0, marks[1].end())
    _Body(document, above).read(text[marks[1].end() :])
    return document


class _Body:
    """Puts the lists of the text below the keys into a document. ``above`` is how many lines
    stand before it."""

    def __init__(self, document: Document, above: int) -> None:
        self._document = document
        self._above = above
        self._section: str | None = None
        self._found: dict[str, list[str]] = {}

    def read(self, text: str) -> None:
        """Raises AnswerError."""
        from markdown_it import MarkdownIt  # 75 ms, and most offices write YAML

        tokens = MarkdownIt("commonmark", {"html": False}).parse(text)
        index = 0
        while index < len(tokens):
            index = self._block(tokens, index)
        for key, sentences in self._found.items():
            self._document.values[key] = sentences

    def _block(self, tokens: Sequence[Token], index: int) -> int:
        """One heading or list; the index of what comes after it."""
        token = tokens[index]
        if token.type == "heading_open":
            self._heading(token, tokens[index + 1].content)
            return index + 3
        if token.type not in _LISTS:
            raise self._wrong("body", token)
        end = next(
            i
            for i in range(index, len(tokens))
            if tokens[i].level == token.level and tokens[i].nesting == -1
        )
        self._list(self._section or _LISTS[token.type], tokens[index + 1 : end])
        return end + 1

    def _heading(self, token: Token, content: str) -> None:
        name = content.strip(" :.").casefold()
        if name not in HEADINGS:
            known = ", ".join(heading.capitalize() for heading in HEADINGS)
            raise self._wrong("heading", token, text=content[:40], known=known)
        self._section = HEADINGS[name]

    def _list(self, key: str, tokens: Sequence[Token]) -> None:
        if key in self._document.values:
            raise self._wrong("both", tokens[0], key=key)
        sentences = self._found.setdefault(key, [])
        self._document.lines.setdefault((key,), self._line(tokens[0]))
        for token in tokens:
            if token.type == "list_item_open":
                self._document.lines[key, len(sentences)] = self._line(token)
                sentences.append("")
            elif token.type == "inline":
                sentences[-1] = f"{sentences[-1]} {_words(token)}".strip()
            elif token.type not in ("list_item_close", "paragraph_open", "paragraph_close"):
                raise self._wrong("body", token)

    def _line(self, token: Token) -> int:
        return self._above + (token.map[0] if token.map else 0) + 1

    def _wrong(self, kind: str, token: Token, **values: str) -> AnswerError:
        return AnswerError(Problem(self._document.file, kind, self._line(token), values))


def _words(inline: Token) -> str:
    """The plain text of a line: emphasis falls away, a link's address is written out."""
    words, addresses = [], [""]
    for token in inline.children or ():
        if token.type in ("text", "code_inline"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif token.type == "image":
            words.append(f"{token.content} ({token.attrs.get('src', '')})")
        elif token.type == "link_open":
            addresses.append(str(token.attrs.get("href", "")))
            words.append("\0")
        elif token.type == "link_close":
            begun = len(words) - 1 - words[::-1].index("\0")
            shown, address = "".join(words[begun + 1 :]), addresses.pop()
            words[begun:] = [shown if _bare(shown) == _bare(address) else f"{shown} ({address})"]
    return "".join(words)


def _bare(address: str) -> str:
    return address.partition("://")[2].rstrip("/") or address.rstrip("/")
