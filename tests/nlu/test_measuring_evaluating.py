"""The shipped pipeline trained on foreign data, whatever their language and size."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nlu.engines.builtin import BuiltinEngine
from nlu.engines.rasa import RasaServer
from nlu.errors import NluError, TrainingError
from nlu.learning.pipeline import read_pipeline
from nlu.learning.thresholds import Thresholds
from nlu.learning.training import train
from nlu.learning.training_data import read_folder
from nlu.measuring.errors import MeasuringError
from nlu.measuring.evaluating import Wanted, evaluate, measure_model, measure_rasa
from nlu.measuring.messages import read_messages

BANK = {
    "card_lost": "i lost my card|my card is gone|cannot find my debit card|someone took my card",
    "pin_change": "how do i change my pin|i want a new pin|reset the pin please|forgot my pin",
    "top_up": "my top up failed|top up did not work|why can't i top up|top up was rejected",
    "oos": "what is the weather like|tell me a joke|who won the match|play some music",
}
CHINESE = {
    "挂失": "我的银行卡丢了|卡不见了怎么办|需要挂失",
    "密码": "怎么修改密码|我想换密码|密码忘记了",
    "转账": "转账失败了|怎么转账|转账限额是多少",
}
LIMITS = Thresholds(0.6, 0.2, 0.6)


def write(folder: Path, name: str, data: dict[str, str], newline: str = "\n") -> Path:
    lines = [f"{intent}\t{text}" for intent, texts in data.items() for text in texts.split("|")]
    path = folder / name
    path.write_text(newline.join(lines), encoding="utf-8", newline="")
    return path


def test_a_foreign_data_set_is_trained_and_measured_with_the_defaults(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", BANK, "\r\n")
    unseen = write(
        tmp_path, "test.tsv",
        {"card_lost": "lost my card", "pin_change": "new pin please", "oos": "a joke", "loan": "x"},
    )  # fmt: skip
    found = evaluate(Wanted((seen,), (unseen,)))
    assert (found.method, found.language, found.out_of_scope) == ("test", "plain", "oos")
    assert found.top1 == pytest.approx(2 / 3)
    assert found.unknown_intents == {"loan": 1}
    assert found.training is not None
    assert (found.training.messages, found.training.intents) == (16, 4)
    assert found.p50_ms is not None


def test_without_a_test_file_every_message_is_judged_unseen(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", BANK)
    found = evaluate(Wanted((seen,)))
    assert found.method == "cross-validation"
    assert found.messages_in_scope + found.messages_out_of_scope == 16
    assert found.p50_ms is None
    assert evaluate(Wanted((seen,))).matrix == found.matrix


def test_cross_validation_gives_what_training_itself_measures(project: Path) -> None:
    found = evaluate(Wanted((project / "data",), language="indonesian"))
    examples = read_folder(project / "data")
    model = train(read_pipeline(project / "config.yml"), examples)
    measures = model.fitted.measures
    assert found.top1 == pytest.approx(measures["top1"])
    assert found.auroc == pytest.approx(measures["auroc"])
    assert found.thresholds == model.fitted.thresholds


def test_another_seed_makes_other_folds(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", BANK)
    first, other = (evaluate(Wanted((seen,), seed=seed)) for seed in (1, 2))
    again = evaluate(Wanted((seen,), seed=1))
    assert (again.matrix, again.ece) == (first.matrix, pytest.approx(first.ece, abs=1e-3))
    assert other.ece != pytest.approx(first.ece, abs=1e-3)


def test_words_that_stand_in_one_message_only_are_enough(tmp_path: Path) -> None:
    seen = write(tmp_path, "zh.tsv", CHINESE)
    unseen = write(tmp_path, "test.tsv", {"挂失": "挂失", "密码": "换密码"})
    found = evaluate(Wanted((seen,), (unseen,)))
    assert found.top1 == 1
    assert found.out_of_scope is None


def test_an_intent_with_a_single_message_can_be_trained(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", {**BANK, "branch": "where is your branch"})
    unseen = write(tmp_path, "test.tsv", {"branch": "where is the branch"})
    assert evaluate(Wanted((seen,), (unseen,))).messages_in_scope == 1
    assert evaluate(Wanted((seen,))).messages_in_scope > 0


def test_several_files_are_voices_and_the_language_may_be_set(tmp_path: Path) -> None:
    seen = [write(tmp_path, f"{name}.tsv", BANK) for name in "abc"]
    found = evaluate(Wanted(tuple(seen), tuple(seen[:2]), language="indonesian"))
    assert found.language == "indonesian"
    assert sorted(found.voices) == ["a", "b"]
    assert found.in_training_too == 32


def test_an_intent_may_be_named_out_of_scope(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", BANK)
    found = evaluate(Wanted((seen,), (seen,), out_of_scope="top_up"))
    assert (found.out_of_scope, found.messages_out_of_scope) == ("top_up", 4)


def test_a_pipeline_of_ones_own_keeps_its_language(tmp_path: Path, project: Path) -> None:
    seen = write(tmp_path, "train.tsv", BANK)
    found = evaluate(Wanted((seen,), (seen,), pipeline=project / "config.yml"))
    assert found.language == "indonesian"


def test_one_intent_alone_cannot_be_trained(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", {"a": "x|y|z"})
    with pytest.raises(TrainingError, match=r"train\.tsv: .* at least two intents"):
        evaluate(Wanted((seen,)))


def test_one_message_an_intent_cannot_be_cross_validated(tmp_path: Path) -> None:
    seen = write(tmp_path, "train.tsv", {"a": "one two", "b": "one three"})
    with pytest.raises(MeasuringError, match="at least two messages of every intent"):
        evaluate(Wanted((seen,)))


def test_a_trained_model_is_measured_under_its_own_name_for_out_of_scope(
    tmp_path: Path, project: Path
) -> None:
    engine = BuiltinEngine(
        train(read_pipeline(project / "config.yml"), read_folder(project / "data"))
    )
    file = write(tmp_path, "test.tsv", {"faq_sanggah": "cara sanggah", "oos": "skor bola"})
    found = measure_model(engine, read_messages([file]), None, LIMITS)
    assert found.out_of_scope == "out_of_scope"
    assert (found.messages_in_scope, found.messages_out_of_scope) == (1, 1)
    assert found.thresholds == LIMITS


@contextmanager
def rasa_server(answer: dict[str, Any], status: int = 200) -> Iterator[str]:
    """A server that understands every text in the same way."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({"version": "3.6.21"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply({"text": body["text"], "entities": [], **answer})

        def reply(self, body: dict[str, Any]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *words: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_rasa_server_is_measured_by_the_same_rule(tmp_path: Path) -> None:
    file = write(tmp_path, "test.tsv", {"kartu": "kartu hilang|kartu saya", "oos": "cuaca"})
    intent = {"name": "kartu", "confidence": 0.9}
    with rasa_server({"intent": intent, "intent_ranking": [intent]}) as url:
        found = measure_rasa(RasaServer(url), read_messages([file]), None, LIMITS)
    assert (found.engine, found.top1, found.out_of_scope) == ("rasa 3.6.21", 1.0, "out_of_scope")
    assert found.at_thresholds.answered_out_of_scope == 1


def test_a_rasa_server_that_fails_is_a_sentence_with_its_address(tmp_path: Path) -> None:
    file = write(tmp_path, "test.tsv", {"kartu": "kartu hilang"})
    with rasa_server({}, 409) as url, pytest.raises(NluError, match=url):
        measure_rasa(RasaServer(url), read_messages([file]), None, LIMITS)
