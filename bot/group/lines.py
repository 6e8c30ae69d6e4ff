"""What the agents' group reads: the card of a ticket, lines about it, its buttons. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dialogs.reply import Choice
from dialogs.texts import clip
from handoff import actions as a
from handoff import rights
from handoff.policy import Policy
from handoff.standing import CLOSE_REASONS, KIND_LABELS, STATE_LABELS
from storage.base import AnyRow

_STAR = "\N{ASTERISK OPERATOR}"
_NAME = 120
_PROBLEM = 1500
_NOTICE = 300

VERBS: Mapping[str, tuple[str, type[a.Action]]] = {
    "take": ("Ambil", a.Take),
    "ask": ("Minta Data", a.AskData),
    "solve": ("Selesai", a.Solve),
    "close": ("CLOSED", a.Close),
    "up": ("ESCALATE", a.Escalate),
}
"""Buttons: (label, what it does)."""

_STATE_LINES = {
    "menunggu_data": "Menunggu data dari pengguna.",
    "selesai": "Solusi dikirim. Menunggu kata pengguna: sudah beres atau belum.",
}
_WAIT_LINES = {
    "waiting": "🔔 Pengguna menunggu obrolan langsung ({number}). Tekan *Ambil* untuk mulai.",
    "called": "Pengguna dipanggil ({number}).",
    "live": "Obrolan langsung: tulisan {agent} di topik ini sampai ke pengguna.",
    "": "Obrolan langsung berakhir; bot menjawab lagi.",
}


@dataclass(frozen=True, slots=True)
class Stood:
    """How a ticket stood when the group was told. ``wait`` is the state of its place in the
    queue or live chat, ``number`` that one's number."""

    state: str
    tier: str
    agent: int | None
    priority: str
    wait: str = ""
    number: str = ""

    @classmethod
    def load(cls, text: str) -> Stood | None:
        """None where the group was told nothing yet."""
        return cls(**json.loads(text)) if text else None

    def dump(self) -> str:
        return json.dumps(asdict(self))


def plain(text: str) -> str:
    """Somebody's words: their asterisks make nothing bold."""
    return text.replace("*", _STAR)


def title(ticket: AnyRow) -> str:
    """The topic's name: number, who, and how the problem begins."""
    problem = " ".join(ticket.problem[:300].split())
    parts = (ticket.number, _who(ticket), problem)
    return clip(" · ".join(part for part in parts if part), _NAME)


def card(ticket: AnyRow, stood: Stood, holder: str | None, policy: Policy) -> str:
    """What the first message of a topic says. No address and no phone: those are in the
    console, where looking at them is logged."""
    given = json.loads(ticket.answers)
    kind = KIND_LABELS.get(ticket.kind, ticket.kind)
    lines = [
        f"*{ticket.number}* · {kind} · prioritas {ticket.priority}",
        plain(" · ".join(v for v in (_who(ticket), given.get("instansi", "")) if v)),
        "⏰ Batas waktu pengguna kurang dari 24 jam." if ticket.deadline == "under_24h" else "",
        plain(clip(ticket.problem, _PROBLEM)),
        f"{STATE_LABELS[ticket.state]} · {policy.tier(ticket.tier).label} · {_held(holder)}",
        _WAIT_LINES[stood.wait].format(number=stood.number, agent=holder) if stood.wait else "",
    ]
    return "\n".join(line for line in lines if line)


def changes(
    before: Stood, now: Stood, holder: str | None, reason: str | None, policy: Policy
) -> list[str]:
    """What became different, a line each. ``reason`` is why the ticket is closed."""
    lines = []
    if before.state == "ditutup" != now.state:
        lines.append("Dibuka kembali.")
    if before.tier != now.tier:
        lines.append(_moved(before, now, policy))
    if before.agent != now.agent:
        lines.append(_held(holder).capitalize() if holder is None else f"Dipegang {plain(holder)}.")
    if before.wait != now.wait and now.state != "ditutup":
        lines.append(_WAIT_LINES[now.wait].format(number=now.number, agent=holder or "petugas"))
    if before.state != now.state and now.state in _STATE_LINES:
        lines.append(_STATE_LINES[now.state])
    if before.priority != now.priority:
        lines.append(f"Prioritas {now.priority}.")
    if before.state != "ditutup" == now.state:
        lines.append(f"*Ditutup*: {CLOSE_REASONS.get(reason or '', 'selesai')}.")
    return lines


def _moved(before: Stood, now: Stood, policy: Policy) -> str:
    keys = [tier.key for tier in policy.tiers]
    label = policy.tier(now.tier).label
    up = now.tier in keys and before.tier in keys and keys.index(now.tier) > keys.index(before.tier)
    return f"⬆️ *Dieskalasi ke {label}.*" if up else f"Kembali ke {label}."


def _held(holder: str | None) -> str:
    return "belum ada yang memegang." if holder is None else f"dipegang {plain(holder)}"


def _who(ticket: AnyRow) -> str:
    return str(json.loads(ticket.answers).get("nama", ""))


def said(row: AnyRow, ticket: AnyRow) -> str | None:
    """A message of the ticket as a line; None where its file says it all."""
    if row.author == "notice":  # its beginning: what follows may be the whole form
        begins = row.text.replace("*", "").partition("\n\n")[0]
        return f"→ pengguna: {clip(begins, _NOTICE)}"
    if row.author == "user":
        changed = " (diubah)" if row.edited_at else ""
        who, text = (_who(ticket) or "Pengguna") + changed, row.text
    else:
        who, text = _by_console(row.name), _without_head(row.text, ticket.number)
        if "file" in (json.loads(row.body) if row.body else {}):
            return None
    return f"*{plain(who)}:* {plain(text)}" if text else None


def _by_console(name: str | None) -> str:
    return f"{name or 'Petugas'} (konsol)"


def _without_head(text: str, number: str) -> str:
    """An agent's line without the line that names them and the ticket."""
    head, _, rest = text.partition("\n")
    return rest if number in head and rest else text


def noted(row: AnyRow) -> str:
    """An internal note of the console."""
    label = "Rekomendasi" if row.kind == "recommendation" else "Catatan"
    return f"📝 *{label} {plain(row.name)}:* {plain(row.text)}"


def sent_file(row: AnyRow, ticket: AnyRow) -> str:
    """The caption of a file."""
    who = _who(ticket) or "Pengguna" if row.author == "user" else _by_console(row.agent)
    return f"*{plain(who)}:* {plain(row.name)}"


def buttons(ticket_id: int, stood: Stood) -> tuple[Choice, ...]:
    """What makes sense now, whoever presses; the table of rights decides about that."""
    shown = []
    for verb, (label, action) in VERBS.items():
        possible = stood.state in rights.TABLE[action].states
        if verb == "take":
            possible = possible and (stood.agent is None or stood.wait in ("waiting", "called"))
        if possible:
            shown.append(Choice(f"{verb}.{ticket_id}", label))
    return tuple(shown)


def reasons(ticket_id: int, *, solved: bool) -> tuple[Choice, ...]:
    """Why a ticket is closed; ``solved``: there is a solution."""
    labels = {
        "solved": "Beres" if solved else "Beres (tulis solusi)",
        "withdrawn": "Dibatalkan pengguna",
        "duplicate": "Sama dengan lain",
        "no_data": "Data tidak diterima",
        "other_unit": "Ke unit lain",
    }
    return tuple(Choice(f"close.{ticket_id}.{key}", label) for key, label in labels.items())
