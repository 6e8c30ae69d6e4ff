"""Training, the model file, and the parity of numpy and scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.engines.builtin import MODEL_FILE, BuiltinEngine, load_or_train
from nlu.errors import ModelError, TrainingError
from nlu.learning import linear, training
from nlu.learning.calibration import softmax
from nlu.learning.fingerprint import PROJECT, fingerprint
from nlu.learning.model import load, save
from nlu.learning.pipeline import Ngrams, read_pipeline
from nlu.learning.training_data import Example, read_folder
from nlu.text.normalize import normalize

UNSEEN = ["min gmn upload dokumennya gagal", "pasword lupa", "sanggahan kapan dijawab", "xyz", "a"]


def some_real_messages() -> list[Example]:
    return read_folder(PROJECT / "data")[::8]


@pytest.mark.parametrize("kind", ["linear_svc", "logistic_regression"])
def test_numpy_gives_the_scores_of_scikit_learn(kind: str, project: Path) -> None:
    pipeline = read_pipeline(project / "config.yml")
    pipeline = replace(pipeline, classifier=replace(pipeline.classifier, kind=kind))  # type: ignore[arg-type]
    real = kind == "linear_svc"
    examples = some_real_messages() if real else read_folder(project / "data")
    asked = [e.text for e in read_folder(PROJECT / "data")[1::150]] if real else UNSEEN
    examples.sort(key=lambda e: (e.intent, e.text))
    engine = BuiltinEngine(training.train(pipeline, examples))

    texts, queries = [normalize(e.text) for e in examples], [normalize(q) for q in asked]
    vectorizers = [theirs(block) for block in pipeline.ngrams]
    matrix = hstack([vectorizer.fit_transform(texts) for vectorizer in vectorizers])
    classifier = linear._classifier(pipeline.classifier)
    classifier.fit(matrix, [e.intent for e in examples])
    queried = hstack([vectorizer.transform(queries) for vectorizer in vectorizers])
    ours = np.array([engine.scores(query) for query in queries])
    assert np.abs(ours - classifier.decision_function(queried)).max() < 1e-5
    if kind == "logistic_regression":
        sure = classifier.predict_proba(queried)
        assert np.abs(np.array([softmax(row) for row in ours]) - sure).max() < 1e-5


def theirs(shape: Ngrams) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=shape.analyzer,
        ngram_range=(shape.min_ngram, shape.max_ngram),
        min_df=shape.min_df,
        sublinear_tf=shape.sublinear_tf,
        token_pattern=r"\S+" if shape.analyzer == "word" else None,
        lowercase=False,
    )


def test_two_intents_and_no_out_of_scope_are_enough(project: Path) -> None:
    examples = [e for e in read_folder(project / "data") if e.intent in ("faq_sanggah", "greet")]
    engine = BuiltinEngine(training.train(read_pipeline(project / "config.yml"), examples))
    answer = engine.parse("mau sanggah")
    assert answer.is_("faq_sanggah", 0.5)
    assert sum(i.confidence for i in answer.intent_ranking) == pytest.approx(1.0)


def test_training_twice_gives_the_same_model(project: Path) -> None:
    first, second = training.train_project(project), training.train_project(project)
    assert (first.fitted.weights == second.fitted.weights).all()
    assert first.fitted.calibration == second.fitted.calibration


def test_a_saved_model_is_read_back_whole(project: Path, tmp_path: Path) -> None:
    model = training.train_project(project)
    save(model, tmp_path / "deep" / "model.npz")
    again = load(tmp_path / "deep" / "model.npz", model.fingerprint)
    assert again.intents == model.intents
    assert again.fitted.calibration == model.fitted.calibration
    assert again.fitted.thresholds == model.fitted.thresholds
    assert again.fitted.measures == model.fitted.measures
    assert BuiltinEngine(again).parse("lupa pw") == BuiltinEngine(model).parse("lupa pw")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["model.npz"]


def test_the_cache_is_used_while_nothing_changed_and_refused_when_data_changed(
    project: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    for _ in range(2):
        load_or_train(tmp_path, say=said.append, project=project)
    assert len(said) == 1
    data = project / "data" / "nlu_small.yml"
    data.write_text(data.read_text().replace("lupa pw akun cv", "lupa pw akun pt"))
    load_or_train(tmp_path, say=said.append, project=project)
    assert len(said) == 2


def test_the_fingerprint_sees_config_data_and_new_files(project: Path) -> None:
    seen = {fingerprint(project)}
    config = project / "config.yml"
    config.write_text(config.read_text().replace("C: 1.5", "C: 2.0"))
    seen.add(fingerprint(project))
    (project / "data" / "more.yml").write_text('version: "3.1"\nnlu: []\n')
    seen.add(fingerprint(project))
    assert len(seen) == 3


@pytest.mark.parametrize("damage", ["cut", "bytes", "empty", "text"])
def test_a_broken_model_file_is_trained_again(damage: str, project: Path, tmp_path: Path) -> None:
    path = tmp_path / MODEL_FILE
    save(training.train_project(project), path)
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = bytes(b ^ 0xFF for b in content[middle : middle + 200])
    path.write_bytes(
        {
            "cut": content[:middle],
            "bytes": content[:middle] + flipped + content[middle + 200 :],
            "empty": b"",
            "text": b"not a model",
        }[damage]
    )
    with pytest.raises(ModelError):
        load(path, fingerprint(project))
    said: list[str] = []
    engine = load_or_train(tmp_path, say=said.append, project=project)
    assert len(said) == 1
    assert engine.parse("lupa password").intent is not None


def test_an_error_in_the_data_reaches_the_operator_as_one_sentence(
    project: Path, tmp_path: Path
) -> None:
    (project / "data" / "nlu_small.yml").write_text("nlu: ]")
    with pytest.raises(TrainingError, match=r"nlu_small\.yml:1: broken YAML") as caught:
        load_or_train(tmp_path, say=lambda line: None, project=project)
    assert "\n" not in str(caught.value)


def test_serving_never_imports_scikit_learn_or_scipy(project: Path, tmp_path: Path) -> None:
    load_or_train(tmp_path, say=lambda line: None, project=project)
    program = (
        "import sys; from pathlib import Path; from nlu.engines.builtin import load_or_train\n"
        "engine = load_or_train(Path(sys.argv[1]), say=print, project=Path(sys.argv[2]))\n"
        "engine.parse('lupa password, hp 081234567890')\n"
        "print(sorted({'sklearn', 'scipy', 'pandas'} & sys.modules.keys()))"
    )
    command: Sequence[str] = [sys.executable, "-c", program, str(tmp_path), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT.parent)
    assert done.stdout.strip() == "[]"
