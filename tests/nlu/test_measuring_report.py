"""The figures of a measurement, and how they are shown."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from xml.etree import ElementTree

import pytest
from rich.console import Console

from nlu.engines.guarded import ParseFailed
from nlu.learning.thresholds import Thresholds
from nlu.learning.training_data import Example
from nlu.measuring.cutting import clip, columns
from nlu.measuring.judging import NOTHING, judge, scored_of
from nlu.measuring.listing import verdict
from nlu.measuring.picture import draw
from nlu.measuring.report import Report, Setting, Training, report
from nlu.measuring.reviewing import grouped
from nlu.measuring.shown import show
from nlu.understanding import Intent, Understanding

LIMITS = Thresholds(confident=0.6, suggest=0.2, act=0.7)
SAID = {
    "lost my card": {"card": 0.9, "pin": 0.05, "oos": 0.05},
    "card gone": {"card": 0.65, "pin": 0.3, "oos": 0.05},
    "new pin": {"pin": 0.8, "card": 0.15, "oos": 0.05},
    "pin of the card": {"card": 0.5, "pin": 0.4, "oos": 0.1},
    "joke": {"oos": 0.9, "pin": 0.07, "card": 0.03},
    "play a card game": {"card": 0.75, "oos": 0.2, "pin": 0.05},
}
LABELS = ["card", "card", "pin", "pin", "oos", "oos"]


class Known:
    """An engine that knows a few texts by heart."""

    def parse(self, text: str) -> Understanding:
        ranking = tuple(Intent(*pair) for pair in SAID.get(text, {}).items())
        return Understanding(text, ranking[0] if ranking else None, ranking)


def messages(voices: Sequence[str] = ("test",)) -> list[Example]:
    return [
        Example(text, label, voices[i % len(voices)], i)
        for i, (text, label) in enumerate(zip(SAID, LABELS, strict=True))
    ]


def measured(examples: Sequence[Example] | None = None, **more: object) -> Report:
    setting = Setting("builtin", "test", "plain", "oos", LIMITS, **more)  # type: ignore[arg-type]
    return report(setting, judge(Known(), examples or messages(), "oos"))


def shown(found: Report, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_quality_is_counted_over_messages_in_scope() -> None:
    found = measured()
    assert (found.messages_in_scope, found.messages_out_of_scope, found.intents) == (4, 2, 3)
    assert (found.top1, found.top3) == (0.75, 1.0)
    assert found.macro_f1 == pytest.approx((2 * 2 / (2 + 4) + 2 * 1 / (2 + 1)) / 2)
    # What out of scope leaves is less for both others than for any message in scope.
    assert found.auroc == pytest.approx(1.0)


def test_rates_at_the_thresholds_are_what_the_conversation_would_do() -> None:
    at = measured().at_thresholds
    assert at.refused_in_scope == 0
    assert at.refused_out_of_scope == 0.5
    assert at.answered_in_scope == 0.5  # 0.9 and 0.8; 0.65 is below act
    assert at.answered_right == 1
    assert at.answered_out_of_scope == 0.5


def test_confusions_name_how_often_and_one_message() -> None:
    (first, second) = measured().confusions
    assert asdict(first) == {
        "label": "oos", "predicted": "card", "times": 1, "example": "play a card game",
    }  # fmt: skip
    assert (second.label, second.predicted) == ("pin", "card")


def test_every_intent_has_its_precision_and_recall() -> None:
    found = measured().per_intent
    assert asdict(found["card"]) == {
        "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 2,
    }  # fmt: skip
    assert found["pin"].recall == 0.5


def test_bins_hold_every_message_once() -> None:
    bins = measured().calibration
    assert sum(one.messages for one in bins) == 6
    assert all(one.low <= one.confidence <= one.high for one in bins)


def test_intents_that_were_never_trained_are_reported_and_wrong() -> None:
    strange = [*messages(), Example("new pin", "loan", "test", 9)]
    found = measured(strange, trained_intents=frozenset({"card", "pin"}))
    assert found.unknown_intents == {"loan": 1}
    assert found.top1 == 3 / 5
    assert "never trained: loan" in shown(found)


def test_messages_of_the_training_are_counted() -> None:
    assert measured(trained_texts=frozenset({"joke", "else"})).in_training_too == 1


def test_without_an_out_of_scope_intent_its_rates_are_none() -> None:
    setting = Setting("builtin", "test", "plain", None, LIMITS)
    found = report(setting, judge(Known(), messages(), None))
    assert (found.auroc, found.refused_at_90, found.messages_out_of_scope) == (None, None, 0)
    assert found.at_thresholds.refused_out_of_scope is None
    assert "AUROC" not in shown(found)


def test_only_out_of_scope_messages_are_measured_too() -> None:
    found = measured([Example("joke", "oos", "test", 1)])
    assert found.top1 is None
    assert found.at_thresholds.refused_out_of_scope == 1
    assert "top-1" in shown(found)
    ElementTree.fromstring(draw(found))


def test_each_voice_has_figures_of_its_own() -> None:
    voices = measured(messages(("budi", "siti"))).voices
    assert {voice: found["messages"] for voice, found in voices.items()} == {"budi": 3, "siti": 3}
    assert measured().voices == {}


def test_an_engine_that_gives_nothing_is_wrong_and_not_broken() -> None:
    found = measured([Example("what", "card", "test", 1), *messages()])
    assert found.per_intent[NOTHING].support == 0
    assert found.top1 == 3 / 5


def test_a_fallback_of_rasa_counts_as_out_of_scope() -> None:
    ranking = (Intent("nlu_fallback", 0.5), Intent("card", 0.3))
    scored = scored_of(Understanding("x", ranking[0], ranking), "oos", "oos")
    assert (scored.predicted, scored.ranking, scored.scope) == ("oos", ("card",), 0.5)


def test_a_server_that_knows_nothing_of_a_text_goes_on_and_one_that_fails_stops() -> None:
    class Failing:
        name = "failing"

        def __init__(self, counts: bool) -> None:
            self.counts = counts

        def parse(self, text: str) -> Understanding:
            raise ParseFailed("no_intent", "no intent", counts=self.counts)

    assert judge(Failing(False), messages(), "oos")[0].scored.predicted == NOTHING
    with pytest.raises(ParseFailed):
        judge(Failing(True), messages(), "oos")


def test_the_report_is_json_without_anything_that_is_none_of_it() -> None:
    found = json.loads(json.dumps(asdict(measured()), allow_nan=False))
    assert list(found)[:12] == [
        "engine", "method", "language", "out_of_scope", "messages_in_scope",
        "messages_out_of_scope", "intents", "top1", "top3", "macro_f1", "ece", "auroc",
    ]  # fmt: skip
    assert found["matrix"]["oos"] == {"card": 1, "oos": 1}
    assert found["p50_ms"] > 0


def test_the_table_fits_a_terminal_and_names_what_matters() -> None:
    text = shown(measured(training=Training(10, 3, 100, 1.5), notes=("Out of scope is oos.",)))
    assert max(map(len, text.splitlines())) <= 80
    for piece in ("75.0%", "AUROC", "oos → card", "play a card game", "10 messages, 3 intents"):
        assert piece in text


HOSTILE = "[red]a[/red] <b>&\x1b[31m\x00\u202e" + "长" * 80


def test_hostile_names_and_texts_break_neither_table_nor_picture() -> None:
    found = measured([*messages(), Example(HOSTILE, HOSTILE, "te<st", 1)])
    text = shown(found)
    assert "\x1b" not in text
    assert "[red]a[/red]" in text
    picture = draw(found)
    ElementTree.fromstring(picture)
    assert "\x1b" not in picture


def test_the_picture_shows_every_intent_mistake_and_share() -> None:
    picture = draw(measured())
    titles = [
        e.text for e in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}title")
    ]
    assert "pin\ntaken for card: 1 of 2 (50.0%)" in titles
    assert "card\nright: 2 of 2 (100.0%)" in titles
    assert "Engine builtin: 75.0% of 4 messages right" in picture


def test_texts_are_cut_by_columns() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
    assert columns(clip("长长长长", 5)) == 5
    assert clip("a\n\tb\x1b", 9) == "a b"


def test_what_was_asked_in_vain_is_grouped_by_what_it_means_now() -> None:
    groups = grouped(["card gone", "Card  gone", "new pin", "lost my card", "hm"], Lower())
    assert [(group.intent, group.times) for group in groups] == [
        ("card", 3), (NOTHING, 1), ("pin", 1),
    ]  # fmt: skip
    assert [(asked.text, asked.times) for asked in groups[0].asked] == [
        ("card gone", 2), ("lost my card", 1),
    ]  # fmt: skip


class Lower(Known):
    def parse(self, text: str) -> Understanding:
        return super().parse(text.casefold())


@pytest.mark.parametrize(
    ("name", "confidence", "does"),
    [
        ("faq_totp", 0.6, "answered at once"),
        ("faq_totp", 0.59, "suggested"),
        ("faq_totp", 0.1, "not understood"),
        ("greet", 0.7, "acted on at once"),
        ("oos", 0.9, "out of scope"),
    ],
)
def test_a_parse_says_what_the_conversation_does_with_it(
    name: str, confidence: float, does: str
) -> None:
    intent = Intent(name, confidence)
    ranking = (intent,) if name == "oos" else (intent, Intent("oos", 1 - confidence))
    assert verdict(Understanding("x", intent, ranking), LIMITS, "oos") == does


def test_nothing_understood_is_said() -> None:
    assert verdict(Understanding(""), LIMITS, "oos") == "nothing understood"
