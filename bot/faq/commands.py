"""``loket faq``: what an office asks about its ready answers, without starting anything."""

from __future__ import annotations

import click

from bot.config import ConfigError
from bot.plainly import plainly, read_settings

WRONG = 1  # the exit code when something has to be mended


@click.group()
def faq() -> None:
    """The ready answers: what they say, and what is wrong with them."""


@faq.command("check")
@click.option("--json", "as_json", is_flag=True, help="one JSON document, for programs")
@plainly
def check(as_json: bool) -> None:
    """Find what is missing, expired, too long, without a source, or broken.

    Exit code 0: nothing is wrong; 1: something is.
    """
    from rich.console import Console

    from bot.faq import findings, gathering, printing

    known = gathering.gather(read_settings()[0])
    found = findings.check(known)
    if as_json:
        click.echo(printing.as_json(found, len(known.answers)))
    else:
        printing.findings(Console(), found, len(known.answers))
    if any(one.wrong for one in found):
        raise SystemExit(WRONG)


@faq.command("list")
@plainly
def show_all() -> None:
    """Show all answers, and which of them are this office's own."""
    from rich.console import Console

    from bot.faq import gathering, printing

    known = gathering.gather(read_settings()[0], taught=False)
    printing.everything(Console(), known)
    for problem in known.own.problems:
        click.echo(f"loket: {problem}", err=True)


@faq.command("show")
@click.argument("topic")
@plainly
def show(topic: str) -> None:
    """Print the answer to TOPIC as a user sees it, then what only staff see."""
    from difflib import get_close_matches

    from rich.console import Console

    from bot.faq import gathering, printing

    known = gathering.gather(read_settings()[0], taught=False)
    answers, topic = known.answers, topic.strip().removeprefix("faq_")
    broken = [problem for problem in known.own.problems if problem.topic == topic]
    if topic not in answers:
        near = get_close_matches(topic, answers, n=1)
        hint = f"; is {near[0]} meant?" if near else "; `loket faq list` shows what there is"
        raise ConfigError(str(broken[0]) if broken else f"there is no answer to {topic}{hint}")
    printing.one(Console(), answers[topic], known)
    for problem in broken:
        click.echo(f"loket: {problem}", err=True)
