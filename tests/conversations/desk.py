"""What agents do in a conversation that is played: verbs of the YAML files as actions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.office_turns import OfficeTurns
from dialogs.commands import OpenTicket
from dialogs.reply import Attached
from handoff import actions as a
from handoff.office import front
from handoff.office.errands import Errand
from tests.rig import PNG, Rig

_ITEM = re.compile(r"(.+?)\s*\((text|file|any)\)$")


def items(labels: list[str]) -> tuple[tuple[str, a.ItemKind], ...]:
    """ "Scan NIB (file)" is a file called Scan NIB; without a kind it is any."""
    found = ((label, _ITEM.match(label)) for label in labels)
    return tuple((m[1], m[2]) if m else (label, "any") for label, m in found)  # type: ignore[misc]


def _reply(rig: Rig, what: dict[str, Any]) -> a.Action:
    files = tuple(
        Attached(0, "image", name, "image/png", rig.loket.blobs.put(PNG))
        for name in what.get("files", ())
    )
    return a.ReplyToUser(what.get("text", ""), files)


def _ask(rig: Rig, what: dict[str, Any]) -> a.Action:
    return a.AskData(items(what["items"]), what.get("words", ""))


def _phone(rig: Rig, what: dict[str, Any]) -> a.Action:
    """About the newest open call."""
    (row,) = rig.rows("SELECT id FROM calls WHERE state = 'open' ORDER BY id DESC LIMIT 1")
    return a.PhoneCall(row.id, what["reached"], what.get("words", ""))


def _lkpp(rig: Rig, what: dict[str, Any]) -> a.Action:
    return a.LkppAnswer(
        what["outcome"],
        what.get("words", "jawaban LKPP"),
        relay=what.get("relay", False),
        items=items(what.get("items", [])),
        solution=what.get("solution", ""),
        explainer=what.get("explainer", "Helpdesk LKPP"),
        missing=what.get("missing", True),
    )


def _move(rig: Rig, what: dict[str, Any]) -> a.Action:
    """All pieces of the newest data request that has any."""
    rows = rig.rows(
        "SELECT id FROM data_pieces WHERE request_id = "
        "(SELECT max(request_id) FROM data_pieces) ORDER BY id"
    )
    return a.MoveData(tuple(row.id for row in rows), what["to"])


def _assign(rig: Rig, what: dict[str, Any]) -> a.Action:
    return a.Assign(rig.agents[what["to"]])


Make = Callable[[Rig, dict[str, Any]], a.Action]
# verb: (what a bare value is called, how the action is made)
VERBS: Mapping[str, tuple[str, Make]] = {
    "take": ("", lambda _, w: a.Take()),
    "call": ("", lambda _, w: a.CallUser()),
    "end": ("", lambda _, w: a.EndChat()),
    "release": ("", lambda _, w: a.Release()),
    "assign": ("to", _assign),
    "classify": ("kind", lambda _, w: a.Classify(**w)),
    "fill": ("answers", lambda _, w: a.FillForm(w.get("answers", {}), w.get("missing", False))),
    "reply": ("text", _reply),
    "note": ("text", lambda _, w: a.WriteNote(w["text"])),
    "recommend": ("text", lambda _, w: a.Recommend(w["text"])),
    "ask": ("items", _ask),
    "phone": ("reached", _phone),
    "complete": ("", lambda _, w: a.DataComplete()),
    "move": ("to", _move),
    "solve": (
        "solution",
        lambda _, w: a.Solve(w["solution"], w.get("explainer", "Rina"), w.get("missing", True)),
    ),
    "close": (
        "reason",
        lambda _, w: a.Close(
            w["reason"], w.get("solution", ""), w.get("explainer", "Rina"), w.get("missing", True)
        ),
    ),
    "escalate": ("reason", lambda _, w: a.Escalate(w["reason"])),
    "back": ("guidance", lambda _, w: a.SendBack(w["guidance"])),
    "pass": ("unit", lambda _, w: a.PassOn(w["unit"], w.get("reason", "bukan wewenang kami"))),
    "merge": ("into", lambda _, w: a.Merge(w["into"])),
    "reopen": ("reason", lambda _, w: a.Reopen(w["reason"])),
    "exempt": ("reason", lambda _, w: a.MarkExempt(w["reason"])),
    "lkpp_sent": ("number", lambda _, w: a.LkppSent(w["number"])),
    "lkpp": ("outcome", _lkpp),
}


def action(rig: Rig, what: Any) -> tuple[a.Action, str | None]:
    """(the action, the ticket's number or None for the newest): ``take``, ``{reply: text}``,
    ``{solve: text, ticket: LPSE-...}``, ``{ask: [..], words: ..}``."""
    given = {what: True} if isinstance(what, str) else dict(what)
    number = given.pop("ticket", None)
    verb = next(word for word in given if word in VERBS)
    name, make = VERBS[verb]
    value = given.pop(verb)
    if name:
        given[name] = value
    return make(rig, given), number


def register(rig: Rig, who: str, form: dict[str, Any]) -> str:
    """A ticket of somebody at the counter or on the phone; its number."""
    source = form.pop("source", "walk_in")
    chat = form.pop("chat", f"{who}:{rig.count('tickets')}")
    given = {"kind": "permintaan_layanan", "answers": _VISITOR, "user_type": "penyedia", **form}
    what = front.Registration(source, chat, OpenTicket(**given), in_book=source == "walk_in")
    turns = OfficeTurns(rig.loket.turns)
    made = turns.make(rig.agents[who], "front", lambda errand: front.register(errand, what))
    return str(made.result().number)


def heard_at_desk(rig: Rig, who: str, solved: bool, words: str) -> str:
    """*Sudah* or *Belum* of the newest ticket's user; what the agent reads."""
    ticket_id = rig.ticket().id

    def deed(errand: Errand) -> str:
        return front.answered(errand, ticket_id, solved=solved, words=words)

    turns = OfficeTurns(rig.loket.turns)
    return turns.make(rig.agents[who], "see_calls", deed).result()


_VISITOR = {
    "nama": "Hendra Wijaya",
    "instansi": "CV Sinar Terang",
    "alamat": "Jl. Ahmad Yani No. 12, Batam",
    "telepon": "+6281277778899",
}
