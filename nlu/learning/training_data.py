"""Reads Rasa training data (format 3.1) and the domain's intents.

Source: Rasa docs, "Training Data Format" and "NLU Training Data".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from nlu.errors import TrainingDataError

# [value](entity), [value](entity:synonym) and [value]{"entity": ..., "role": ...}
_ENTITY = re.compile(r"\[([^\[\]]+)\](?:\([^()]*\)|\{[^{}]*\})")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEP = re.compile(r"(?:[\[{]\s*){50}|(?:-\s){50}|(?:\?\s){50}")
_OTHER_SECTIONS = frozenset({"synonym", "regex", "lookup"})


@dataclass(frozen=True, slots=True)
class Example:
    """One training message. ``voice`` is who writes so: the intent's ``metadata`` say it,
    else the name of the file."""

    text: str
    intent: str
    voice: str
    line: int


def data_files(folder: Path) -> list[Path]:
    """The YAML files of a data folder, sorted, subfolders included; of a file, itself."""
    if folder.is_file():
        return [folder]
    return sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".yaml") and p.is_file())


def read_folder(folder: Path, intents: Iterable[str] | None = None) -> list[Example]:
    """All training messages of a folder, in the order of the sorted files.

    With ``intents`` (the domain's), an unknown name is an error. Files without an
    ``nlu`` section (stories, rules) are passed over, as Rasa does.
    """
    known = None if intents is None else frozenset(intents)
    examples = [example for path in data_files(folder) for example in _read_file(path, known)]
    if not examples:
        raise TrainingDataError(f"{folder}: no training message found in any .yml file.")
    return examples


def read_intents(domain: Path) -> tuple[str, ...]:
    """The intent names of a Rasa domain file, in its order."""
    root = _compose(domain)
    listed = _child(root, "intents")
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        raise _error(domain, root, 'needs a list named "intents".')
    return tuple(_intent_name(domain, node) for node in listed.value)


def plain(example: str) -> str:
    """The text of an example without Rasa's entity markup."""
    return _ENTITY.sub(r"\1", example).strip()


def _intent_name(path: Path, node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        node = node.value[0][0]
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise _error(path, node, "an intent is a name.")
    return str(node.value)


def _compose(path: Path) -> yaml.MappingNode:
    try:
        text = path.read_text(encoding="utf-8")
        if _DEEP.search(text):  # the reader written in C would overflow its stack
            raise TrainingDataError(f"{path}:1: broken YAML, nested too deeply.")
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TrainingDataError(f"{path}:{line}: broken YAML, {error.problem}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path}:1: cannot be read, {error}.") from None
    if not isinstance(root, yaml.MappingNode):
        raise TrainingDataError(f'{path}:1: needs "version" and "nlu" at the top.')
    return root


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _error(path: Path, node: yaml.Node, sentence: str, more_lines: int = 0) -> TrainingDataError:
    return TrainingDataError(f"{path}:{node.start_mark.line + 1 + more_lines}: {sentence}")


def _read_file(path: Path, known: frozenset[str] | None) -> Iterator[Example]:
    root = _compose(path)
    section = _child(root, "nlu")
    if section is None:
        return
    version = _child(root, "version")
    if version is None or not str(version.value).startswith("3."):
        raise _error(path, version or root, 'needs version: "3.1".')
    if not isinstance(section, yaml.SequenceNode):
        raise _error(path, section, '"nlu" is a list of intents.')
    for item in section.value:
        yield from _read_item(path, item, known)


def _read_item(path: Path, item: yaml.Node, known: frozenset[str] | None) -> Iterator[Example]:
    intent, examples = _child(item, "intent"), _child(item, "examples")
    if intent is None:
        if any(_child(item, other) is not None for other in _OTHER_SECTIONS):
            return
        raise _error(path, item, 'each item of "nlu" needs "intent" and "examples".')
    if not isinstance(intent, yaml.ScalarNode) or not intent.value:
        raise _error(path, intent, "an intent is a name.")
    if known is not None and intent.value not in known:
        raise _error(path, intent, f'intent "{intent.value}" is not in domain.yml.')
    voice = _child(_child(item, "metadata") or item, "voice")
    name = str(voice.value) if isinstance(voice, yaml.ScalarNode) else path.stem
    found = 0
    for text, line in _texts(path, intent, examples):
        found += 1
        yield Example(text, str(intent.value), name, line)
    if not found:
        raise _error(path, intent, f'intent "{intent.value}" has no examples.')


def _texts(path: Path, intent: yaml.Node, node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """The texts of an ``examples`` value: a block of "- " lines, or a list of ``text``."""
    if isinstance(node, yaml.ScalarNode):
        yield from _block_texts(path, node)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            text = _child(entry, "text") or entry
            if not isinstance(text, yaml.ScalarNode):
                raise _error(path, entry, "an example is a text.")
            yield plain(text.value.strip().removeprefix("- ")), entry.start_mark.line + 1
    else:
        raise _error(path, intent, f'intent "{intent.value}" has no examples.')


def _block_texts(path: Path, node: yaml.ScalarNode) -> Iterator[tuple[str, int]]:
    for offset, line in enumerate(node.value.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        text = plain(stripped.removeprefix("-"))
        if not stripped.startswith("-") or not text:
            raise _error(path, node, 'an example is a line that begins with "- ".', offset)
        yield text, node.start_mark.line + 1 + offset
