"""Trains the builtin engine's model: ``python -m nlu.learning.training --out FILE``.

Runs as a process of its own, because scikit-learn costs a second and a hundred megabytes
to import and the serving process must not stand still (design 6.20).
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nlu.errors import NluError
from nlu.learning.features import fit_blocks, matrix
from nlu.learning.fingerprint import PROJECT, fingerprint
from nlu.learning.linear import fit
from nlu.learning.model import Model, load, save
from nlu.learning.pipeline import Pipeline, read_pipeline
from nlu.learning.training_data import Example, read_folder, read_intents
from nlu.text.normalizers import normalizer

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of address space: far above what training needs, far below what hurts a server."""


def train_project(project: Path = PROJECT) -> Model:
    """Reads config, domain and data of a Rasa project and trains; raises NluError."""
    pipeline = read_pipeline(project / "config.yml")
    examples = read_folder(project / "data", read_intents(project / "domain.yml"))
    return train(pipeline, examples, fingerprint(project))


def train(pipeline: Pipeline, examples: Sequence[Example], fingerprint: str = "") -> Model:
    """The model of these messages. Needs at least two intents."""
    normalize = normalizer(pipeline.normalizer)
    ordered = sorted(examples, key=lambda example: (example.intent, example.text))
    with _progress() as step:
        step("features")
        texts = [normalize(example.text) for example in ordered]
        blocks = fit_blocks(pipeline.ngrams, texts)
        matrices = [matrix(block, texts) for block in blocks]
        step("classifier and its confidence")
        intents, voices = [e.intent for e in ordered], [e.voice for e in ordered]
        fitted = fit(pipeline.classifier, matrices, intents, voices)
    return Model(fingerprint, pipeline.classifier.out_of_scope, pipeline.normalizer, blocks, fitted)


@contextmanager
def _progress() -> Iterator[Any]:
    """Shows the steps on a terminal (standard error); silent anywhere else."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("NLU") as status:
        yield lambda name: status.update(f"NLU: {name}")


def _limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if most == resource.RLIM_INFINITY else min(MEMORY_LIMIT, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _current(path: Path, project: Path) -> bool:
    """Whether the file holds the model that training would make again."""
    try:
        load(path, fingerprint(project))
    except NluError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """0 and a line about the model, or 1 and one sentence about what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m nlu.learning.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the model file to write")
    parser.add_argument("--project", type=Path, default=PROJECT, help="a Rasa project folder")
    parser.add_argument("--if-changed", action="store_true", help="keep a model that is current")
    options = parser.parse_args(arguments)
    if options.if_changed and _current(options.out, options.project):
        return 0
    _limit_memory()
    try:
        model = train_project(options.project)
        save(model, options.out)
    except NluError as error:
        print(error)
        return 1
    except MemoryError:
        print(f"Training needs more than {MEMORY_LIMIT // 1024**2} MB of memory.")
        return 1
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror}.")
        return 1
    print(f"{len(model.intents)} intents, {len(model.fitted.weights)} features: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
