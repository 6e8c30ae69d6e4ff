"""The rasa engine against a real HTTP server that behaves, and misbehaves in every way."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nlu.engines.breaker import Breaker, Rules
from nlu.engines.guarded import GuardedEngine, ParseFailed
from nlu.engines.rasa import MOST_CHARACTERS, RasaClient, RasaServer
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_intents
from nlu.understanding import Intent, Understanding
from tests.nlu.rasa_server import MODES, FakeRasa, greeting

TIMEOUT = 0.25
SLACK = 1.5  # what a loaded machine may add
INTENTS = frozenset(read_intents(PROJECT / "domain.yml"))
TOKEN = "tok&en=1 + #2/"

REASONS = {
    "slow": "timeout",
    "hangs": "timeout",
    "drips its head": "timeout",
    "drips its body": "timeout",
    "cut at once": "cut",
    "cut in the head": "cut",
    "cut in the body": "cut",
    "no HTTP": "cut",
    "400": "status",
    "401": "status",
    "404": "status",
    "409": "status",
    "500": "status",
    "204": "status",
    "sends elsewhere": "status",
    "no intent": "no_intent",
}
"""Why each mode of the server fails; ``answer`` where nothing stands here."""


@pytest.fixture
def server() -> Iterator[FakeRasa]:
    fake = FakeRasa()
    yield fake
    fake.die()


def connect(server: FakeRasa, **how: Any) -> RasaClient:
    return RasaClient(RasaServer(server.url, **{"timeout": TIMEOUT, **how}), INTENTS)


@pytest.fixture
def client(server: FakeRasa) -> Iterator[RasaClient]:
    made = connect(server)
    yield made
    made.close()


def failure(client: RasaClient, text: str = "halo min") -> ParseFailed:
    begun = time.monotonic()
    with pytest.raises(ParseFailed) as raised:
        client.parse(text)
    assert time.monotonic() - begun < TIMEOUT + SLACK
    assert text not in str(raised.value)
    return raised.value


def test_an_answer_becomes_an_understanding(server: FakeRasa, client: RasaClient) -> None:
    server.answer = lambda text: {
        **greeting(text),
        "also": [{"name": "faq_sanggah", "confidence": 0.7}],
        "response_selector": {},
        "text_tokens": [[0, 4]],
    }
    found = client.parse("halo min, cara sanggah?")
    assert server.texts == ["halo min, cara sanggah?"]
    assert found.text == "halo min, cara sanggah?"
    assert found.intent == Intent("greet", 0.8)
    assert found.intent_ranking == (Intent("greet", 0.8), Intent("thanks", 0.2))
    assert found.also == (Intent("faq_sanggah", 0.7),)


def test_every_mode_of_the_server_is_looked_at() -> None:
    assert REASONS.keys() <= MODES.keys()


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "good"])
def test_what_is_no_answer_is_a_failure_in_time(
    server: FakeRasa, client: RasaClient, mode: str
) -> None:
    server.mode = mode
    found = failure(client)
    assert found.reason == REASONS.get(mode, "answer")
    assert str(found).endswith((".", "?"))
    assert found.counts == (mode != "no intent")
    assert len(server.texts) == 1  # not tried a second time
    server.mode = "good"
    assert client.parse("halo").intent == Intent("greet", 0.8)


def test_a_server_that_is_not_there_is_a_failure_at_once(
    server: FakeRasa, client: RasaClient
) -> None:
    server.die()
    begun = time.monotonic()
    assert failure(client).reason == "unreachable"
    assert time.monotonic() - begun < TIMEOUT + SLACK


def test_a_server_that_died_between_two_messages_is_found_again(
    server: FakeRasa, client: RasaClient
) -> None:
    client.parse("satu")
    server.die()
    failure(client, "dua")
    server.rise()
    assert client.parse("tiga").text == "tiga"


def test_a_name_that_nobody_knows_is_a_failure() -> None:
    client = RasaClient(RasaServer("http://rasa.invalid:5005", timeout=TIMEOUT), INTENTS)
    try:
        assert failure(client).reason in ("unreachable", "timeout")
    finally:
        client.close()


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "/", " // / "])
def test_what_has_no_words_does_not_go_to_the_server(
    server: FakeRasa, client: RasaClient, text: str
) -> None:
    assert client.parse(text) == Understanding(text)
    assert server.texts == []


def test_a_slash_at_the_front_is_no_command_to_rasa(server: FakeRasa, client: RasaClient) -> None:
    found = client.parse(' /erase_my_data{"region": "x"}')
    assert server.texts == ['erase_my_data{"region": "x"}']
    assert found.text == ' /erase_my_data{"region": "x"}'


def test_entities_are_ours_at_their_place_in_the_text_as_it_came(
    server: FakeRasa, client: RasaClient
) -> None:
    """The server's may have any form: from a pipeline with other extractors, or with none."""
    server.answer = lambda text: {
        **greeting(text),
        "entities": [
            {"entity": "ticket_number", "value": "lpse 2611", "start": 0, "end": 9},
            {"entity": "phone", "value": "0812", "start": 3, "end": 7},
            {"entity": "time", "value": 3, "start": 3, "end": 7, "additional_info": {}},
        ],
    }
    text = "\n  /tiket lpse 2611 00042 k 😀 hp 0812-3456-7890 \n"
    found = client.parse(text)
    assert server.texts == ["tiket lpse 2611 00042 k 😀 hp 0812-3456-7890"]
    assert {(e.value, text[e.start : e.end]) for e in found.entities} == {
        ("LPSE-2611-00042-K", "lpse 2611 00042 k"),
        ("+6281234567890", "0812-3456-7890"),
    }


def test_a_very_long_text_is_sent_in_part(server: FakeRasa, client: RasaClient) -> None:
    text = "gagal upload " * 10_000
    assert client.parse(text).text == text
    assert len(server.texts[0]) <= MOST_CHARACTERS


def test_half_an_emoji_breaks_nothing(server: FakeRasa, client: RasaClient) -> None:
    assert client.parse("lupa \ud800 password").text == "lupa \ud800 password"
    assert server.texts == ["lupa ? password"]


def test_the_token_goes_along_and_is_shown_nowhere(
    server: FakeRasa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = connect(server, token=TOKEN)
    try:
        client.parse("halo")
        assert client.version() == "3.6.21"
        assert server.tokens == [TOKEN, TOKEN]
        server.mode = "401"
        refused = failure(client)
        assert "LOKET_RASA_TOKEN" in str(refused)
        assert TOKEN not in f"{refused} {RasaServer(server.url, TOKEN)!r}"
    finally:
        client.close()


def test_one_connection_serves_many_messages(server: FakeRasa, client: RasaClient) -> None:
    for i in range(20):
        client.parse(f"pesan {i}")
    assert server.connections == 1


def test_no_proxy_of_the_environment_reads_along(
    server: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    client = connect(server)
    try:
        assert client.parse("halo").intent is not None
    finally:
        client.close()


@pytest.mark.parametrize("mode", ["hangs", "drips its head", "drips its body"])
def test_calls_that_took_too_long_leave_nothing_behind(server: FakeRasa, mode: str) -> None:
    client = RasaClient(RasaServer(server.url, timeout=0.05), INTENTS)
    server.mode = mode
    for _ in range(10):
        with pytest.raises(ParseFailed):
            client.parse("halo")
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if name.startswith("loket")] == ["loket-rasa"]
    assert not [name for name in names if name.startswith(("asyncio", "ThreadPool"))]
    client.close()
    assert "loket-rasa" not in [thread.name for thread in threading.enumerate()]


def test_a_closed_client_fails_and_breaks_nothing(server: FakeRasa) -> None:
    client = connect(server)
    client.parse("halo")
    client.close()
    assert failure(client).reason == "timeout"
    never_used = connect(server)
    never_used.close()


def test_closing_ends_calls_under_way(server: FakeRasa) -> None:
    client = connect(server, timeout=30.0)
    server.mode = "hangs"
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.parse, "halo")
        while not server.texts:
            time.sleep(0.01)
        client.close()
        with pytest.raises(ParseFailed):
            call.result(5)


def test_the_version_is_told(server: FakeRasa, client: RasaClient) -> None:
    assert client.version() == "3.6.21"
    server.mode = "HTML"
    with pytest.raises(ParseFailed, match="no JSON"):
        client.version()


class Builtin:
    """Answers for the server; each of its answers is told from the server's."""

    name = "builtin"

    def parse(self, text: str) -> Understanding:
        intent = Intent("deny", weight(text))
        return Understanding(text, intent, (intent,))


def weight(text: str) -> float:
    """A confidence that belongs to this text alone."""
    return int(text.split()[-1]) / 1_000_000


def weighed(text: str) -> Any:
    one = {"name": "affirm", "confidence": weight(text)}
    return {"text": text, "intent": one, "intent_ranking": [one], "entities": []}


def answered_by_the_server(engine: GuardedEngine) -> str:
    """A text that the server, which is up, understood; after a trial or two."""
    deadline = time.monotonic() + 20
    for number in itertools.count(900_000):
        text = f"pesan {number}"
        if engine.parse(text).intent == Intent("affirm", weight(text)):
            return text
        assert time.monotonic() < deadline
        time.sleep(0.02)
    raise AssertionError("unreachable")


def test_eight_threads_are_answered_while_the_server_dies_and_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every message gets an answer about itself, in time; none raises; at the end the server
    answers again."""
    server = FakeRasa(weighed)
    client = connect(server)
    engine = GuardedEngine(client, Builtin(), Breaker(Rules(4, 0.1, 0.4)))
    over, slowest, answers = threading.Event(), [0.0] * 8, [0] * 8
    by: list[set[str]] = [set() for _ in range(8)]

    def hammer(thread: int) -> None:
        while not over.is_set():
            answers[thread] += 1
            text = f"pesan {thread * 100_000 + answers[thread]}"
            begun = time.monotonic()
            found = engine.parse(text)
            slowest[thread] = max(slowest[thread], time.monotonic() - begun)
            assert found.text == text
            assert found.intent is not None
            assert found.intent.confidence == weight(text)
            by[thread].add(found.intent.name)
            time.sleep(0.002)

    def live_through() -> None:
        for mode in ("good", "hangs", "good", "500", "drips its head", "slow", "good"):
            server.mode = mode
            time.sleep(0.3)
        server.die()
        time.sleep(0.3)
        server.rise()
        time.sleep(1.2)

    try:
        with ThreadPoolExecutor(8) as pool:
            hammering = [pool.submit(hammer, thread) for thread in range(8)]
            live_through()
            over.set()
            for one in hammering:
                one.result(10)
        last = answered_by_the_server(engine)
    finally:
        over.set()
        client.close()
        server.die()
    assert max(slowest) < TIMEOUT + SLACK
    assert min(answers) > 10
    assert set.union(*by) == {"affirm", "deny"}
    assert last.startswith("pesan")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("nlu")]
    assert 2 <= len(lines) < 30
    assert all("pesan" not in line for line in lines)
