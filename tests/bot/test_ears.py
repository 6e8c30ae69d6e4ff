"""The engine rasa in the whole: it is waited for before any lock and nowhere else, a server
that is down stops nothing, and `loket check` says what is wrong with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bot import bootstrap
from bot.cli import main
from bot.config import Config, ConfigError, Nlu, Rasa, read_config
from bot.ears import check_engine, ears, guard, release
from bot.metrics import Metrics
from bot.places import read_places
from nlu.engines import builtin as builtin_engine
from nlu.engines.breaker import Breaker, Rules
from nlu.engines.guarded import GuardedEngine, ParseFailed
from nlu.engines.port import Engine
from nlu.understanding import Intent, Understanding
from tests.nlu.rasa_server import FakeRasa, answers_of, greeting
from tests.rig import ROOT, Rig


class Named:
    """An engine under the builtin's name."""

    name = "builtin"

    def __init__(self, engine: Engine) -> None:
        self.parse = engine.parse


class Overheard:
    """The rig's engine as a server would be: notes which threads wait for it."""

    name = "rasa"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.threads: dict[str, list[str]] = {}
        self.down = False

    def parse(self, text: str) -> Understanding:
        self.threads.setdefault(threading.current_thread().name, []).append(text)
        if self.down:
            raise ParseFailed("timeout", "no answer within 1 s.")
        return self._engine.parse(text)

    def close(self) -> None:
        return None


@pytest.fixture
def server(engine: Engine) -> Iterator[FakeRasa]:
    fake = FakeRasa(answers_of(engine))
    yield fake
    fake.die()


@pytest.fixture
def make_office(tmp_path: Path, engine: Engine) -> Iterator[Callable[[Engine], Rig]]:
    made: list[Rig] = []

    def make(used: Engine) -> Rig:
        made.append(Rig(tmp_path / f"rig{len(made)}", used))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


def test_only_threads_before_the_lock_wait_for_a_server(
    make_office: Callable[[Engine], Rig], engine: Engine
) -> None:
    """Messages of one breath are thought about as one inside the turn, and the writer's thread
    must not wait there; nor must the event loop."""
    first = Overheard(engine)
    rig = make_office(GuardedEngine(first, Named(engine), Breaker(Rules())))
    for text in ("min", "mau tanya", "gagal upload dokumen penawaran"):
        rig.hear(text)
    rig.settle()
    rig.say("tolong buatkan tiket, sanggah saya tidak bisa dikirim")
    assert first.threads
    assert all(name.startswith("loket-turn") for name in first.threads), first.threads
    heard = [text for texts in first.threads.values() for text in texts]
    assert "gagal upload dokumen penawaran" in heard
    assert len(heard) == len(set(heard))


def test_a_server_that_fails_costs_no_message_its_answer(
    make_office: Callable[[Engine], Rig], engine: Engine
) -> None:
    first = Overheard(engine)
    rig = make_office(GuardedEngine(first, Named(engine), Breaker(Rules())))
    good = rig.say("bagaimana cara mengajukan sanggah?", "budi")
    first.down = True
    for user in ("ani", "cici", "dedi", "edi", "fani", "gita"):
        answer = rig.say("gagal upload dokumen penawaran", user)
        assert "unggah" in answer.lower() or "upload" in answer.lower()
    assert rig.say("bagaimana cara mengajukan sanggah?", "hadi") == good
    counts = page(rig.loket.metrics)
    assert 'loket_nlu_fallback_total{reason="timeout"} 5.0' in counts
    assert 'loket_nlu_fallback_total{reason="circuit_open"} 1.0' in counts
    assert "loket_nlu_circuit_open 1.0" in counts
    assert rig.count("parked") == 0


def test_what_the_builtin_engine_does_is_counted_too(engine: Engine) -> None:
    metrics = Metrics()
    heard = ears(engine, metrics.nlu)
    for _ in range(3):
        assert heard.patient("halo") == heard.quick("halo") == engine.parse("halo")
    counts = page(metrics)
    assert 'loket_nlu_parse_total{engine="builtin",outcome="ok"} 1.0' in counts
    assert 'loket_nlu_parse_seconds_count{engine="builtin"} 1.0' in counts
    assert "loket_nlu_circuit_open 0.0" in counts


def page(metrics: Metrics) -> str:
    return metrics.page("")[0].decode()


def test_the_builtin_engine_is_there_although_rasa_is_down(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = FakeRasa()
    server.die()
    monkeypatch.setattr(builtin_engine, "load_or_train", lambda cache, say: Named(engine))
    config = with_rasa(read_config(ROOT / "config.yml"), server.url)
    loaded = bootstrap.load_engine(config, tmp_path, print, "a-token")
    try:
        assert loaded.parse("halo") == engine.parse("halo")
    finally:
        release(loaded)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "rasa does not understand texts for now: there is no connection. builtin answers; "
        "rasa is tried again in 5 s."
    ]


def with_rasa(config: Config, url: str) -> Config:
    nlu = Nlu(engine="rasa", rasa=Rasa(url=url))
    return config.model_copy(update={"nlu": nlu})


def settings(url: str, **how: Any) -> Nlu:
    return Nlu(engine="rasa", rasa=Rasa(url=url, **{"timeout_seconds": 5.0, **how}))


def test_the_server_is_gone_over_to_as_soon_as_it_is_up(engine: Engine) -> None:
    server = FakeRasa(greeting)
    server.die()
    guarded = guard(Named(engine), settings(server.url, pause_seconds=0.1), "")
    assert guarded.is_open
    server.rise()
    try:
        threading.Event().wait(0.15)
        assert guarded.parse("apa saja").intent == Intent("greet", 0.8)
        assert not guarded.is_open
    finally:
        release(guarded)
        server.die()


def test_check_says_that_the_server_knows_everything(server: FakeRasa) -> None:
    sentence = check_engine(settings(server.url), "")
    assert sentence == (
        f"The Rasa server at {server.url} answers (Rasa 3.6.21) and knows all 85 intents."
    )


@pytest.mark.parametrize(
    ("mode", "part"),
    [
        ("500", "it answers with status 500."),
        ("401", "it refuses the token (401); look at LOKET_RASA_TOKEN."),
        ("HTML", "its answer is no JSON."),
        ("404", "is it a Rasa server, started with --enable-api?"),
    ],
)
def test_check_says_what_is_wrong_with_the_server(server: FakeRasa, mode: str, part: str) -> None:
    server.mode = mode
    with pytest.raises(ConfigError) as raised:
        check_engine(settings(server.url), "a-secret-token")
    assert part in str(raised.value)
    assert server.url in str(raised.value)
    assert "a-secret-token" not in str(raised.value)
    assert str(raised.value).endswith("The builtin engine answers until it can.")


def test_check_names_intents_that_an_old_model_lacks(server: FakeRasa, engine: Engine) -> None:
    gone = {"faq_totp", "faq_kso"}

    def older(text: str) -> Any:
        answer = answers_of(engine)(text)
        ranking = [one for one in answer["intent_ranking"] if one["name"] not in gone]
        return {"text": text, "intent": ranking[0], "intent_ranking": ranking, "entities": []}

    server.answer = older
    with pytest.raises(
        ConfigError, match=r"does not know all intents .* faq_totp, faq_kso missing"
    ):
        check_engine(settings(server.url), "")


def test_check_says_that_the_server_has_intents_of_its_own(server: FakeRasa) -> None:
    one = {"name": "nlu_fallback", "confidence": 0.7}
    server.answer = lambda text: {"text": text, "intent": one}
    with pytest.raises(ConfigError, match=r"does not have: nlu_fallback\."):
        check_engine(settings(server.url), "")


def test_the_word_check_asks_the_server(
    server: FakeRasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "The configuration is good" in checked(tmp_path, monkeypatch, server.url).output
    done = checked(tmp_path, monkeypatch, server.url)
    assert done.exit_code == 0
    assert "knows all 85 intents." in done.output
    server.die()
    done = checked(tmp_path, monkeypatch, server.url)
    assert done.exit_code == 1
    assert "there is no connection." in done.output


def checked(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> Result:
    raw = yaml.safe_load((ROOT / "config.yml").read_bytes())
    raw["nlu"] = {"engine": "rasa", "rasa": {"url": url, "timeout_seconds": 5.0}}
    (folder / "config.yml").write_text(yaml.safe_dump(raw))
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("LOKET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOKET_DATA_DIR", str(folder / "var"))
    return CliRunner().invoke(main, ["check"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("nlu", "part"),
    [
        ({"engine": "watson"}, "nlu.engine: 'watson' is not allowed; allowed is 'builtin' or"),
        ({"rasa": {"url": "127.0.0.1:5005"}}, "nlu.rasa.url: '127.0.0.1:5005' is not allowed"),
        ({"rasa": {"url": "http://user:pass@rasa:5005"}}, "is not allowed"),
        ({"rasa": {"url": "http://rasa:5005/?token=x"}}, "is not allowed"),
        ({"rasa": {"timeout_seconds": 60}}, "nlu.rasa.timeout_seconds: 60 is not allowed"),
        ({"rasa": {"token": "x"}}, "the key nlu.rasa.token is not known; allowed are url"),
    ],
)
def test_a_mistake_about_the_server_is_one_line(
    tmp_path: Path, nlu: dict[str, Any], part: str
) -> None:
    raw = yaml.safe_load((ROOT / "config.yml").read_bytes())
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({**raw, "nlu": nlu}))
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert part in str(raised.value)


def test_tokens_come_from_the_environment_and_are_hidden(tmp_path: Path) -> None:
    found = read_places({"LOKET_RASA_TOKEN": "ra$a", "LOKET_METRICS_TOKEN": "m" * 16}, tmp_path)
    assert (found.rasa_token, found.metrics_token) == ("ra$a", "m" * 16)
    assert "ra$a" not in repr(found)
    for name in ("LOKET_RASA_TOKEN", "LOKET_METRICS_TOKEN"):
        with pytest.raises(ConfigError) as raised:
            read_places({name: "no good"}, tmp_path)
        assert f"{name}=(hidden): allowed is " in str(raised.value)
