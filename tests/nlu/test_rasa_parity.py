"""The builtin engine and a real Rasa, trained on the same project, give the same answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from nlu.engines.builtin import BuiltinEngine
from nlu.learning import training
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_folder
from nlu.rasa_json import to_rasa
from tests.nlu import real_rasa

SAME = 0.995
"""Share of messages with the same top intent; the contract asks for 0.98."""
CLOSE = 0.02
"""How far confidences may lie apart; the contract allows 0.05."""

pytestmark = pytest.mark.skipif(not real_rasa.found(), reason=real_rasa.MISSING)


def compare(builtin: BuiltinEngine, url: str, texts: list[str]) -> None:
    same, widest = 0, 0.0
    with httpx.Client(base_url=url, timeout=30) as rasa:
        for text in texts:
            theirs = rasa.post("/model/parse", json={"text": text}).json()
            ours = to_rasa(builtin.parse(text))
            same += theirs["intent"]["name"] == ours["intent"]["name"]
            gap = abs(theirs["intent"]["confidence"] - ours["intent"]["confidence"])
            widest = max(widest, gap)
            assert theirs["entities"] == ours["entities"], text
    print(f"{same}/{len(texts)} same top intents, widest gap of confidence {widest:.4f}")
    assert same / len(texts) >= SAME
    assert widest <= CLOSE


def test_unseen_messages_are_understood_alike(small_pair: tuple[BuiltinEngine, str]) -> None:
    texts = [example.text for example in read_folder(PROJECT / "dev")][::5]
    compare(*small_pair, texts)


@pytest.mark.parametrize("text", ["👍🙏", "привет", "?", "<b>halo</b>", "Halo. Lupa password!"])
def test_strange_messages_are_understood_alike(
    small_pair: tuple[BuiltinEngine, str], text: str
) -> None:
    compare(*small_pair, [text])


@pytest.mark.long
def test_a_thousand_messages_with_all_the_data(tmp_path: Path) -> None:
    texts = [example.text for example in read_folder(PROJECT / "dev")][:1000]
    builtin = BuiltinEngine(training.train_project(PROJECT))
    with real_rasa.serving(real_rasa.train(PROJECT, tmp_path)) as url:
        compare(builtin, url, texts)


@pytest.mark.long
def test_rasas_own_commands_work_in_the_project(tmp_path: Path) -> None:
    files = ["--domain", "domain.yml", "--config", "config.yml"]
    checked = real_rasa.rasa(["data", "validate", "--data", "data", *files], PROJECT)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    model = real_rasa.train(PROJECT, tmp_path)
    command = ["test", "nlu", "--nlu", "dev", "--model", str(model), *files[:2]]
    tested = real_rasa.rasa([*command, "--out", str(tmp_path), "--no-plot"], PROJECT)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert (tmp_path / "intent_report.json").exists()
