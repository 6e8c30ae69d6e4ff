"""A report as tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nlu.measuring.cutting import clip
from nlu.measuring.report import Report

CONFUSIONS = 12
WEAKEST = 8
EXAMPLE = 70
"""Characters of a message that a table shows."""


def one_line(text: str, longest: int = EXAMPLE) -> str:
    """A user's text fit for a terminal: no controls, no markup of rich, cut."""
    return escape(clip(text, longest))


def show(report: Report, console: Console) -> None:
    """Prints the figures, the worst confusions and the weakest intents."""
    console.print(_title(report), soft_wrap=True)
    for note in report.notes:
        console.print(one_line(note, 300), style="dim", soft_wrap=True)
    console.print()
    for table in (_figures(report), _voices(report), _weakest(report)):
        if table.row_count:
            console.print(table)
    _show_confusions(report, console)


def percent(share: float | None) -> str:
    """A share as "93.4%"; "-" where it could not be measured."""
    return "-" if share is None else f"{share:.1%}"


def _title(report: Report) -> str:
    language = f", normaliser {report.language}" if report.language else ""
    return (
        f"[bold]Engine {escape(report.engine)}[/bold] ({report.method}{language})\n"
        f"{report.messages_in_scope:,} messages in scope, {report.messages_out_of_scope:,} out "
        f"of scope, {report.intents} intents"
    )


def _figures(report: Report) -> Table:
    table = _table("Quality", ("measure", "left"), ("", "right"), ("what it means", "left"))
    for name, value, meaning in (*_quality(report), *_at(report), *_speed(report)):
        table.add_row(name, value, f"[dim]{meaning}[/dim]")
    return table


def _quality(report: Report) -> Iterable[tuple[str, str, str]]:
    yield "top-1", percent(report.top1), "of those in scope, first intent right"
    yield "top-3", percent(report.top3), "the right one is among the first three"
    yield "macro F1", percent(report.macro_f1), "mean over all intents, rare or frequent"
    yield "calibration error", percent(report.ece), "how far confidence is from being right"
    if report.out_of_scope:
        yield "AUROC", _decimal(report.auroc), "in scope above out of scope; 0.5 is chance"
        yield "refused at 90%", percent(report.refused_at_90), _AT_90
    if report.unknown_intents:
        count = sum(report.unknown_intents.values())
        names = one_line(", ".join(report.unknown_intents), 50)
        yield "unknown intents", f"{count:,}", f"wrong, never trained: {names}"
    if report.in_training_too:
        yield (
            "known already",
            f"{report.in_training_too:,}",
            "of these messages stand in the training",
        )


_AT_90 = "of those in scope, when 90% of others are"


def _at(report: Report) -> Iterable[tuple[str, str, str]]:
    limits, at = report.thresholds, report.at_thresholds
    yield (
        "answered",
        percent(at.answered_in_scope),
        (f"at once: confident {limits.confident:.2f}, act {limits.act:.2f}"),
    )
    yield "  of these right", percent(at.answered_right), "the answer given is the right one"
    yield "refused", percent(at.refused_in_scope), f"in scope (below suggest {limits.suggest:.2f})"
    if report.out_of_scope:
        yield "out of scope refused", percent(at.refused_out_of_scope), "as it should be"
        yield "out of scope answered", percent(at.answered_out_of_scope), "as it should not be"


def _speed(report: Report) -> Iterable[tuple[str, str, str]]:
    if report.p50_ms is not None and report.p99_ms is not None:
        yield (
            "one parse",
            f"{report.p50_ms:.2f} ms",
            f"half take less; 1% over {report.p99_ms:.1f} ms",
        )
        yield "messages/s", f"{report.messages_per_second or 0:,.0f}", "one after another"
    if report.training:
        t = report.training
        yield (
            "training",
            f"{t.seconds:.1f} s",
            (f"{t.messages:,} messages, {t.intents} intents, {t.features:,} features"),
        )


def _voices(report: Report) -> Table:
    table = _table(
        "By voice", ("voice", "left"), *((n, "right") for n in ("messages", "top-1", "top-3")),
        ("AUROC", "right"), ("refused at 90%", "right"),
    )  # fmt: skip
    for voice, found in report.voices.items():
        table.add_row(
            one_line(voice, 30),
            f"{found['messages']:,.0f}",
            percent(found.get("top1")),
            percent(found.get("top3")),
            _decimal(found.get("auroc")),
            percent(found.get("refused_inside")),
        )
    return table


def _show_confusions(report: Report, console: Console) -> None:
    """As lines, since two names and a message are too much for a table of 80 columns."""
    if report.confusions:
        console.print("[bold]Worst confusions[/bold]")
    for c in report.confusions[:CONFUSIONS]:
        pair = f"{one_line(c.label, 60)} → {one_line(c.predicted, 60)}"
        console.print(f"{c.times:>4}  {pair}", soft_wrap=True)
        console.print(f"      [dim]{one_line(c.example)}[/dim]", soft_wrap=True)


def _weakest(report: Report) -> Table:
    table = _table(
        "Weakest intents",
        ("intent", "left"),
        *((name, "right") for name in ("messages", "precision", "recall", "F1")),
    )
    weak = [(o.f1, name, o) for name, o in report.per_intent.items() if o.f1 is not None]
    for f1, name, of in sorted(weak, key=lambda one: one[:2])[:WEAKEST]:
        if f1 < 1:
            table.add_row(
                one_line(name, 40), str(of.support), percent(of.precision), percent(of.recall),
                percent(f1),
            )  # fmt: skip
    return table


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name, justify in columns:
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # a literal of rich
    return table


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
