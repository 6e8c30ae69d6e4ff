"""An office's own texts, looked through at the start: a fault in one is told to the operator
then, not to a user later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError, meta, nodes

from dialogs.office import Office
from dialogs.texts import Texts

SUFFIX = ".j2"


class TextError(ValueError):
    """A text of the office cannot be used; the message names the file and what is wrong."""


def check_texts(texts: Texts, office: Office) -> None:
    """Look through ``office.texts``, if there is such a folder. Raises TextError."""
    folder = office.texts
    if folder is None:
        return
    own = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    if not own and any(folder.iterdir()):
        raise TextError(f"{folder} holds no texts: files such as greeting.j2 are expected")
    shipped = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in (files("dialogs") / "texts").iterdir()
        if entry.name.endswith(SUFFIX)
    }
    trees = {path: _parsed(path) for path in own}
    included = {name for tree in trees.values() for name in meta.find_referenced_templates(tree)}
    for path, tree in trees.items():
        if path.name in shipped:
            _check_names(path, tree, shipped[path.name], office)
        elif path.name not in included:
            raise TextError(f"{path} replaces no text{_nearest(path.name, shipped)}")
        _check_rendering(texts, path)


def _parsed(path: Path) -> nodes.Template:
    try:
        return _tree(path.read_text(encoding="utf-8"))
    except TemplateSyntaxError as error:
        raise _at(path, error) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{path} cannot be read: {error}") from None


def _check_names(path: Path, tree: nodes.Template, shipped: str, office: Office) -> None:
    """Only what the shipped text is given, which its first comment lists, is known."""
    known = {"office", *_variables(_tree(shipped))}
    listed = re.match(r"\s*\{#(.*?)#\}", shipped, re.DOTALL)
    told = set(re.findall(r"[a-z_]\w*", listed[1])) if listed else set()
    if unknown := _variables(tree) - known - told:
        raise TextError(f"{path}: {min(unknown)} is not known here; known are {_list(known)}")
    for node, names in _paths(tree):
        value: object = office
        for name in names:
            if not hasattr(value, name):
                shown = ".".join(("office", *names))
                raise TextError(f"{path}, line {node.lineno}: {shown} is not in config.yml")
            value = getattr(value, name)


def _tree(text: str) -> nodes.Template:
    environment = Environment(autoescape=True)
    tree = environment.parse(text)  # its filters and tests are looked at when it is rendered
    environment.filters |= {node.name: str for node in tree.find_all(nodes.Filter)}
    environment.tests |= {node.name: bool for node in tree.find_all(nodes.Test)}
    return tree


def _variables(tree: nodes.Template) -> set[str]:
    return meta.find_undeclared_variables(tree)


def _paths(tree: nodes.Template) -> Iterator[tuple[nodes.Getattr, tuple[str, ...]]]:
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


def _check_rendering(texts: Texts, path: Path) -> None:
    """Unknown filters, tests and included files show when a text is made ready. That a value
    is missing here means nothing."""
    try:
        texts.render(path.stem)
    except TemplateSyntaxError as error:
        raise _at(path, error) from None
    except TemplateNotFound as error:
        raise TextError(f"{path}: there is no file {error.name} to include") from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return


def _at(path: Path, error: TemplateSyntaxError) -> TextError:
    return TextError(f"{path}, line {error.lineno}: {error.message}")


def _nearest(name: str, known: dict[str, str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; is {near[0]} meant?" if near else "; files such as greeting.j2 do"


def _list(names: object) -> str:
    return ", ".join(sorted(names))  # type: ignore[call-overload]
