"""Understanding to Rasa's parse JSON and back."""

from __future__ import annotations

import json

import pytest

from nlu.rasa_json import NotParseResult, from_rasa, to_rasa
from nlu.understanding import Entity, Intent, Understanding

WHOLE = Understanding(
    "lupa pw, hp 0812",
    Intent("faq_lupa", 0.9),
    (Intent("faq_lupa", 0.9), Intent("greet", 0.1)),
    (Entity("phone", "+62812", 12, 16),),
    (Intent("faq_lain", 0.8),),
)


@pytest.mark.parametrize("understanding", [WHOLE, Understanding(""), Understanding("🙂")])
def test_an_understanding_survives_the_way_to_json_and_back(understanding: Understanding) -> None:
    assert from_rasa(json.loads(json.dumps(to_rasa(understanding)))) == understanding


def test_nothing_understood_is_an_intent_without_a_name_as_rasa_says_it() -> None:
    assert to_rasa(Understanding(""))["intent"] == {"name": None, "confidence": 0.0}


def test_keys_are_those_of_rasa() -> None:
    found = to_rasa(WHOLE)
    assert list(found) == ["text", "intent", "entities", "intent_ranking", "also"]
    assert found["entities"][0] == {
        "entity": "phone",
        "value": "+62812",
        "start": 12,
        "end": 16,
        "extractor": "PatternEntityExtractor",
    }


def test_what_rasa_adds_is_passed_over_and_the_ranking_begins_with_the_intent() -> None:
    answer = {
        "text": "hari ini 3",
        "intent": {"name": "nlu_fallback", "confidence": 0.3},
        "entities": [
            {"entity": "number", "value": 3, "start": 9, "end": 10, "extractor": "Duckling"}
        ],
        "text_tokens": [[0, 4], [5, 8], [9, 10]],
        "intent_ranking": [
            {"name": "a", "confidence": 0.2},
            {"name": "b", "confidence": 0.4},
            {"name": "nlu_fallback", "confidence": 0.3},
        ],
        "response_selector": {"all_retrieval_intents": []},
    }
    found = from_rasa(answer)
    assert [one.name for one in found.intent_ranking] == ["nlu_fallback", "b", "a"]
    assert found.entities[0].value == "3"


def test_a_confidence_just_above_one_is_one() -> None:
    answer = {"text": "a", "intent": {"name": "a", "confidence": 1.0000001}}
    assert from_rasa(answer).intent == Intent("a", 1.0)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([], '"the answer" should be an object, but is [].'),
        ({}, '"text" is missing.'),
        ({"text": 3}, '"text" should be a text, but is 3.'),
        ({"text": "a", "intent": "greet"}, "\"intent\" should be an object, but is 'greet'."),
        (
            {"text": "a", "intent": {"name": 3, "confidence": 0.2}},
            '"intent.name" should be a text, but is 3.',
        ),
        (
            {"text": "a", "intent": {"name": "b"}},
            '"intent.confidence" should be a number, but is None.',
        ),
        (
            {"text": "a", "intent": {"name": "b", "confidence": True}},
            '"intent.confidence" should be a number, but is True.',
        ),
        (
            {"text": "a", "intent": {"name": "b", "confidence": float("nan")}},
            '"intent.confidence" should lie in 0..1, but is nan.',
        ),
        (
            {"text": "a", "intent": {"name": "b", "confidence": 3}},
            '"intent.confidence" should lie in 0..1, but is 3.',
        ),
        (
            {"text": "a", "intent_ranking": [3]},
            '"intent_ranking[0]" should be an object, but is 3.',
        ),
        ({"text": "a", "entities": [{"start": 0}]}, '"entities[0].end" is missing.'),
        (
            {"text": "a", "entities": [{"start": 0, "end": 9}]},
            '"entities[0]" spans 0 to 9, outside of its text.',
        ),
        (
            {"text": "a", "entities": [{"start": 0, "end": 1, "entity": "x", "value": None}]},
            '"entities[0].value" should be a text, but is None.',
        ),
    ],
)
def test_what_is_not_a_parse_result_is_said_in_a_sentence(answer: object, sentence: str) -> None:
    with pytest.raises(NotParseResult) as raised:
        from_rasa(answer)
    assert str(raised.value) == sentence
