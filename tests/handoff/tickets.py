"""A ticket without the talk that led to it."""

from __future__ import annotations

from typing import Any

from dialogs.commands import OpenTicket
from handoff.counter import Moment
from handoff.desk import carry_out
from storage.repositories import conversations
from storage.unit import Unit
from tests.rig import Rig

ANSWERS = {
    "nama": "Budi Santoso",
    "instansi": "CV Maju",
    "alamat": "Jl. Mawar No. 5, Batam",
    "telepon": "+628123456789",
}


def opened(rig: Rig, user: str = "budi", channel: str = "telegram", **changes: Any) -> str:
    """Open a ticket for a user as their own turn would; its number."""
    key, now = rig.key(user, channel), rig.clock.now()
    given: dict[str, Any] = {
        "kind": "permasalahan",
        "problem": "gagal upload penawaran",
        "answers": ANSWERS,
        "user_type": "penyedia",
    }
    command = OpenTicket(**{**given, **changes})

    def write(unit: Unit) -> None:
        address = (key.channel, key.account, key.chat, key.thread)
        case = conversations.open_case(unit.connection, address, now)
        moment = Moment(unit.connection, case, now, step=1)
        carry_out(rig.loket.turns.counter, moment, (command,))
        rig.loket.turns.finish(unit, moment)

    rig.loket.database.write(write).result()
    number: str = rig.ticket().number
    return number
