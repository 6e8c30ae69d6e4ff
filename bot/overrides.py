"""An office's own texts, looked through at the start: a fault in one is told to the operator
then, not to a user later."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from dialogs.office import Office

SUFFIX = ".j2"
OWN_FILTERS = frozenset({"bold", "clip", "date", "time", "moment", "phone"})  # of dialogs.texts


class TextError(ValueError):
    """A text of the office cannot be used; the message names the file and what is wrong."""


def check_texts(office: Office) -> None:
    """Look through ``office.texts``, if there is such a folder. Raises TextError, OSError."""
    folder = office.texts
    if folder is None:
        return
    own = {path.name: path for path in sorted(folder.iterdir()) if path.suffix == SUFFIX}
    if not own and any(folder.iterdir()):
        raise TextError(f"{folder} holds no texts: files such as greeting.j2 are expected")
    shipped = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in (files("dialogs") / "texts").iterdir()
        if entry.name.endswith(SUFFIX)
    }
    trees = {path: _parsed(path) for path in own.values()}
    included = {name for tree in trees.values() for name in meta.find_referenced_templates(tree)}
    for path, tree in trees.items():
        _check_words(path, tree, {*shipped, *own})
        if path.name in shipped:
            _check_variables(path, tree, shipped[path.name])
        elif path.name not in included:
            raise TextError(f"{path} replaces no text{_nearest(path.name, shipped)}")
        _check_office(path, tree, office)


def _parsed(path: Path) -> nodes.Template:
    try:
        return _tree(path.read_text(encoding="utf-8"))
    except TemplateSyntaxError as error:
        raise TextError(f"{path}, line {error.lineno}: {error.message}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{path} cannot be read: {error}") from None


def _tree(text: str) -> nodes.Template:
    return _environment().parse(text)


def _environment() -> Environment:
    """Knows the names that a text may use; it never renders one."""
    environment = Environment(autoescape=True)
    environment.filters |= dict.fromkeys(OWN_FILTERS, str)
    return environment


def _check_words(path: Path, tree: nodes.Template, texts: Collection[str]) -> None:
    """Filters, tests and included texts must be there."""
    environment = _environment()
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        is_filter = isinstance(node, nodes.Filter)
        if node.name not in (environment.filters if is_filter else environment.tests):
            word = "filter" if is_filter else "test"
            raise TextError(f"{path}, line {node.lineno}: there is no {word} {node.name}")
    for name in meta.find_referenced_templates(tree):
        if name is not None and name not in texts:
            raise TextError(f"{path}: there is no text {name} to include")


def _check_variables(path: Path, tree: nodes.Template, shipped: str) -> None:
    """Only what the shipped text uses, or lists in its first comment, is given to it."""
    known = {"office", *meta.find_undeclared_variables(_tree(shipped))}
    listed = re.match(r"\s*\{#(.*?)#\}", shipped, re.DOTALL)
    told = set(re.findall(r"[a-z_]\w*", listed[1])) if listed else set()
    if unknown := meta.find_undeclared_variables(tree) - known - told:
        shown = ", ".join(sorted(known))
        raise TextError(f"{path}: {min(unknown)} is not known here; known are {shown}")


def _check_office(path: Path, tree: nodes.Template, office: Office) -> None:
    for node, names in _asked_of_office(tree):
        value: object = office
        for name in names:
            if not hasattr(value, name):
                shown = ".".join(("office", *names))
                raise TextError(f"{path}, line {node.lineno}: {shown} is not in config.yml")
            value = getattr(value, name)


def _asked_of_office(tree: nodes.Template) -> Iterator[tuple[nodes.Getattr, tuple[str, ...]]]:
    """What is asked of ``office``, as names; not what is asked for with ``is defined``."""
    guarded = {
        id(inner)
        for test in tree.find_all(nodes.Test)
        if test.name in ("defined", "undefined")
        for inner in (test.node, *test.node.find_all(nodes.Getattr))
    }
    for node in tree.find_all(nodes.Getattr):
        names: list[str] = []
        at: nodes.Node = node
        while isinstance(at, nodes.Getattr):
            names.insert(0, at.attr)
            at = at.node
        if isinstance(at, nodes.Name) and at.name == "office" and id(node) not in guarded:
            yield node, tuple(names)


def _nearest(name: str, known: Mapping[str, str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; is {near[0]} meant?" if near else "; files such as greeting.j2 do"
