"""What users do in a conversation, and what happens around them while it is played."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.incoming import Incoming, IncomingFile
from bot.rendering import parse_choice
from dialogs.heard import SharedPhone, Tap
from handoff.refusal import Refused
from storage.repositories import agents
from tests.conversations import desk
from tests.rig import PNG, Rig

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
OUTCOMES = ("guidance", "data_needed", "solved", "still_working")
_KNOWN = frozenset(
    "text repeat copies tail file voice mb phone own other album profile edit times every".split()  # noqa: SIM905 - a table
)


class Stage:
    """One script's people, channels and clock. ``_after`` is where the newest answer begins."""

    def __init__(self, script: dict[str, Any], make_rig: Callable[..., Rig]) -> None:
        self._who, self._channel = "budi", script.get("channel", "web")
        self._rig = _rig_for(script, make_rig)
        self._after = 0
        self._said: dict[tuple[str, str], list[Incoming]] = {}
        self._away = False
        self.sentence, self.refusal = "", ""
        for login, roles in script.get("agents", {}).items():
            self._rig.hire(login, *roles)

    def user(self, what: Any) -> None:
        self._after = self._rig.last_seq(self._who, self._channel)
        for part in what if isinstance(what, list) else [what]:
            self._one(part)
        self._settle()

    def _one(self, part: Any) -> None:
        if not isinstance(part, dict):
            part = {"text": str(part)}
        if "pause" in part:
            self._rig.wait(_span(part["pause"]))
            return
        for turn in range(part.get("times", 1)):
            if turn:
                self._rig.wait(_span(part.get("every", "0s")))
            event = self._event(part)
            self._said.setdefault((self._who, self._channel), []).append(event)
            self._rig.take(event)

    def _event(self, part: dict[str, Any]) -> Incoming:
        said = self._said.get((self._who, self._channel), [])
        if "tap" in part:
            return self._rig.tap_event(part["tap"], self._who, self._channel)
        if "old_tap" in part:
            return self._old_tap(part["old_tap"])
        if "again" in part:
            return said[int(part["again"]) - 1]
        assert part.keys() <= _KNOWN, f"unknown: {part.keys() - _KNOWN}"
        content = self._content(part)
        if "edit" in part:
            content["edits"] = said[int(part["edit"]) - 1].message_id
        return self._rig.event(self._who, self._channel, **content)

    def _content(self, part: dict[str, Any]) -> dict[str, Any]:
        text = part.get("text", "") + part.get("repeat", "") * part.get("copies", 0)
        text += part.get("tail", "")
        content: dict[str, Any] = {"text": text}
        for kind in ("file", "voice"):
            if kind in part:
                content["files"] = (self._file(part[kind], kind, part.get("mb")),)
        if "phone" in part:
            content["phone"] = SharedPhone(part["phone"], part.get("own", True))
        for word, name in (("other", "other"), ("album", "album"), ("profile", "profile_name")):
            if word in part:
                content[name] = part[word]
        return content

    def _file(self, name: str, kind: str, mb: float | None) -> IncomingFile:
        """On the web the bytes are there already, elsewhere they are fetched later."""
        image = kind == "file" and name.endswith("png")
        shown = "voice" if kind == "voice" else "image" if image else "document"
        data = PNG if image else b"OggS" + b"0" * 60 if kind == "voice" else b"%PDF-1.4 " * 9
        data = data if mb is None else data[:0].ljust(int(mb * 1_000_000), b"0")
        if self._channel == "web":
            return self._rig.file(name, data, shown)
        ref = f"ref:{name}"
        self._rig.telegram.files[ref] = data
        return IncomingFile(shown, name, "application/octet-stream", len(data), ref)  # type: ignore[arg-type]

    def _old_tap(self, label: str) -> Incoming:
        """A button of a message before the newest that has any."""
        shown = [s for s in self._rig.answers(self._who, self._channel) if s.buttons][:-1]
        data = next(d for s in reversed(shown) for d, text in s.buttons if text == label)
        step, value = parse_choice(data)
        return self._rig.event(self._who, self._channel, tap=Tap(value, step))

    def as_(self, what: str) -> None:
        self._who, _, channel = what.partition(" on ")
        self._channel = channel or self._channel
        self._after = self._rig.last_seq(self._who, self._channel)

    def wait(self, what: str) -> None:
        self._after = self._rig.last_seq(self._who, self._channel)
        self._rig.wait(_span(what))
        self._settle()

    def clock(self, what: str) -> None:
        """``+72h``: the same as wait."""
        self.wait(what.removeprefix("+"))

    def outage(self, what: str) -> None:
        """The program is down for so long; ``bot`` sees what comes after it."""
        self._after = self._rig.last_seq(self._who, self._channel)
        self._rig.outage(_span(what))
        self._settle()

    def agent(self, what: dict[str, Any]) -> None:
        """``{rina: take}``: an agent does something; ``bot`` sees what the user hears of it."""
        ((who, deed),) = what.items()
        self._after = self._rig.last_seq(self._who, self._channel)
        action, number = desk.action(self._rig, deed)
        self.sentence, self.refusal = "", ""
        try:
            self.sentence = self._rig.act(who, action, number)
        except Refused as refused:
            self.refusal = str(refused)
        self._settle()

    def lkpp(self, what: dict[str, Any]) -> None:
        """``{adi: {guidance: words}}``: an answer of LKPP, written down by an Admin LPSE."""
        ((who, answer),) = what.items()
        outcome = next(
            o for o in ("guidance", "data_needed", "solved", "still_working") if o in answer
        )
        words = answer.pop(outcome)
        self.agent({who: {"lkpp": outcome, "words": words, **answer}})

    def register(self, what: dict[str, Any]) -> None:
        """``{dewi: {problem: ..., source: phone}}``: somebody without a chat at the counter."""
        ((who, form),) = what.items()
        self.sentence, self.refusal = "", ""
        try:
            self.sentence = desk.register(self._rig, who, dict(form))
        except Refused as refused:
            self.refusal = str(refused)
        self._settle()

    def counter_says(self, what: dict[str, Any]) -> None:
        """``{dewi: {solved: false, words: ...}}``: what they say to the solution, as an agent
        hears it at the desk or on the phone."""
        ((who, said),) = what.items()
        self.sentence, self.refusal = "", ""
        try:
            words = said.get("words", "")
            self.sentence = desk.heard_at_desk(self._rig, who, said["solved"], words)
        except Refused as refused:
            self.refusal = str(refused)
        self._settle()

    def duty(self, what: dict[str, bool]) -> None:
        for who, on in what.items():
            self._rig.duty(who, on=on)

    def closed(self, what: str) -> None:
        """An agent's account is closed, whatever they hold."""
        self._rig.loket.database.write(
            lambda unit: agents.change(unit.connection, self._rig.agents[what], active=False)
        ).result()

    def away(self, what: bool) -> None:
        """The user's browser is closed (or open again): nothing on the web is fetched."""
        self._away = what

    def restart(self, _: bool) -> None:
        self._rig.restart()

    def _settle(self) -> None:
        """The breath, and as long as a platform's rate makes rows wait."""
        self._rig.settle()
        if not self._away:
            self._rig.fetched(self._who)
        for _ in range(8):
            if not self._rig.rows("SELECT 1 FROM outbox WHERE state IN ('queued', 'sending')"):
                return
            self._rig.wait(timedelta(seconds=1))


def _rig_for(script: dict[str, Any], make_rig: Callable[..., Rig]) -> Rig:
    options: dict[str, Any] = {}
    if "config" in script:
        options["change"] = lambda raw: _merge(raw, script["config"])
    rig = make_rig(**options)
    if "clock" in script:
        zone = rig.config.identity.zone
        start = datetime.strptime(script["clock"], "%Y-%m-%d %H:%M").replace(tzinfo=zone)
        rig.clock.move(start - rig.clock.now())
    if "abilities" in script:
        rig.telegram.abilities = replace(rig.telegram.abilities, **script["abilities"])
        rig.restart()
    return rig


def _span(what: str) -> timedelta:
    match = re.fullmatch(r"([\d.]+)(ms|s|m|h|d)", what)
    assert match, f"{what!r} is no time"
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def _merge(raw: dict[str, Any], change: dict[str, Any]) -> None:
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(raw.get(key), dict):
            _merge(raw[key], value)
        else:
            raw[key] = value
