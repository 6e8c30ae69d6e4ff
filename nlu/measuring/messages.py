"""Reads labelled messages: Rasa training data, or lines of ``intent<TAB>text``.

Which of the two a file is, is seen by its content. Windows line ends, a byte order mark
and UTF-16 (what Excel saves as "Unicode Text") are read as they are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from nlu.learning.training_data import Example, read_folder
from nlu.measuring.errors import MessagesError

_HEADS = frozenset({"intent\ttext", "label\ttext", "intent\tmessage", "label\tmessage"})
_SWAPPED_HEADS = frozenset({"text\tintent", "text\tlabel", "message\tintent", "message\tlabel"})
_YAML = re.compile(r"^(?:version|nlu|%YAML)\b[^\t\n]*$|^---\s*$", re.MULTILINE)
_YAML_NAMES = (".yml", ".yaml")
_LINE_NAMES = (".tsv", ".txt")
_ORDER = "a line is intent, tab, text"
_FEW = 10
"""Lines from which on two swapped columns can be told from a small file."""


def read_messages(paths: Sequence[Path]) -> list[Example]:
    """The messages of all files and folders, in their order.

    A message's voice is what its file says, else the file's name without its ending. Raises
    MessagesError or TrainingDataError with a sentence that names file and line.
    """
    return [example for path in paths for example in _read(path)]


def _read(path: Path) -> list[Example]:
    if not path.exists():
        raise MessagesError(f"{path}: there is no such file or folder.")
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() in _YAML_NAMES:
        return read_folder(path)
    text = _decoded(path)
    if path.suffix.lower() != ".tsv" and _YAML.search(text[:4096]):
        return read_folder(path)
    return _read_lines(path, text)


def _read_folder(folder: Path) -> list[Example]:
    """Its YAML files as Rasa reads them; where there are none, its .tsv and .txt files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if any(path.suffix in _YAML_NAMES for path in files):
        return read_folder(folder)
    lines = [path for path in files if path.suffix.lower() in _LINE_NAMES]
    if not lines:
        raise MessagesError(f"{folder}: there is no .yml, .tsv or .txt file in this folder.")
    return read_messages(lines)


def _decoded(path: Path) -> str:
    """The file's text with plain line ends."""
    raw = path.read_bytes()
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise MessagesError(f"{path}:{line}: broken text, it has to be saved as UTF-8.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_lines(path: Path, text: str) -> list[Example]:
    examples = [Example(said, intent, path.stem, line) for intent, said, line in _lines(path, text)]
    if not examples:
        raise MessagesError(f"{path}: there is no message in this file.")
    intents, texts = {e.intent for e in examples}, {e.text for e in examples}
    count = len(examples)
    if count >= _FEW and len(intents) > 0.9 * count and len(texts) < 0.5 * count:
        raise MessagesError(
            f"{path}: {count} lines name {len(intents)} intents and only {len(texts)} texts; "
            f"the columns seem to be swapped, {_ORDER}."
        )
    return examples


def _lines(path: Path, text: str) -> Iterator[tuple[str, str, int]]:
    """(intent, text, line number) of every line that is not blank."""
    first = True
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        head, first = line.strip().casefold() if first else "", False
        if head in _HEADS:
            continue
        if head in _SWAPPED_HEADS:
            raise MessagesError(f"{path}:{number}: the columns are swapped, {_ORDER}.")
        intent, tab, said = line.partition("\t")
        if not tab:
            raise MessagesError(f"{path}:{number}: there is no tab, {_ORDER}.")
        if not intent.strip():
            raise MessagesError(f"{path}:{number}: the intent is empty, {_ORDER}.")
        if not said.strip():
            raise MessagesError(f"{path}:{number}: the text is empty, {_ORDER}.")
        yield intent.strip(), " ".join(said.split()), number
