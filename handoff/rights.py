"""Who may do what, where: the one place where an action on a ticket is authorised.

``TABLE`` has a line for each action: the states it is possible in, the roles that may, and
whether it is for the ticket's holder. ``check`` reads nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handoff import actions as a
from handoff.refusal import Refused
from handoff.standing import ROLE_LABELS, STATE_LABELS, STATES, Role, Standing, State, Worker

Whose = Literal["anyone", "holder"]


@dataclass(frozen=True, slots=True)
class Right:
    """``whose`` holder: whoever holds the ticket, or nobody does (then acting takes it); a
    Koordinator or Admin Loket may also act on one that another agent holds where
    ``over`` is set."""

    states: frozenset[State]
    roles: frozenset[Role]
    whose: Whose = "anyone"
    over: bool = False


def _states(text: str) -> frozenset[State]:
    if text == "*":
        return frozenset(STATES)
    found = frozenset(s for s in STATES if s in text.split())
    assert len(found) == len(text.split()), text
    return found


_DESK: frozenset[Role] = frozenset({"helpdesk", "koordinator", "admin_lpse", "admin"})
_ALL: frozenset[Role] = frozenset({*_DESK, "front_office", "kepala_unit"})
_OVER: frozenset[Role] = frozenset({"koordinator", "admin"})
_LKPP: frozenset[Role] = frozenset({"admin_lpse", "admin"})
_OPEN = _states("baru diproses menunggu_data dieskalasi selesai dibuka_kembali")
_BUSY = _states("baru diproses menunggu_data dieskalasi dibuka_kembali")

TABLE: Mapping[type[a.Action], Right] = {
    a.Take: Right(_OPEN, _DESK),
    a.CallUser: Right(_OPEN, _DESK),
    a.EndChat: Right(_states("*"), _DESK, "holder", over=True),
    a.Release: Right(_OPEN, _DESK, "holder", over=True),
    a.Assign: Right(_OPEN, _DESK, "holder", over=True),
    a.Classify: Right(_OPEN, _DESK | {"front_office"}),
    a.FillForm: Right(_OPEN, _DESK | {"front_office"}),
    a.ReplyToUser: Right(_OPEN, _DESK, "holder"),
    a.WriteNote: Right(_states("*"), _ALL),
    a.Recommend: Right(_states("*"), frozenset({"kepala_unit"})),
    a.AskData: Right(_BUSY, _DESK, "holder"),
    a.PhoneCall: Right(_states("*"), _DESK | {"front_office"}),
    a.DataComplete: Right(_BUSY, _DESK, "holder"),
    a.MoveData: Right(_states("*"), _DESK),
    a.Solve: Right(_BUSY, _DESK, "holder"),
    a.Close: Right(_OPEN, _DESK, "holder"),
    a.Escalate: Right(
        _states("baru diproses menunggu_data dieskalasi dibuka_kembali"), _DESK, "holder"
    ),
    a.SendBack: Right(_states("dieskalasi"), _OVER | _LKPP, "holder"),
    a.PassOn: Right(_BUSY, _DESK, "holder"),
    a.Merge: Right(_BUSY, _DESK, "holder"),
    a.Reopen: Right(_states("ditutup"), _DESK),
    a.MarkExempt: Right(_OPEN, _DESK),
    a.LkppSent: Right(_states("dieskalasi menunggu_data"), _LKPP),
    a.LkppAnswer: Right(_states("dieskalasi menunggu_data"), _LKPP),
}
# Who works on a ticket at a tier; a tier of the office's own is worked on by its role.
_AT_TIER: Mapping[str, frozenset[Role]] = {
    "helpdesk": _DESK,
    "koordinator": _OVER,
    "lkpp": _LKPP,
}
# What a tier does not narrow: everybody at the desk may do it wherever the ticket is.
_ANYWHERE = (
    a.WriteNote,
    a.Recommend,
    a.PhoneCall,
    a.MoveData,
    a.EndChat,
    a.ReplyToUser,
    a.Reopen,
    a.FillForm,
)
NAMES: Mapping[type[a.Action], str] = {
    a.Take: "mengambil tiket",
    a.CallUser: "memanggil pengguna",
    a.EndChat: "mengakhiri obrolan",
    a.Release: "melepas tiket",
    a.Assign: "menugaskan tiket",
    a.Classify: "mengubah jenis dan prioritas",
    a.FillForm: "mengisi formulir",
    a.ReplyToUser: "membalas pengguna",
    a.WriteNote: "menulis catatan",
    a.Recommend: "memberi rekomendasi",
    a.AskData: "meminta data",
    a.PhoneCall: "mencatat panggilan",
    a.DataComplete: "menyatakan data lengkap",
    a.MoveData: "memindahkan data",
    a.Solve: "menyelesaikan tiket",
    a.Close: "menutup tiket",
    a.Escalate: "mengeskalasi tiket",
    a.SendBack: "mengembalikan tiket",
    a.PassOn: "meneruskan ke unit lain",
    a.Merge: "menggabungkan tiket",
    a.Reopen: "membuka kembali tiket",
    a.MarkExempt: "mengecualikan dari batas waktu",
    a.LkppSent: "mencatat pengiriman ke LKPP",
    a.LkppAnswer: "mencatat jawaban LKPP",
}


def check(worker: Worker, standing: Standing, action: a.Action) -> None:
    """Raises Refused with the sentence the agent reads, unless it is allowed."""
    reason = why_not(worker, standing, type(action))
    if reason is not None:
        raise Refused(reason)


def may(worker: Worker, standing: Standing, action: type[a.Action]) -> bool:
    """Whether an action is possible now: what pages show."""
    return why_not(worker, standing, action) is None


def why_not(worker: Worker, standing: Standing, action: type[a.Action]) -> str | None:
    """The sentence that says why an action is not allowed; None if it is."""
    right, name = TABLE[action], NAMES[action]
    if not worker.active:
        return "Akun ini sudah tidak aktif. Hubungi Admin Loket."
    if standing.state not in right.states:
        return f"Tiket ini {STATE_LABELS[standing.state].lower()}, jadi tidak bisa {name}."
    if not worker.roles & right.roles:
        needed = ", ".join(ROLE_LABELS[r] for r in ROLE_LABELS if r in right.roles)
        return f"Peran Anda tidak bisa {name}. Yang bisa: {needed}."
    if action not in _ANYWHERE and standing.state != "ditutup":
        at_tier = _AT_TIER.get(standing.tier, _OVER)
        if not worker.roles & at_tier and worker.id != standing.holder:
            needed = ", ".join(ROLE_LABELS[r] for r in ROLE_LABELS if r in at_tier)
            return f"Tiket ini sedang di tingkat lain. Yang bisa {name}: {needed}."
    over = right.over and bool(worker.roles & _OVER)
    if right.whose == "holder" and standing.holder not in (None, worker.id) and not over:
        return f"Tiket ini dipegang petugas lain, jadi Anda tidak bisa {name}. Ambil dulu."
    return None
