"""Plays the whole conversations under tests/conversations (see the README there)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.incoming import IncomingFile
from dialogs.heard import SharedPhone
from tests.rig import BREATH, Rig

FOLDER = Path(__file__).parent / "conversations"
SCRIPTS = sorted(FOLDER.glob("*.yml"))
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_conversation(path: Path, make_rig: Callable[..., Rig]) -> None:
    Player(yaml.safe_load(path.read_text(encoding="utf-8")), make_rig, path.name).play()


def test_there_are_at_least_25_conversations() -> None:
    assert len(SCRIPTS) >= 25


class Player:
    """Plays one script: each step is a word and what goes with it."""

    def __init__(self, script: dict[str, Any], make_rig: Callable[..., Rig], name: str) -> None:
        self._talk = script["talk"]
        self._name = name
        self._who, self._channel = "budi", script.get("channel", "web")
        options: dict[str, Any] = {}
        if "config" in script:
            options["change"] = lambda raw: _merge(raw, script["config"])
        self._rig = make_rig(**options)
        if "clock" in script:
            zone = self._rig.config.identity.zone
            start = datetime.strptime(script["clock"], "%Y-%m-%d %H:%M").replace(tzinfo=zone)
            self._rig.clock.move(start - self._rig.clock.now())
        self._after = 0
        self._kept: dict[str, str] = {}
        self._said: dict[tuple[str, str], list[str]] = {}

    def play(self) -> None:
        for number, step in enumerate(self._talk, 1):
            ((word, what),) = step.items()
            try:
                _WORDS[word](self, self._fill(what))
            except AssertionError as error:
                raise AssertionError(self._story(number, step, error)) from None

    def _user(self, what: Any) -> None:
        self._after = self._rig.last_seq(self._who, self._channel)
        for part in what if isinstance(what, list) else [what]:
            self._one(part)
        self._rig.settle()

    def _one(self, part: Any) -> None:
        if not isinstance(part, dict):
            part = {"text": str(part)}
        if "tap" in part:
            event = self._rig.tap_event(part["tap"], self._who, self._channel)
        else:
            event = self._rig.event(self._who, self._channel, **self._content(part))
        said = self._said.setdefault((self._who, self._channel), [])
        if "edit" not in part:
            said.append(event.message_id)
        self._rig.take(event)

    def _content(self, part: dict[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = {"text": part.get("text", "")}
        for kind in ("file", "voice"):
            if kind in part:
                content["files"] = (self._file(part[kind], kind),)
        if "phone" in part:
            content["phone"] = SharedPhone(part["phone"], part.get("own", True))
        if "edit" in part:
            content["edits"] = self._said[(self._who, self._channel)][part["edit"] - 1]
        if "other" in part:
            content["other"] = part["other"]
        if "album" in part:
            content["album"] = part["album"]
        return content

    def _file(self, name: str, kind: str) -> IncomingFile:
        if kind == "voice":
            return self._rig.file(name, b"OggS" + b"0" * 60, "voice")
        return self._rig.file(name, kind="image" if name.endswith("png") else "document")

    def _bot(self, what: list[str] | str) -> None:
        answer = self._answer()
        for piece in [what] if isinstance(what, str) else what:
            assert str(piece).lower() in answer.lower(), f"{piece!r} is not in the answer"

    def _bot_not(self, what: list[str] | str) -> None:
        answer = self._answer()
        for piece in [what] if isinstance(what, str) else what:
            assert str(piece).lower() not in answer.lower(), f"{piece!r} is in the answer"

    def _buttons(self, what: list[str]) -> None:
        labels = [label.lower() for label in self._rig.labels(self._who, self._channel)]
        for label in what:
            assert label.lower() in labels, f"{label!r} is not offered: {labels}"

    def _messages(self, what: int) -> None:
        count = len(self._rig.answers(self._who, self._channel, self._after))
        assert count == what, f"the answer was {count} messages"

    def _wait(self, what: str) -> None:
        self._after = self._rig.last_seq(self._who, self._channel)
        step = timedelta(**{_UNITS[what[-1]]: float(what[:-1])})
        self._rig.wait(step)
        self._rig.wait(BREATH)

    def _as(self, what: str) -> None:
        self._who, _, channel = what.partition(" on ")
        self._channel = channel or self._channel

    def _restart(self, _: bool) -> None:
        self._rig.restart()

    def _rows(self, what: dict[str, int]) -> None:
        for table, count in what.items():
            found = self._rig.count(table)
            assert found == count, f"{table} has {found} rows"

    def _remember(self, what: dict[str, str]) -> None:
        for name, pattern in what.items():
            match = re.search(pattern, self._answer())
            assert match, f"nothing in the answer matches {pattern}"
            self._kept[name] = match[0]

    def _answer(self) -> str:
        said = self._rig.answers(self._who, self._channel, self._after)
        labels = " | ".join(label for s in said for _, label in s.buttons)
        return "\n".join(s.text for s in said) + "\n" + labels

    def _fill(self, what: Any) -> Any:
        if isinstance(what, str):
            for name, value in self._kept.items():
                what = what.replace("{" + name + "}", value)
        elif isinstance(what, list):
            return [self._fill(part) for part in what]
        elif isinstance(what, dict):
            return {key: self._fill(value) for key, value in what.items()}
        return what

    def _story(self, number: int, step: dict[str, Any], error: AssertionError) -> str:
        talk = "\n".join(
            f"  {s.author:>6}: {s.text}" + (f"  {[b for _, b in s.buttons]}" if s.buttons else "")
            for s in self._rig.transcript(self._who, self._channel)
        )
        return f"{self._name}, step {number} {step}: {error}\n{talk}"

_WORDS: dict[str, Callable[[Player, Any], None]] = {
    "user": Player._user,
    "bot": Player._bot,
    "bot_not": Player._bot_not,
    "buttons": Player._buttons,
    "messages": Player._messages,
    "wait": Player._wait,
    "as": Player._as,
    "restart": Player._restart,
    "rows": Player._rows,
    "remember": Player._remember,
}


def _merge(raw: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(raw.get(key), dict):
            _merge(raw[key], value)
        else:
            raw[key] = value
