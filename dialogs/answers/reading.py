"""Reads one answer file, and the files of a folder. A broken file is told with file and line and
keeps nobody from the others."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from dialogs.answers.answer import Answer, AnswerFile
from dialogs.answers.document import Document, decode, read_yaml, refuse_unknown
from dialogs.answers.markdown import read_markdown
from dialogs.answers.problems import AnswerError, Problem, printable

SHIPPED = "dialogs/faq"  # a resource of the package, not a place on the disk
LARGEST = 64 * 1024  # bytes of a file
_READERS = {".yml": read_yaml, ".yaml": read_yaml, ".md": read_markdown}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")  # it also stands in button values
_PASSED_OVER = frozenset({"readme.md"})


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds: answers by topic, and what is wrong. ``broken`` are topics whose
    file is there but cannot be used. ``gone``: the folder itself could not be read."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    broken: frozenset[str] = frozenset()
    gone: bool = False


def is_answer(name: str) -> bool:
    """Whether a file of this name is read at all."""
    return (
        not name.startswith(".")
        and PurePath(name).suffix.lower() in _READERS
        and name.lower() not in _PASSED_OVER
    )


def read_shipped() -> Mapping[str, Answer]:
    """The answers that come with the program. Raises AnswerError: then the program is broken."""
    found = {}
    for entry in (files("dialogs") / "faq").iterdir():
        if is_answer(entry.name):
            answer = parse(f"{SHIPPED}/{entry.name}", entry.read_bytes())
            found[answer.topic] = answer
    return dict(sorted(found.items()))


def read_folder(folder: Path) -> Folder:
    """An office's own folder, as far as it can be read."""
    try:
        names = sorted(name for name in os.listdir(folder) if is_answer(name))
    except OSError as error:
        kind = "gone" if error.errno in (errno.ENOENT, errno.ENOTDIR) else "unreadable"
        problem = Problem(str(folder), kind, values={"why": error.strerror or error})
        return Folder(problems=(problem,), gone=True)
    answers: dict[str, Answer] = {}
    broken: set[str] = set()
    problems: list[Problem] = list(_twins(folder, names))
    twins = {PurePath(problem.file).stem for problem in problems}
    for name in names:
        topic = PurePath(name).stem
        if topic in twins:
            broken.add(topic)
            continue
        try:
            answers[topic] = parse(_named(folder / name), _bytes(folder / name), own=True)
        except AnswerError as error:
            broken.add(topic)
            problems.append(error.problem)
    return Folder(answers, tuple(problems), frozenset(broken))


def parse(file: str, data: bytes, *, own: bool = False) -> Answer:
    """The answer in a file of this name. Raises AnswerError."""
    path = PurePath(file)
    if not _NAME.fullmatch(path.stem) or path.suffix not in _READERS:
        raise AnswerError(Problem(file, "name"))
    document = _READERS[path.suffix](file, decode(file, data))
    refuse_unknown(document, AnswerFile.model_fields)
    try:
        checked = AnswerFile.model_validate(document.values)
    except ValidationError as error:
        raise AnswerError(_told(document, error)) from None
    _check_whole(document, checked)
    return Answer.model_construct(  # it was checked just now
        **dict(checked),
        topic=path.stem,
        version=sha256(data).hexdigest()[:8],
        file=file,
        own=own,
        lines=document.lines,
    )


def _twins(folder: Path, names: list[str]) -> Iterator[Problem]:
    """Two files for one topic: nobody can tell which is meant."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(PurePath(name).stem, name)
        if other != name:
            yield Problem(_named(folder / name), "twice", values={"other": other})


def _named(path: Path) -> str:
    return printable(str(path))


def _bytes(path: Path) -> bytes:
    """The content of an ordinary file of a sensible size. Raises AnswerError."""
    try:
        # a named pipe would wait for ever to be opened otherwise
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise AnswerError(Problem(_named(path), "no_file"))
            with open(handle, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(handle)  # a folder is no file to open, so nobody else would close it
    except OSError as error:
        values = {"why": error.strerror or str(error)}
        raise AnswerError(Problem(_named(path), "unreadable", values=values)) from None
    if len(data) > LARGEST:
        raise AnswerError(Problem(_named(path), "too_big", values={"most": LARGEST // 1024}))
    return data


def _told(document: Document, error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_input=False)
    first = min(found, key=lambda e: (e["type"] == "missing", document.line(e["loc"]) or 0))
    place: tuple[Any, ...] = first["loc"]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in place)
    if first["type"] == "missing":
        return Problem(document.file, "missing", document.line(place), {"key": key})
    if first["type"] == "extra_forbidden":
        known = {"key": key, "known": "name, year, url"}
        return Problem(document.file, "unknown", document.line(place), known)
    values: dict[str, Any] = {
        "key": key,
        "type": first["type"],
        "limits": {k: v for k, v in first.get("ctx", {}).items() if isinstance(v, str | int)},
        "told": first["msg"],
    }
    return Problem(document.file, "value", document.line(place), values)


def _check_whole(document: Document, checked: AnswerFile) -> None:
    """Rules over several keys. Raises AnswerError."""
    if not checked.steps and not checked.general:
        raise AnswerError(Problem(document.file, "bare"))
    begins, ends = checked.valid_from, checked.valid_until
    if begins and ends and ends < begins:
        raise AnswerError(Problem(document.file, "order", document.line(("valid_until",))))
