"""Reading Rasa's files, and the sentences about broken ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nlu.errors import TrainingDataError
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import plain, read_folder, read_intents
from nlu.text.normalize import normalize


def write(folder: Path, content: str, name: str = "nlu.yml") -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_messages_come_with_intent_voice_and_line(tmp_path: Path) -> None:
    write(tmp_path, 'version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - satu\n    - dua\n')
    examples = read_folder(tmp_path)
    assert [(e.text, e.intent, e.voice, e.line) for e in examples] == [
        ("satu", "a", "nlu", 5),
        ("dua", "a", "nlu", 6),
    ]


def test_entity_markup_is_taken_off() -> None:
    assert plain('saya [Budi](nama) dari [CV Maju]{"entity": "instansi"}') == (
        "saya Budi dari CV Maju"
    )


def test_files_are_read_in_order_and_other_rasa_sections_passed_over(tmp_path: Path) -> None:
    head = 'version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - '
    write(tmp_path, head + "dua\n", "b.yml")
    write(tmp_path, head + "satu\n- synonym: x\n  examples: |\n    - y\n", "a.yml")
    write(tmp_path, 'version: "3.1"\nrules: []\n', "rules.yml")
    assert [e.text for e in read_folder(tmp_path)] == ["satu", "dua"]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("nlu: ]", 1, "broken YAML"),
        ("- a\n", 1, 'needs "version" and "nlu"'),
        ("nlu: []\n", 1, 'needs version: "3.1"'),
        ('version: "3.1"\nnlu: x\n', 2, "list of intents"),
        ('version: "3.1"\nnlu:\n- examples: x\n', 3, 'needs "intent"'),
        ('version: "3.1"\nnlu:\n- intent: a\n', 3, "has no examples"),
        ('version: "3.1"\nnlu:\n- intent: b\n  examples: |\n    - x\n', 3, "not in domain.yml"),
        ('version: "3.1"\nnlu:\n- intent: a\n  examples: |\n    - x\n    y\n', 6, "begins with"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, content: str, line: int, says: str
) -> None:
    write(tmp_path, content)
    with pytest.raises(TrainingDataError, match=re.escape(says)) as caught:
        read_folder(tmp_path, ["a"])
    assert f"nlu.yml:{line}:" in str(caught.value)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no training message"):
        read_folder(tmp_path)


def test_every_intent_of_the_domain_has_messages_and_no_other() -> None:
    intents = read_intents(PROJECT / "domain.yml")
    assert len(intents) == len(set(intents)) == 85
    examples = read_folder(PROJECT / "data", intents)
    assert {example.intent for example in examples} == set(intents)


def test_no_message_stands_under_two_intents() -> None:
    seen: dict[str, str] = {}
    clashes = []
    for example in read_folder(PROJECT / "data"):
        text = normalize(example.text)
        if seen.setdefault(text, example.intent) != example.intent:
            clashes.append(f"{example.voice}:{example.line} {example.text}")
    assert not clashes
