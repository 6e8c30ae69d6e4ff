"""``/healthz`` and ``/readyz``: when a process is started anew, and when it gets no traffic."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.channels.port import AccountBroken
from bot.health import OK, Health, name_of
from bot.look import Look
from bot.serving import _Server
from bot.web import health as pages
from storage.database import Database, Job, Unavailable
from tests.rig import Rig

A_MOMENT = timedelta(seconds=2)  # longer than an answer is kept


class Seconds:
    """A clock of seconds that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class SlowDatabase:
    """Keeps the jobs it is handed, and does them when it is told."""

    def __init__(self, dialect: str = "sqlite") -> None:
        self.dialect = dialect
        self.jobs: list[Future[Any]] = []

    def write(self, job: Job[Any], *, first: bool = False) -> Future[Any]:
        self.jobs.append(Future())
        return self.jobs[-1]

    def read(self, job: Callable[[Any], Any]) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def a_process(dialect: str = "sqlite") -> tuple[Health, SlowDatabase, Seconds]:
    database, seconds = SlowDatabase(dialect), Seconds()
    health = Health(database, seconds)
    health.started()
    return health, database, seconds


async def ask(routes: list[BaseRoute] | Any, path: str, method: str = "GET") -> httpx.Response:
    app = Starlette(routes=routes) if isinstance(routes, list) else routes
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://loket"
    ) as client:
        return await client.request(method, path)


def get(rig: Rig, path: str) -> tuple[int, dict[str, str]]:
    """The status, and what was found, of a process whose parts run."""

    async def run() -> httpx.Response:
        async with rig.loket.running():
            return await ask(rig.loket.app, path)

    answer = rig.run(run())
    return answer.status_code, answer.json()["checks"]


# A whole process


def test_a_process_at_work_lives_and_is_ready(rig: Rig) -> None:
    status, checks = get(rig, "/healthz")
    assert status == 200
    assert {"writer", "Delivery", "Fetcher", "AnswersWatch"} <= checks.keys()
    assert set(checks.values()) == {OK}
    rig.restart()
    assert get(rig, "/readyz") == (200, {"process": OK, "database": OK})


def test_answers_are_json_that_nobody_keeps(rig: Rig) -> None:
    for path in ("/healthz", "/readyz"):
        answer = rig.run(ask(rig.loket.app, path))
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["status"] == ("ok" if answer.status_code == 200 else "unavailable")
        assert rig.run(ask(rig.loket.app, path, "HEAD")).status_code == answer.status_code
        assert rig.run(ask(rig.loket.app, path, "POST")).status_code == 405


def test_before_the_parts_run_it_is_not_ready(rig: Rig) -> None:
    answer = rig.run(ask(rig.loket.app, "/readyz"))
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"process": "it is starting"}


def test_as_soon_as_a_stop_is_asked_for_it_is_not_ready_and_still_lives(rig: Rig) -> None:
    server = _Server(uvicorn.Config(rig.loket.app), rig.loket, lambda: None)

    async def run() -> tuple[httpx.Response, ...]:
        async with rig.loket.running():
            before = await ask(rig.loket.app, "/readyz")
            server.handle_exit(signal.SIGTERM, None)
            ready = await ask(rig.loket.app, "/readyz")
        return (
            before,
            ready,
            await ask(rig.loket.app, "/readyz"),
            await ask(rig.loket.app, "/healthz"),
        )

    before, ready, after, alive = rig.run(run())
    assert before.status_code == 200
    assert (ready.status_code, ready.json()["checks"]) == (503, {"process": "it is stopping"})
    assert after.status_code == 503
    assert alive.status_code == 200


def test_a_part_that_died_is_named(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    class Clerk:
        async def run(self, stop: asyncio.Event) -> None:
            raise RuntimeError("/srv/secret is on fire")

    rig.loket.parts.append(Clerk().run)

    async def run() -> httpx.Response:
        async with rig.loket.running():
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return await ask(rig.loket.app, "/healthz")

    answer = rig.run(run())
    assert answer.status_code == 503
    bad = {name: found for name, found in answer.json()["checks"].items() if found != OK}
    assert bad == {"Clerk": "it has stopped"}
    assert "fire" not in answer.text
    assert "secret" not in answer.text


def test_a_part_that_ended_without_being_asked_is_dead_too(rig: Rig) -> None:
    class Clerk:
        async def run(self, stop: asyncio.Event) -> None:
            return

    rig.loket.parts.append(Clerk().run)

    async def run() -> httpx.Response:
        async with rig.loket.running():
            await asyncio.sleep(0)
            return await ask(rig.loket.app, "/healthz")

    assert rig.run(run()).status_code == 503


def test_a_platform_that_is_down_changes_nothing(rig: Rig) -> None:
    rig.telegram.faults = [AccountBroken("401")] * 10
    rig.say("halo", "ani", "telegram")
    assert rig.telegram.faults, "the platform was never asked"
    assert get(rig, "/readyz")[0] == 200
    rig.clock.move(A_MOMENT)
    assert rig.run(ask(rig.loket.app, "/healthz")).status_code == 200


def test_a_database_of_another_release_is_not_ready(rig: Rig) -> None:
    with closing(sqlite3.connect(rig.places.data_dir / "loket.db")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
    status, checks = get(rig, "/readyz")
    assert status == 503
    assert checks["database"] == "it is of another release: run `loket migrate`"


def test_while_another_program_holds_the_database_the_answer_comes_in_two_seconds(
    rig: Rig,
) -> None:
    """And by one look for all who ask, without a thread for any of them."""

    async def run() -> tuple[list[httpx.Response], int, httpx.Response]:
        async with rig.loket.running():
            with closing(sqlite3.connect(rig.places.data_dir / "loket.db")) as raw:
                raw.execute("BEGIN IMMEDIATE")
                before = threading.active_count()
                asked = [ask(rig.loket.app, "/readyz") for _ in range(60)]
                answers = await asyncio.gather(*asked)
                more = threading.active_count() - before
                alive = await ask(rig.loket.app, "/healthz")
                raw.rollback()
            return answers, more, alive

    begun = time.monotonic()
    answers, more, alive = rig.run(run())
    assert time.monotonic() - begun < 12
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == "it did not answer within 2 s"
        assert "loket.db" not in answer.text
    assert more < 10
    assert alive.status_code == 200  # a new process would find the same lock
    rig.clock.move(A_MOMENT)
    assert rig.run(ask(rig.loket.app, "/healthz")).status_code == 200


def test_it_is_ready_again_once_the_lock_is_gone(rig: Rig) -> None:
    async def run() -> tuple[int, int]:
        async with rig.loket.running():
            with closing(sqlite3.connect(rig.places.data_dir / "loket.db")) as raw:
                raw.execute("BEGIN IMMEDIATE")
                locked = await ask(rig.loket.app, "/readyz")
                raw.rollback()
            for _ in range(100):
                rig.clock.move(A_MOMENT)
                answer = await ask(rig.loket.app, "/readyz")
                if answer.status_code == 200:
                    break
                await asyncio.sleep(0.1)
            return locked.status_code, answer.status_code

    assert rig.run(run()) == (503, 200)


# The parts alone


def go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


def test_a_writer_that_says_nothing_for_a_minute_is_dead() -> None:
    health, database, seconds = a_process()

    async def run() -> None:
        assert (await health.alive()).good
        await asyncio.sleep(0)
        seconds.now += 59
        assert (await health.alive()).good
        seconds.now += 2
        assert (await health.alive()).checks == {"writer": "it does not answer any more"}
        database.jobs[0].set_result(None)
        await health.ready()
        assert (await health.alive()).good

    go(run())


def test_a_postgresql_that_hangs_is_no_reason_to_start_anew() -> None:
    health, _, seconds = a_process("postgresql")

    async def run() -> None:
        assert (await health.alive()).good
        seconds.now += 500
        assert (await health.alive()).good
        assert not (await health.ready()).good

    go(run())


def test_of_a_look_that_hangs_the_answer_is_known_at_once() -> None:
    health, database, seconds = a_process()

    async def run() -> None:
        await health.alive()
        await asyncio.sleep(0)
        seconds.now += 30
        begun = time.monotonic()
        assert not (await health.ready()).good
        assert time.monotonic() - begun < 1

    go(run())
    assert len(database.jobs) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unavailable("/srv/loket.db: disk full"), "it takes nothing now"),
        (RuntimeError("password=hunter2"), "it could not be tried"),
    ],
)
def test_what_went_wrong_is_a_sentence_without_particulars(error: Exception, sentence: str) -> None:
    health, database, _ = a_process()

    async def run() -> None:
        await health.alive()
        await asyncio.sleep(0)
        database.jobs[0].set_exception(error)
        assert (await health.ready()).checks["database"] == sentence

    go(run())


def test_an_answer_is_kept_for_a_second() -> None:
    health, database, seconds = a_process()

    async def run() -> None:
        await health.alive()
        await asyncio.sleep(0)
        database.jobs[0].set_result(None)
        for _ in range(3):
            assert (await health.ready()).good
            assert (await health.alive()).good
        assert len(database.jobs) == 1
        seconds.now += 1
        asyncio.get_running_loop().call_later(0.01, lambda: database.jobs[1].set_result(None))
        assert (await health.ready()).good
        assert len(database.jobs) == 2

    go(run())


def test_what_tells_for_itself_whether_it_lives_is_believed() -> None:
    health, _, _ = a_process()
    living = [True]
    health.watch("clock", lambda: living[0])

    async def run() -> None:
        assert (await health.alive()).checks["clock"] == OK
        living[0] = False
        assert (await health.alive()).checks["clock"] == "it has stopped"
        health.stopping()
        assert (await health.alive()).good

    go(run())


def test_of_two_parts_of_one_name_the_dead_one_counts() -> None:
    health, _, _ = a_process()

    async def run() -> None:
        for lives in (False, True):
            health.watch("part", lambda lives=lives: lives)  # type: ignore[misc]
        assert (await health.alive()).checks["part"] == "it has stopped"

    go(run())


def test_a_part_is_called_by_its_class() -> None:
    async def run() -> None:
        class Clerk:
            async def run(self) -> None:
                return

        task = asyncio.create_task(Clerk().run())
        assert name_of(task) == "Clerk"
        await task

    go(run())


def test_the_pages_say_whether_the_parts_live() -> None:
    health, _, _ = a_process()
    health.watch("clock", lambda: False)

    async def run() -> None:
        answer = await ask([*pages.routes(health)], "/healthz")
        assert answer.status_code == 503
        assert json.loads(answer.content) == {
            "status": "unavailable",
            "checks": {"writer": OK, "clock": "it has stopped"},
        }

    go(run())


def test_who_asks_meanwhile_gets_the_same_answer_and_errors_too() -> None:
    asked, seconds = [], Seconds()
    release = asyncio.Event()

    async def slow() -> int:
        asked.append(1)
        await release.wait()
        if len(asked) == 2:
            raise ValueError("no")
        return len(asked)

    async def run() -> None:
        look = Look(slow, seconds)
        waiting = [asyncio.create_task(look.answer(5)) for _ in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # who hangs up takes nothing from the others
        await asyncio.sleep(0)
        release.set()
        assert await asyncio.gather(*waiting[1:]) == [1, 1, 1]
        seconds.now += 1
        with pytest.raises(ValueError, match="no"):
            await look.answer(5)

    go(run())


def test_a_database_is_what_the_fake_is() -> None:
    database: Database = SlowDatabase()
    assert database.dialect == "sqlite"
