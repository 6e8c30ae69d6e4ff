"""The public display of the queue at the counter."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request

from bot.desk_turns import DeskTurns
from bot.office_turns import OfficeTurns
from bot.web import antrian
from bot.web.antrian import MOST_STREAMS
from bot.web.app import make_jinja
from bot.web.console.desk import Console
from handoff.office import front
from tests.bot.webchat import Api
from tests.rig import Rig


def do(rig: Rig, deed: Any) -> Any:
    return OfficeTurns(rig.loket.turns).make(rig.agents["dewi"], "front", deed).result()


@pytest.fixture
def busy(rig: Rig) -> Rig:
    """Three numbers, one of them of a guest who was called."""
    rig.hire("dewi", "front_office")
    guest = front.Guest("Siti Rahasia", "CV Rahasia", "+6281234567890", "perkara rahasia")
    guest_id = do(rig, lambda e: front.welcome(e, guest))
    do(rig, lambda e: front.take_number(e, guest_id))
    for _ in range(2):
        do(rig, front.take_number)
    do(rig, lambda e: front.call_next(e, "Loket 2"))
    return rig


def page(rig: Rig, path: str = "/antrian") -> Any:
    return rig.run(Api(rig).ask("GET", path))


def test_everybody_sees_numbers_and_desks(busy: Rig) -> None:
    text = page(busy).text
    for piece in ("A-001", "Loket 2", "A-002", "A-003"):
        assert piece in text


def test_nothing_about_people_is_shown(busy: Rig) -> None:
    for path in ("/antrian", "/antrian/keadaan.json"):
        text = page(busy, path).text
        for secret in ("Rahasia", "rahasia", "0812", "Dewi"):
            assert secret not in text


def test_the_state_names_only_what_a_display_needs(busy: Rig) -> None:
    state = page(busy, "/antrian/keadaan.json").json()
    assert state.keys() == {"day", "called", "next", "waiting"}
    assert state["called"][0]["number"] == "A-001"
    assert state["called"][0].keys() == {"number", "desk", "open", "call"}
    assert (state["next"], state["waiting"]) == (["A-002", "A-003"], 2)


def test_a_second_call_of_a_number_can_be_told_from_the_first(busy: Rig) -> None:
    first = page(busy, "/antrian/keadaan.json").json()["called"][0]["call"]
    busy.clock.move(timedelta(seconds=30))
    do(busy, lambda e: front.call_again(e, 1))
    assert page(busy, "/antrian/keadaan.json").json()["called"][0]["call"] != first


def test_a_new_day_begins_empty(busy: Rig) -> None:
    busy.clock.move(timedelta(days=1))
    state = page(busy, "/antrian/keadaan.json").json()
    assert state["called"] == state["next"] == []
    assert "Belum ada panggilan" in page(busy).text


def test_an_empty_counter_has_a_page_too(rig: Rig) -> None:
    assert page(rig).status_code == 200


async def _watch(rig: Rig) -> list[dict[str, Any]]:
    """What an open page hears: the state, and the next after a call."""
    rig.loket.bells.desk.listen()
    display = antrian._Display(_console(rig))
    stream = display._events()
    heard = [json.loads((await anext(stream)).removeprefix("data: "))]
    later = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(do, rig, lambda e: front.call_next(e, "Loket 5"))
    async with asyncio.timeout(5):
        heard.append(json.loads((await later).removeprefix("data: ")))
    assert len(display.streams) == 1
    await stream.aclose()
    assert not display.streams
    return heard


def _console(rig: Rig) -> Any:
    """The parts of the console that the display uses."""
    loket = rig.loket
    return Console(
        loket.database,
        DeskTurns(loket.turns),
        loket.turns.counter,
        rig.config,
        rig.clock,
        loket.blobs,
        loket.bells,
        make_jinja(),
        "http://loket.test",
    )


def test_an_open_page_hears_of_a_call_at_once(busy: Rig) -> None:
    before, after = busy.run(_watch(busy))
    assert before["called"][0]["number"] == "A-001"
    assert (after["called"][0]["number"], after["called"][0]["desk"]) == ("A-002", "Loket 5")


def test_too_many_streams_are_told_to_ask_instead(busy: Rig) -> None:
    display = antrian._Display(_console(busy))
    display.streams |= {object() for _ in range(MOST_STREAMS)}

    async def ask() -> int:
        request = Request({"type": "http", "method": "GET", "headers": [], "path": "/"})
        return (await display.live(request)).status_code

    assert busy.run(ask()) == 503
