"""Durable turns per second of one process on SQLite, beside the raw limit of the same machine
in the same run; start-up time and resident memory. ``make bench`` runs it; ``--profile``
prints where the time of a turn goes. Figures are explained in docs/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import json
import os
import pstats
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.bootstrap import Loket, build, load_engine  # noqa: E402
from bot.config import read_config  # noqa: E402
from bot.incoming import ConversationKey, Incoming  # noqa: E402
from bot.places import Places  # noqa: E402
from bot.user_turns import UserTurns  # noqa: E402
from storage import schema  # noqa: E402

SCRIPT = (
    "halo min",
    "gagal upload dokumen penawaran",
    "buat tiket",
    "Budi Santoso",
    "CV Maju Jaya",
    "Jl. Sudirman No. 5, Batam",
    "0812-3456-7890",
    "penyedia",
    "lanjut",
    "lewati semua",
    "tidak ada",
    "kirim",
    "cek tiket",
)
CHATS = 64
SWITCH_INTERVAL = 0.0005


@dataclass(frozen=True)
class Figure:
    """One measured line of the report."""

    name: str
    value: str
    limit: str = ""


def main() -> None:
    options = _options()
    console = Console()
    sys.setswitchinterval(SWITCH_INTERVAL)
    folder = Path(tempfile.mkdtemp(prefix="loket-bench-"))
    try:
        figures = _measure(folder, options, console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table = Table("what", "measured", "aim")
    for figure in figures:
        table.add_row(figure.name, figure.value, figure.limit)
    console.print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--profile", action="store_true", help="profile the writer instead")
    return parser.parse_args()


def _measure(folder: Path, options: argparse.Namespace, console: Console) -> list[Figure]:
    config = read_config(ROOT / "config.yml")
    engine = load_engine(config, ROOT / ".cache" / "nlu", console.print)
    places = Places(data_dir=folder / "turns", secret_key="b" * 32)
    schema.migrate(places.database)
    loket = build(config, places, engine)
    try:
        if options.profile:
            _profile(loket, options.seconds)
            return []
        with console.status("raw commits"):
            raw = raw_commits(folder, options.seconds / 2)
        with console.status("turns, closed loop"):
            most = closed_loop(loket, options.seconds)
        with console.status("turns with delivery, closed loop"):
            delivered = with_delivery(loket, options.seconds)
        with console.status("turns, open loop"):
            waits = open_loop(loket, most / 2, options.seconds)
    finally:
        loket.close()
    raw_after = raw_commits(folder, options.seconds / 2)
    raw = statistics.mean((raw, raw_after))
    with console.status("over HTTP"):
        served = over_http(folder, options.seconds)
    return [
        Figure("five million additions in Python (machine's speed)", f"{machine():.2f} s"),
        Figure("bare sqlite3 commits/s (same pragmas, one row)", f"{raw:,.0f}"),
        Figure("turns/s to the commit", f"{most:,.0f}", "at least 600"),
        Figure("  of the raw commit rate", f"{most / raw:.2f}"),
        Figure("turns/s to the commit while every answer is delivered", f"{delivered:,.0f}"),
        Figure(f"to the commit at {most / 2:,.0f}/s, open loop: p50", _ms(waits, 50)),
        Figure("  p99", _ms(waits, 99), "under 10 ms"),
        *served,
    ]


def machine() -> float:
    """Seconds for five million additions in this Python: how fast the machine is just now.
    An idle desktop of 2024 needs about 0.2."""
    begun, total = time.perf_counter(), 0
    for n in range(5_000_000):
        total += n
    return time.perf_counter() - begun


def raw_commits(folder: Path, seconds: float) -> float:
    """What the machine's disk gives: one-row transactions a second, nothing else."""
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")
    count, end = 0, time.perf_counter() + seconds
    begun = time.perf_counter()
    while time.perf_counter() < end:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO t (text) VALUES ('gagal upload dokumen penawaran')")
        raw.execute("COMMIT")
        count += 1
    rate = count / (time.perf_counter() - begun)
    raw.close()
    return rate


def talk(chat: str) -> Iterator[Incoming]:
    """One user's endless script."""
    key = ConversationKey("web", "web", chat)
    for n in itertools.count():
        event = f"{chat}:{n}"
        yield Incoming(key, event, text=_unlike_any_other(n, chat), message_id=str(n))


def _unlike_any_other(n: int, chat: str) -> str:
    """The script's line, with a question and a problem that nobody wrote before: an engine's
    memory of texts must not make a turn look faster than it is."""
    line = SCRIPT[n % len(SCRIPT)]
    return f"{line} paket {chat} {n}" if line.startswith(("gagal", "Jl.", "Budi")) else line


_runs = itertools.count()


def _talks(count: int) -> list[Iterator[Incoming]]:
    run = next(_runs)
    return [talk(f"bench{run}-{n}") for n in range(count)]


def closed_loop(loket: Loket, seconds: float) -> float:
    """Turns a second when every chat sends its next message once the last is durable."""
    talks = _talks(CHATS)
    done = 0
    end = time.perf_counter() + seconds
    begun = time.perf_counter()
    waiting = [(UserTurns(loket.turns).take(next(one)), one) for one in talks]
    while time.perf_counter() < end:
        future, one = waiting.pop(0)
        future.result()
        done += 1
        waiting.append((UserTurns(loket.turns).take(next(one)), one))
    for future, _ in waiting:
        future.result()
        done += 1
    return done / (time.perf_counter() - begun)


def with_delivery(loket: Loket, seconds: float) -> float:
    """The same while the sender works beside it."""

    async def both() -> float:
        stop = asyncio.Event()
        sending = asyncio.create_task(loket.delivery.run(stop))
        rate = await asyncio.to_thread(closed_loop, loket, seconds)
        stop.set()
        loket.bells.delivery.ring()
        await sending
        return rate

    return asyncio.run(both())


def open_loop(loket: Loket, rate: float, seconds: float) -> list[float]:
    """Seconds from the moment a message was due to its commit, at a fixed rate of arrival:
    a slow turn does not hold back the next ones."""
    talks = _talks(CHATS)
    waits: list[float] = []
    begun = time.perf_counter()
    for n in range(int(rate * seconds)):
        due = begun + n / rate
        pause = due - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        UserTurns(loket.turns).take(next(talks[n % CHATS])).add_done_callback(
            lambda _, due=due: waits.append(time.perf_counter() - due)
        )
    while len(waits) < int(rate * seconds):
        time.sleep(0.01)
    return waits


def over_http(folder: Path, seconds: float) -> list[Figure]:
    """``loket serve`` as users run it, with Telegram's webhook as the way in."""
    api_port, port = _free_port(), _free_port()
    data = folder / "served"
    environment = {
        **os.environ,
        "LOKET_DATA_DIR": str(data),
        "LOKET_PORT": str(port),
        "LOKET_CONFIG": str(_webhook_config(folder)),
        "LOKET_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOKET_TELEGRAM_TOKEN": "100:" + "b" * 35,
        "LOKET_TELEGRAM_SECRET": "benchmark-secret",
        "LOKET_TELEGRAM_BASE_URL": f"http://127.0.0.1:{api_port}",
        "LOKET_LOG_LEVEL": "error",
    }
    shutil.copytree(ROOT / ".cache" / "nlu", data / "nlu")
    schema.migrate(f"sqlite:///{data.resolve() / 'loket.db'}")
    starts = []
    for _ in range(3):
        server, start = _start(environment, port)
        starts.append(start)
        memory_idle = _resident(server.pid)
        server.terminate()
        server.wait()
    server, _ = _start(environment, port)
    try:
        rate = asyncio.run(_post_closed(port, api_port, seconds))
        waits = asyncio.run(_post_open(port, api_port, rate / 2, seconds))
        memory = _resident(server.pid)
    finally:
        server.terminate()
        server.wait()
    return [
        Figure("turns/s to Telegram's 200 (client and answers on the same cores)", f"{rate:,.0f}"),
        Figure(f"to Telegram's 200 at {rate / 2:,.0f}/s, open loop: p50", _ms(waits, 50)),
        Figure("  p99", _ms(waits, 99)),
        Figure("start-up with a trained model, best of 3", f"{min(starts):.2f} s", "under 1.5 s"),
        Figure("resident memory after start", f"{memory_idle:.0f} MB", "under 150 MB"),
        Figure("resident memory after the load", f"{memory:.0f} MB"),
    ]


def _webhook_config(folder: Path) -> Path:
    path = folder / "config.yml"
    text = (ROOT / "config.yml").read_text(encoding="utf-8")
    path.write_text(text.replace("telegram: polling", "telegram: webhook"), encoding="utf-8")
    return path


def _start(environment: dict[str, str], port: int) -> tuple[subprocess.Popen[bytes], float]:
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
            return server, time.perf_counter() - begun
        except OSError:
            time.sleep(0.005)
    raise SystemExit("loket serve did not start")


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A Bot API that takes everything at once."""
    ids = itertools.count(1)
    try:
        while line := await reader.readline():
            length = 0
            while (header := await reader.readline()).strip():
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            await reader.readexactly(length)
            result: object = True
            if b"sendMessage" in line:
                chat = {"id": 1, "type": "private"}
                result = {"message_id": next(ids), "date": 0, "chat": chat}
            elif b"getMe" in line:
                result = {"id": 100, "is_bot": True, "first_name": "b", "username": "b_bot"}
            body = json.dumps({"ok": True, "result": result}).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        return
    finally:
        writer.close()


class _Poster:
    """One kept-alive connection that posts a chat's updates."""

    updates = itertools.count(1)

    def __init__(self, port: int, chat: int) -> None:
        self._port = port
        self._chat = chat
        self._said = itertools.count()

    async def open(self) -> _Poster:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def post(self) -> None:
        n = next(self._said)
        person = {"id": self._chat, "is_bot": False, "first_name": "B"}
        message = {
            "message_id": n + 1,
            "date": int(time.time()),
            "chat": {"id": self._chat, "type": "private"},
            "from": person,
            "text": _unlike_any_other(n, str(self._chat)),
        }
        body = json.dumps({"update_id": next(self.updates), "message": message}).encode()
        self._writer.write(
            b"POST /webhooks/telegram HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"x-telegram-bot-api-secret-token: benchmark-secret\r\ncontent-length: "
            + str(len(body)).encode()
            + b"\r\n\r\n"
            + body
        )
        status = await self._reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"answered {status!r}")
        length = 0
        while (header := await self._reader.readline()).strip():
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        await self._reader.readexactly(length)


_chats = itertools.count(1000)


async def _posters(port: int, count: int) -> list[_Poster]:
    return [await _Poster(port, next(_chats)).open() for _ in range(count)]


async def _post_closed(port: int, api_port: int, seconds: float) -> float:
    api = await asyncio.start_server(_answer, "127.0.0.1", api_port)
    done = 0
    end = time.perf_counter() + seconds

    async def one(poster: _Poster) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await poster.post()
            done += 1

    posters = await _posters(port, CHATS)
    begun = time.perf_counter()
    await asyncio.gather(*(one(poster) for poster in posters))
    rate = done / (time.perf_counter() - begun)
    api.close()
    return rate


async def _post_open(port: int, api_port: int, rate: float, seconds: float) -> list[float]:
    api = await asyncio.start_server(_answer, "127.0.0.1", api_port)
    waits: list[float] = []
    free = asyncio.Queue[_Poster]()
    for poster in await _posters(port, CHATS):
        free.put_nowait(poster)

    async def one(due: float) -> None:
        poster = await free.get()
        await poster.post()
        waits.append(time.perf_counter() - due)
        free.put_nowait(poster)

    begun = time.perf_counter()
    tasks = []
    for n in range(int(rate * seconds)):
        due = begun + n / rate
        pause = due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    api.close()
    return waits


def _profile(loket: Loket, seconds: float) -> None:
    """Where the writer's time goes: the turns run under a profiler in its own thread."""
    profiler = cProfile.Profile()
    run: Callable[..., None] = loket.database._run  # type: ignore[attr-defined]

    def profiled(batch: object) -> None:
        profiler.enable()
        try:
            run(batch)
        finally:
            profiler.disable()

    loket.database._run = profiled  # type: ignore[attr-defined]
    print(f"{closed_loop(loket, seconds):,.0f} turns/s under the profiler")
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


def _ms(waits: list[float], percentile: int) -> str:
    ordered = sorted(waits)
    return f"{1000 * ordered[min(len(ordered) - 1, len(ordered) * percentile // 100)]:.1f} ms"


def _resident(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    random.seed(1)
    main()
