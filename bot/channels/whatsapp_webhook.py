"""The checks that a webhook call comes from Meta. Pure.

Source: Graph API, "Webhooks from Meta: Getting started".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from starlette.datastructures import QueryParams

SIGNATURE_HEADER = "X-Hub-Signature-256"

_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,256}")


def is_signature(header: str | None) -> bool:
    """Whether it looks like one at all: what does not is refused before anything is read."""
    return _SIGNATURE.fullmatch(header or "") is not None


def check_signature(header: str | None, body: bytes, app_secret: str) -> bool:
    """Whether ``header`` signs exactly these bytes with our app's secret, in constant time.

    Meta signs the body as it sends it, escapes included: ``body`` is what came in, never JSON
    written anew. A missing or garbled header and an unset secret are False: an installation
    that forgot its secret takes nothing.
    """
    found = _SIGNATURE.fullmatch(header or "")
    if found is None or not app_secret:
        return False
    key = app_secret.encode("utf-8", "surrogatepass")
    expected = hmac.new(key, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(found[1].lower().encode(), expected.encode())


def challenge(params: QueryParams | Mapping[str, str], verify_token: str | None) -> str | None:
    """What answers Meta's check of our address, None where the caller is not let in.

    Each of ``hub.mode``, ``hub.verify_token`` and ``hub.challenge`` must be there once. The
    token is compared in constant time; an unset one lets nobody in. What is given back is
    letters and digits only, so that our address never says a stranger's words.
    """
    given = QueryParams(params)
    mode, token, word = (
        _only(given, f"hub.{part}") for part in ("mode", "verify_token", "challenge")
    )
    if not verify_token or token is None or mode != "subscribe":
        return None
    same = hmac.compare_digest(
        token.encode("utf-8", "surrogatepass"), verify_token.encode("utf-8", "surrogatepass")
    )
    return word if same and _CHALLENGE.fullmatch(word or "") else None


def _only(params: QueryParams, name: str) -> str | None:
    values = params.getlist(name)
    return values[0] if len(values) == 1 else None
