"""Parses, misses and a fresh model as lines for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Console

from nlu.learning.model import Model
from nlu.learning.thresholds import ANSWERS, Thresholds
from nlu.measuring.reviewing import Group
from nlu.measuring.shown import one_line, percent
from nlu.understanding import Understanding

RANKED = 3
ASKED = 8
"""Texts of a group that are shown; the others are counted."""
TEXT = 300


def show_parse(
    understanding: Understanding, thresholds: Thresholds, outside: str, console: Console
) -> None:
    """The likeliest intents, what the conversation does with them, and what else was found."""
    console.print(f"[bold]{one_line(understanding.text, TEXT) or '(no text)'}[/bold]")
    for i, intent in enumerate(understanding.intent_ranking[:RANKED]):
        does = f"  [dim]{verdict(understanding, thresholds, outside)}[/dim]" if i == 0 else ""
        console.print(f"  {intent.confidence:.2f}  {one_line(intent.name)}{does}")
    for intent in understanding.also:
        console.print(f"  {intent.confidence:.2f}  {one_line(intent.name)}  [dim]asked too[/dim]")
    for entity in understanding.entities:
        console.print(f"  [dim]{entity.entity}[/dim]  {one_line(entity.value)}")


def verdict(understanding: Understanding, thresholds: Thresholds, outside: str) -> str:
    """What the conversation does with the likeliest intent at these thresholds."""
    intent = understanding.intent
    if intent is None:
        return "nothing understood"
    if intent.name == outside:
        return "out of scope"
    answer = intent.name.startswith(ANSWERS)
    if intent.confidence >= (thresholds.confident if answer else thresholds.act):
        return "answered at once" if answer else "acted on at once"
    return (
        "suggested" if understanding.in_scope(outside) >= thresholds.suggest else "not understood"
    )


def show_groups(groups: Sequence[Group], console: Console) -> None:
    """What was asked in vain, under what the model takes it for now."""
    for group in groups:
        console.print(f"\n[bold]{one_line(group.intent)}[/bold]  [dim]{group.times} times[/dim]")
        for asked in group.asked[:ASKED]:
            console.print(
                f"  {asked.times:>4} x  {asked.confidence:.2f}  {one_line(asked.text)}",
                soft_wrap=True,
            )
        if len(group.asked) > ASKED:
            console.print(f"         [dim]and {len(group.asked) - ASKED} more texts[/dim]")


def show_model(model: Model, set_: Thresholds | None, console: Console) -> None:
    """What training found out about itself, and the thresholds it would choose."""
    found, chosen = model.fitted.measures, model.fitted.thresholds
    say = partial(console.print, soft_wrap=True)
    say(
        "Cross-validated: "
        f"top-1 {percent(found.get('top1'))}, top-3 {percent(found.get('top3'))}, "
        f"macro F1 {percent(found.get('macro_f1'))}, "
        f"calibration error {percent(found.get('ece'))}"
    )
    if "auroc" in found:
        say(
            f"Out of scope: AUROC {found['auroc']:.3f}; where 90% are refused, "
            f"{percent(found['refused_inside'])} of the messages in scope are too"
        )
    say(f"Thresholds it would choose: {_spelled(chosen)}")
    if set_ is not None and set_ != chosen:
        say(f"config.yml has:             {_spelled(set_)}")


def _spelled(thresholds: Thresholds) -> str:
    names = ("confident", "suggest", "act")
    return "{" + ", ".join(f"{name}: {getattr(thresholds, name):g}" for name in names) + "}"
