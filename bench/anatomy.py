"""``loket serve`` with its parts timed: the CPU time of each, without that of the parts it calls.

``python bench/anatomy.py FILE`` serves as ``loket serve`` does and writes what it has counted so
far to FILE four times a second. CPU time is a thread's own (``time.thread_time``), so waiting
for the interpreter's lock, the disk or the network is none; an async part is timed step by step.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SQL = "SQL"
COMMIT = "commit"
# What is timed: the part's name, the module, and the name in it. SQL is told apart by whose it is.
PARTS: tuple[tuple[str, str, str], ...] = (
    ("webhook: body, JSON, hand-over", "bot.channels.telegram_service", "TelegramService.webhook"),
    ("webhook: body, JSON, hand-over", "bot.channels.whatsapp_service", "WhatsAppService.webhook"),
    ("webhook: body, JSON, hand-over", "bot.channels.whatsapp_service", "WhatsAppService._of_one"),
    ("webhook: HMAC and parsing", "bot.channels.whatsapp_service", "check_signature"),
    ("webhook: HMAC and parsing", "bot.channels.whatsapp_service", "parse"),
    ("webhook: HMAC and parsing", "bot.channels.telegram_service", "read"),
    ("webhook: HMAC and parsing", "bot.channels.telegram_service", "parse"),
    ("masking and NLU", "bot.user_turns", "prepare"),
    ("turn: facts and rows", "bot.user_turns", "_Hearing.run"),
    ("turn: thinking", "dialogs.conversation", "advance"),
    ("turn: rendering", "bot.rendering", "render"),
    ("delivery: claiming", "bot.claims", "Claims.next"),
    ("delivery: recording", "bot.outcomes", "Outcomes.sent"),
    ("delivery: loop", "bot.delivery", "Delivery._step"),
    ("delivery: loop", "bot.delivery", "Delivery._send"),
    ("HTTP client: answers", "bot.channels.telegram", "TelegramChannel.send"),
    ("HTTP client: answers", "bot.channels.whatsapp", "WhatsAppChannel.send"),
    ("HTTP client: read and typing signs", "bot.channels.telegram", "TelegramChannel.sign"),
    ("HTTP client: read and typing signs", "bot.channels.whatsapp", "WhatsAppChannel.sign"),
    ("receipts", "bot.receipts", "Receipts.take"),
    ("receipts", "bot.receipts", "Receipts._rise"),
    ("transactions: begin, savepoint, wake", "storage.database", "SqliteDatabase._run"),
    ("transactions: begin, savepoint, wake", "storage.database", "PostgresDatabase._run"),
    (COMMIT, "sqlalchemy.engine.default", "DefaultDialect.do_commit"),
    (SQL, "storage.prepared", "Prepared.run"),
    (SQL, "storage.prepared", "Prepared.first"),
    (SQL, "storage.prepared", "Prepared.all"),
    (SQL, "sqlalchemy", "Connection.execute"),
)
WHOSE = {
    "turn: facts and rows": "SQL of turns",
    "delivery: claiming": "SQL of delivery",
    "delivery: recording": "SQL of delivery",
    "receipts": "SQL of receipts",
}


class _Clocks(threading.local):
    """One thread's parts under way, and what they took: CPU, wall, calls."""

    everyone: list[dict[str, list[float]]] = []  # noqa: RUF012 -- shared on purpose

    def __init__(self) -> None:
        self.stack: list[tuple[str, list[float]]] = []
        self.found: dict[str, list[float]] = {}
        self.everyone.append(self.found)


_clocks = _Clocks()


def _begin(part: str) -> tuple[str, float, float]:
    stack = _clocks.stack
    if part == SQL:
        part = next((WHOSE[name] for name, _ in stack if name in WHOSE), "SQL of the rest")
    stack.append((part, [0.0, 0.0]))
    return part, time.thread_time(), time.perf_counter()


def _end(begun: tuple[str, float, float], calls: int = 1) -> None:
    part, cpu, wall = begun
    cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
    stack = _clocks.stack
    _, inner = stack.pop()
    if stack:
        stack[-1][1][0] += cpu
        stack[-1][1][1] += wall
    row = _clocks.found.setdefault(part, [0.0, 0.0, 0.0])
    row[0] += cpu - inner[0]
    row[1] += wall - inner[1]
    row[2] += calls


class _Steps(Awaitable[Any]):
    """A coroutine whose every step is timed."""

    def __init__(self, coroutine: Any, part: str) -> None:
        self._coroutine, self._part = coroutine, part

    def __await__(self) -> Generator[Any, Any, Any]:
        step, value = self._coroutine.send, None
        while True:
            begun = _begin(self._part)
            try:
                given = step(value)
            except StopIteration as end:
                return end.value
            finally:
                _end(begun)
            try:
                step, value = self._coroutine.send, (yield given)
            except BaseException as fault:
                step, value = self._coroutine.throw, fault


def _timed(function: Callable[..., Any], part: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def stepped(*args: Any, **more: Any) -> Any:
            return await _Steps(function(*args, **more), part)

        return stepped

    @functools.wraps(function)
    def timed(*args: Any, **more: Any) -> Any:
        begun = _begin(part)
        try:
            return function(*args, **more)
        finally:
            _end(begun)

    return timed


def _instrument() -> None:
    import importlib

    for part, module, path in PARTS:
        owner: Any = importlib.import_module(module)
        *outer, name = path.split(".")
        for one in outer:
            owner = getattr(owner, one)
        setattr(owner, name, _timed(getattr(owner, name), part))


def _write(path: Path) -> None:
    while True:
        found: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for one in list(_clocks.everyone):
            for part, row in dict(one).items():
                found[part] = [a + b for a, b in zip(found[part], row, strict=True)]
        process = [time.process_time(), time.perf_counter(), 0.0]
        whole = {"process": process, **found}
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(whole))
        os.replace(draft, path)
        time.sleep(0.25)


def main() -> None:
    from bot import cli

    _instrument()
    threading.Thread(target=_write, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.argv = ["loket", "serve"]
    cli.main()


if __name__ == "__main__":
    main()
