"""The circuit breaker, and the engine that answers when the other one does not."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from nlu.engines.breaker import WINDOW, Breaker, Rules
from nlu.engines.guarded import REMEMBERED, REMEMBERED_SECONDS, GuardedEngine, ParseFailed
from nlu.understanding import Intent, Understanding

RULES = Rules(failures=3, pause=5.0, longest_pause=30.0)


class HandClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def breaker(clock: HandClock) -> Breaker:
    return Breaker(RULES, clock)


def fail(breaker: Breaker, times: int = 1) -> list[bool]:
    """Calls that fail one after another; whether each opened it."""
    opened = []
    for _ in range(times):
        era = breaker.admit()
        assert era is not None
        opened.append(breaker.failed(era))
    return opened


def test_it_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    assert fail(breaker, 3) == [False, False, True]
    assert breaker.is_open
    assert breaker.admit() is None


def test_a_success_in_between_begins_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.succeeded(breaker.admit() or 0) is False
    assert fail(breaker, 3) == [False, False, True]


def test_more_failures_than_successes_open_it_too(breaker: Breaker) -> None:
    opened = []
    for i in range(WINDOW):
        era = breaker.admit()
        assert era is not None
        if i % 3 == 0:
            breaker.succeeded(era)
        else:
            opened.append(breaker.failed(era))
        if breaker.is_open:
            break
    assert opened == [False] * (WINDOW // 2) + [True]


def test_after_the_pause_one_alone_may_try(breaker: Breaker, clock: HandClock) -> None:
    fail(breaker, 3)
    clock.now += 4.9
    assert breaker.admit() is None
    clock.now += 0.2
    era = breaker.admit()
    assert era is not None
    assert [breaker.admit() for _ in range(5)] == [None] * 5
    assert breaker.succeeded(era) is True
    assert not breaker.is_open
    assert breaker.admit() is not None


def test_of_many_threads_one_alone_may_try(breaker: Breaker, clock: HandClock) -> None:
    fail(breaker, 3)
    clock.now += 5
    barrier = threading.Barrier(16)

    def come(_: int) -> int | None:
        barrier.wait()
        return breaker.admit()

    with ThreadPoolExecutor(16) as pool:
        admitted = [era for era in pool.map(come, range(16)) if era is not None]
    assert len(admitted) == 1


def test_each_trial_that_fails_doubles_the_pause_up_to_a_limit(
    breaker: Breaker, clock: HandClock
) -> None:
    fail(breaker, 3)
    pauses = []
    for _ in range(5):
        pauses.append(breaker.pause)
        clock.now += breaker.pause - 0.1
        assert breaker.admit() is None
        clock.now += 0.1
        assert fail(breaker) == [False]  # it was open before
    assert pauses == [5, 10, 20, 30, 30]
    clock.now += 30
    breaker.succeeded(breaker.admit() or 0)
    assert fail(breaker, 3)[-1]
    assert breaker.pause == 5


def test_what_comes_in_late_changes_nothing(breaker: Breaker, clock: HandClock) -> None:
    early = breaker.admit()
    assert early is not None
    fail(breaker, 3)
    assert breaker.succeeded(early) is False
    assert breaker.is_open
    clock.now += 5
    trial = breaker.admit()
    assert trial is not None
    assert breaker.failed(early) is False
    assert breaker.pause == 5
    assert breaker.succeeded(trial) is True
    assert breaker.failed(trial) is False


class First:
    """An engine that understands everything, or fails as it is told."""

    name = "first"

    def __init__(self) -> None:
        self.fault: BaseException | None = None
        self.asked: list[str] = []
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def parse(self, text: str) -> Understanding:
        self.asked.append(text)
        if self.fault is not None:
            raise self.fault
        return understanding(text, "greet")


class Second:
    name = "second"

    def parse(self, text: str) -> Understanding:
        return understanding(text, "thanks")


class Tally:
    """Keeps count."""

    def __init__(self) -> None:
        self.parses: Counter[tuple[str, str]] = Counter()
        self.fallbacks: Counter[str] = Counter()

    def parsed(self, engine: str, outcome: str, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.parses[engine, outcome] += 1

    def fell_back(self, reason: str) -> None:
        self.fallbacks[reason] += 1


def understanding(text: str, name: str) -> Understanding:
    intent = Intent(name, 0.9)
    return Understanding(text, intent, (intent,))


SLOW = ParseFailed("timeout", "no answer within 1 s.")


@pytest.fixture
def first() -> First:
    return First()


@pytest.fixture
def guarded(first: First, breaker: Breaker, clock: HandClock) -> GuardedEngine:
    engine = GuardedEngine(first, Second(), breaker, clock)
    engine.watch = Tally()
    return engine


def tally(engine: GuardedEngine) -> Tally:
    assert isinstance(engine.watch, Tally)
    return engine.watch


def by(understood: Understanding) -> str:
    assert understood.intent is not None
    return {"greet": "first", "thanks": "second"}[understood.intent.name]


def test_the_first_answers_as_long_as_it_can(guarded: GuardedEngine, first: First) -> None:
    assert by(guarded.parse("a")) == "first"
    first.fault = SLOW
    assert by(guarded.parse("b")) == "second"
    first.fault = None
    assert by(guarded.parse("b")) == "first"
    assert tally(guarded).parses == {
        ("first", "ok"): 2,
        ("first", "timeout"): 1,
        ("second", "ok"): 1,
    }
    assert tally(guarded).fallbacks == {"timeout": 1}


def test_a_text_heard_lately_is_not_asked_again(
    guarded: GuardedEngine, first: First, clock: HandClock
) -> None:
    guarded.parse("a")
    guarded.parse("a")
    assert first.asked == ["a"]
    clock.now += REMEMBERED_SECONDS + 1  # by then the server may have another model
    guarded.parse("a")
    assert first.asked == ["a", "a"]


def test_not_everything_is_remembered_for_ever(guarded: GuardedEngine, first: First) -> None:
    for i in range(REMEMBERED + 1):
        guarded.parse(f"text {i}")
    guarded.parse("text 0")
    guarded.parse(f"text {REMEMBERED}")
    assert len(first.asked) == REMEMBERED + 2


def test_where_nobody_may_wait_the_first_is_not_asked(guarded: GuardedEngine, first: First) -> None:
    assert by(guarded.parse_now("a")) == "second"
    assert first.asked == []
    guarded.parse("a")
    assert by(guarded.parse_now("a")) == "first"


def test_an_open_circuit_is_not_asked_until_its_pause_is_over(
    guarded: GuardedEngine, first: First, clock: HandClock
) -> None:
    first.fault = SLOW
    assert [by(guarded.parse(text)) for text in "abcdef"] == ["second"] * 6
    assert first.asked == ["a", "b", "c"]
    assert guarded.is_open
    first.fault = None
    clock.now += 5
    assert by(guarded.parse("g")) == "first"
    assert not guarded.is_open
    assert tally(guarded).fallbacks == {"timeout": 3, "circuit_open": 3}


def test_opening_and_closing_is_one_line_each_without_any_text(
    guarded: GuardedEngine, first: First, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first.fault = SLOW
    for i in range(20):
        guarded.parse(f"sandi saya {i}")
    clock.now += 5
    guarded.parse("sandi saya masih ini")
    clock.now += 10
    first.fault = None
    for i in range(20):
        guarded.parse(f"sandi saya lagi {i}")
    assert [record.getMessage() for record in caplog.records] == [
        "first does not understand texts for now: no answer within 1 s. second answers; "
        "first is tried again in 5 s.",
        "first understands texts again.",
    ]


def test_a_fault_of_our_own_is_a_failure_and_keeps_the_text_out_of_the_log(
    guarded: GuardedEngine, first: First, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first.fault = ValueError("rahasia")
    assert [by(guarded.parse(text)) for text in "abcd"] == ["second"] * 4
    assert tally(guarded).fallbacks == {"fault": 3, "circuit_open": 1}
    assert "ValueError in our own code." in caplog.text
    assert "rahasia" not in caplog.text


def test_a_text_that_is_nothing_to_the_server_says_nothing_against_it(
    guarded: GuardedEngine, first: First
) -> None:
    first.fault = ParseFailed("no_intent", "it finds no intent.", counts=False)
    assert [by(guarded.parse(text)) for text in "abcdef"] == ["second"] * 6
    assert first.asked == [*"abcdef"]


def test_a_trial_that_is_interrupted_does_not_keep_the_others_out(
    guarded: GuardedEngine, first: First, clock: HandClock
) -> None:
    first.fault = SLOW
    for text in "abc":
        guarded.parse(text)
    clock.now += 5
    first.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        guarded.parse("d")
    clock.now += 10
    first.fault = None
    assert by(guarded.parse("e")) == "first"


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_text_goes_nowhere(guarded: GuardedEngine, first: First, text: str) -> None:
    guarded.parse(text)
    assert first.asked == []


def test_a_server_that_is_down_at_the_start_is_one_line(
    guarded: GuardedEngine,
    first: First,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first.fault = ParseFailed("unreachable", "there is no connection.")
    assert guarded.try_out("halo") is False
    assert by(guarded.parse("a")) == "second"
    assert first.asked == ["halo"]
    assert len(caplog.records) == 1
    first.fault = None
    clock.now += 5
    assert by(guarded.parse("b")) == "first"


def test_others_answer_at_once_while_one_tries(clock: HandClock) -> None:
    """The trial hangs in one thread; seven others are served by the second engine."""
    going, hold = threading.Event(), threading.Event()

    class Hanging(First):
        def parse(self, text: str) -> Understanding:
            if text == "trial":
                going.set()
                assert hold.wait(10)
            return super().parse(text)

    first = Hanging()
    engine = GuardedEngine(first, Second(), Breaker(RULES, clock), clock)
    first.fault = SLOW
    for text in "abc":
        engine.parse(text)
    first.fault = None
    clock.now += 5
    with ThreadPoolExecutor(8) as pool:
        trial = pool.submit(engine.parse, "trial")
        assert going.wait(10)
        others = [pool.submit(engine.parse, f"other {i}") for i in range(7)]
        assert {by(other.result(10)) for other in others} == {"second"}
        hold.set()
        assert by(trial.result(10)) == "first"
    assert by(engine.parse("after")) == "first"


def test_closing_lets_the_first_go(guarded: GuardedEngine, first: First) -> None:
    guarded.close()
    assert first.closed
