"""What happens, shown on standard error if that is a terminal; standard output stays clean."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def bar(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, with a bar that grows as they are taken."""
    if sys.stderr.isatty():
        yield from track(items, what, console=Console(stderr=True), transient=True)
    else:
        yield from items


@contextmanager
def status(what: str) -> Iterator[None]:
    """A moving sign while one long thing is done."""
    if sys.stderr.isatty():
        with Console(stderr=True).status(what):
            yield
    else:
        yield
