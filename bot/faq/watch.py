"""The office's answers while Loket runs: a changed file is taken within seconds, without a
restart. Replicas look each for itself and tell staff once between them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePath

from bot.clock import Clock
from bot.config import Config
from bot.speaking import BOARD, Bells
from dialogs.answers import OfficeAnswers, Problem, Reading, Shelf, is_answer
from handoff.job import safe
from storage.database import Database, Unavailable
from storage.repositories import agents, events
from storage.unit import Unit

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
PATIENCE = 10  # looks after which a folder that never comes to rest is read all the same
ALERT = "faq_broken"
ROLE = "admin"

Marks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look sees without reading: the day, and each file's size and times. ``files`` is
    None where there is no folder to look into."""

    day: date
    files: Mapping[str, Marks] | None = field(default_factory=dict)


class AnswersWatch:
    """Keeps ``shelf`` filled with what the folder holds. The answers of the start are there at
    once; a broken file stops nothing and is logged. Raises AnswerError only if the program's own
    answers are broken."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._folder = config.faq
        self._zone = config.identity.zone
        self._clock = clock
        self._office = OfficeAnswers(config.faq)
        self._taken = self._seen = self._sight()
        self._unrest = 0
        self._standing: dict[str, Problem] = {}
        self._to_tell: dict[str, str] = {}
        self._reading = self._office.read(self._taken.day)
        self.shelf = Shelf(self._reading.answers)
        self._note()

    async def run(self, database: Database, bells: Bells, stop: asyncio.Event) -> None:
        """Look again and again until ``stop`` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.look)
                await asyncio.to_thread(self.tell, database, bells)
            except Unavailable as error:
                log.warning("a notice about the answers waits: %s", error)
            except Exception:  # whatever it is, answers go on
                log.exception("looking for changed answers stumbled")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    def look(self) -> bool:
        """Take what has changed and come to rest: a file that is still being written is left
        alone. Whether anything was taken."""
        sight = self._sight()
        if sight == self._taken:
            self._seen, self._unrest = sight, 0
            return False
        if sight != self._seen and self._unrest < PATIENCE:
            self._seen, self._unrest = sight, self._unrest + 1
            return False
        self._take(sight)
        return True

    def tell(self, database: Database, bells: Bells) -> None:
        """Put on the work list what broke, and take off it what was mended. Raises
        Unavailable: then it is told later."""
        for name, words in list(self._to_tell.items()):
            database.write(partial(self._alert, bells, name, words)).result()
            if self._to_tell.get(name) == words:
                del self._to_tell[name]

    def _take(self, sight: Sight) -> None:
        self._taken = self._seen = sight
        self._unrest = 0
        reading = self._office.read(sight.day)
        before, self._reading = self._reading, reading
        self.shelf.swap(reading.answers)
        self._note()
        for line in _changes(before, reading):
            log.info("answers: %s", line)

    def _note(self) -> None:
        """Log and queue what is newly wrong, and what no longer is."""
        now = {problem.file: problem for problem in reversed(self._reading.problems)}
        for file, problem in now.items():
            if self._standing.get(file) != problem:
                log.warning("answers: %s; %s", problem, self._instead(problem)[0])
                words = f"Jawaban siap {problem.indonesian}. {self._instead(problem)[1]}"
                self._to_tell[PurePath(file).name] = safe(words)
        for file in self._standing.keys() - now.keys():
            log.info("answers: nothing is wrong with %s any more", file)
            self._to_tell[PurePath(file).name] = ""
        self._standing = now

    def _instead(self, problem: Problem) -> tuple[str, str]:
        """What users get meanwhile, in English and Indonesian."""
        if problem.file == str(self._folder):
            return "what was read last stays in use", "Yang terakhir terbaca tetap dipakai."
        topic = PurePath(problem.file).stem
        if topic in self._reading.kept:
            return "its last good version stays in use", "Versi terakhir yang baik tetap dipakai."
        if self._reading.answers.get(topic):
            return "the shipped answer is used", "Untuk sementara jawaban bawaan yang dipakai."
        return "nothing is given for it", "Topik ini belum punya jawaban."

    def _alert(self, bells: Bells, name: str, words: str, unit: Unit) -> None:
        """Once between all replicas, and not again at the next start."""
        subject, now = f"faq:{name}", self._clock.now()
        files = self._taken.files or {}
        seen = f"{name}:{files.get(name, now.timestamp())}:{words}"
        key = sha256(seen.encode(errors="replace")).hexdigest()[:32]
        if not events.claim(unit.connection, "faq", key, now):
            return
        agents.withdraw_alerts(unit.connection, ALERT, subject, now)
        if words:
            agents.add_alert(
                unit.connection, kind=ALERT, subject=subject, text=words, now=now, role=ROLE
            )
        unit.after_commit(lambda: bells.desk.ring(BOARD))

    def _sight(self) -> Sight:
        day = self._clock.now().astimezone(self._zone).date()
        return Sight(day, {} if self._folder is None else _marks(self._folder))


def _marks(folder: Path) -> Mapping[str, Marks] | None:
    try:
        return {name: _mark(folder / name) for name in os.listdir(folder) if is_answer(name)}
    except OSError:
        return None


def _mark(path: Path) -> Marks:
    """Times and size; of the link itself where it leads nowhere, nothing where it is gone."""
    for follow in (True, False):
        with suppress(OSError):
            found = os.stat(path, follow_symlinks=follow)
            return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
    return ()


def _changes(before: Reading, after: Reading) -> list[str]:
    old, new = before.answers.by_topic, after.answers.by_topic
    lines = []
    for topic in sorted(old.keys() | new.keys()):
        was, now = old.get(topic), new.get(topic)
        if now is None:
            lines.append(f"{topic} is no longer given")
        elif was is None or was.version != now.version:
            word = "is new" if was is None else "has changed"
            lines.append(f"{topic} {word} (version {now.version}, {now.file})")
    return lines
