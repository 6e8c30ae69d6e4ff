"""The sender: in order, once, within the limits, and each chat on its own."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Loket, build
from bot.channels.port import (
    Abilities,
    AccountBroken,
    Moved,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.claims import LEASE
from bot.delivery import AT_ONCE
from dialogs.reply import Attached, Reply, RowClass
from nlu.engines.port import Engine
from storage.database import Unavailable
from storage.repositories import conversations
from storage.unit import Unit
from tests.rig import TELEGRAM, RecordingChannel, Rig

POST = Abilities(max_text=4096, buttons=0, label=20)


class Platform(RecordingChannel):
    """A platform on which every chat can be slow, closed or refused on its own. ``tried`` is
    every attempt, as (when, chat, text)."""

    def __init__(self, name: str, abilities: Abilities) -> None:
        super().__init__(name, abilities)
        self.trouble: defaultdict[str, list[BaseException]] = defaultdict(list)
        self.gates: dict[str, asyncio.Event] = {}
        self.tried: list[tuple[datetime, str, str]] = []
        self.busy: Counter[str] = Counter()
        self.now: Callable[[], datetime] = datetime.now
        self.slowness: Callable[[], float] | None = None

    async def send(self, out: Outgoing) -> str | None:
        chat = out.key.chat
        self.tried.append((self.now(), chat, out.text))
        self.busy[chat] += 1
        assert self.busy[chat] == 1, f"two messages to {chat} at once"
        try:
            if chat in self.gates:
                await self.gates[chat].wait()
            if self.slowness:
                await asyncio.sleep(self.slowness())
            if self.trouble[chat]:
                raise self.trouble[chat].pop(0)
            return await super().send(out)
        finally:
            self.busy[chat] -= 1

    def texts(self, chat: str) -> list[str]:
        return [out.text for out in self.sent if out.key.chat == chat]

    def tries(self, chat: str) -> list[datetime]:
        return [when for when, tried, _ in self.tried if tried == chat]


class PostOffice(Rig):
    """Loket with two platforms: Telegram with its limits, ``post`` without any."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.post = Platform("post", POST)
        self.slow = Platform("telegram", TELEGRAM)
        super().__init__(folder, engine)

    def _build(self) -> Loket:
        self.post.now = self.slow.now = self.clock.now
        channels = {"post": self.post, "telegram": self.slow}
        return build(self.config, self.places, self.engine, clock=self.clock, channels=channels)

    def platform(self, name: str) -> Platform:
        return self.slow if name == "telegram" else self.post

    def put(
        self,
        chat: str,
        *said: str | Reply,
        on: str = "post",
        as_: RowClass = "talk",
        thread: str = "",
        bulk: bool = False,
    ) -> int:
        """Messages of ours to a chat; the conversation's id."""

        def write(unit: Unit) -> int:
            now = self.clock.now()
            place = (unit.connection, on, f"{on}:1", chat, thread)
            conversation_id, _ = conversations.ensure(*place, now)
            for words in said:
                case = conversations.load_locked(unit.connection, conversation_id)
                reply = words if isinstance(words, Reply) else Reply(words, row_class=as_)
                speaking = self.loket.turns.speaking(unit, case)
                speaking.say((reply,), 0, bulk=bulk)
                conversations.save_state(
                    unit.connection, case.id, state=case.state, seq=speaking.seq
                )
            return conversation_id

        return self.loket.database.write(write).result()

    def send(self, *, after: float = 0) -> None:
        """Let seconds pass, and everything that is due go out."""
        self.clock.move(timedelta(seconds=after))
        self.run(self.loket.delivery.drain())

    def while_sending(self, talk: Callable[[], Awaitable[None]]) -> None:
        """``talk`` while delivery runs as it does in the server."""

        async def both() -> None:
            stop = asyncio.Event()
            sending = asyncio.create_task(self.loket.delivery.run(stop))
            try:
                await asyncio.wait_for(talk(), 20)
            finally:
                stop.set()
                self.loket.bells.delivery.ring()
                await sending

        self.run(both())

    def states(self, chat: str) -> list[str]:
        """What became of each row of a chat."""
        query = """
            SELECT o.state FROM outbox o JOIN conversations c ON c.id = o.conversation_id
            WHERE c.chat = :chat ORDER BY o.seq
        """
        return [row[0] for row in self.rows(query, chat=chat)]

    def crash(self, chat: str) -> None:
        """A message is claimed, and whoever claimed it is never heard of again."""
        haul = self.run(self.loket.delivery._claim({"post": 1}))
        assert [row.out.key.chat for row in haul.rows] == [chat]
        self.restart()


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[PostOffice]:
    office = PostOffice(tmp_path / "office", engine)
    yield office
    office.close()


ANYWHERE = pytest.mark.parametrize("name", ["post", "telegram"])


async def until(what: Callable[[], Any]) -> None:
    while not what():  # noqa: ASYNC110 -- the database has no event to wait for
        await asyncio.sleep(0.005)


# --- order, and each chat on its own


def test_each_chat_gets_its_messages_in_order_while_many_write_at_once(office: PostOffice) -> None:
    rng = random.Random(7)
    office.post.slowness = lambda: rng.uniform(0, 0.004)
    chats = [f"chat{n}" for n in range(12)]

    def write(mine: list[str]) -> None:
        for number in range(12):
            for chat in mine:
                office.put(chat, f"{number}a", f"{number}b")

    async def talk() -> None:
        threads = [threading.Thread(target=write, args=(chats[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        await until(lambda: len(office.post.sent) == 12 * 24)
        for thread in threads:
            thread.join()

    office.while_sending(talk)
    for chat in chats:
        assert office.post.texts(chat) == [f"{n}{half}" for n in range(12) for half in "ab"]
    assert office.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


def test_a_blocked_chat_delays_no_other(office: PostOffice) -> None:
    async def talk() -> None:
        office.post.gates["stuck"] = asyncio.Event()
        office.put("stuck", "a", "b")
        await until(lambda: office.post.busy["stuck"])
        for number in range(5):
            office.put("free", str(number))
        await until(lambda: len(office.post.texts("free")) == 5)
        assert office.post.texts("stuck") == []
        office.post.gates["stuck"].set()
        await until(lambda: office.post.texts("stuck") == ["a", "b"])

    office.while_sending(talk)


def test_a_platform_that_hangs_delays_no_other_platform(office: PostOffice) -> None:
    async def talk() -> None:
        stuck = [f"stuck{n}" for n in range(AT_ONCE + 3)]
        for chat in stuck:
            office.post.gates[chat] = asyncio.Event()
            office.put(chat, "a")
        await until(lambda: sum(office.post.busy.values()) == AT_ONCE)
        office.put("page", "web", on="web")
        office.put("42", "telegram", on="telegram")
        await until(lambda: office.slow.texts("42") == ["telegram"])
        await until(lambda: office.states("page") == ["sent"])
        for gate in office.post.gates.values():
            gate.set()
        await until(lambda: len(office.post.sent) == len(stuck))

    office.while_sending(talk)


def test_a_row_that_cannot_be_read_stops_nothing(office: PostOffice) -> None:
    office.put("a", "broken", "whole")
    office.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "UPDATE messages SET body = '{not json' WHERE text = 'broken'"
        )
    ).result()
    office.put("b", "other")
    office.send()
    assert office.states("a") == ["failed", "sent"]
    assert office.post.texts("b") == ["other"]


def test_a_platforms_id_is_kept_for_later_replies(office: PostOffice) -> None:
    office.put("a", "satu")
    office.send()
    assert office.rows("SELECT platform_id FROM messages") == [("1000",)]


# --- what a platform may answer


def test_a_message_that_never_left_is_sent_again_after_growing_pauses(office: PostOffice) -> None:
    office.post.trouble["a"] = [NotSent("refused")] * 5
    office.put("a", "satu", "dua")
    for _ in range(60 * 4):
        office.send(after=0.25)
    assert office.post.texts("a") == ["satu", "dua"]
    tries = office.post.tries("a")[:6]
    pauses = [(b - a).total_seconds() for a, b in pairwise(tries)]
    for number, pause in enumerate(pauses):
        assert 0.7 * 2**number <= pause <= 1.3 * 2**number + 0.25
    assert office.states("a") == ["sent", "sent"]


def test_the_longest_pause_is_minutes_not_hours(office: PostOffice) -> None:
    office.post.trouble["a"] = [NotSent("refused")] * 30
    office.put("a", "satu")
    for _ in range(30):
        office.send(after=400)
    assert len(office.post.tries("a")) == 30


def test_an_unknown_outcome_is_tried_once_more_after_five_seconds(office: PostOffice) -> None:
    office.post.trouble["a"] = [OutcomeUnknown("cut")]
    office.put("a", "satu", "dua")
    office.send()
    office.send(after=4.9)
    assert office.post.texts("a") == []
    office.send(after=0.2)
    assert office.post.texts("a") == ["satu", "dua"]
    assert office.rows("SELECT repeated FROM outbox ORDER BY seq") == [(1,), (0,)]


def test_twice_unknown_stays_unknown_and_the_chat_goes_on(office: PostOffice) -> None:
    office.post.trouble["a"] = [OutcomeUnknown("cut"), OutcomeUnknown("cut")]
    office.put("a", "satu", "dua")
    for _ in range(4):
        office.send(after=5.1)
    assert office.post.texts("a") == ["dua"]
    assert len(office.post.tries("a")) == 3
    assert office.states("a") == ["unknown", "sent"]


def test_a_repeat_that_never_left_does_not_count_as_the_second_unknown(office: PostOffice) -> None:
    office.post.trouble["a"] = [OutcomeUnknown("cut"), NotSent("refused")]
    office.put("a", "satu")
    for _ in range(10):
        office.send(after=5.1)
    assert office.states("a") == ["sent"]
    assert len(office.post.tries("a")) == 3


@ANYWHERE
def test_asked_to_wait_only_that_chat_waits_with_all_its_topics(
    office: PostOffice, name: str
) -> None:
    platform = office.platform(name)
    platform.trouble["-100"] = [RetryLater(30)]
    office.put("-100", "satu", "dua", on=name)
    office.send()
    office.put("-100", "topik", on=name, thread="5")
    office.put("42", "lain", on=name)
    office.send(after=29.9)
    assert [out.text for out in platform.sent] == ["lain"]
    office.send(after=0.2)
    assert sorted(platform.texts("-100")) == ["dua", "satu", "topik"]


@ANYWHERE
def test_asked_to_wait_for_the_account_all_its_chats_wait(office: PostOffice, name: str) -> None:
    platform = office.platform(name)
    platform.trouble["1"] = [RetryLater(30, "account")]
    office.put("1", "satu", on=name)
    office.send()
    office.put("2", "dua", on=name)
    other = office.post if platform is office.slow else office.slow
    office.put("3", "lain", on=other.name)
    office.send(after=29.9)
    assert platform.sent == []
    assert other.texts("3") == ["lain"]
    for _ in range(3):
        office.send(after=0.2)
    assert sorted(out.text for out in platform.sent) == ["dua", "satu"]


def test_a_pause_survives_a_restart(office: PostOffice) -> None:
    office.slow.trouble["1"] = [RetryLater(30, "account")]
    office.put("1", "satu", on="telegram")
    office.send()
    office.restart()
    office.put("2", "dua", on="telegram")
    office.send(after=29.9)
    assert office.slow.sent == []


def test_nothing_goes_to_who_blocked_us_until_they_write_again(office: PostOffice) -> None:
    office.post.trouble["budi"] = [Unreachable("bot was blocked by the user")]
    office.put("budi", "satu", "dua")
    office.put("ani", "lain")
    office.send()
    office.put("budi", "tiga", as_="notice")
    office.send(after=60)
    assert office.states("budi") == ["failed", "failed", "failed"]
    assert len(office.post.tries("budi")) == 1
    assert office.post.texts("ani") == ["lain"]
    office.hear("/bantuan", user="budi", channel="post")
    for _ in range(3):
        office.send(after=5)
    assert office.post.texts("budi")
    assert office.states("budi")[:3] == ["failed"] * 3


def test_a_chat_that_moved_is_followed(office: PostOffice) -> None:
    office.post.trouble["-5"] = [Moved("-1005")]
    office.put("-5", "satu", "dua")
    office.send()
    assert office.post.texts("-1005") == ["satu", "dua"]
    office.put("-1005", "tiga")
    office.send()
    assert office.count("conversations") == 1


@pytest.mark.parametrize("new", ["-1005", "-5"])
def test_a_chat_that_moved_to_a_known_one_is_given_up(office: PostOffice, new: str) -> None:
    office.put(new, "baru")
    office.post.trouble["-5"] = [Moved(new)] * 9
    office.put("-5", "satu")
    office.put("b", "lain")
    for _ in range(9):
        office.send(after=60)
    assert office.states("-5")[-1] == "failed"
    assert len(office.post.tries("-5")) == 1
    assert office.post.texts("b") == ["lain"]


def test_a_refused_message_is_left_out_and_the_chat_goes_on(office: PostOffice) -> None:
    office.post.trouble["a"] = [Refused("message is too long"), ValueError("our own fault")]
    office.put("a", "satu", "dua", "tiga")
    office.send()
    assert office.post.texts("a") == ["tiga"]
    errors = office.rows("SELECT state, error FROM outbox ORDER BY seq")
    assert errors == [("failed", "message is too long"), ("failed", "ValueError"), ("sent", None)]


@ANYWHERE
def test_refused_credentials_pause_the_account_for_a_minute(office: PostOffice, name: str) -> None:
    platform = office.platform(name)
    platform.trouble["1"] = [AccountBroken("Telegram refuses the token")]
    office.put("1", "satu", on=name)
    office.send()
    for chat in ("2", "3", "4"):
        office.put(chat, "lain", on=name)
    office.send(after=59)
    assert len(platform.tried) == 1
    for _ in range(4):
        office.send(after=1.1)
    assert len(platform.sent) == 4


def test_a_file_that_cannot_be_read_for_now_goes_out_later(office: PostOffice) -> None:
    store = office.loket.blobs
    faults = [Unavailable("disk"), Unavailable("disk")]

    class Moody:
        put = store.put

        def get(self, key: str) -> bytes:
            if faults:
                raise faults.pop()
            return store.get(key)

    office.loket.delivery._blobs = Moody()  # type: ignore[assignment]
    file = Attached(1, "document", "surat.pdf", "application/pdf", store.put(b"%PDF"))
    office.put("a", Reply("surat", file=file))
    for _ in range(3):
        office.send(after=10)
    assert [(out.text, out.file_bytes) for out in office.post.sent] == [("surat", b"%PDF")]


# --- limits


def _hundred_ms(office: PostOffice, seconds: int) -> None:
    for _ in range(10 * seconds):
        office.send(after=0.1)


def _most_within(moments: list[datetime], seconds: float) -> int:
    """The most sends in any window of that length."""
    window = timedelta(seconds=seconds)
    return max(sum(1 for m in moments if start <= m < start + window) for start in moments)


def test_an_account_sends_at_most_thirty_a_second(office: PostOffice) -> None:
    for number in range(90):
        office.put(str(number), "halo", on="telegram")
    _hundred_ms(office, 4)
    moments = [when for when, _, _ in office.slow.tried]
    assert len(office.slow.sent) == 90
    assert 20 <= _most_within(moments, 1) <= 30


def test_a_chat_gets_three_at_once_and_then_one_a_second(office: PostOffice) -> None:
    office.put("42", *(str(n) for n in range(8)), on="telegram")
    office.send()
    assert office.slow.texts("42") == ["0", "1", "2"]
    for number in range(3, 8):
        office.send(after=0.9)
        assert len(office.slow.sent) == number
        office.send(after=0.1)
        assert len(office.slow.sent) == number + 1
    assert office.slow.texts("42") == [str(n) for n in range(8)]


def test_a_chat_in_quiet_earns_its_burst_again(office: PostOffice) -> None:
    office.put("42", "1", "2", "3", on="telegram")
    office.send()
    office.put("42", "4", "5", "6", on="telegram")
    office.send(after=3)
    assert len(office.slow.sent) == 6


def test_a_group_gets_at_most_twenty_a_minute_over_all_its_topics(office: PostOffice) -> None:
    for number in range(50):
        office.put("-100", f"{number}", on="telegram", thread=str(number % 4 + 2))
    for _ in range(240):
        office.send(after=1)
    moments = office.slow.tries("-100")
    assert len(moments) == 50
    assert 15 <= _most_within(moments, 60) <= 20
    for topic in range(4):
        texts = [o.text for o in office.slow.sent if o.key.thread == str(topic + 2)]
        assert texts == [str(n) for n in range(50) if n % 4 == topic]


def test_a_chat_over_its_limit_delays_no_other(office: PostOffice) -> None:
    office.put("1", *(str(n) for n in range(20)), on="telegram")
    office.send()
    office.put("2", "lain", on="telegram")
    office.send()
    assert office.slow.texts("2") == ["lain"]


# --- who speaks


def _take_chat(office: PostOffice, conversation_id: int) -> None:
    office.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            f"UPDATE conversations SET fence = fence + 1 WHERE id = {conversation_id}"
        )
    ).result()


def test_the_bots_words_are_withdrawn_once_a_person_took_the_chat(office: PostOffice) -> None:
    office.put("a", "kata bot")
    office.put("a", "nomor tiket", as_="notice")
    _take_chat(office, office.put("a", "kata bot lagi"))
    office.put("a", "kata petugas", as_="person")
    office.send()
    assert office.post.texts("a") == ["nomor tiket", "kata petugas"]
    assert office.states("a") == ["withdrawn", "sent", "withdrawn", "sent"]


def test_a_repeat_is_withdrawn_too_once_a_person_took_the_chat(office: PostOffice) -> None:
    office.post.trouble["a"] = [OutcomeUnknown("cut")]
    conversation_id = office.put("a", "kata bot")
    office.send()
    _take_chat(office, conversation_id)
    office.send(after=6)
    assert office.states("a") == ["withdrawn"]


# --- whoever sends may die


def test_a_message_whose_sender_died_is_tried_once_more_when_its_lease_is_over(
    office: PostOffice,
) -> None:
    office.put("a", "satu", "dua")
    office.crash("a")
    office.send(after=LEASE.total_seconds() - 1)
    assert office.post.texts("a") == []
    for _ in range(3):
        office.send(after=3)
    assert office.post.texts("a") == ["satu", "dua"]
    assert office.rows("SELECT repeated FROM outbox ORDER BY seq") == [(1,), (0,)]


def test_a_message_whose_senders_died_twice_stays_unknown(office: PostOffice) -> None:
    office.put("a", "satu", "dua")
    office.crash("a")
    office.send(after=LEASE.total_seconds() + 1)
    office.clock.move(timedelta(seconds=6))
    office.crash("a")
    for _ in range(3):
        office.send(after=LEASE.total_seconds() + 1)
    assert office.states("a") == ["unknown", "sent"]
    assert office.post.texts("a") == ["dua"]


def test_a_restarted_server_does_not_wait_for_the_lease_of_its_dead_self(
    office: PostOffice,
) -> None:
    office.put("a", "satu")
    office.crash("a")

    async def talk() -> None:
        await until(lambda: office.rows("SELECT 1 FROM outbox WHERE repeated"))
        office.clock.move(timedelta(seconds=6))
        office.loket.bells.delivery.ring()
        await until(lambda: office.post.texts("a") == ["satu"])

    office.while_sending(talk)


def test_a_sender_that_was_slower_than_its_lease_still_reports(office: PostOffice) -> None:
    async def talk() -> None:
        office.post.gates["a"] = asyncio.Event()
        office.put("a", "satu", "dua")
        await until(lambda: office.post.busy["a"])
        office.clock.move(LEASE + timedelta(seconds=1))
        await until(lambda: office.rows("SELECT 1 FROM outbox WHERE repeated"))
        office.post.gates.pop("a").set()
        await until(lambda: office.states("a")[0] == "sent")
        office.clock.move(timedelta(seconds=6))
        await until(lambda: office.states("a") == ["sent", "sent"])

    office.while_sending(talk)
    assert office.post.texts("a") == ["satu", "dua"]


def test_what_is_under_way_is_finished_at_a_stop(office: PostOffice) -> None:
    async def talk() -> None:
        office.post.slowness = lambda: 0.2
        office.put("a", "satu")
        await until(lambda: office.post.busy["a"])

    office.while_sending(talk)
    assert office.states("a") == ["sent"]


# --- people first


def test_people_go_before_notices_and_notices_before_what_the_clock_says(
    office: PostOffice,
) -> None:
    office.slow.abilities = replace(office.slow.abilities, per_second=2)
    for number in range(4):
        office.put(f"1{number}", "pengingat", on="telegram", as_="notice", bulk=True)
    for number in range(4):
        office.put(f"2{number}", "pemberitahuan", on="telegram", as_="notice")
    for number in range(4):
        office.put(f"3{number}", "dari orang", on="telegram", as_="person")
    for _ in range(40):
        office.send(after=0.5)
    words = [out.text for out in office.slow.sent]
    assert words == ["dari orang"] * 4 + ["pemberitahuan"] * 4 + ["pengingat"] * 4


def test_what_the_clock_says_gets_at_most_half_of_an_accounts_rate(office: PostOffice) -> None:
    for number in range(60):
        office.put(str(number), "pengingat", on="telegram", as_="notice", bulk=True)
    _hundred_ms(office, 6)
    moments = [when for when, _, _ in office.slow.tried]
    assert len(moments) == 60
    assert _most_within(moments, 1) <= 15


def test_lanes_behind_a_spent_account_are_left_as_they_are(office: PostOffice) -> None:
    for number in range(300):
        office.put(str(number), "halo", on="telegram")
    office.send()
    went = len(office.slow.sent)
    due = office.rows("SELECT count(DISTINCT due_at), count(*) FROM lanes WHERE due_at IS NOT NULL")
    assert due[0][0] <= went + 2
    haul = office.run(office.loket.delivery._claim({"telegram": 32}))
    assert haul.rows == []
    assert haul.settled == 0
    assert haul.blocked["telegram"] > office.clock.now()


def test_a_row_that_is_not_asked_for_by_its_owner_is_not_recorded_twice(
    office: PostOffice,
) -> None:
    """A sender whose lease ran out hears late that its message was taken."""
    office.put("a", "satu", "dua")
    haul = office.run(office.loket.delivery._claim({"post": 1}))
    office.clock.move(LEASE + timedelta(seconds=1))
    office.send()
    office.send(after=6)
    outcomes = office.loket.delivery._outcomes
    office.loket.database.write(lambda unit: outcomes.sent(haul.rows[0], "77", unit)).result()
    office.send(after=6)
    assert office.states("a") == ["sent", "sent"]
    assert office.post.texts("a") == ["satu", "dua"]
