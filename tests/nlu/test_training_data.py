"""Reading Rasa's files, and the sentences about broken ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlu.errors import TrainingDataError
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import Example, data_files, plain, read_folder, read_intents
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


MESSAGES = 40
"""Training messages that each intent has at least."""
OUTSIDE = 400
"""The same for out_of_scope and its near misses."""
ALIKE = 0.8
"""Share of common words from which on two messages are near copies."""
WORDS = 4
"""Shorter messages are near copies of many; they only must not be equal."""


@pytest.fixture(scope="module")
def seen() -> list[Example]:
    return read_folder(PROJECT / "data", read_intents(PROJECT / "domain.yml"))


def test_every_intent_of_the_domain_has_enough_messages(seen: list[Example]) -> None:
    intents = read_intents(PROJECT / "domain.yml")
    assert len(intents) == len(set(intents)) == 85
    counts = Counter(example.intent for example in seen)
    assert set(counts) == set(intents)
    assert {intent: n for intent, n in counts.items() if n < MESSAGES} == {}
    assert counts["out_of_scope"] >= OUTSIDE


def test_every_message_names_its_voice(seen: list[Example]) -> None:
    voices = {path.stem.removeprefix("nlu_") for path in data_files(PROJECT / "data")}
    assert {example.voice for example in seen} == voices


def test_no_message_stands_there_twice(seen: list[Example]) -> None:
    first: dict[str, Example] = {}
    twice = []
    for example in seen:
        text = " ".join(example.text.lower().split())
        other = first.setdefault(text, example)
        if other is not example:
            twice.append((where(example), where(other)))
    assert not twice


def test_no_message_stands_under_two_intents(seen: list[Example]) -> None:
    intents: dict[str, str] = {}
    clashes = [
        where(example)
        for example in seen
        if intents.setdefault(normalize(example.text), example.intent) != example.intent
    ]
    assert not clashes


def test_no_message_is_a_near_copy_of_one_of_another_intent(seen: list[Example]) -> None:
    words = [frozenset(normalize(example.text).split()) for example in seen]
    common = Counter(word for said in words for word in said)
    sharing: dict[str, list[int]] = defaultdict(list)
    copies = []
    for i, said in enumerate(words):
        if len(said) < WORDS:
            continue
        # Messages that are so alike share one of their three rarest words.
        rarest = sorted(said, key=lambda word: (common[word], word))[:3]
        for j in {j for word in rarest for j in sharing[word]}:
            alike = len(said & words[j]) / len(said | words[j])
            if seen[i].intent != seen[j].intent and alike >= ALIKE:
                copies.append((where(seen[i]), where(seen[j])))
        for word in rarest:
            sharing[word].append(i)
    assert not copies


def test_no_message_of_the_development_set_is_trained_on(seen: list[Example]) -> None:
    unseen = read_folder(PROJECT / "dev", read_intents(PROJECT / "domain.yml"))
    known = {" ".join(example.text.lower().split()) for example in seen}
    told = [e for e in unseen if len(e.text.split()) > WORDS]
    assert [where(e) for e in told if " ".join(e.text.lower().split()) in known] == []
    assert not {e.voice for e in seen} & {e.voice for e in unseen}


def where(example: Example) -> str:
    return f"{example.voice}:{example.line} {example.text}"
