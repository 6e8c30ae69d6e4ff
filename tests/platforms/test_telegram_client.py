"""The fake Telegram's methods, proven by python-telegram-bot."""

from __future__ import annotations

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from tests.platforms import FakeTelegram, telegram_paces, until
from tests.platforms.ptb import a_bot, told


@pytest.fixture(autouse=True)
def _times_are_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it will be in the library's next major version, without its warning."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


def test_text_with_buttons_photo_and_document_arrive_in_order() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="1:ya")]])
        sent = await bot.send_message(7, "Halo *é*", reply_markup=keys)
        await bot.send_photo(7, b"jpeg", caption="foto", filename="a.jpg")
        await bot.send_document(7, b"pdf", filename="b.pdf")
        assert sent.message_id == fake.chats[7][0].message_id
        assert (await bot.get_me()).username == "loket_bot"
        assert await bot.send_chat_action(7, "typing")
        assert await bot.delete_message(7, sent.message_id)

    first, photo, document = told(story).chats[7]
    assert (first.text, first.buttons) == ("Halo *é*", (("1:ya", "Ya"),))
    assert (photo.kind, photo.text, photo.file) == ("photo", "foto", b"jpeg")
    assert (document.kind, document.name, document.file) == ("document", "b.pdf", b"pdf")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("blocked", Forbidden, "blocked by the user"),
        ("deactivated", Forbidden, "deactivated"),
        ("kicked", Forbidden, "kicked"),
        ("not_found", BadRequest, "Chat not found"),
        ("rate", RetryAfter, "Flood control"),
        ("server_error", NetworkError, "Internal Server Error"),
        ("cut_before", NetworkError, "Error"),
    ],
)
def test_what_is_refused_or_cut_before_has_not_arrived(
    fault: str, error: type[TelegramError], words: str
) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.faults.next(7, fault)
        with pytest.raises(error, match=words):
            await bot.send_message(7, "pertama")
        await bot.send_message(7, "kedua")

    fake = told(story)
    assert [a.text for a in fake.chats[7]] == ["kedua"]
    assert fake.cut == []


@pytest.mark.parametrize(("fault", "error"), [("hang", TimedOut), ("cut_after", NetworkError)])
def test_what_was_cut_after_delivery_has_arrived_and_is_on_record(
    fault: str, error: type[TelegramError]
) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        for n in range(4):  # hanging up has two manners
            fake.faults.next(7, fault)
            with pytest.raises(error):
                await bot.send_message(7, f"pesan {n}")

    fake = told(story)
    assert [a.text for a in fake.chats[7]] == [f"pesan {n}" for n in range(4)]
    assert [(cut.who, cut.message, cut.fault) for cut in fake.cut] == [
        (7, arrived, fault) for arrived in fake.chats[7]
    ]


def test_bot_that_hangs_up_while_the_answer_is_on_its_way_is_on_record() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.faults.latency = (1.0, 1.0)
        with pytest.raises(TimedOut):
            await bot.send_message(7, "halo", read_timeout=0.9)
        await until(lambda: fake.cut)

    assert [cut.fault for cut in told(story).cut] == ["gone"]


def test_group_that_became_a_supergroup_names_its_new_id() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.migrate(-5, -1005)
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(-5, "halo")
        await bot.send_message(moved.value.new_chat_id, "halo lagi")

    assert [a.text for a in told(story).chats[-1005]] == ["halo lagi"]


def test_each_rate_is_enforced_for_its_own_scope() -> None:
    now = [1000.0]

    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.paces = telegram_paces()
        for _ in range(3):
            await bot.send_message(7, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(7, "x")
        await bot.send_message(8, "another chat")
        now[0] += 1
        await bot.send_message(7, "x")
        for _ in range(20):
            await bot.send_message(-9, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(-9, "x")
        now[0] += 60
        for chat in range(10, 40):
            await bot.send_message(chat, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(99, "x")

    fake = told(story, clock=lambda: now[0])
    assert [pace.refused for pace in fake.paces.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("text", "data"), [("a" * 4097, "x"), ("a", "é" * 33), ("\N{GRINNING FACE}" * 2049, "x")]
)
def test_limits_of_a_message_are_enforced(text: str, data: str) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data=data)]])
        with pytest.raises(BadRequest):
            await bot.send_message(7, text, reply_markup=keys)

    assert told(story).chats[7] == []


def test_wrong_token_and_closed_account_are_refused() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        stranger = a_bot(fake, "1:wrong")
        with pytest.raises(InvalidToken):
            await stranger.initialize()
        await stranger.shutdown()
        fake.faults.account = 401
        with pytest.raises(InvalidToken):
            await bot.send_message(7, "x")

    assert told(story).chats[7] == []
