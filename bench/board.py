"""The console's board with 100,000 tickets on SQLite: how long its first page, its lists and its
search take through the real application, beside a bare ``SELECT count`` of the same file in the
same run. ``make bench-board`` runs it; figures are explained in docs/console.md."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.bootstrap import Loket, build, load_engine  # noqa: E402
from bot.config import read_config  # noqa: E402
from bot.places import Places  # noqa: E402
from bot.staff import sessions  # noqa: E402
from bot.web.console.cookies import AGENT  # noqa: E402
from handoff import numbers  # noqa: E402
from storage import schema, search  # noqa: E402
from storage.base import to_micros  # noqa: E402

LIMIT_MS = 200
NAMES = ("Budi", "Siti", "Agus", "Dewi", "Rudi", "Maya", "Hendra", "Wati", "Joko", "Lestari")
FAMILY = ("Santoso", "Rahayu", "Salim", "Hartono", "Gunawan", "Wijaya", "Nugroho", "Sari")
FREQUENT = (
    "upload gagal dokumen penawaran akun npwp token verifikasi password paket tender apendo "
    "login rup aktivasi jadwal sanggah kontrak galat server satker panitia sistem email"
)
STATES = ("baru", "diproses", "menunggu_data", "dieskalasi", "selesai", "dibuka_kembali")
KINDS = ("gangguan", "permasalahan", "permintaan_layanan", "masukan")
PRIORITIES = ("tinggi", "menengah", "rendah")
AGENTS = 8


def vocabulary(size: int = 3000) -> tuple[str, ...]:
    """Words of a helpdesk, the frequent first; their use falls off as in any language (Zipf)."""
    parts = ("ba", "di", "ku", "le", "mo", "na", "pe", "ra", "si", "ta", "wu", "ya", "ngo", "ser")
    chance = random.Random(3)
    made = dict.fromkeys(FREQUENT.split())
    while len(made) < size:
        made["".join(chance.choices(parts, k=chance.randrange(2, 5)))] = None
    return tuple(made)


WORDS = vocabulary()
ZIPF = tuple(itertools.accumulate(1 / (n + 2) for n in range(len(WORDS))))


def spoken(chance: random.Random, count: int) -> list[str]:
    """So many words as people write them."""
    return chance.choices(WORDS, cum_weights=ZIPF, k=count)


@dataclass(frozen=True)
class Page:
    """One thing that is measured: its path differs from request to request."""

    name: str
    path: Callable[[random.Random], str]


def pages(count: int) -> tuple[Page, ...]:
    """What agents open."""
    number = "LPSE-2611-{:05d}"
    return (
        Page("first page", lambda _: "/console/"),
        Page("mine", lambda _: "/console/?siapa=mine"),
        Page("nobody's", lambda _: "/console/?siapa=free"),
        Page("late", lambda _: "/console/?telat=1"),
        Page("one state", lambda r: f"/console/?status={r.choice(STATES)}"),
        Page("closed", lambda _: "/console/?status=ditutup"),
        Page(
            "kind, priority and tier",
            lambda r: (
                f"/console/?jenis={r.choice(KINDS)}&prioritas={r.choice(PRIORITIES)}&tingkat=lkpp"
            ),
        ),
        Page("search: running digits", lambda r: f"/console/?q={r.randrange(count)}"),
        Page(
            "search: number's beginning",
            lambda r: f"/console/?q={number.format(r.randrange(count))}",
        ),
        Page("search: name", lambda r: f"/console/?q={r.choice(NAMES)}+{r.choice(FAMILY)}"),
        Page(
            "search: phone",
            lambda r: f"/console/?q=0812-{r.randrange(10**4):04d}-{r.randrange(99):02d}",
        ),
        Page("search: the most frequent word", lambda _: f"/console/?q={WORDS[0]}"),
        Page("search: any word", lambda r: f"/console/?q={spoken(r, 1)[0]}"),
        Page("search: beginning of a word", lambda r: f"/console/?q={spoken(r, 1)[0][:2]}"),
        Page("search: three words", lambda r: "/console/?q=" + "+".join(spoken(r, 3))),
        Page("search within a state", lambda r: f"/console/?status=selesai&q={spoken(r, 1)[0]}"),
    )


def main() -> None:
    options = _options()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="loket-board-"))
    try:
        table, slow = asyncio.run(_measure(folder, options, console))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(table)
    if slow:
        sys.exit(f"over {LIMIT_MS} ms at p95: {', '.join(slow)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--open", type=float, default=0.2, help="share of open tickets")
    parser.add_argument("--requests", type=int, default=100, help="of each page")
    return parser.parse_args()


async def _measure(
    folder: Path, options: argparse.Namespace, console: Console
) -> tuple[Table, list[str]]:
    places = Places(data_dir=folder, secret_key="b" * 32)
    schema.migrate(places.database)
    with Progress(console=console, transient=True) as progress:
        fill(folder / "loket.db", options, progress)
        config = read_config(ROOT / "config.yml")
        loket = build(config, places, load_engine(config, ROOT / ".cache" / "nlu", console.print))
        try:
            return await _ask_all(loket, folder / "loket.db", options, progress)
        finally:
            loket.close()


async def _ask_all(
    loket: Loket, path: Path, options: argparse.Namespace, progress: Progress
) -> tuple[Table, list[str]]:
    now = datetime.now(UTC)
    token = loket.database.write(lambda unit: sessions.begin(unit.connection, 1, now)).result()
    table = Table("page", "p50 ms", "p95 ms", "limit ms", "p95 / bare count")
    slow: list[str] = []
    everything = pages(options.tickets)
    bar = progress.add_task("asking", total=len(everything) * options.requests)
    transport = httpx.ASGITransport(loket.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8080", cookies={AGENT: token}
    ) as client:
        with closing(sqlite3.connect(path)) as raw:
            bare = [_count(raw) for _ in range(options.requests)]
            for page in everything:
                taken = await _ask(client, page, options.requests, lambda: progress.advance(bar))
                if _percentile(taken, 95) > LIMIT_MS:
                    slow.append(page.name)
                table.add_row(*_figures(page.name, taken, _percentile(bare, 50)))
            bare += [_count(raw) for _ in range(options.requests)]
    counted = _percentile(bare, 50)
    table.add_section()
    table.add_row(*_figures(f"bare SELECT count of {options.tickets:,}", bare, counted, limit=""))
    return table, slow


async def _ask(
    client: httpx.AsyncClient, page: Page, count: int, tick: Callable[[], None]
) -> list[float]:
    """Milliseconds of each request, the first ones left out: they fill caches."""
    chance, taken = random.Random(7), []
    for n in range(count + 5):
        path = page.path(chance)
        begun = time.perf_counter()
        answer = await client.get(path)
        spent = (time.perf_counter() - begun) * 1000
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
        if n >= 5:
            taken.append(spent)
            tick()
    return taken


def _count(raw: sqlite3.Connection) -> float:
    begun = time.perf_counter()
    raw.execute("SELECT count(*) FROM tickets NOT INDEXED").fetchone()
    return (time.perf_counter() - begun) * 1000


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _figures(name: str, values: list[float], bare: float, limit: str = str(LIMIT_MS)) -> list[str]:
    p95 = _percentile(values, 95)
    return [name, f"{_percentile(values, 50):.1f}", f"{p95:.1f}", limit, f"{p95 / bare:.1f}"]


def fill(path: Path, options: argparse.Namespace, progress: Progress) -> None:
    """Tickets of two years by plain SQL, as the program would have written them."""
    bar = progress.add_task("tickets", total=options.tickets)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("BEGIN")
        now = datetime.now(UTC)
        for n in range(1, AGENTS + 1):
            raw.execute(
                "INSERT INTO agents (id, login, name, roles, on_duty, active, created_at) "
                "VALUES (?, ?, ?, 'helpdesk', 1, 1, ?)",
                (n, f"agent{n}", f"{NAMES[n]} {FAMILY[n % len(FAMILY)]}", to_micros(now)),
            )
        for row in _rows(options, now):
            _insert(raw, row)
            progress.advance(bar)
        raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows(options: argparse.Namespace, now: datetime) -> Iterator[dict[str, object]]:
    chance = random.Random(11)
    for n in range(1, options.tickets + 1):
        is_open = chance.random() < options.open
        state = chance.choice(STATES) if is_open else "ditutup"
        urgent = chance.choices((0, 1, 2), (1, 4, 5))[0]
        age = timedelta(days=30 if is_open else 730) * chance.random()
        phone = f"+62812{chance.randrange(10**8):08d}"
        answers = {"nama": f"{chance.choice(NAMES)} {chance.choice(FAMILY)}", "telepon": phone}
        yield {
            "id": n,
            "number": numbers.render("LPSE-2611-{n:05d}-{check}", n, {}),
            "kind": chance.choice(KINDS),
            "state": state,
            "priority": PRIORITIES[urgent],
            "urgent": urgent,
            "answers": json.dumps({**answers, "instansi": f"CV {spoken(chance, 1)[0].title()}"}),
            "problem": " ".join(spoken(chance, chance.randrange(8, 60))),
            "solution": None if is_open else " ".join(spoken(chance, 15)),
            "open": is_open,
            "tier": chance.choices(("helpdesk", "koordinator", "lkpp"), (90, 6, 4))[0],
            "agent_id": chance.choice((None, None, *range(1, AGENTS + 1))),
            "opened_at": to_micros(now - age),
            "due_at": to_micros(now + timedelta(hours=72) - age * chance.random() * 0.2),
        }


def _insert(raw: sqlite3.Connection, row: dict[str, object]) -> None:
    raw.execute("INSERT INTO contacts (id, created_at) VALUES (:id, :opened_at)", row)
    raw.execute(
        "INSERT INTO conversations (id, contact_id, channel, account, chat, thread, profile_name, "
        "seq, fence, flood_told, created_at) "
        "VALUES (:id, :id, 'web', 'web', :id, '', '', 0, 0, 0, :opened_at)",
        row,
    )
    raw.execute(
        "INSERT INTO tickets (id, number, contact_id, conversation_id, kind, state, priority, "
        "urgent, answers, problem, solution, decides, deadline, opened_at, open, tier, agent_id, "
        "history_seq, history_head) VALUES (:id, :number, :id, :id, :kind, :state, :priority, "
        ":urgent, :answers, :problem, :solution, 'lpse', 'none', :opened_at, :open, :tier, "
        ":agent_id, 0, '')",
        row,
    )
    raw.execute(
        f"INSERT INTO {search.TABLE} (rowid, words) VALUES (?, ?)",
        (row["id"], " ".join(search.words(row))),
    )
    if row["open"]:
        for kind, later in (("response", 0), ("resolution", 48 * 3600 * 10**6)):
            raw.execute(
                "INSERT INTO deadlines (contact_id, kind, subject, inputs, due_at, armed, arming, "
                "ticket_id) VALUES (:id, 'sla:' || :name, 'ticket:' || :id, '{}', "
                ":due_at + :later, 1, 1, :id)",
                {**row, "name": kind, "later": later},
            )


if __name__ == "__main__":
    main()
