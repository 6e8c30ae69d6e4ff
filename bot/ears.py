"""How texts are understood in this process: which engine, and who may wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.config import ConfigError, Nlu
from bot.metrics import NluMetrics
from nlu.engines.breaker import Breaker, Rules
from nlu.engines.guarded import OK, REMEMBERED, GuardedEngine, ParseFailed, Reliable
from nlu.engines.port import Engine
from nlu.learning.fingerprint import PROJECT
from nlu.learning.training_data import read_folder, read_intents
from nlu.understanding import Understanding

if TYPE_CHECKING:
    from nlu.engines.rasa import RasaClient

Parse = Callable[[str], Understanding]

TRIAL = "halo"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Ears:
    """``patient`` may wait for a server: only for threads in which nobody waits behind it.
    ``quick`` never waits: for what holds a lock, a transaction or the event loop."""

    patient: Parse
    quick: Parse


def ears(engine: Engine, metrics: NluMetrics) -> Ears:
    """The ways to an engine, with what it does counted."""
    if isinstance(engine, GuardedEngine):
        engine.watch = metrics
        metrics.follow_circuit(lambda: engine.is_open)
        return Ears(engine.parse, engine.parse_now)
    parse = lru_cache(maxsize=REMEMBERED)(_timed(engine, metrics))
    return Ears(parse, parse)


def guard(builtin: Reliable, settings: Nlu, token: str) -> GuardedEngine:
    """The Rasa server's engine, which ``builtin`` stands in for. A server that does not answer
    now stops nothing: one line in the log says so."""
    rules = Rules(
        settings.rasa.failures, settings.rasa.pause_seconds, settings.rasa.longest_pause_seconds
    )
    engine = GuardedEngine(_client(settings, token), builtin, Breaker(rules))
    engine.try_out(TRIAL)
    return engine


def release(engine: Engine) -> None:
    """Let go of the connections of an engine, once nobody asks it any more."""
    if isinstance(engine, GuardedEngine):
        engine.close()


def check_engine(settings: Nlu, token: str) -> str:
    """A sentence about the Rasa server of the configuration. Raises ConfigError where it does
    not do its part; Loket would start all the same."""
    client, url = _client(settings, token), settings.rasa.url
    try:
        version = client.version()
        missing = _never_named(client)
    except ParseFailed as failure:
        raise ConfigError(
            f"nlu.rasa: the server at {url} cannot be used: {failure} "
            "The builtin engine answers until it can."
        ) from None
    finally:
        client.close()
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise ConfigError(
            f"nlu.rasa: the server at {url} (Rasa {version}) does not know all intents of "
            f"nlu/domain.yml: {', '.join(missing[:_MOST_NAMED])}{more} missing. Train it with the "
            "data of this release."
        )
    count = len(read_intents(PROJECT / "domain.yml"))
    return f"The Rasa server at {url} answers (Rasa {version}) and knows all {count} intents."


def _client(settings: Nlu, token: str) -> RasaClient:
    from nlu.engines.rasa import RasaClient, RasaServer  # its HTTP client is slow to load

    rasa = settings.rasa
    server = RasaServer(rasa.url, token, rasa.timeout_seconds, rasa.connect_seconds)
    return RasaClient(server, frozenset(read_intents(PROJECT / "domain.yml")))


def _never_named(client: RasaClient) -> list[str]:
    """The domain's intents that the server does not even name for one of their own training
    messages. (What ``GET /domain`` says of a model without stories is empty.)"""
    intents = read_intents(PROJECT / "domain.yml")
    examples = {e.intent: e.text for e in read_folder(PROJECT / "data", intents)}
    named: set[str] = set()
    for intent in intents:
        if intent not in named and intent in examples:
            named |= {one.name for one in client.parse(examples[intent]).intent_ranking}
    return [intent for intent in intents if intent not in named]


def _timed(engine: Engine, metrics: NluMetrics) -> Parse:
    def parse(text: str) -> Understanding:
        begun = time.perf_counter()
        found = engine.parse(text)
        metrics.parsed("builtin", OK, time.perf_counter() - begun)
        return found

    return parse
