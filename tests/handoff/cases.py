"""A user with a ticket at an office where Rina works, for tests that play both sides."""

from __future__ import annotations

from typing import Any

from handoff import actions as a
from handoff import history
from storage.repositories import conversations, people
from tests.rig import Rig

SOLVED = a.Solve("Sudah kami perbaiki", "Rina Wati", missing=True)


def ticket(
    rig: Rig, user: str = "budi", channel: str = "web", problem: str = "gagal upload penawaran"
) -> str:
    """A ticket by the form; its number."""
    before = rig.count("tickets")
    rig.say(f"Saya Budi dari CV Maju, 0812-3456-7890, {problem}", user, channel)
    rig.say("buat tiket", user, channel)
    if "Pakai data lama" in rig.labels(user, channel):
        rig.say("pakai data lama", user, channel)
    else:
        rig.say("Jl. Merdeka No. 5, Batam", user, channel)
    for word in ("lanjut", "lewati semua", "tidak ada", "kirim"):
        rig.say(word, user, channel)
    assert rig.count("tickets") == before + 1
    return str(rig.ticket().number)


def office(rig: Rig) -> Rig:
    """Rina at the helpdesk."""
    rig.hire("rina", "helpdesk")
    return rig


def does(rig: Rig, action: a.Action, number: str | None = None, who: str = "rina") -> str:
    """An agent does something, and what it says goes out."""
    sentence = rig.act(who, action, number)
    rig.settle()
    return sentence


def ask(rig: Rig, *items: tuple[str, Any], number: str | None = None) -> int:
    """Rina asks for data; the request's id."""
    does(rig, a.AskData(tuple(items) or (("Scan NIB", "file"), ("NPWP", "text"))), number)
    return int(rig.rows("SELECT max(id) FROM data_requests")[0][0])


def open_call(rig: Rig) -> Any:
    """The only open call."""
    (row,) = rig.rows("SELECT * FROM calls WHERE state = 'open'")
    return row


def alerts(rig: Rig, kind: str) -> int:
    return int(rig.rows("SELECT count(*) FROM alerts WHERE kind = :kind", kind=kind)[0][0])


def one_person(rig: Rig, user: str = "budi") -> None:
    """The user's chats on the web and on Telegram proved to be one person's."""
    keys = [rig.key(user, channel) for channel in ("telegram", "web")]

    def write(unit: Any) -> None:
        found = [
            conversations.find(unit.connection, k.channel, k.account, k.chat, k.thread)
            for k in keys
        ]
        (source, target) = [f[1] for f in found if f is not None]
        people.join(unit.connection, source, target)

    rig.loket.database.write(write).result()


def whole(rig: Rig) -> bool:
    """Whether the history of every ticket is whole."""
    key = rig.loket.turns.counter.key
    ids = [row.id for row in rig.rows("SELECT id FROM tickets")]
    return all(
        rig.loket.database.read(lambda c, n=n: history.verify(c, key, n)) is None for n in ids
    )
