"""``loket nlu``, as an operator meets it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot import cli
from nlu.engines.builtin import MODEL_FILE, BuiltinEngine
from nlu.learning.fingerprint import fingerprint
from nlu.learning.model import Model, save
from nlu.learning.pipeline import read_pipeline
from nlu.learning.training import train
from nlu.learning.training_data import read_folder
from storage.repositories import messages
from storage.repositories import misses as reviews
from tests.nlu.conftest import write_project
from tests.rig import ROOT, Rig

TSV = "intent\ttext\r\nfaq_sanggah\tcara sanggah hasil tender\r\noos\tresep nasi goreng\r\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Rasa project."""
    return write_project(tmp_path_factory.mktemp("small") / "project")


@pytest.fixture(scope="module")
def model(project: Path) -> Model:
    """A small model."""
    return train(read_pipeline(project / "config.yml"), read_folder(project / "data"))


@pytest.fixture
def here(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's folder, in which this process works. Its small model passes for the shipped
    one, so that nothing is trained for minutes."""
    for name in [name for name in os.environ if name.startswith("LOKET_")]:
        monkeypatch.delenv(name)
    shutil.copy(ROOT / "config.yml", tmp_path)
    save(replace(model, fingerprint=fingerprint()), tmp_path / "var" / "nlu" / MODEL_FILE)
    (tmp_path / "test.tsv").write_text(TSV, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def asked(here: Path, model: Model) -> Iterator[Rig]:
    """The same office's database, with people in front of it."""
    rig = Rig(here / "var", BuiltinEngine(model))
    yield rig
    rig.close()


def call(*words: str, said: bytes | None = None, **environ: str) -> Result:
    return CliRunner().invoke(cli.main, ("nlu", *words), input=said, env=environ, prog_name="loket")


def done(*words: str, said: bytes | None = None) -> str:
    result = call(*words, said=said)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: str) -> str:
    """The one line it was refused with."""
    result = call(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.output.strip().splitlines()
    assert line.startswith("loket: ")
    return line


def test_a_message_is_parsed_and_the_conversations_decision_named(here: Path) -> None:
    shown = done("parse", "lupa password saya, hp 081234567890", "[b]\x1b[31m")
    assert "faq_lupa_password_penyedia" in shown
    assert "answered at once" in shown
    assert "+6281234567890" in shown
    assert "\x1b" not in shown


def test_json_is_what_rasa_would_answer_one_line_a_message(here: Path) -> None:
    lines = done("parse", "--json", "-", said="\ufeffmau sanggah\r\n\r\nhalo 🙂\n".encode())
    parses = [json.loads(line) for line in lines.splitlines()]
    assert [parse["text"] for parse in parses] == ["mau sanggah", "", "halo 🙂"]
    assert parses[0]["intent"]["name"] == "faq_sanggah"
    assert parses[1]["intent"] == {"name": None, "confidence": 0.0}
    assert set(parses[2]) >= {"text", "intent", "entities", "intent_ranking"}


def test_bytes_that_are_no_text_are_parsed_all_the_same(here: Path) -> None:
    (line,) = done("parse", "--json", "-", said=b"halo \xff\xfe\n").splitlines()
    assert json.loads(line)["text"].startswith("halo")
    assert done("parse", "--json", "halo \udcff")


def test_the_served_model_is_tested_at_the_offices_thresholds(here: Path) -> None:
    config = (here / "config.yml").read_text(encoding="utf-8")
    assert "thresholds:" in config
    found = json.loads(done("test", "test.tsv", "--json"))
    assert (found["messages_in_scope"], found["messages_out_of_scope"]) == (1, 1)
    assert found["top1"] == 1
    assert str(found["thresholds"]["confident"]) in config


def test_a_picture_is_written_beside_the_table(here: Path) -> None:
    shown = done("test", "test.tsv", "--picture", "matrix.svg")
    assert "top-1" in shown
    assert (here / "matrix.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_foreign_data_are_evaluated_and_only_json_is_printed(here: Path, project: Path) -> None:
    data = str(project / "data")
    found = json.loads(done("evaluate", "--train", data, "--language", "auto", "--json"))
    assert found["method"] == "cross-validation"
    assert found["language"] == "indonesian"
    again = done("evaluate", "--train", data, "--test", "test.tsv", "--out-of-scope", "greet")
    assert 'Out of scope is the intent "greet"' in again


def test_a_model_is_trained_where_serve_looks_and_only_if_needed(here: Path) -> None:
    project = write_project(here / "project")
    words = ("train", "--data-dir", "elsewhere", "--project", str(project))
    shown = done(*words)
    assert (here / "elsewhere" / "nlu" / MODEL_FILE).is_file()
    for piece in ("7 intents, 42 messages", "features", "Cross-validated: top-1", "suggest"):
        assert piece in shown
    assert "config.yml has" in shown
    assert "is up to date" in done(*words, "--if-needed")
    domain = project / "domain.yml"
    domain.write_text(domain.read_text() + "  - faq_baru\n")
    assert "Cross-validated" in done(*words, "--if-needed")
    (project / "data" / "nlu_small.yml").write_text("nlu: [\n")
    assert "nlu_small.yml:2: broken YAML" in refused(*words)


def test_the_shipped_model_in_place_is_not_trained_again(here: Path) -> None:
    assert "is up to date" in done("train", "--if-needed")


def test_what_was_asked_in_vain_is_shown_with_what_it_means_now(here: Path, asked: Rig) -> None:
    rig = asked
    misses(rig, "mau sanggah", "Mau  sanggah", "lupa password akun")
    shown = done("review")
    assert "3 texts wait for review" in shown
    assert shown.index("faq_sanggah") < shown.index("faq_lupa_password_penyedia")
    assert "2 x" in shown
    label(rig, "lupa password akun", "faq_lupa_password_penyedia")
    found = json.loads(done("review", "--json", "--export", "more.yml"))
    assert found["waiting"] == 2
    assert found["reviewed"] == {"assigned": 1, "understood_now": 1}
    assert found["groups"][0]["asked"][0]["times"] == 2
    (learnt,) = read_folder(here / "more.yml")
    assert (learnt.intent, learnt.text) == ("faq_lupa_password_penyedia", "lupa password akun")


def test_mistakes_are_one_sentence(here: Path) -> None:
    (here / "bad.tsv").write_text("no tab here\n")
    (here / "empty").mkdir()
    assert "bad.tsv:1: there is no tab" in refused("evaluate", "--train", "bad.tsv")
    assert "gone.tsv: there is no such file" in refused("test", "gone.tsv")
    assert "no .yml, .tsv or .txt file" in refused("test", "empty")
    assert "no such file" in refused("evaluate", "--train", "test.tsv", "--test", "gone")
    assert "pipe.yml: No such file" in refused(
        "evaluate", "--train", "test.tsv", "--pipeline", "pipe.yml"
    )
    closed = "http://127.0.0.1:9"
    assert closed in refused("test", "test.tsv", "--engine", "rasa", "--url", closed)
    assert "loket migrate" in refused("review")


@pytest.mark.parametrize(
    "words",
    [
        ("parse",),
        ("evaluate",),
        ("test", "test.tsv", "--picture", "matrix.png"),
        ("test", "test.tsv", "--picture", "nowhere/matrix.svg"),
        ("test", "test.tsv", "--engine", "rasa", "--url", "localhost:5005"),
        ("test", "test.tsv", "--engine", "rasa", "--url", "http://[::1"),
        ("test", "test.tsv", "--engine", "rasa", "--url", "http://localhost:99999"),
        ("evaluate", "--train", "test.tsv", "--language", "klingon"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(here: Path, words: tuple[str, ...]) -> None:
    result = call(*words)
    assert result.exit_code == 2
    assert "Usage: loket nlu" in result.output


def test_serve_does_not_pay_for_the_tools() -> None:
    code = "import sys, bot.cli; print([m for m in sys.modules if m.startswith(('nlu.', 'rich'))])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "nlu.measuring" not in found.stdout
    assert "nlu.learning.training" not in found.stdout


def misses(rig: Rig, *texts: str) -> None:
    rig.say("halo")
    for step, text in enumerate(texts, start=100):
        values: dict[str, Any] = {"conversation_id": 1, "step": step, "text": text}
        rig.loket.database.write(
            lambda unit, values=values: messages.record_miss(
                unit.connection, best_intent=None, confidence=0.1, now=rig.clock.now(), **values
            )
        ).result()


def label(rig: Rig, text: str, topic: str) -> None:
    (row,) = rig.rows("SELECT id FROM misses WHERE text = :text", text=text)
    agent = rig.hire("rina", "helpdesk")
    rig.loket.database.write(
        lambda unit: reviews.review(
            unit.connection, (row.id,), topic=topic, agent_id=agent, now=rig.clock.now()
        )
    ).result()
