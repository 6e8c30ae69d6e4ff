"""The reliability diagram: how often a confidence is right, and how often it is given."""

from __future__ import annotations

from collections.abc import Iterator

from nlu.measuring.report import Bin, Report

PLOT = 260
"""Height of the diagram in pixels; the counts below take HISTOGRAM more."""
HISTOGRAM = 64
BLUE, GAP = "#2f6f9f", "#d9822b"


def reliability(report: Report, x: float, y: float, width: float) -> Iterator[str]:
    """SVG elements from (x, y) on: bars of the share that was right, against the diagonal."""
    left, top, right = x + 34, y + 58, x + width
    ece = "" if report.ece is None else f"expected calibration error {report.ece:.1%}"
    yield f'<text class="b" x="{x:.0f}" y="{y + 8:.0f}" font-size="15">Is confidence honest?</text>'
    yield f'<text class="dim" x="{x:.0f}" y="{y + 27:.0f}" font-size="12">{ece}</text>'
    for tenth in range(0, 11, 2):
        share = tenth / 10
        at, under = top + PLOT * (1 - share), left + (right - left) * share
        yield f'<path class="grid" d="M{left:.1f} {at:.1f}H{right:.1f}"/>'
        yield (
            f'<text class="dim n" x="{left - 6:.1f}" y="{at + 4:.1f}" '
            f'font-size="11">{share:.1f}</text>'
            f'<text class="dim m" x="{under:.1f}" y="{top + PLOT + 16:.1f}" '
            f'font-size="11">{share:.1f}</text>'
        )
    most = max((one.messages for one in report.calibration), default=1)
    for one in report.calibration:
        yield _bar(one, left, top, right - left)
        yield _count(one, left, top + PLOT + 40, right - left, most)
    yield (
        f'<path class="axis" stroke-dasharray="4 4" style="stroke:#66737f" '
        f'd="M{left:.1f} {top + PLOT:.1f}L{right:.1f} {top:.1f}"/>'
    )
    yield (
        f'<text class="dim" x="{x:.1f}" y="{top - 14:.1f}" font-size="11">bar: share that was '
        f"right; orange: mean confidence</text>"
        f'<text class="dim m" x="{(left + right) / 2:.1f}" y="{top + PLOT + 32:.1f}" '
        f'font-size="11">confidence; below, how many messages have it</text>'
    )


def _bar(one: Bin, left: float, top: float, width: float) -> str:
    x, wide = left + one.low * width + 2, (one.high - one.low) * width - 4
    height, at = one.right * PLOT, top + PLOT * (1 - one.confidence)
    title = (
        f"confidence {one.low:.1f} to {one.high:.1f}: {one.messages} messages, "
        f"{one.right:.1%} right at a mean confidence of {one.confidence:.1%}"
    )
    return (
        f'<g><rect x="{x:.1f}" y="{top + PLOT - height:.1f}" width="{wide:.1f}" '
        f'height="{height:.1f}" rx="2" fill="{BLUE}"/>'
        f'<path stroke="{GAP}" stroke-width="3" d="M{x:.1f} {at:.1f}h{wide:.1f}"/>'
        f"<title>{title}</title></g>"
    )


def _count(one: Bin, left: float, top: float, width: float, most: int) -> str:
    x, wide = left + one.low * width + 2, (one.high - one.low) * width - 4
    height = max(1.0, (HISTOGRAM - 16) * one.messages / most)
    return (
        f'<rect x="{x:.1f}" y="{top + HISTOGRAM - 16 - height:.1f}" width="{wide:.1f}" '
        f'height="{height:.1f}" rx="2" fill="#b8c4ce"/>'
        f'<text class="dim m" x="{x + wide / 2:.1f}" y="{top + HISTOGRAM - 2:.1f}" '
        f'font-size="10">{one.messages}</text>'
    )
