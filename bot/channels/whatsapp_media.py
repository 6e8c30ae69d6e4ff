"""The handle of a WhatsApp file: its media id and the hash that its bytes must have."""

from __future__ import annotations

import json


def media_ref(media_id: str, sha256: str) -> str:
    """One opaque string of both. ``sha256`` is as the webhook gives it (base64), empty where
    it gives none."""
    return json.dumps([media_id, sha256], separators=(",", ":"))


def read_ref(ref: str) -> tuple[str, str]:
    """(media id, hash) of what ``media_ref`` made. Raises ValueError for anything else."""
    try:
        parts = json.loads(ref)
    except ValueError:
        parts = None
    if isinstance(parts, list) and len(parts) == 2 and all(isinstance(p, str) for p in parts):
        return parts[0], parts[1]
    raise ValueError("not a handle of a WhatsApp file")
