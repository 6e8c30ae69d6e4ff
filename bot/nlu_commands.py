"""``loket nlu``: trains, tries, measures and reviews what Loket understands.

Only the words stand here; what they do loads when they are called, so that ``loket serve``
does not pay for it. Results go to standard output, what happens meanwhile to standard error.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from bot.config import ConfigError
from bot.plainly import find_places, plainly, read_settings

if TYPE_CHECKING:
    from nlu.engines.builtin import BuiltinEngine
    from nlu.learning.thresholds import Thresholds
    from nlu.measuring.report import Report

_FILES = click.Path(path_type=Path)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="print JSON and nothing else")
_OUTSIDE = click.option(
    "--out-of-scope", "outside", metavar="NAME", help="the intent of messages that belong to none"
)


def _to_svg(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Checked before anything is measured, so that minutes of work are not lost."""
    if path is None:
        return None
    if path.suffix.lower() != ".svg":
        raise click.BadParameter("the picture is an SVG; give a name that ends in .svg")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}")
    return path


def _web_address(context: click.Context, option: click.Parameter, url: str | None) -> str | None:
    if url is not None and not _is_address(url):
        raise click.BadParameter("give an address such as http://127.0.0.1:5005")
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:  # a port has to be a number up to 65535
        return False
    return named and re.fullmatch(r"(?i)https?://[^\s?#@]+", url) is not None and url.isascii()


_PICTURE = click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_to_svg,
    metavar="FILE.svg",
    help="also draw the confusion matrix and the reliability of the confidence",
)


@click.group()
def nlu() -> None:
    """Understanding texts: train, try, measure, review.

    Files of messages are training data of Rasa (a file or a folder) or lines of
    intent, tab, text.
    """


@nlu.command()
@click.option("--if-needed", is_flag=True, help="only if data, settings or versions changed")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="in place of LOKET_DATA_DIR: where `loket serve` looks for the model",
)
@click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    help="a Rasa project (config.yml, domain.yml, data/) in place of the shipped one",
)
@plainly
def train(if_needed: bool, data_dir: Path | None, project: Path | None) -> None:
    """Train the model that `loket serve` uses, and say how good it is."""
    from rich.console import Console

    from nlu.engines.builtin import MODEL_FILE, train_in_subprocess
    from nlu.errors import ModelError
    from nlu.learning.fingerprint import PROJECT, fingerprint
    from nlu.learning.model import load
    from nlu.learning.training_data import read_folder
    from nlu.measuring.listing import show_model

    path, project = _models(data_dir) / MODEL_FILE, (project or PROJECT).resolve()
    begun = time.perf_counter()
    if if_needed:
        try:
            load(path, fingerprint(project))
        except ModelError:
            pass
        else:
            click.echo(f"{path} is up to date.")
            return
    messages = len(read_folder(project / "data"))
    train_in_subprocess(path, project)
    model = load(path, fingerprint(project))
    seconds = time.perf_counter() - begun
    click.echo(
        f"{len(model.intents)} intents, {messages:,} messages, {len(model.fitted.weights):,} "
        f"features, {seconds:.1f} s: {path}"
    )
    show_model(model, _thresholds_if_any(), Console(highlight=False))


@nlu.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@_AS_JSON
@plainly
def parse(texts: tuple[str, ...], as_json: bool) -> None:
    """Say what messages mean: each TEXT is one (put it in quotes), - reads lines.

    With --json each line is the parse result of one message, as Rasa's /model/parse gives it.
    """
    from rich.console import Console

    from nlu.measuring.listing import show_parse
    from nlu.rasa_json import to_rasa

    engine, thresholds = _engine(), _thresholds()
    console = Console(highlight=False)
    for text in _texts(texts):
        understanding = engine.parse(text)
        if as_json:
            click.echo(json.dumps(to_rasa(understanding), ensure_ascii=False))
        else:
            show_parse(understanding, thresholds, engine.model.out_of_scope, console)


@nlu.command("test")
@click.argument("files", nargs=-1, required=True, type=_FILES, metavar="FILE...")
@click.option("--engine", type=click.Choice(["builtin", "rasa"]), default="builtin")
@click.option(
    "--url", callback=_web_address, help="of the Rasa server; else nlu.rasa.url of config.yml"
)
@click.option(
    "--timeout", type=click.FloatRange(0.05, 600), default=10.0, show_default=True,
    help="seconds a Rasa server has for one message",
)  # fmt: skip
@_OUTSIDE
@_AS_JSON
@_PICTURE
@plainly
def test_engine(
    files: tuple[Path, ...], engine: str, url: str | None, timeout: float, outside: str | None,
    as_json: bool, picture: Path | None,
) -> None:  # fmt: skip
    """Measure the model that `loket serve` uses, or a Rasa server, on messages with intents."""
    from nlu.engines.rasa import RasaServer
    from nlu.measuring.evaluating import measure_model, measure_rasa
    from nlu.measuring.messages import read_messages

    examples = read_messages(files)
    config, places = read_settings()
    if engine == "rasa":
        server = RasaServer(url or config.nlu.rasa.url, places.rasa_token, timeout, timeout)
        report = measure_rasa(server, examples, outside, _thresholds())
    else:
        report = measure_model(_engine(), examples, outside, _thresholds())
    _hand_out(report, as_json, picture)


@nlu.command()
@click.option(
    "--train", "seen", multiple=True, required=True, type=_FILES, metavar="FILE",
    help="messages to learn from; several times for more",
)  # fmt: skip
@click.option(
    "--test", "unseen", multiple=True, type=_FILES, metavar="FILE",
    help="messages to be measured on; without it, cross-validation on the others",
)  # fmt: skip
@click.option("--pipeline", type=_FILES, metavar="FILE", help="in place of the shipped config.yml")
@click.option(
    "--language",
    type=click.Choice(["auto", "indonesian", "plain"]),
    help="how texts are normalised; auto looks at the messages  [default: auto]",
)
@_OUTSIDE
@click.option("--seed", type=click.IntRange(0), help="other folds for the cross-validation")
@_AS_JSON
@_PICTURE
@plainly
def evaluate(
    seen: tuple[Path, ...], unseen: tuple[Path, ...], pipeline: Path | None, language: str | None,
    outside: str | None, seed: int | None, as_json: bool, picture: Path | None,
) -> None:  # fmt: skip
    """Train the engine with its default settings on any messages, and measure it."""
    from nlu.measuring.evaluating import Wanted
    from nlu.measuring.evaluating import evaluate as run

    report = run(Wanted(seen, unseen, pipeline, language, outside, seed))
    _hand_out(report, as_json, picture)


@nlu.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=2000, show_default=True)
@click.option(
    "--export", "out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="write what reviewers gave a topic as training data of Rasa",
)  # fmt: skip
@_AS_JSON
@plainly
def review(limit: int, out: Path | None, as_json: bool) -> None:
    """Show what users asked in vain, and what the model makes of it now."""
    from rich.console import Console

    from bot.staff.missed import as_training_data
    from bot.staff.worklist import opened
    from nlu.measuring.listing import show_groups
    from nlu.measuring.reviewing import grouped
    from storage.repositories import misses

    with opened(find_places()) as database:
        waiting = [row.text for row in database.read(lambda c: misses.to_review(c, limit))]
        assigned = database.read(misses.assigned)
    engine = _engine()
    groups = grouped(waiting, engine)
    understood = sum(engine.parse(row.text).is_(row.topic, 0.0) for row in assigned)
    reviewed = {"assigned": len(assigned), "understood_now": understood}
    if out is not None:
        text, count = as_training_data(assigned)
        out.write_text(text, encoding="utf-8")
        click.echo(f"{count} messages written to {out}.", err=True)
    if as_json:
        found: dict[str, Any] = {"waiting": len(waiting), "reviewed": reviewed}
        _print_json(found | {"groups": [asdict(group) for group in groups]})
        return
    console = Console(highlight=False)
    console.print(
        f"{len(waiting)} texts wait for review; of {len(assigned)} reviewed ones with a topic, "
        f"{understood} are understood now."
    )
    show_groups(groups, console)


def _hand_out(report: Report, as_json: bool, picture: Path | None) -> None:
    if picture is not None:
        from nlu.measuring.picture import draw

        picture.write_text(draw(report), encoding="utf-8")
    if as_json:
        _print_json(asdict(report))
        return
    from rich.console import Console

    from nlu.measuring.shown import show

    show(report, Console(highlight=False))
    if picture is not None:
        click.echo(f"The picture is {picture}.")


def _print_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))


def _engine() -> BuiltinEngine:
    from nlu.engines.builtin import load_or_train

    return load_or_train(_models(), say=lambda line: click.echo(line, err=True))


def _models(data_dir: Path | None = None) -> Path:
    """Where ``loket serve`` keeps its model; absolute, since training runs in another folder."""
    return (data_dir or find_places().data_dir).resolve() / "nlu"


def _thresholds() -> Thresholds:
    """Those of config.yml. Raises ConfigError."""
    from nlu.learning.thresholds import Thresholds

    config, _ = read_settings()
    return Thresholds(**config.conversation.thresholds.model_dump())


def _thresholds_if_any() -> Thresholds | None:
    try:
        return _thresholds()
    except ConfigError:
        return None


def _texts(given: tuple[str, ...]) -> Iterator[str]:
    """The messages, fit for UTF-8; for ``-`` the lines of standard input."""
    for text in given:
        if text != "-":
            yield text.encode("utf-8", "replace").decode("utf-8")
            continue
        for i, line in enumerate(sys.stdin.buffer):
            said = line.decode("utf-8", "replace").rstrip("\r\n")
            yield said.removeprefix("\ufeff") if i == 0 else said
