"""The pipeline file: the real one can be run, a strange one is refused in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nlu.errors import PipelineError
from nlu.learning.fingerprint import PROJECT
from nlu.learning.pipeline import read_pipeline

GOOD = """recipe: default.v1
pipeline:
  - name: nlu.components.TfidfFeaturizer
    analyzer: word
  - name: nlu.components.LinearIntentClassifier
"""


def test_the_shipped_pipeline_is_words_and_characters() -> None:
    pipeline = read_pipeline(PROJECT / "config.yml")
    assert {block.analyzer for block in pipeline.ngrams} == {"char_wb", "word"}
    assert pipeline.classifier.out_of_scope == "out_of_scope"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("    analyzer: word", "  - name: DIETClassifier"), "set nlu.engine to rasa"),
        (("analyzer: word", "analyzer: bpe"), "use char_wb or word"),
        (("analyzer: word", "ngrams: 3"), 'has no option "ngrams"'),
        (("analyzer: word", "max_ngram: dua"), "expected int"),
        (("analyzer: word", "max_ngram: -1"), "above 0"),
        (("analyzer: word", "sublinear_tf: 1"), "expected bool"),
        (("recipe: default.v1", "recipe: graph.v1"), "default.v1"),
        (("LinearIntentClassifier", "PatternEntityExtractor"), "exactly one"),
        (("pipeline:", "line:"), 'named "pipeline"'),
        (("pipeline:", "pipeline: ]"), "broken YAML"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    path = tmp_path / "config.yml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(PipelineError, match=re.escape(says)) as caught:
        read_pipeline(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
