"""Events that our own code failed on: parked encrypted, shown masked, never re-raised."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from dialogs.masking import mask
from dialogs.text_edge import tidy
from storage.repositories import events
from storage.unit import Unit

EXCERPT = 300


class Safe:
    """Encrypts raw events with a key derived from the office's own."""

    def __init__(self, key: bytes) -> None:
        self._key = base64.urlsafe_b64encode(hashlib.sha256(b"parked:" + key).digest())

    def lock(self, raw: bytes) -> bytes:
        """Encrypted bytes."""
        from cryptography.fernet import Fernet  # slow to import, and rarely needed

        return Fernet(self._key).encrypt(raw)

    def unlock(self, sealed: bytes) -> bytes:
        """The raw bytes. Raises ValueError if the key is another one."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._key).decrypt(sealed)
        except InvalidToken:
            raise ValueError("this event was parked under another LOKET_SECRET_KEY") from None


def park(
    unit: Unit,
    safe: Safe,
    *,
    account: str,
    event_id: str,
    channel: str,
    raw: bytes,
    error: str,
    now: datetime,
) -> bool:
    """Put an event aside inside a transaction; False if it was handled after all."""
    if not events.claim(unit.connection, account, event_id, now):
        return False
    events.end(unit.connection, account, event_id)
    events.park(
        unit.connection,
        account=account,
        event_id=event_id,
        channel=channel,
        raw=safe.lock(raw),
        excerpt=mask(tidy(raw[:4000].decode(errors="replace"), EXCERPT).text).text,
        error=error[:500],
        now=now,
    )
    return True
