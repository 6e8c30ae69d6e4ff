"""Where the CPU time of a message goes, as a small SVG: one row a group, one bar a database."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

GROUPS: Mapping[str, tuple[str, ...]] = {
    "HTTP client: answers": ("HTTP client: answers",),
    "HTTP client: read and typing signs": ("HTTP client: read and typing signs",),
    "HTTP server, event loop, threads": ("HTTP server, event loop, threads",),
    "Webhooks: body, HMAC, parsing": (
        "webhook: body, JSON, hand-over",
        "webhook: HMAC and parsing",
    ),
    "Masking and NLU": ("masking and NLU",),
    "Turn: facts, thinking, rendering": (
        "turn: facts and rows",
        "turn: thinking",
        "turn: rendering",
    ),
    "Delivery and receipts": (
        "delivery: claiming",
        "delivery: recording",
        "delivery: loop",
        "receipts",
    ),
    "SQL": ("SQL of turns", "SQL of delivery", "SQL of receipts", "SQL of the rest"),
    "Transactions and commit": ("transactions: begin, savepoint, wake", "commit"),
}
DATABASES = {"sqlite": ("SQLite", "#0b6e4f"), "postgres": ("PostgreSQL", "#9aa5b1")}
WIDTH, BAR, ROW, LABEL, TOP = 760, 13, 40, 250, 58


def picture(found: Mapping[str, Any]) -> str:
    """The picture of one run's figures (``bench/load.py --json``), taken with ``--profile``."""
    spent = {name: _groups(found[name]["phases"]["timed"]) for name in DATABASES if name in found}
    longest = max(value for groups in spent.values() for value in groups.values())
    height = TOP + len(GROUPS) * ROW + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        "<title>CPU time of a message over the webhooks, by part</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff" rx="8"/>',
        '<text x="16" y="28" font-weight="600">CPU time of a message, ms</text>',
    ]
    for j, name in enumerate(spent):
        label, colour = DATABASES[name]
        total, x = sum(spent[name].values()), LABEL + j * 190
        parts.append(f'<rect x="{x}" y="17" width="12" height="12" rx="3" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="28">{label}, {total:.1f} in all</text>')
    for i, group in enumerate(GROUPS):
        top = TOP + i * ROW
        parts.append(f'<text x="16" y="{top + 18}" fill="#223">{escape(group)}</text>')
        for j, name in enumerate(spent):
            y, value = top + j * (BAR + 2), spent[name][group]
            length = max(1.0, value / longest * (WIDTH - LABEL - 70))
            parts += [
                f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3"'
                f' fill="{DATABASES[name][1]}"/>',
                f'<text x="{LABEL + length + 6:.1f}" y="{y + 11}" font-size="11">'
                f"{value:.2f}</text>",
            ]
    return "\n".join([*parts, "</svg>", ""])


def _groups(phase: Mapping[str, Any]) -> dict[str, float]:
    """CPU ms a message, by group; what no part was timed for is the HTTP server's and the event
    loop's."""
    timed = {part: row[0] for part, row in phase["parts"].items()}
    process = timed.pop("process")
    timed["HTTP server, event loop, threads"] = process - sum(timed.values())
    each = 1000 / phase["messages"]
    return {
        group: each * sum(timed.get(part, 0.0) for part in parts) for group, parts in GROUPS.items()
    }
