"""The tables of ``bench/load.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

FAULTS = ("lost", "twice", "disorder", "elsewhere", "silent")


def report(name: str, found: dict[str, Any], console: Console) -> bool:
    """Print one database's figures; whether nothing was lost, twice or out of order."""
    phases = found["phases"]
    table = Table(name, "all wait for the answer", "fixed rate, half of it", "platforms' limits")
    shown = [phases[key] for key in ("waiting", "open", "limits")]
    for title, form in _ROWS:
        table.add_row(title, *(form(phase) for phase in shown))
    console.print(table)
    base = Table("raw", "before", "after")
    for key, value in found["raw_before"].items():
        base.add_row(key, f"{value:,.0f}", f"{found['raw_after'][key]:,.0f}")
    first = next(iter(found["raw"].values()))
    ratio = f"{phases['waiting']['taken'] / first:.3f}"
    base.add_row("messages/s of that", ratio, "")
    console.print(base)
    console.print(f"{found['cases']} cases written to the end, {found['tickets']} tickets")
    if "timed" in phases:
        _report_parts(phases["timed"], console)
    return not any(sum(phase["faults"].values()) for phase in phases.values())


def _report_parts(phase: dict[str, Any], console: Console) -> None:
    table = Table("where the server's CPU time goes", "ms a message", "share", "waited, ms")
    for part, (cpu, waited, share) in shares(phase).items():
        table.add_row(part, f"{cpu:.2f}", f"{share:.0%}", f"{waited:.2f}")
    console.print(table)


def shares(phase: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Each part's CPU ms a message, ms it waited besides, and share of the process's CPU."""
    parts, messages = dict(phase["parts"]), phase["messages"]
    total = parts.pop("process")[0]
    rest = total - sum(row[0] for row in parts.values())
    parts["HTTP server, event loop, threads"] = [rest, rest, 0]
    ordered = sorted(parts.items(), key=lambda item: -item[1][0])
    return {
        part: (1000 * cpu / messages, 1000 * max(wall - cpu, 0) / messages, cpu / total)
        for part, (cpu, wall, _) in ordered
    }


def _pair(spread: dict[str, float] | None) -> str:
    return f"{spread['p50']:,.0f} / {spread['p99']:,.0f}" if spread else "none"


def _many(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{name} {value:{form}}" for name, value in values.items())


_ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("messages/s taken with 200", lambda p: f"{p['taken']:,.0f}"),
    ("answers/s delivered", lambda p: f"{p['answered']:,.0f}"),
    ("to the 200, ms: p50 / p99", lambda p: _pair(p["of_webhook"])),
    ("to a status's 200, ms", lambda p: _pair(p["of_receipts"])),
    ("to the answer, WhatsApp, ms", lambda p: _pair(p["of_answer"].get("whatsapp"))),
    ("to the answer, Telegram, ms", lambda p: _pair(p["of_answer"].get("telegram"))),
    ("server's CPU, ms a message", lambda p: f"{1000 * p['cores']['server'] / p['taken']:.1f}"),
    ("cores used", lambda p: _many(p["cores"], ".2f")),
    ("on their way at the end", lambda p: _many(p["queue"], "d")),
    ("until all had arrived, s", lambda p: f"{p['drain']:.1f}"),
    ("resident memory, MB", lambda p: f"{p['memory']:.0f}"),
    ("messages checked, answers", lambda p: f"{p['messages']:,}, {p['answers']:,}"),
    *(
        (name, lambda p, name=name: str(p["faults"][name]))
        for name in (*FAULTS, "parked", "refused", "strays")
    ),
)
