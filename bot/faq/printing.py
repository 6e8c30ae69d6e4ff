"""How ``loket faq`` prints: tables in a terminal, plain lines for a pipe, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.channels.terminal import shown
from bot.faq.findings import Finding, Known
from dialogs import required
from dialogs.answers import Answer
from dialogs.flows import faq


def as_json(found: Sequence[Finding], answers: int) -> str:
    """One document: the totals and every finding."""
    wrong = sum(one.wrong for one in found)
    rows = [
        {
            "topic": one.topic,
            "kind": one.kind,
            "wrong": one.wrong,
            "file": one.file,
            "line": one.line,
            "says": one.says,
        }
        for one in found
    ]
    totals = {"answers": answers, "wrong": wrong, "notes": len(found) - wrong}
    return json.dumps({**totals, "findings": rows}, ensure_ascii=False, indent=2)


def findings(console: Console, found: Sequence[Finding], answers: int) -> None:
    """A table, and one line that sums it up."""
    rows = [("wrong" if f.wrong else "note", f.topic, f.place, f.says) for f in found]
    table(console, ("", "topic", "where", "what"), rows)
    wrong = sum(one.wrong for one in found)
    summed = f"{answers} answers: {wrong or 'nothing'} wrong, {len(found) - wrong} to know."
    console.print(summed, highlight=False)


def everything(console: Console, known: Known) -> None:
    """All answers, one a line."""
    rows = [
        (a.topic, a.title, a.authority, str(a.reviewed), _valid(a, known), a.version, _from(a))
        for a in known.answers.values()
    ]
    table(console, ("topic", "title", "authority", "reviewed", "valid", "version", "from"), rows)


def one(console: Console, answer: Answer, known: Known) -> None:
    """An answer as a user sees it, then what only staff see."""
    console.print(shown(faq.words(answer, known.desk)), highlight=False, soft_wrap=True)
    told = {
        "topic": answer.topic,
        "version": answer.version,
        "file": answer.file + ("" if answer.own else " (shipped)"),
        "valid": _valid(answer, known),
        "reviewed": str(answer.reviewed),
        "asked in the form": ", ".join(required.told_in_chat(answer)),
        "to be prepared": ", ".join(required.prepared(answer)),
    }
    steps = {f"if it failed, {n}": step for n, step in enumerate(answer.next, 1)}
    console.print("---")
    for name, value in {**told, **steps}.items():
        if value:
            line = f"[dim]{escape(name)}:[/dim] {escape(value)}"
            console.print(line, highlight=False, soft_wrap=True)


def table(console: Console, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table in a terminal; elsewhere lines whose cells are parted by tabs."""
    if not console.is_terminal:
        for row in rows:
            console.file.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
        return
    made = Table()
    for name in names:
        made.add_column(name, no_wrap=name in ("", "topic", "version"), overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    if made.row_count:
        console.print(made)


def _valid(answer: Answer, known: Known) -> str:
    begins, ends = answer.valid_from, answer.valid_until
    span = f"{f'from {begins}' if begins else ''} {f'until {ends}' if ends else ''}".strip()
    if answer.expired(known.today):
        return f"expired ({span})"
    return span if answer.begun(known.today) else f"not yet ({span})"


def _from(answer: Answer) -> str:
    return answer.file if answer.own else "shipped"
