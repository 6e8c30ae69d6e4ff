"""``/metrics``: what it holds, and who may read it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from bot import gauges as reading
from bot.clock import HandClock
from bot.metrics import MOST_CODES, Metrics
from bot.pages import application
from storage.base import to_micros
from storage.database import Job, Unavailable
from storage.repositories import gauges
from tests.rig import CHEAP, MONDAY, Rig

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


# Delivery


def samples(page: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample of a page by its name and its labels' values (labels in alphabetical order)."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def page(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    return samples(metrics.page("")[0].decode())


def test_what_goes_out_and_comes_in_is_counted() -> None:
    metrics = Metrics()
    count = metrics.delivery
    count.sent("whatsapp", "sent", "", 0.2)
    count.sent("whatsapp", "again", "130429", 1.5)
    count.sent("whatsapp", "again", "130429", 1.5)
    count.sent("telegram", "withdrawn")
    count.receipt("whatsapp", "read")
    count.heard("telegram", "duplicate")
    count.paused("telegram", "chat")
    found = page(metrics)
    assert found["loket_delivery_total", ("whatsapp", "", "sent")] == 1
    assert found["loket_delivery_total", ("whatsapp", "130429", "again")] == 2
    assert found["loket_delivery_total", ("telegram", "", "withdrawn")] == 1
    assert found["loket_delivery_seconds_count", ("whatsapp",)] == 3
    assert found["loket_delivery_seconds_sum", ("whatsapp",)] == pytest.approx(3.2)
    assert ("loket_delivery_seconds_count", ("telegram",)) not in found  # it was not asked
    assert found["loket_receipts_total", ("whatsapp", "read")] == 1
    assert found["loket_heard_total", ("telegram", "duplicate")] == 1
    assert found["loket_delivery_paused_total", ("telegram", "chat")] == 1


@pytest.mark.parametrize(
    "code", ["x" * 33, "kode 131047", "131047\n", "Halo, Budi", "081234567890@x", "é", "a,b", "{}"]
)
def test_what_is_no_code_of_a_platform_is_other(code: str) -> None:
    metrics = Metrics()
    metrics.delivery.sent("whatsapp", "failed", code, 0.1)
    assert page(metrics)["loket_delivery_total", ("whatsapp", "other", "failed")] == 1


def test_a_platform_that_makes_up_codes_cannot_fill_the_memory() -> None:
    metrics = Metrics()
    for n in range(1000):
        metrics.delivery.sent("whatsapp", "failed", f"E{n}", 0.1)
    metrics.delivery.sent("whatsapp", "failed", "E0", 0.1)
    metrics.delivery.sent("telegram", "failed", "E999", 0.1)
    found = page(metrics)
    assert found["loket_delivery_total", ("whatsapp", "E0", "failed")] == 2
    assert found["loket_delivery_total", ("telegram", "E999", "failed")] == 1
    assert found["loket_delivery_total", ("whatsapp", "other", "failed")] == 1000 - MOST_CODES


def test_words_nobody_knows_are_other() -> None:
    metrics = Metrics()
    metrics.delivery.sent("web", "vanished")  # type: ignore[arg-type]
    metrics.delivery.receipt("web", "seen by Budi")
    metrics.delivery.heard("web", "shouted")
    metrics.delivery.paused("web", "0812")
    found = page(metrics)
    assert found["loket_delivery_total", ("web", "", "other")] == 1
    for name in ("loket_receipts_total", "loket_heard_total", "loket_delivery_paused_total"):
        assert found[name, ("web", "other")] == 1


def test_the_first_pause_of_an_open_channel_is_a_step_from_zero(rig: Rig) -> None:
    found = samples(ask(rig).text)
    assert found["loket_delivery_paused_total", ("telegram", "broken")] == 0
    assert found["loket_heard_total", ("web", "parked")] == 0


# What waits in the database


def gauge(rig: Rig, name: str, *labels: str) -> float:
    """A gauge as it is now; what was read a moment ago is read anew."""
    rig.clock.move(timedelta(seconds=1))
    return samples(ask(rig).text)[f"loket_{name}", labels]


def test_an_office_with_nothing_to_do_shows_zeros(rig: Rig) -> None:
    found = samples(ask(rig).text)
    assert found["loket_database_up", ()] == 1
    for state in gauges.WAITING:
        assert found["loket_outbox_rows", ("telegram", state)] == 0
    assert found["loket_outbox_oldest_seconds", ("telegram",)] == 0
    assert found["loket_outbox_lost", ("failed",)] == 0
    assert found["loket_parked_events", ("web",)] == 0
    assert found["loket_files_waiting", ()] == 0
    assert found["loket_deadlines_late", ()] == 0


def put(rig: Rig, query: str, **values: object) -> None:
    rig.loket.database.write(lambda unit: unit.connection.execute(text(query), values)).result()


def test_messages_on_their_way_are_seen_by_channel_and_state(rig: Rig) -> None:
    rig.hear("halo", "ani", "telegram")
    assert gauge(rig, "outbox_rows", "telegram", "queued") > 0
    assert gauge(rig, "outbox_rows", "web", "queued") == 0
    rig.settle()
    assert gauge(rig, "outbox_rows", "telegram", "queued") == 0
    put(rig, "UPDATE outbox SET state = 'held'")
    assert gauge(rig, "outbox_rows", "telegram", "held") > 0
    put(rig, "UPDATE outbox SET state = 'sending'")
    assert gauge(rig, "outbox_rows", "telegram", "sending") > 0


def test_the_age_of_the_oldest_is_that_of_what_should_have_gone(rig: Rig) -> None:
    rig.hear("halo", "ani", "telegram")
    put(rig, "UPDATE outbox SET due_at = due_at + 600000000")
    assert gauge(rig, "outbox_oldest_seconds", "telegram") == 0  # not due yet
    put(rig, "UPDATE outbox SET due_at = due_at - 600000000")
    rig.clock.move(timedelta(minutes=5))
    assert 295 < gauge(rig, "outbox_oldest_seconds", "telegram") < 310
    assert gauge(rig, "outbox_oldest_seconds", "web") == 0


def test_what_is_tried_again_and_again_grows_older_all_the_same(rig: Rig) -> None:
    rig.hear("halo", "ani", "telegram")
    rig.clock.move(timedelta(minutes=10))
    later = "UPDATE outbox SET attempts = 7, due_at = due_at + 900000000"  # put off by 15 minutes
    put(rig, later)
    assert 595 < gauge(rig, "outbox_oldest_seconds", "telegram") < 610


def test_what_waits_for_its_user_is_not_late_nor_is_it_once_they_wrote(rig: Rig) -> None:
    rig.hear("halo", "ani", "telegram")
    put(rig, "UPDATE outbox SET state = 'held', attempts = 1, announced_at = due_at")
    rig.clock.move(timedelta(days=2))
    assert gauge(rig, "outbox_oldest_seconds", "telegram") == 0
    at = reading_time(rig)
    put(rig, "UPDATE outbox SET state = 'queued', due_at = :at", at=at)
    rig.clock.move(timedelta(seconds=20))
    assert gauge(rig, "outbox_oldest_seconds", "telegram") == pytest.approx(21)


def reading_time(rig: Rig) -> int:
    return to_micros(rig.clock.now())


def test_lost_and_parked_ones_count_until_somebody_looked_after_them(rig: Rig) -> None:
    rig.say("halo", "ani", "telegram")
    put(rig, "UPDATE outbox SET state = 'failed'")
    rig.run(rig.loket.intake.park_raw("telegram", "telegram:1", "raw:1", b"junk"))
    lost = gauge(rig, "outbox_lost", "failed")
    assert lost > 0
    assert gauge(rig, "outbox_lost", "unknown") == 0
    assert gauge(rig, "parked_events", "telegram") == 1
    put(rig, "UPDATE outbox SET resolved_at = 1")
    put(rig, "UPDATE parked SET resolved_at = 1")
    assert gauge(rig, "outbox_lost", "failed") == 0
    assert gauge(rig, "parked_events", "telegram") == 0


def test_files_deadlines_and_the_heartbeat_are_seen(rig: Rig) -> None:
    rig.say("halo")
    put(
        rig,
        "INSERT INTO attachments (conversation_id, message_id, kind, name, mime, state, attempts,"
        " created_at) SELECT conversation_id, id, 'image', 'a', 'b', 'fetching', 0, created_at"
        " FROM messages LIMIT 1",
    )
    assert gauge(rig, "files_waiting") == 1
    put(rig, "UPDATE deadlines SET armed = false")
    put(
        rig,
        "INSERT INTO deadlines (contact_id, kind, subject, inputs, due_at, armed, arming)"
        " SELECT id, 'test', 'x', '{}', :at, true, 1 FROM contacts LIMIT 1",
        at=reading_time(rig),
    )
    rig.clock.move(timedelta(seconds=50))
    assert gauge(rig, "deadlines_late") == 0
    rig.clock.move(timedelta(seconds=50))
    assert gauge(rig, "deadlines_late") == 1
    put(
        rig,
        "INSERT INTO heartbeats (name, at, clean_stop) VALUES ('serve', :at, false)"
        " ON CONFLICT (name) DO UPDATE SET at = :at",
        at=reading_time(rig),
    )
    rig.clock.move(timedelta(seconds=30))
    assert gauge(rig, "heartbeat_age_seconds") == pytest.approx(31)


class Reading:
    """A database that is read as it is told."""

    dialect = "sqlite"

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.reads = 0

    def write(self, job: Job[Any], *, first: bool = False) -> Future[Any]:
        raise NotImplementedError

    def read(self, job: Callable[[Any], Any]) -> Any:
        self.reads += 1
        return self.answer()

    def close(self) -> None:
        raise NotImplementedError


def following(database: Reading) -> tuple[Metrics, HandClock]:
    metrics, clock = Metrics(), HandClock(MONDAY)
    metrics.queue.follow(database, clock, ["web"])
    return metrics, clock


NOTHING = gauges.Gauges({}, {}, {}, {}, 0, 0, None)


def test_the_database_is_asked_once_a_second_however_many_scrape() -> None:
    database = Reading(lambda: NOTHING)
    metrics, clock = following(database)

    async def scrape() -> None:
        await asyncio.gather(*(metrics.queue.refresh() for _ in range(20)))
        await metrics.queue.refresh()
        assert database.reads == 1
        clock.move(timedelta(seconds=1))
        await metrics.queue.refresh()
        assert database.reads == 2

    asyncio.run(scrape())
    assert page(metrics)["loket_database_up", ()] == 1


def broken() -> Any:
    raise Unavailable("/srv/loket.db is locked")


@pytest.mark.parametrize("fault", [broken, lambda: 1 / 0], ids=["unavailable", "a fault of ours"])
def test_a_database_that_does_not_answer_leaves_the_gauges_out(fault: Callable[[], Any]) -> None:
    answers: list[Callable[[], Any]] = [lambda: NOTHING, fault, lambda: NOTHING]
    metrics, clock = following(Reading(lambda: answers.pop(0)()))
    seen = []
    for _ in range(3):
        asyncio.run(metrics.queue.refresh())
        found = page(metrics)
        seen.append((found["loket_database_up", ()], ("loket_files_waiting", ()) in found))
        clock.move(timedelta(seconds=1))
    assert seen == [(1, True), (0, False), (1, True)]
    metrics.delivery.paused("web", "chat")
    assert page(metrics)["loket_delivery_paused_total", ("web", "chat")] == 1


def test_a_database_that_hangs_holds_up_one_thread_and_no_scrape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.05)
    release = threading.Event()
    database = Reading(lambda: release.wait(10) and NOTHING)
    metrics, clock = following(database)

    async def scrape() -> None:
        for _ in range(5):
            await metrics.queue.refresh()
            assert page(metrics)["loket_database_up", ()] == 0
            clock.move(timedelta(seconds=5))
        assert database.reads == 1
        release.set()

    asyncio.run(scrape())


def test_without_a_database_there_are_no_gauges() -> None:
    metrics = Metrics()
    asyncio.run(metrics.queue.refresh())
    assert not any(name.startswith("loket_outbox") for name, _ in page(metrics))
    assert ("loket_database_up", ()) not in page(metrics)
