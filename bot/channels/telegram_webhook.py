"""The check that a webhook call comes from Telegram."""

from __future__ import annotations

import hmac

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- a header's name


def check_secret(header: str | None, secret: str) -> bool:
    """Whether ``header`` carries our secret, compared in constant time.

    A missing header and an unset secret are both False: an installation that forgot
    its secret takes nothing. Source: Bot API, setWebhook, ``secret_token``.
    """
    if header is None or not secret:
        return False
    return hmac.compare_digest(
        header.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )
