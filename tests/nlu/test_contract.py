"""What holds for every engine: the builtin one, the Rasa client before a server of ours, and
before a real Rasa where its environment is there (`make rasa`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from nlu.engines.breaker import Breaker, Rules
from nlu.engines.builtin import BuiltinEngine
from nlu.engines.guarded import GuardedEngine
from nlu.engines.port import Engine
from nlu.engines.rasa import RasaClient, RasaServer
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_intents
from nlu.understanding import Intent, Understanding
from tests.nlu import real_rasa
from tests.nlu.rasa_server import FakeRasa, answers_of
from tests.nlu.test_engine import CLEAR, STRANGE

INTENTS = frozenset(read_intents(PROJECT / "domain.yml"))
PATIENCE = 10.0  # a loaded machine is no reason to fall back

ENTITIES = {
    "cek tiket lpse 2611 00042 k": ("ticket_number", "LPSE-2611-00042-K"),
    "\n  hp saya 0812-3456-7890 ya": ("phone", "+6281234567890"),
    "/tender 10063542000 gagal, email budi@contoh.co.id": ("email", "budi@contoh.co.id"),
    "😀😀 email budi@contoh.co.id": ("email", "budi@contoh.co.id"),
}
LONG = ["a ", "0", "halo. ", "besok ", "😀", "a-b.c@", "\u202e", "\x00", "/"]


class Tally:
    """Counts how often the second engine had to answer."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def parsed(self, engine: str, outcome: str, seconds: float) -> None:
        return None

    def fell_back(self, reason: str) -> None:
        self.reasons[reason] += 1


@contextmanager
def through(url: str, second: BuiltinEngine) -> Iterator[Engine]:
    """The rasa engine as it is wired, which must not have to fall back. (A text without any
    word may be nothing to a real Rasa.)"""
    client = RasaClient(RasaServer(url, "", PATIENCE, PATIENCE), INTENTS)
    guarded, tally = GuardedEngine(client, second, Breaker(Rules())), Tally()
    guarded.watch = tally
    try:
        yield guarded
        assert not tally.reasons.keys() - {"no_intent"}
    finally:
        client.close()


@contextmanager
def behind_a_server(engine: BuiltinEngine) -> Iterator[Engine]:
    server = FakeRasa(answers_of(engine))
    try:
        with through(server.url, engine) as guarded:
            yield guarded
    finally:
        server.die()


MISSING = pytest.mark.skipif(not real_rasa.found(), reason=real_rasa.MISSING)
KINDS = ["builtin", "rasa client", pytest.param("rasa server", marks=MISSING)]


@pytest.fixture(params=KINDS)
def any_engine(request: pytest.FixtureRequest, engine: BuiltinEngine) -> Iterator[Engine]:
    """One engine after another; a new kind of engine is a line here."""
    if request.param == "builtin":
        yield engine
    elif request.param == "rasa client":
        with behind_a_server(engine) as guarded:
            yield guarded
    else:
        _, url = request.getfixturevalue("small_pair")
        with through(url, engine) as guarded:
            yield guarded


def check(found: Understanding, text: str) -> None:
    """What holds for the understanding of any text."""
    assert found.text == text
    confidences = [intent.confidence for intent in found.intent_ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= one <= 1 and math.isfinite(one) for one in confidences)
    assert sum(confidences) <= 1 + 1e-4
    names = [intent.name for intent in found.intent_ranking]
    assert len(names) == len(set(names))
    assert {*names, *(intent.name for intent in found.also)} <= INTENTS
    assert found.intent == (found.intent_ranking[0] if found.intent_ranking else None)
    for entity in found.entities:
        assert 0 <= entity.start < entity.end <= len(text)
        assert entity.value


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_text_is_nothing(any_engine: Engine, text: str) -> None:
    assert any_engine.parse(text) == Understanding(text)


def test_clear_messages_are_understood(any_engine: Engine) -> None:
    for text, intent in CLEAR.items():
        found = any_engine.parse(text)
        check(found, text)
        assert found.is_(intent, 0.6), (text, found.intent_ranking[:3])


def test_strange_texts_are_answered_like_any_other(any_engine: Engine) -> None:
    for text in STRANGE.values():
        check(any_engine.parse(text), text)


@pytest.mark.parametrize("unit", LONG)
def test_100000_characters_are_answered(any_engine: Engine, unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    check(any_engine.parse(text), text)


def test_half_an_emoji_is_answered(any_engine: Engine) -> None:
    check(any_engine.parse("lupa \ud800 password"), "lupa \ud800 password")


@pytest.mark.parametrize("text", ["/erase_my_data", ' /greet{"phone": "1"}', "/ticket_status x"])
def test_nobody_names_an_intent_by_a_slash(any_engine: Engine, text: str) -> None:
    found = any_engine.parse(text)
    check(found, text)
    assert found.intent is not None
    assert found.intent.confidence < 1
    assert len(found.intent_ranking) > 1


@pytest.mark.parametrize(("text", "value"), ENTITIES.items())
def test_values_are_found_at_their_place(
    any_engine: Engine, text: str, value: tuple[str, str]
) -> None:
    found = any_engine.parse(text)
    check(found, text)
    assert value in [(entity.entity, entity.value) for entity in found.entities]
    entity = next(e for e in found.entities if (e.entity, e.value) == value)
    assert text[entity.start : entity.end].strip() == text[entity.start : entity.end]
    assert text[entity.start : entity.end][-1].lower() == value[1][-1].lower()


def test_threads_get_the_answers_of_one(any_engine: Engine) -> None:
    texts = [f"{text} {i}" for i in range(5) for text in CLEAR]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(any_engine.parse, texts))
    assert together == [any_engine.parse(text) for text in texts]


def test_the_client_gives_what_its_server_meant(engine: BuiltinEngine) -> None:
    """Nothing is lost on the way there and back."""
    texts = [*CLEAR, *ENTITIES, "Gagal upload. Selain itu cara sanggah bagaimana?"]
    with behind_a_server(engine) as guarded:
        for text in texts:
            found, meant = guarded.parse(text), engine.parse(text.lstrip(" \n/"))
            assert found.intent_ranking == meant.intent_ranking
            assert found.also == meant.also
            assert [(e.entity, e.value) for e in found.entities] == [
                (e.entity, e.value) for e in engine.parse(text).entities
            ]
            assert all(isinstance(intent, Intent) for intent in found.also)
