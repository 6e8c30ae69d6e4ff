"""Plays the whole conversations under tests/conversations (see the README there)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conversations.player import Player
from tests.rig import Rig

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = sorted(FOLDER.glob("*.yml"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_conversation(path: Path, make_rig: Callable[..., Rig]) -> None:
    Player(yaml.safe_load(path.read_text(encoding="utf-8")), make_rig, path.name).play()


def test_there_are_at_least_25_conversations() -> None:
    assert len(SCRIPTS) >= 25
