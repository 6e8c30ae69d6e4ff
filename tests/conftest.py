"""What tests share: an engine trained once, and a rig a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nlu.engines.builtin import BuiltinEngine, load_or_train
from nlu.engines.port import Engine
from tests.rig import ROOT, Rig


@pytest.fixture(scope="session")
def engine() -> BuiltinEngine:
    """The built-in engine, trained on the shipped data; kept between runs."""
    cache = Path(os.environ.get("LOKET_TEST_CACHE", ROOT / ".cache" / "nlu"))
    return load_or_train(cache, say=print)


@pytest.fixture
def make_rig(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., Rig]]:
    """Makes rigs that are closed after the test."""
    made: list[Rig] = []

    def make(**options: Any) -> Rig:
        made.append(Rig(tmp_path / f"rig{len(made)}", engine, **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    """An office on a Monday morning."""
    return make_rig()
