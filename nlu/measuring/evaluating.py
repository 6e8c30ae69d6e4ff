"""Trains the shipped pipeline on foreign messages and measures it: default settings always."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlu.engines.builtin import BuiltinEngine
from nlu.engines.guarded import ParseFailed
from nlu.engines.rasa import RasaClient, RasaServer
from nlu.errors import TrainingError
from nlu.learning.fingerprint import PROJECT
from nlu.learning.model import Model
from nlu.learning.pipeline import Pipeline, read_pipeline
from nlu.learning.thresholds import Thresholds
from nlu.learning.training import train
from nlu.learning.training_data import Example, read_intents
from nlu.measuring.errors import MeasuringError
from nlu.measuring.judging import FALLBACK, cross_validate, judge
from nlu.measuring.messages import read_messages
from nlu.measuring.report import Report, Setting, Training, report
from nlu.measuring.settings import (
    fitted_to,
    function_words,
    language_of,
    out_of_scope,
)

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to evaluate. Without ``test`` it is a cross-validation; ``language`` None follows
    ``pipeline`` if that is given, else the messages."""

    train: tuple[Path, ...]
    test: tuple[Path, ...] = ()
    pipeline: Path | None = None
    language: str | None = None
    out_of_scope: str | None = None
    seed: int | None = None


def evaluate(wanted: Wanted) -> Report:
    """Reads, trains, judges. Raises NluError with one sentence for the operator."""
    seen = read_messages(wanted.train)
    unseen = read_messages(wanted.test)
    if len({example.intent for example in seen}) < 2:
        files = ", ".join(map(str, wanted.train))
        raise TrainingError(f"{files}: training needs messages of at least two intents.")
    outside = out_of_scope((e.intent for e in (*seen, *unseen)), wanted.out_of_scope)
    pipeline, notes = _pipeline(wanted, seen, outside)
    try:
        return _measured(wanted, pipeline, seen, unseen, outside, notes)
    except MemoryError:
        raise MeasuringError(
            "Training needs more memory than there is; give fewer messages."
        ) from None


def measure_model(
    engine: BuiltinEngine, examples: Sequence[Example], named: str | None, thresholds: Thresholds
) -> Report:
    """The figures of a trained model on messages, at the office's thresholds."""
    model = engine.model
    examples = _relabelled(examples, named, model.out_of_scope)
    outside = model.out_of_scope if model.outside is not None else None
    setting = Setting(
        BUILTIN,
        "test",
        model.normalizer,
        outside,
        thresholds,
        trained_intents=frozenset(model.intents),
    )
    return report(setting, judge(engine, examples, outside))


def measure_rasa(
    server: RasaServer, examples: Sequence[Example], named: str | None, thresholds: Thresholds
) -> Report:
    """The same of a Rasa server, whatever its intents are. Raises MeasuringError."""
    outside = read_pipeline(PROJECT / "config.yml").classifier.out_of_scope
    examples = _relabelled(examples, named, outside)
    intents = {*read_intents(PROJECT / "domain.yml"), *(e.intent for e in examples), FALLBACK}
    client = RasaClient(server, frozenset(intents))
    try:
        version = client.version()
        judged = judge(client, examples, outside)
    except ParseFailed as failure:
        raise MeasuringError(f"The Rasa server at {server.url}: {failure}") from None
    finally:
        client.close()
    return report(Setting(f"rasa {version}", "test", None, outside, thresholds), judged)


def _relabelled(examples: Sequence[Example], named: str | None, outside: str) -> list[Example]:
    """The messages with the engine's own word for what is out of scope."""
    theirs = out_of_scope((example.intent for example in examples), named)
    return [
        replace(example, intent=outside) if example.intent == theirs else example
        for example in examples
    ]


def _pipeline(
    wanted: Wanted, seen: Sequence[Example], outside: str | None
) -> tuple[Pipeline, tuple[str, ...]]:
    """The settings, and sentences about what was found out by itself."""
    given = read_pipeline(wanted.pipeline or PROJECT / "config.yml")
    texts = [example.text for example in seen]
    notes: list[str] = []
    language = wanted.language
    if language is None and wanted.pipeline is not None:
        language = given.normalizer
    if language in (None, "auto"):
        language = language_of(texts)
        notes.append(
            f"Normaliser: {language}; {function_words(texts):.1%} of the words in the training "
            "messages are Indonesian function words (--language sets it)."
        )
    notes.append(
        f'Out of scope is the intent "{outside}".'
        if outside
        else "No intent is out of scope (--out-of-scope NAME says which is)."
    )
    twice = _under_two(seen)
    if twice:
        notes.append(f"{twice} training messages stand under more than one intent.")
    return fitted_to(given, str(language), outside), tuple(notes)


def _measured(
    wanted: Wanted,
    pipeline: Pipeline,
    seen: Sequence[Example],
    unseen: Sequence[Example],
    outside: str | None,
    notes: tuple[str, ...],
) -> Report:
    if not wanted.test:
        judged, thresholds = cross_validate(pipeline, seen, wanted.seed)
        if len(judged) < len(seen):
            notes += (
                f"{len(seen) - len(judged)} messages are left out: without their fold some "
                "intent would have had no message to learn from.",
            )
        setting = Setting(
            BUILTIN, "cross-validation", pipeline.normalizer, outside, thresholds, notes=notes
        )
        return report(setting, judged)
    begun = time.perf_counter()
    model = train(pipeline, seen)
    seconds = time.perf_counter() - begun
    setting = Setting(
        BUILTIN,
        "test",
        pipeline.normalizer,
        outside,
        model.fitted.thresholds,
        _training(model, seen, seconds),
        frozenset(example.text for example in seen),
        frozenset(model.intents),
        notes,
    )
    return report(setting, judge(BuiltinEngine(model), unseen, outside))


def _training(model: Model, seen: Sequence[Example], seconds: float) -> Training:
    return Training(len(seen), len(model.intents), len(model.fitted.weights), seconds)


def _under_two(examples: Sequence[Example]) -> int:
    """How many texts stand under more than one intent."""
    intents: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        intents[example.text.casefold()].add(example.intent)
    return sum(len(those) > 1 for those in intents.values())
