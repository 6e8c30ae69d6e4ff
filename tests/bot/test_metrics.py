"""``/metrics``: what it holds, and who may read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from bot.metrics import Metrics
from bot.pages import application
from tests.rig import CHEAP, Rig

TOKEN = "a-token-of-sixteen-and-more"


def ask(rig: Rig, *, host: str = "127.0.0.1", at: str = "127.0.0.1:8080", **headers: str) -> Any:
    """One GET of /metrics by a program at ``host`` that calls the server ``at``."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(rig.loket.app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{at}") as client:
            named = {"host": headers.pop("host_header")} if "host_header" in headers else {}
            return await client.get("/metrics", headers={**headers, **named})

    return rig.run(get())


def with_token(rig: Rig) -> Rig:
    rig.loket.places = rig.loket.places.model_copy(update={"metrics_token": TOKEN})
    rig.loket.app = application(rig.loket, CHEAP)
    return rig


def test_it_holds_the_process_and_what_was_understood(rig: Rig) -> None:
    rig.say("gagal upload dokumen penawaran")
    answer = ask(rig)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert found["loket_nlu_parse"].samples[0].labels == {"engine": "builtin", "outcome": "ok"}
    assert found["loket_nlu_parse"].samples[0].value >= 1
    assert {
        "loket_nlu_parse_seconds",
        "loket_nlu_fallback",
        "loket_nlu_circuit_open",
        "process_cpu_seconds",
        "process_open_fds",
        "python_info",
    } <= found.keys()


def test_nothing_a_user_said_is_in_it(rig: Rig) -> None:
    rig.say("nama saya Budi Santoso, hp 081234567890, gagal upload", "budi")
    page = ask(rig).text
    for part in ("Budi", "budi", "0812", "upload"):
        assert part not in page


def test_openmetrics_is_given_to_who_asks_for_it(rig: Rig) -> None:
    answer = ask(rig, accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_each_application_counts_for_itself(make_rig: Callable[..., Rig]) -> None:
    one, other = make_rig(), make_rig()
    one.say("gagal upload dokumen penawaran")
    assert "loket_nlu_parse_total{" in ask(one).text
    assert "loket_nlu_parse_total{" not in ask(other).text
    assert Metrics().registry is not Metrics().registry


@pytest.mark.parametrize(
    ("host", "at"),
    [("127.0.0.1", "127.0.0.1:8080"), ("::1", "[::1]:8080"), ("127.0.0.1", "localhost:8080")],
)
def test_without_a_token_this_machine_may_read(rig: Rig, host: str, at: str) -> None:
    assert ask(rig, host=host, at=at).status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        {"host": "203.0.113.9"},
        {"host": "10.0.0.7"},
        {"host": ""},
        {"at": "loket.example.go.id"},  # a proxy here that passes the name on, or a page abroad
        {"at": "127.0.0.1.example.com"},
        {"x-forwarded-for": "127.0.0.1"},
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=127.0.0.1"},
        {"x-real-ip": "127.0.0.1"},
        {"via": "1.1 proxy"},
        {"host_header": "[::1"},
        {"host_header": ""},
        {"authorization": f"Bearer {TOKEN}", "host": "203.0.113.9"},
    ],
    ids=str,
)
def test_without_a_token_nobody_else_finds_the_page(rig: Rig, how: dict[str, Any]) -> None:
    answer = ask(rig, **how)
    assert answer.status_code == 404
    assert "python_info" not in answer.text


def test_without_a_token_a_proxy_that_was_told_nothing_finds_no_page(rig: Rig) -> None:
    """nginx with a bare proxy_pass: our own name, no header about the asker, HTTP/1.0."""

    async def passed_on(scope: Scope, receive: Receive, send: Send) -> None:
        await rig.loket.app({**scope, "http_version": "1.0"}, receive, send)

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(passed_on, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/metrics")

    assert rig.run(get()).status_code == 404


def test_with_a_token_who_shows_it_may_read_from_anywhere(rig: Rig) -> None:
    with_token(rig)
    answer = ask(rig, host="203.0.113.9", authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert "python_info" in answer.text


@pytest.mark.parametrize(
    "shown", ["", TOKEN, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_with_a_token_nobody_reads_without_it(rig: Rig, shown: str) -> None:
    with_token(rig)
    answer = ask(rig, **({"authorization": shown} if shown else {}))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text
    assert "python_info" not in answer.text


def test_only_reading_is_possible(rig: Rig) -> None:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(rig.loket.app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/metrics")

    assert rig.run(post()).status_code == 405
