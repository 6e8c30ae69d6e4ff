"""The builtin engine beside a real Rasa in one run, on the development set that training
never saw: quality, training time, start-up, time a message, memory. ``make bench-nlu``.

Rasa runs three pipelines as a server of its own: ours, its LogisticRegressionClassifier and
DIET, both on its count vectors of words and letters. Results are explained in docs/nlu.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.bars import chart  # noqa: E402
from nlu.learning.fingerprint import PROJECT  # noqa: E402
from nlu.learning.measures import Scored, measure  # noqa: E402
from nlu.learning.training_data import Example, read_folder  # noqa: E402
from nlu.rasa_json import from_rasa  # noqa: E402
from nlu.understanding import Understanding  # noqa: E402
from tests.nlu import real_rasa  # noqa: E402

OUTSIDE = "out_of_scope"
COUNTS = """
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
"""
HEAD = "recipe: default.v1\nlanguage: id\nassistant_id: bench\npipeline:"
LOGISTIC = HEAD + COUNTS + "  - name: LogisticRegressionClassifier\n"
DIET = (
    HEAD
    + COUNTS
    + "  - name: DIETClassifier\n    entity_recognition: false\n"
    + "    constrain_similarities: true\n    epochs: {epochs}\n"
)
SERVE = """
import json, sys, time
started = time.perf_counter()
from pathlib import Path
from nlu.engines.builtin import load_or_train
cache, project = map(Path, sys.argv[1:])
engine = load_or_train(cache, say=lambda line: None, project=project)
engine.parse("halo")
print(json.dumps({"start": time.perf_counter() - started}), flush=True)
texts = json.loads(sys.stdin.readline())
for text in texts[:50]:
    engine.parse(text)
took = []
for text in texts:
    before = time.perf_counter()
    engine.parse(text)
    took.append(time.perf_counter() - before)
memory = next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]
print(json.dumps({"took": took, "memory": int(memory) / 1024}), flush=True)
"""


@dataclass(frozen=True)
class Row:
    """One engine. Times in seconds but ``p50``/``p99`` (ms), memory in MB, shares from 0 to 1."""

    engine: str
    top1: float
    top3: float
    auroc: float
    refused: float
    ece: float
    train: float
    start: float
    p50: float
    p99: float
    per_second: float
    memory: float


def builtin(name: str, examples: Sequence[Example], project: Path, folder: Path) -> Row:
    """Trains and serves in processes of their own, as `loket serve` does."""
    from nlu.engines.builtin import load_or_train, train_in_subprocess

    started = time.perf_counter()
    train_in_subprocess(folder / "nlu-model.npz", project)
    trained = time.perf_counter() - started
    engine = load_or_train(folder, say=print, project=project)
    scored = [score(example, engine.parse(example.text)) for example in examples]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(project)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    start = json.loads(process.stdout.readline())["start"]  # type: ignore[union-attr]
    said, _ = process.communicate(json.dumps([example.text for example in examples]) + "\n")
    found = json.loads(said)
    return row(name, scored, trained, start, found["took"], found["memory"])


def rasa(name: str, config: str, examples: Sequence[Example], project: Path, folder: Path) -> Row:
    """A Rasa server; the time of a message includes its way over loopback HTTP."""
    started = time.perf_counter()
    model = real_rasa.train(project, folder / "models", config)
    trained = time.perf_counter() - started
    started = time.perf_counter()
    with real_rasa.serving(model) as url, httpx.Client(base_url=url, timeout=60) as client:
        start = time.perf_counter() - started
        ask(client, "halo")
        scored, took = [], []
        for example in examples:
            before = time.perf_counter()
            answer = ask(client, example.text)
            took.append(time.perf_counter() - before)
            scored.append(score(example, answer))
        memory = resident(model)
    return row(name, scored, trained, start, took, memory)


def ask(client: httpx.Client, text: str) -> Understanding:
    answer = client.post("/model/parse", json={"text": text})
    answer.raise_for_status()
    return from_rasa(answer.json())


def score(example: Example, found: Understanding) -> Scored:
    inside = [intent for intent in found.intent_ranking if intent.name != OUTSIDE]
    top = found.intent
    return Scored(
        example.intent,
        top.name if top else "",
        top.confidence if top else 0.0,
        tuple(intent.name for intent in inside[:3]),
        1 - sum(intent.confidence for intent in found.intent_ranking if intent.name == OUTSIDE),
        example.intent != OUTSIDE,
    )


def row(
    name: str, scored: Sequence[Scored], trained: float, start: float, took: Sequence[float],
    memory: float,
) -> Row:  # fmt: skip
    found = measure(scored)
    cuts = statistics.quantiles(took, n=100)
    return Row(
        name, found["top1"], found["top3"], found["auroc"], found["refused_inside"], found["ece"],
        trained, start, 1000 * cuts[49], 1000 * cuts[98], len(took) / sum(took), memory,
    )  # fmt: skip


def resident(model: Path) -> float:
    """MB of the Rasa server that serves a model, by its command line."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            line = (process / "cmdline").read_bytes()
            status = (process / "status").read_text()
        except OSError:
            continue
        if str(model).encode() in line and b"run" in line:
            return int(status.split("VmRSS:")[1].split()[0]) / 1024
    return float("nan")


COLUMNS: tuple[tuple[str, str, Callable[[Row], str]], ...] = (
    ("top-1", "top1", lambda r: f"{r.top1:.3f}"),
    ("top-3", "top3", lambda r: f"{r.top3:.3f}"),
    ("AUROC", "auroc", lambda r: f"{r.auroc:.3f}"),
    ("refused in scope*", "refused", lambda r: f"{r.refused:.3f}"),
    ("ECE", "ece", lambda r: f"{r.ece:.3f}"),
    ("training s", "train", lambda r: f"{r.train:.0f}"),
    ("start s", "start", lambda r: f"{r.start:.2f}"),
    ("p50 ms", "p50", lambda r: f"{r.p50:.2f}"),
    ("p99 ms", "p99", lambda r: f"{r.p99:.2f}"),
    ("messages/s", "per_second", lambda r: f"{r.per_second:.0f}"),
    ("memory MB", "memory", lambda r: f"{r.memory:.0f}"),
)


def show(rows: Sequence[Row]) -> None:
    table = Table(title="Development set, not seen in training")
    for title in ("engine", *(title for title, _, _ in COLUMNS)):
        table.add_column(title, justify="left" if title == "engine" else "right")
    for line in rows:
        table.add_row(line.engine, *(cell(line) for _, _, cell in COLUMNS))
    console = Console(width=150)
    console.print(table)
    console.print("* share of messages in scope refused where 90% of the others are")
    ours, *others = rows
    for other in others:
        if other.engine.startswith("Rasa"):
            console.print(
                f"builtin against {other.engine}: {100 * (ours.top1 - other.top1):+.1f} points of"
                f" top-1, {other.p50 / ours.p50:.0f} times as fast a message,"
                f" start-up {ours.start / other.start:.3f} of its"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100, help="of DIET (its default is 300)")
    parser.add_argument("--fewer", type=int, default=20, help="train on each n-th message only")
    parser.add_argument("--only", nargs="*", default=["builtin", "all", "ours", "logistic", "diet"])
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plot", type=Path, help="write a chart (SVG) here")
    options = parser.parse_args()
    if not real_rasa.found() and set(options.only) - {"builtin", "all"}:
        print(f"{real_rasa.MISSING}; only the builtin engine is measured.", file=sys.stderr)
        options.only = ["builtin", "all"]
    seen, unseen = read_folder(PROJECT / "data")[:: options.fewer], read_folder(PROJECT / "dev")
    names = {
        "ours": ("Rasa, our components", "config.yml"),
        "logistic": ("Rasa, LogisticRegression", "logistic.yml"),
        "diet": (f"Rasa, DIET, {options.epochs} epochs", "diet.yml"),
    }
    rows: list[Row] = []
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch, console.status("") as status:
        project = real_rasa.write_project(Path(scratch) / "project", seen)
        (project / "logistic.yml").write_text(LOGISTIC, encoding="utf-8")
        (project / "diet.yml").write_text(DIET.format(epochs=options.epochs), encoding="utf-8")
        for key in options.only:
            status.update(f"NLU bench: {key}")
            folder = Path(scratch) / key
            folder.mkdir()
            if key == "builtin":
                rows.append(builtin("builtin", unseen, project, folder))
            elif key == "all":
                rows.append(builtin("builtin, all the messages", unseen, PROJECT, folder))
            else:
                rows.append(rasa(*names[key], unseen, project, folder))
            console.print(f"{rows[-1].engine}: {asdict(rows[-1])}")
    console.print(f"{len(seen)} training messages, {len(unseen)} of the development set")
    show(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    if options.plot:
        options.plot.write_text(chart([(r.engine, asdict(r)) for r in rows]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    sys.exit(main())
