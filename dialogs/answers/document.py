"""Reads YAML into plain values and remembers the line of each: an error can then name it.

Written for files that anybody may have typed: nothing in them is executed, and neither depth
nor aliases can exhaust the reader (libyaml's composer overflows the C stack on deep nesting).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from dialogs.answers.problems import AnswerError, Problem

DEEPEST = 8
MOST_SIGNS = 150
Place = tuple[Any, ...]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSES = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_SIGNS = "[{-:?"  # whatever opens a level is one of these
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file by key, and the line (from 1) of each key and each item."""

    file: str
    values: dict[str, Any]
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The line of ``place``, else of what holds it; None for the file as a whole."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return None


def decode(file: str, data: bytes) -> str:
    """The text of a file. Raises AnswerError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AnswerError(Problem(file, "no_text", line)) from None
    if found := _CONTROL.search(text):
        raise AnswerError(Problem(file, "control", text.count("\n", 0, found.start()) + 1))
    if not text.strip():
        raise AnswerError(Problem(file, "empty"))
    return text


def read_yaml(file: str, text: str) -> Document:
    """Keys and values. Raises AnswerError."""
    try:
        _look_through(file, text)
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            raise AnswerError(Problem(file, "empty"))
        if not isinstance(root, yaml.MappingNode):
            raise AnswerError(Problem(file, "no_keys", _line(root)))
        document = Document(file, {})
        _fill(document, root)
        return document
    except yaml.YAMLError as error:
        raise AnswerError(_told(file, text, error)) from None


def _look_through(file: str, text: str) -> None:
    """Before anything is built: depth and aliases. Few signs cannot nest deeply, and without an
    anchor there is no alias."""
    if "&" not in text and sum(map(text.count, _SIGNS)) <= MOST_SIGNS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, _OPENS):
            depth += 1
        elif isinstance(event, _CLOSES):
            depth -= 1
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise AnswerError(Problem(file, "deep", mark.line + 1 if mark else None))


def _fill(document: Document, root: yaml.MappingNode) -> None:
    loader = _LOADER("")
    for key_node, node in root.value:
        key, line = key_node.value, _line(key_node)
        if not isinstance(key, str):
            raise AnswerError(Problem(document.file, "no_keys", line))
        if key in document.values:
            raise AnswerError(Problem(document.file, "second", line, {"key": key}))
        _note(document.lines, (key,), line, node)
        try:
            document.values[key] = loader.construct_object(node, deep=True)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # 2026-13-45, !!int foo, !!bool foo, !!timestamp foo
            document.values[key] = _as_written(node)


def _as_written(node: yaml.Node) -> object:
    """A scalar that is no value of its kind: what was typed, for the check to refuse."""
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _note(lines: dict[Place, int], place: Place, line: int, node: yaml.Node) -> None:
    lines[place] = line
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note(lines, (*place, index), _line(item), item)
    elif isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            _note(lines, (*place, str(key_node.value)), _line(key_node), value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _told(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """The parser's words, with a hint at the two slips that everybody makes."""
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context", None) or ""
    if "flow" in context or "quoted" in context:  # never closed: what matters is where it begins
        mark = getattr(error, "context_mark", None) or mark
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not understood"
    rows = text.splitlines()
    line = min(mark.line + 1, len(rows)) if mark else None
    near = rows[line - 1] if line else ""
    if near[: len(near) - len(near.lstrip())].count("\t"):
        return Problem(file, "tab", line)
    if why.startswith("mapping values are not allowed"):
        return Problem(file, "colon", line)
    return Problem(file, "yaml", line, {"why": why})


def refuse_unknown(document: Document, known: Mapping[str, object]) -> None:
    """A key that is not known. Raises AnswerError."""
    for key in document.values:
        if key not in known:
            values = {"key": key, "known": ", ".join(known)}
            raise AnswerError(Problem(document.file, "unknown", document.line((key,)), values))
