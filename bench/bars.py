"""A small SVG of bars, one panel a figure, one bar an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

PANELS: tuple[tuple[str, str, str, str], ...] = (
    ("top1", "Top-1", "{:.2f}", "more is better"),
    ("auroc", "Out of scope, AUROC", "{:.3f}", "more is better"),
    ("p50", "A message, ms (p50)", "{:.2f}", "less is better"),
    ("start", "Start-up, s", "{:.1f}", "less is better"),
    ("train", "Training, s", "{:.0f}", "less is better"),
    ("memory", "Memory, MB", "{:.0f}", "less is better"),
)
COLOURS = ("#0b6e4f", "#4c9f70", "#9aa5b1", "#c7ced6", "#e1b07e")
WIDTH, BAR, GAP, LABEL = 760, 18, 6, 250


def chart(rows: Sequence[tuple[str, Mapping[str, object]]]) -> str:
    """The picture of some engines' figures, light on any background."""
    panel = 40 + len(rows) * (BAR + GAP)
    height = len(PANELS) * panel + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13">',
        "<title>NLU engines compared on the development set</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff" rx="8"/>',
    ]
    for i, (key, title, form, note) in enumerate(PANELS):
        top = 14 + i * panel
        values = [float(str(figures[key])) for _, figures in rows]
        longest = max(values) or 1.0
        parts.append(f'<text x="16" y="{top + 14}" font-weight="600">{escape(title)}</text>')
        parts.append(
            f'<text x="{WIDTH - 16}" y="{top + 14}" text-anchor="end" fill="#667">{note}</text>'
        )
        for j, ((name, _), value) in enumerate(zip(rows, values, strict=True)):
            y = top + 24 + j * (BAR + GAP)
            length = max(1.0, value / longest * (WIDTH - LABEL - 90))
            parts += [
                f'<text x="16" y="{y + 13}" fill="#223">{escape(name)}</text>',
                f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3"'
                f' fill="{COLOURS[j % len(COLOURS)]}"/>',
                f'<text x="{LABEL + length + 8:.1f}" y="{y + 13}">{form.format(value)}</text>',
            ]
    return "\n".join([*parts, "</svg>", ""])
