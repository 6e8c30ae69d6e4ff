"""A report as one SVG: the confusion matrix, how honest confidence is, the worst mistakes.

Written by hand because it is little, needs no library at the office, stays sharp at 150 intents
and shows more under the pointer (browsers show the ``title`` of a cell).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from nlu.measuring.cutting import clip, columns
from nlu.measuring.reliability import reliability
from nlu.measuring.report import Report

MARGIN = 36
TOP = 104
"""Height of the headings, in pixels like all sizes here."""
SIDE = 380
"""Width of the part on the right."""
GAP = 56
LONGEST = 38
"""Columns of an intent's name that are shown; the whole stands in the title."""
WORST = 18
PALE, STRONG = (253, 224, 170), (190, 38, 20)
DIAGONAL = (190, 211, 226)
STYLE = """
text{font-family:system-ui,"Segoe UI","Noto Sans",Roboto,sans-serif;fill:#1d2733}
.dim{fill:#66737f}.b{font-weight:600}.n{text-anchor:end}.m{text-anchor:middle}
.axis{stroke:#c3ccd4;fill:none}.grid{stroke:#eef1f4;fill:none}.cross{opacity:0;pointer-events:none}
.cell:hover .cross{opacity:1}.cell:hover .box{stroke:#1d2733;stroke-width:1.5}
"""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Where the matrix lies: its corner, the size of a cell, and the intents in order."""

    names: tuple[str, ...]
    left: float
    top: float
    cell: float

    @classmethod
    def of(cls, report: Report) -> Matrix:
        names = sorted(report.per_intent, key=lambda name: (name == report.out_of_scope, name))
        cell = max(14.0, min(34.0, 760 / max(1, len(names))))
        widest = max((columns(clip(name, LONGEST)) for name in names), default=0)
        label = max(116.0, widest * cls.font_of(cell) * 0.58 + 16)
        return cls(tuple(names), MARGIN + label, TOP + label * 0.88, cell)

    @staticmethod
    def font_of(cell: float) -> float:
        """Size of the names beside cells of this size."""
        return min(12.0, cell - 4)

    @property
    def side(self) -> float:
        """Width and height of all cells."""
        return self.cell * len(self.names)

    @property
    def right(self) -> float:
        """Where the bars of the recall begin."""
        return self.left + self.side + 10


def draw(report: Report) -> str:
    """The picture as the text of an SVG file."""
    matrix = Matrix.of(report)
    aside = matrix.right + 96 + GAP
    below = list(_worst(report, aside, TOP + 460))
    width = aside + SIDE + MARGIN
    height = max(matrix.top + matrix.side, TOP + 480 + 34 * min(WORST, len(report.confusions)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height + 56:.0f}" '
        f'width="{width:.0f}" height="{height + 56:.0f}" role="img">',
        f"<title>{_safe(_heading(report))}</title><style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_headings(report),
        *_names(matrix),
        *_cells(report, matrix),
        *_recalls(report, matrix),
        *_legend(report, matrix),
        *reliability(report, aside, TOP - 4, SIDE),
        *below,
        "</svg>\n",
    ]
    return "\n".join(parts)


def _heading(report: Report) -> str:
    top = "-" if report.top1 is None else f"{report.top1:.1%}"
    return f"Engine {report.engine}: {top} of {report.messages_in_scope:,} messages right"


def _headings(report: Report) -> Iterator[str]:
    facts = [f"{report.intents} intents"]
    for name, value in (("top-3", report.top3), ("macro F1", report.macro_f1)):
        if value is not None:
            facts.append(f"{name} {value:.1%}")
    if report.auroc is not None and report.refused_at_90 is not None:
        facts.append(f"{report.messages_out_of_scope:,} messages out of scope")
        facts.append(f"AUROC {report.auroc:.3f}")
        facts.append(f"{report.refused_at_90:.1%} of those in scope lost where 90% are refused")
    yield _text(MARGIN, 46, _heading(report), 22, "b")
    yield _text(MARGIN, 72, " · ".join([report.method, *facts]), 13, "dim")


def _names(m: Matrix) -> Iterator[str]:
    """Names of rows and columns, and the lines that lead to them."""
    size = m.font_of(m.cell)
    for i, name in enumerate(m.names):
        at = (i + 0.5) * m.cell
        shown, whole = _safe(clip(name, LONGEST)), _safe(name)
        yield (
            f'<text class="n" x="{m.left - 8:.1f}" y="{m.top + at + size * 0.35:.1f}" '
            f'font-size="{size:.1f}">{shown}<title>{whole}</title></text>'
            f'<text font-size="{size:.1f}" transform="translate({m.left + at + size * 0.35:.1f} '
            f'{m.top - 8:.1f}) rotate(-70)">{shown}<title>{whole}</title></text>'
        )
    lines = "".join(
        f"M{m.left:.1f} {m.top + i * m.cell:.1f}h{m.side:.1f}"
        f"M{m.left + i * m.cell:.1f} {m.top:.1f}v{m.side:.1f}"
        for i in range(len(m.names) + 1)
    )
    yield f'<path class="grid" d="{lines}"/>'
    yield _text(m.left - 8, m.top - 10, "label ↓  taken for →", 11, "dim n")


def _cells(report: Report, m: Matrix) -> Iterator[str]:
    place = {name: i for i, name in enumerate(m.names)}
    most = _most(report)
    for label, row in report.matrix.items():
        for predicted, times in row.items():
            yield _cell(report, m, (place[label], place[predicted]), times, most)


def _cell(report: Report, m: Matrix, at: tuple[int, int], times: int, most: int) -> str:
    label, predicted = m.names[at[0]], m.names[at[1]]
    x, y = m.left + at[1] * m.cell, m.top + at[0] * m.cell
    support = report.per_intent[label].support
    if label == predicted:
        fill, cross, said = _mixed((255, 255, 255), DIAGONAL, times / support), "", "right"
    else:
        fill, said = _wrong(times, most), f"taken for {predicted}"
        cross = (
            f'<path class="cross" fill="#1d27331a" d="M{m.left:.1f} {y:.1f}h{x - m.left:.1f}'
            f"v{m.cell:.1f}H{m.left:.1f}zM{x:.1f} {m.top:.1f}v{y - m.top:.1f}h{m.cell:.1f}"
            f'V{m.top:.1f}z"/>'
        )
    ink = "#fff" if times > most * 0.6 else "#1d2733"
    number = "" if label == predicted else (
        f'<text class="m" x="{x + m.cell / 2:.1f}" y="{y + m.cell * 0.7:.1f}" '
        f'style="fill:{ink}" font-size="{m.cell * 0.58:.1f}">{times}</text>'
    )  # fmt: skip
    title = _safe(f"{label}\n{said}: {times} of {support} ({times / support:.1%})")
    return (
        f'<g class="cell">{cross}<rect class="box" x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" '
        f'width="{m.cell - 1:.1f}" height="{m.cell - 1:.1f}" rx="1.5" fill="{fill}"/>'
        f"{number}<title>{title}</title></g>"
    )


def _recalls(report: Report, m: Matrix) -> Iterator[str]:
    """A bar for each row: the share of its messages that was right, and how many there are."""
    yield _text(m.right, m.top - 10, "right", 11, "dim")
    yield _text(m.right + 92, m.top - 10, "messages", 11, "dim n")
    for i, name in enumerate(m.names):
        of, y = report.per_intent[name], m.top + i * m.cell
        if of.recall is None:
            continue
        height = max(4.0, m.cell * 0.5)
        yield (
            f'<rect x="{m.right:.1f}" y="{y + (m.cell - height) / 2:.1f}" width="50" '
            f'height="{height:.1f}" fill="#eef1f4"/><rect x="{m.right:.1f}" '
            f'y="{y + (m.cell - height) / 2:.1f}" width="{50 * of.recall:.1f}" '
            f'height="{height:.1f}" fill="{"#2f6f9f" if of.recall >= 0.9 else "#d9822b"}">'
            f"<title>{_safe(name)}: {of.recall:.1%}</title></rect>"
        )
        yield _text(
            m.right + 92, y + m.cell * 0.7, f"{of.support}", min(10.0, m.cell * 0.8), "dim n"
        )


def _legend(report: Report, m: Matrix) -> Iterator[str]:
    y, most = m.top + m.side + 22, _most(report)
    yield _text(m.left, y + 10, "wrong, messages:", 11, "dim")
    steps = sorted({1, most, *(round(most * share) for share in (0.25, 0.5, 0.75) if most > 4)})
    for i, times in enumerate(step for step in steps if step):
        x, fill = m.left + 104 + i * 44, _wrong(times, most)
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="14" height="12" rx="1.5" fill="{fill}"/>'
        yield _text(x + 19, y + 10, str(times), 11, "")
    x = m.left + 104 + 44 * len(steps)
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="14" height="12" rx="1.5" '
        f'fill="{_mixed(DIAGONAL, DIAGONAL, 0)}"/>'
    )
    yield _text(x + 19, y + 10, "right", 11, "")


def _worst(report: Report, x: float, y: float) -> Iterator[str]:
    if report.confusions:
        yield _text(x, y, "Worst confusions", 15, "b")
    for i, c in enumerate(report.confusions[:WORST]):
        at = y + 26 + i * 34
        yield _text(x + 20, at, str(c.times), 12, "b n")
        yield _text(x + 30, at, f"{clip(c.label, 28)} → {clip(c.predicted, 28)}", 12, "")
        yield _text(x + 30, at + 14, f"“{clip(c.example, 54)}”", 11, "dim")


def _most(report: Report) -> int:
    """The largest count off the diagonal, at least 1."""
    return max((c.times for c in report.confusions), default=1)


def _wrong(times: int, most: int) -> str:
    """The colour of a mistake that was made so many times."""
    return _mixed(PALE, STRONG, (times / most) ** 0.75)


def _mixed(low: tuple[int, ...], high: tuple[int, ...], share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _text(x: float, y: float, said: str, size: float, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}">{_safe(said)}</text>'


def _safe(said: str) -> str:
    """Without what XML does not allow."""
    return escape("\n".join(clip(line, 400) for line in said.split("\n")))
