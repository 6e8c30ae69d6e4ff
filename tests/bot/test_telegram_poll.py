"""Long polling against a small queue that confirms by offset, as Telegram does."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.channels.telegram import make_bot
from bot.channels.telegram_poll import lane, poll

Raw = dict[str, Any]


@dataclass
class Queue:
    """getUpdates as the Bot API tells it; ``faults`` come first, one a call."""

    updates: list[Raw]
    faults: list[httpx.Response | Exception] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        fields = parse_qs(request.content.decode())
        offset = int(fields["offset"][0]) if "offset" in fields else None
        self.offsets.append(offset)
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        if offset is not None:
            self.updates = [each for each in self.updates if each.get("update_id", 0) >= offset]
        if not self.updates:
            await asyncio.sleep(0.01)
        return httpx.Response(200, json={"ok": True, "result": self.updates})


def said(update_id: int, chat: int = 1) -> Raw:
    chat_ = {"id": chat, "type": "private"}
    return {"update_id": update_id, "message": {"message_id": update_id, "chat": chat_}}


def conflict() -> httpx.Response:
    text = "Conflict: terminated by other getUpdates request"
    return httpx.Response(409, json={"ok": False, "error_code": 409, "description": text})


def polled(
    queue: Queue, handle: Callable[[Raw], Awaitable[None]], until: Callable[[], bool]
) -> None:
    """Poll until ``until`` holds and the queue is empty, or two seconds have passed."""

    async def work() -> None:
        stop = asyncio.Event()
        bot = make_bot("7:x", "http://telegram.test", httpx.MockTransport(queue))
        polling = asyncio.create_task(poll(bot, handle, stop, timeout=1, pause=0.01))
        async with asyncio.timeout(2):
            while not (until() and not queue.updates):  # noqa: ASYNC110 -- a fake tells no one
                await asyncio.sleep(0.005)
        stop.set()
        await polling

    asyncio.run(work())


@dataclass
class Keeper:
    """Keeps what was handled; fails as often as told for an update."""

    fails: dict[int, int] = field(default_factory=dict)
    handled: list[int] = field(default_factory=list)

    async def __call__(self, update: Raw) -> None:
        number = update["update_id"]
        if self.fails.get(number, 0) > 0:
            self.fails[number] -= 1
            raise OSError("database is locked")
        self.handled.append(number)


def test_update_is_confirmed_after_it_was_handled() -> None:
    queue, keeper = Queue([said(5), said(6)]), Keeper()
    polled(queue, keeper, lambda: len(keeper.handled) == 2)
    assert keeper.handled == [5, 6]
    assert queue.offsets[:2] == [None, 7]


def test_offset_is_forgotten_once_all_is_confirmed() -> None:
    """After a week of silence the ids start anywhere, also lower."""
    queue, keeper = Queue([said(900)]), Keeper()

    def later() -> bool:
        if len(queue.offsets) == 4:
            queue.updates = [said(12)]
        return 12 in keeper.handled

    polled(queue, keeper, later)
    assert queue.offsets[:3] == [None, 901, None]


def test_batch_that_failed_is_asked_for_again_at_the_same_offset() -> None:
    queue, keeper = Queue([said(5), said(6), said(7)]), Keeper(fails={6: 2})
    polled(queue, keeper, lambda: 7 in keeper.handled)
    assert queue.offsets[:4] == [None, None, None, 8]
    assert keeper.handled == [5, 5, 5, 6, 7]


def test_failure_in_one_chat_does_not_stop_the_others_of_the_batch() -> None:
    queue, keeper = Queue([said(5, chat=1), said(6, chat=1), said(7, chat=2)]), Keeper({5: 1})
    polled(queue, keeper, lambda: 6 in keeper.handled)
    assert keeper.handled == [7, 5, 6, 7] or keeper.handled == [7, 5, 7, 6]


def test_chats_run_side_by_side_and_each_in_order() -> None:
    events: list[str] = []

    async def handle(update: Raw) -> None:
        events.append(f"start {update['update_id']}")
        await asyncio.sleep(0.02)
        events.append(f"end {update['update_id']}")

    polled(Queue([said(1, 1), said(2, 1), said(3, 2)]), handle, lambda: len(events) == 6)
    assert events[:2] == ["start 1", "start 3"]
    assert events.index("end 1") < events.index("start 2")


def test_update_reaches_the_handler_as_it_came_even_when_nobody_can_read_it() -> None:
    strange: Raw = {"update_id": 4, "message": {"text": "tanpa chat"}, "hologram": [1, None]}
    got: list[Raw] = []

    async def keep(update: Raw) -> None:
        got.append(update)

    polled(Queue([strange]), keep, lambda: bool(got))
    assert got == [strange]


def test_second_poller_is_waited_out_with_one_log_line(caplog: pytest.LogCaptureFixture) -> None:
    queue, keeper = Queue([said(5)], faults=[conflict() for _ in range(4)]), Keeper()
    with caplog.at_level(logging.WARNING, "bot.channels.telegram_poll"):
        polled(queue, keeper, lambda: 5 in keeper.handled)
    lines = [entry.message for entry in caplog.records if "another process" in entry.message]
    assert len(lines) == 1


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>"),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json={"ok": True, "result": [{"no": "id"}]}),
    ],
    ids=repr,
)
def test_polling_outlives_a_fault_of_the_network(fault: httpx.Response | Exception) -> None:
    async def handle(update: Raw) -> None:
        if "update_id" in update:
            await keeper(update)

    queue, keeper = Queue([said(5)], faults=[fault]), Keeper()
    polled(queue, handle, lambda: 5 in keeper.handled)
    assert keeper.handled == [5]


def test_waiting_poll_ends_at_once_when_stopped() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        raise AssertionError("not reached")

    async def work() -> None:
        stop = asyncio.Event()
        bot = make_bot("7:x", "http://telegram.test", httpx.MockTransport(silent))
        polling = asyncio.create_task(poll(bot, Keeper(), stop))
        await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(polling, 1)

    asyncio.run(work())


def test_batch_under_way_is_finished_when_stopped() -> None:
    finished: list[int] = []

    async def work() -> None:
        stop = asyncio.Event()

        async def handle(update: Raw) -> None:
            stop.set()
            await asyncio.sleep(0.02)
            finished.append(update["update_id"])

        bot = make_bot("7:x", "http://telegram.test", httpx.MockTransport(Queue([said(5)])))
        await asyncio.wait_for(poll(bot, handle, stop), 1)

    asyncio.run(work())
    assert finished == [5]


def test_tap_and_message_of_one_chat_share_a_lane() -> None:
    chat = {"id": 44, "type": "private"}
    tap = {"update_id": 2, "callback_query": {"id": "9", "message": {"chat": chat}}}
    edit = {"update_id": 3, "edited_message": {"chat": chat}}
    block = {"update_id": 4, "my_chat_member": {"chat": chat}}
    assert {lane(each) for each in (said(1, 44), tap, edit, block)} == {"44"}


@pytest.mark.parametrize(
    "strange", ['{"update_id": 1}', '{"message": 3}', '{"callback_query": {"message": null}}']
)
def test_update_of_no_known_shape_is_a_lane_of_its_own(strange: str) -> None:
    assert lane(json.loads(strange)) != lane(said(1))
