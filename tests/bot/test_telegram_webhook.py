"""Only Telegram knows the secret."""

from __future__ import annotations

import pytest

from bot.channels.telegram_webhook import check_secret


def test_the_secret_opens() -> None:
    assert check_secret("s3cret_-", "s3cret_-")


@pytest.mark.parametrize("header", [None, "", "s3cret", "S3CRET_-", "s3cret_- ", "é\udcff"])
def test_anything_else_does_not(header: str | None) -> None:
    assert not check_secret(header, "s3cret_-")


@pytest.mark.parametrize("header", [None, "", "x"])
def test_unset_secret_lets_nobody_in(header: str | None) -> None:
    assert not check_secret(header, "")
