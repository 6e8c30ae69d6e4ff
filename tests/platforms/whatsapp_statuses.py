"""What becomes of a message on the fake WhatsApp, as its statuses tell.

Source: WhatsApp Cloud API, "status messages webhook reference".
"""

from __future__ import annotations

from typing import Any

from tests.platforms.faults import Faults


def values(
    faults: Faults,
    about: dict[str, Any],
    ref: str,
    data: str,
    at: int,
    error: dict[str, Any] | None,
) -> list[dict[str, Any]]:
    """The webhook values about the message ``ref`` to somebody (their entry of ``contacts``),
    sent with the callback data ``data``; ``error`` is why it fails."""
    names = fate(faults, failed=error is not None)
    found = [_value(about, ref, data, name, at, error) for name in names]
    for value in found:
        if value["statuses"][0]["status"] == "failed" and faults.hit("bare_failures"):
            value["contacts"] = [{"wa_id": about["wa_id"]}] if "wa_id" in about else []
            if faults.rng.random() < 0.5:
                del value["contacts"]
    return found


def key(value: dict[str, Any]) -> str:
    """What makes a status one of its own: its message and its name."""
    (status,) = value["statuses"]
    return f"{status['id']}:{status['status']}"


def fate(faults: Faults, *, failed: bool) -> list[str]:
    """The statuses of a message, in the order in which they are told."""
    if failed:
        return ["failed"] if faults.rng.random() < 0.5 else ["sent", "failed"]
    if faults.hit("status_never"):
        return []
    names = ["sent", "delivered"]
    if faults.hit("reads"):
        names = ["sent", "read"] if faults.hit("reads_only") else [*names, "read"]
    names = [name for name in names for _ in range(1 + faults.hit("status_twice"))]
    if faults.hit("status_shuffled"):
        faults.rng.shuffle(names)
    return names


def _value(
    about: dict[str, Any], ref: str, data: str, name: str, at: int, error: dict[str, Any] | None
) -> dict[str, Any]:
    status: dict[str, Any] = {"id": ref, "status": name, "timestamp": str(at)}
    ids = {"recipient_id": about.get("wa_id"), "recipient_user_id": about.get("user_id")}
    status |= {key: value for key, value in ids.items() if value}
    if data:
        status["biz_opaque_callback_data"] = data
    if name == "failed":
        status["errors"] = [error]
    else:
        status["pricing"] = {"billable": False, "pricing_model": "PMP", "category": "service"}
    return {"contacts": [about], "statuses": [status]}
