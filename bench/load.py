"""People on both webhooks against one ``loket serve``, on SQLite and on PostgreSQL, beside the
raw commits of the same machine in the same run: how much, how quick, and that nothing is lost,
comes twice or out of order (else the exit code is 1). ``make bench-load`` runs it; figures are
explained in docs/performance.md.

The people and the platforms are this process: client, server and database share the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import raw  # noqa: E402
from bench.crowd import Crowd  # noqa: E402
from bench.load_picture import picture  # noqa: E402
from bench.load_report import report  # noqa: E402
from bench.people import Channel  # noqa: E402
from bench.served import Ports, Server, cpu_below, cpu_of  # noqa: E402
from bench.truth import Books  # noqa: E402
from bench.turns import _free_port, machine  # noqa: E402

LIFTED, USUAL = 1000, 80
TELEGRAM_OPEN = 15.0
"""Messages/s on Telegram while they come at a fixed rate: below its 30/s, ours to send at."""
DRAIN_SECONDS = 180.0


@dataclass
class Phase:
    """What one stretch of load gave. Times in ms; ``cores`` is CPU used per second by server,
    people (with both platforms) and database; ``queue`` what was on its way at the end, by
    channel, ``drain`` the seconds until it was gone."""

    taken: float
    answered: float
    of_webhook: dict[str, float]
    of_receipts: dict[str, float]
    of_answer: dict[str, dict[str, float]]
    cores: dict[str, float]
    queue: dict[str, int]
    drain: float
    memory: float
    faults: dict[str, int]
    messages: int
    answers: int
    parts: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class Bench:
    """One database's server and crowd, phase by phase."""

    options: argparse.Namespace
    folder: Path
    url: str
    postmaster: int | None
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.ports = Ports(_free_port(), _free_port())
        self.crowd = Crowd(self.ports.bot, self.ports.api)

    async def run(self) -> dict[str, Phase]:
        """All phases."""
        seconds, users = self.options.seconds, self.options.users
        found: dict[str, Phase] = {}
        async with self.crowd.open():
            with self._server(LIFTED) as server:
                self.say("people begin their cases")
                await self.crowd.begin(users)
                self.say("everybody waits for the answer")
                load = self.crowd.closed_loop(users, seconds, answers=True)
                found["waiting"] = await self._phase(server, load, seconds)
                half = found["waiting"].taken / 2
                telegram = min(TELEGRAM_OPEN, half / 2)
                rates: dict[Channel, float] = {"telegram": telegram, "whatsapp": half - telegram}
                self.say(f"{half:.0f} messages/s come at a fixed rate")
                load = self.crowd.open_loop(rates, users, seconds)
                found["open"] = await self._phase(server, load, seconds)
            with self._server(USUAL) as server:
                self.say("the platforms' own limits, nobody waits for an answer")
                load = self.crowd.closed_loop(users, seconds, answers=False)
                found["limits"] = await self._phase(server, load, seconds)
            if self.options.profile:
                await self._anatomy(found)
        return found

    async def _anatomy(self, found: dict[str, Phase]) -> None:
        path = self.folder / "anatomy.json"
        seconds = self.options.seconds
        with self._server(LIFTED, path) as server:
            self.say("where the time goes")
            await self.crowd.closed_loop(8, 2.0, answers=True)
            await asyncio.sleep(0.5)
            before = json.loads(path.read_text())
            load = self.crowd.closed_loop(self.options.users, seconds, answers=True)
            found["timed"] = phase = await self._phase(server, load, seconds)
            after = json.loads(path.read_text())
        none = [0.0, 0.0, 0.0]
        phase.parts = {
            part: [a - b for a, b in zip(row, before.get(part, none), strict=True)]
            for part, row in after.items()
        }

    @contextmanager
    def _server(self, per_second: int, anatomy: Path | None = None) -> Iterator[Server]:
        data = self.folder / "data"
        server = Server(data, self.url, self.ports, per_second, anatomy)
        try:
            yield server
        finally:
            server.stop()

    async def _phase(
        self,
        server: Server,
        load: Coroutine[Any, Any, None],
        seconds: float,
    ) -> Phase:
        crowd = self.crowd
        crowd.receipts.clear()
        begun, before = time.perf_counter(), self._cpu(server)
        await load
        end = time.perf_counter()
        cores = {name: (v - before[name]) / (end - begun) for name, v in self._cpu(server).items()}
        queue = await asyncio.to_thread(server.queue)
        people = list(crowd.people.values())
        books = Books(self.url)
        try:
            self.say("until everything has arrived")
            drained = await asyncio.to_thread(books.drain, DRAIN_SECONDS)
            await asyncio.sleep(0.3)
            truth = await asyncio.to_thread(books.check, people, begun)
            parked = await asyncio.to_thread(books.parked)
        finally:
            books.close()
        said = [
            (s.due, s.taken)
            for p in people
            for s in p.said
            if s.taken is not None and s.due >= begun
        ]
        window = begun, min(end, begun + seconds)
        others = {"parked": parked, "refused": len(crowd.refused), "strays": crowd.strays}
        faults = truth.faults | others
        if any(faults.values()):
            print(server.said(), file=sys.stderr)
        crowd.refused.clear()
        return Phase(
            taken=_rate((taken for _, taken in said), *window),
            answered=_rate((at for p in people for _, at in p.got), *window),
            of_webhook=_spread([taken - due for due, taken in said]),
            of_receipts=_spread(crowd.receipts),
            of_answer={name: _spread(waits) for name, waits in truth.waits.items()},
            cores=cores,
            queue={name: queue.get(name, 0) for name in ("telegram", "whatsapp")},
            drain=drained,
            memory=server.memory,
            faults=faults,
            messages=truth.messages,
            answers=truth.answers,
        )

    def _cpu(self, server: Server) -> dict[str, float]:
        found = {"server": server.cpu, "people": cpu_of(os.getpid())}
        return found | ({"database": cpu_below(self.postmaster)} if self.postmaster else {})


def main() -> None:
    options = _options()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="loket-load-"))
    begun = {"load": list(os.getloadavg()), "additions": machine()}
    found: dict[str, Any] = {"machine": begun, "users": options.users}
    good = True
    try:
        for name in [options.only] if options.only else ["sqlite", "postgres"]:
            found[name] = _database(name, folder, options, console)
            good &= report(name, found[name], console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found["machine_after"] = {"load": list(os.getloadavg()), "additions": machine()}
    for when in ("machine", "machine_after"):
        about = found[when]
        load = ", ".join(f"{n:.1f}" for n in about["load"])
        console.print(f"five million additions {about['additions']:.2f} s, load average {load}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.picture:
        options.picture.write_text(picture(found), encoding="utf-8")
    sys.exit(0 if good else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each stretch of load")
    parser.add_argument("--users", type=int, default=64, help="at once, on each platform")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--profile", action="store_true", help="also say where the time goes")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--picture", type=Path, help="draw where the time goes (SVG)")
    return parser.parse_args()


def _database(
    name: str, folder: Path, options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Everything about one database."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name)

        def say(words: str) -> None:
            progress.update(task, description=f"{name}: {words}")

        with raw.opened(name, folder) as database:
            say("raw commits")
            before = raw.commits(database, options.seconds / 5)
            bench = Bench(options, folder / name, database.url, database.pid, say)
            bench.folder.mkdir()
            phases = asyncio.run(bench.run())
            say("raw commits")
            after = raw.commits(database, options.seconds / 5)
            books = Books(database.url)
            tickets = books.tickets()
            books.close()
    mean = {key: (before[key] + after[key]) / 2 for key in before}
    return {
        "raw": mean,
        "raw_before": before,
        "raw_after": after,
        "tickets": tickets,
        "cases": sum(person.done for person in bench.crowd.people.values()),
        "phases": {key: asdict(phase) for key, phase in phases.items()},
    }


def _rate(moments: Iterator[float], begun: float, end: float) -> float:
    return sum(begun <= at <= end for at in moments) / (end - begun)


def _spread(waits: list[float]) -> dict[str, float]:
    ordered = sorted(waits) or [float("nan")]
    places = {f"p{n}": ordered[min(len(ordered) - 1, len(ordered) * n // 100)] for n in (50, 99)}
    return {key: 1000 * value for key, value in places.items()}


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
