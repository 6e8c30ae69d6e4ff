"""A real Rasa in its own environment, for tests and measurements: train, serve, ask."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import Example

ROOT = PROJECT.parent
ENVIRONMENT = Path(os.environ.get("LOKET_RASA_ENV", ROOT / ".rasa-env"))
MISSING = "there is no Rasa here: `make rasa` makes its environment (Python 3.10)"
START_SECONDS = 180


def found() -> bool:
    """Whether the environment of ``make rasa`` is there and whole."""
    return (ENVIRONMENT / ".made").exists()


def rasa(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs Rasa's command line in a folder to its end."""
    command = [str(ENVIRONMENT / "bin" / "rasa"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )


def train(project: Path, out: Path, config: str = "config.yml") -> Path:
    """A model of a Rasa project."""
    command = ["train", "nlu", "--nlu", "data", "--domain", "domain.yml", "--config", config]
    done = rasa([*command, "--out", str(out), "--fixed-model-name", "loket"], project)
    model = out / "loket.tar.gz"
    assert model.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    return model


@contextmanager
def serving(model: Path) -> Iterator[str]:
    """The address of a Rasa server with a model; it is ended with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(ENVIRONMENT / "bin" / "rasa"), "run", "--enable-api", "-m", str(model)]
    command += ["-i", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        command,
        cwd=model.parent,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def write_project(folder: Path, examples: Iterable[Example]) -> Path:
    """A Rasa project with the shipped pipeline and some of the messages, voices kept."""
    (folder / "data").mkdir(parents=True)
    (folder / "config.yml").write_text((PROJECT / "config.yml").read_text())
    entries: dict[tuple[str, str], list[str]] = {}
    for example in examples:
        entries.setdefault((example.intent, example.voice), []).append(example.text)
    items = [
        {"intent": intent, "metadata": {"voice": voice}, "examples": _block(texts)}
        for (intent, voice), texts in sorted(entries.items())
    ]
    data = {"version": "3.1", "nlu": items}
    written = yaml.safe_dump(data, allow_unicode=True, width=10_000)
    (folder / "data" / "nlu.yml").write_text(written, encoding="utf-8")
    intents = sorted({intent for intent, _ in entries})
    domain = {"version": "3.1", "intents": intents}
    (folder / "domain.yml").write_text(yaml.safe_dump(domain), encoding="utf-8")
    return folder


def _block(texts: Sequence[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)


def _environment() -> dict[str, str]:
    ours = {"PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return os.environ | ours


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "Rasa ended while it was starting"
        try:
            if httpx.get(f"{url}/status", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("Rasa did not start in time")
