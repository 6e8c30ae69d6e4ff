"""Tickets for tests of the console, opened without the whole form being played."""

from __future__ import annotations

from typing import Any

from bot.incoming import IncomingFile
from dialogs.commands import OpenTicket
from handoff.counter import Moment
from handoff.desk import carry_out
from storage.repositories import conversations
from storage.unit import Unit
from tests.rig import Rig

ANSWERS = {
    "nama": "Budi Santoso",
    "instansi": "CV Maju Jaya",
    "alamat": "Jl. Sudirman No. 5, Batam",
    "telepon": "+6281234567890",
}


def open_ticket(
    rig: Rig,
    user: str = "budi",
    problem: str = "gagal upload penawaran",
    answers: dict[str, str] | None = None,
    **what: Any,
) -> str:
    """A ticket of somebody on the web; its number. ``what`` goes to their first message."""
    rig.hear("halo", user, **what)
    rig.settle()

    def write(unit: Unit) -> None:
        key = rig.key(user)
        found = conversations.find(unit.connection, key.channel, key.account, key.chat, key.thread)
        assert found is not None
        case = conversations.load_locked(unit.connection, found[0])
        moment = Moment(unit.connection, case, rig.clock.now())
        command = OpenTicket("permasalahan", problem, answers or ANSWERS, "penyedia")
        carry_out(rig.loket.turns.counter, moment, [command])
        rig.loket.turns.finish(unit, moment)

    rig.loket.database.write(write).result()
    rig.settle()
    return str(rig.ticket().number)


def picture(rig: Rig, name: str = "layar.png") -> IncomingFile:
    """A small picture that is stored."""
    return rig.file(name)
