"""python-telegram-bot as the fake Telegram's client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import telegram
from telegram.request import HTTPXRequest

from tests.platforms import FakeTelegram

TOKEN = "700001:synthetic"
Story = Callable[[FakeTelegram, telegram.Bot], Coroutine[Any, Any, None]]


def told(story: Story, **options: Any) -> FakeTelegram:
    """Run a story with a fake and the library's bot; the fake afterwards."""
    fake = FakeTelegram(token=TOKEN, **options)

    async def run() -> None:
        async with fake.serving(), asyncio.timeout(20), a_bot(fake, TOKEN) as bot:
            await story(fake, bot)

    asyncio.run(run())
    return fake


def a_bot(fake: FakeTelegram, token: str) -> telegram.Bot:
    return telegram.Bot(
        token,
        base_url=f"{fake.url}/bot",
        base_file_url=f"{fake.url}/file/bot",
        request=HTTPXRequest(read_timeout=0.5),
    )
