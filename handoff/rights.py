"""Who may do what, where: the one place where an action on a ticket is authorised.

``TABLE`` has a line for each action: the states it is possible in, the roles that may, and
whether it is for the ticket's holder. A ticket's tier narrows the roles to those that work on
it, its holder excepted. ``tests/handoff/test_rights.py`` spells the whole table out.
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
    a.Escalate: Right(_BUSY, _DESK, "holder"),
    a.SendBack: Right(_BUSY - {"baru"}, _OVER | _LKPP, "holder"),
    a.PassOn: Right(_BUSY, _DESK, "holder"),
    a.Merge: Right(_BUSY, _DESK, "holder"),
    a.Reopen: Right(_states("ditutup"), _DESK),
    a.MarkExempt: Right(_OPEN, _DESK),
    a.LkppSent: Right(_BUSY - {"baru"}, _LKPP),
    a.LkppAnswer: Right(_BUSY - {"baru"}, _LKPP),
}
# Who works on a ticket at a tier, by the role that config.yml gives the tier.
_AT_ROLE: Mapping[Role, frozenset[Role]] = {
    "front_office": _DESK | {"front_office"},
    "helpdesk": _DESK | {"front_office"},  # it registers and classifies there
    "koordinator": _OVER,
    "admin_lpse": _LKPP,
    "kepala_unit": _OVER,  # beside the line, never a gate [004]
    "admin": frozenset({"admin"}),
}
_TIER_ROLES: Mapping[str, Role] = {
    "helpdesk": "helpdesk",
    "koordinator": "koordinator",
    "lkpp": "admin_lpse",
}
_AT_LKPP = (a.LkppSent, a.LkppAnswer)
_IN_CHAT = (a.ReplyToUser, a.EndChat)
# What a tier does not narrow: everybody at the desk may do it wherever the ticket is.
_ANYWHERE = (
    a.WriteNote,
    a.Recommend,
    a.PhoneCall,
    a.MoveData,
    a.EndChat,
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
    return _not_here(worker, standing, action) or _not_theirs(worker, standing, action)


def _not_here(worker: Worker, standing: Standing, action: type[a.Action]) -> str | None:
    """Why a ticket's tier, or what became of it, does not allow an action."""
    name, role = NAMES[action], standing.works or _TIER_ROLES.get(standing.tier, "koordinator")
    if action is a.Reopen and standing.merged:
        return "Tiket ini digabung ke tiket lain. Lanjutkan di sana."
    if action in _AT_LKPP and standing.tier != "lkpp":
        return "Tiket ini tidak sedang di LKPP."
    if action is a.SendBack and role in ("helpdesk", "front_office"):
        return "Tiket ini sudah di tingkat pertama."
    if action in _ANYWHERE or standing.state == "ditutup":
        return None
    chats = action in _IN_CHAT and standing.live_with == worker.id
    if worker.roles & _AT_ROLE[role] or worker.id == standing.holder or chats:
        return None
    needed = ", ".join(ROLE_LABELS[r] for r in ROLE_LABELS if r in _AT_ROLE[role])
    return f"Tiket ini sedang di tingkat lain. Yang bisa {name}: {needed}."


def _not_theirs(worker: Worker, standing: Standing, action: type[a.Action]) -> str | None:
    """Why it is somebody else's: the holder's, or whose live chat it is."""
    right, name = TABLE[action], NAMES[action]
    if right.whose == "anyone" or (right.over and worker.roles & _OVER):
        return None
    if action in _IN_CHAT and standing.live_with not in (None, worker.id):
        return f"Petugas lain sedang mengobrol dengan pengguna, jadi Anda tidak bisa {name}."
    theirs = standing.holder in (None, worker.id)
    if theirs or (action in _IN_CHAT and standing.live_with == worker.id):
        return None
    return f"Tiket ini dipegang petugas lain, jadi Anda tidak bisa {name}. Ambil dulu."


_LISTS: frozenset[Role] = _DESK | {"front_office"}
# What is no action on a ticket: who may. ``see_`` is looking at a list, the rest changes it.
OFFICE: Mapping[str, frozenset[Role]] = {
    "front": frozenset({"front_office", "helpdesk", "koordinator", "admin"}),
    "canned": _LISTS,
    "alerts": _ALL,
    "see_undelivered": _ALL,
    "undelivered": _LISTS,
    "see_parked": _DESK | {"kepala_unit"},
    "parked": frozenset({"helpdesk", "koordinator", "admin"}),
    "see_personal_data": _OVER | {"kepala_unit"},
    "personal_data": _OVER,
    "see_calls": _ALL,
    "see_complaints": _ALL,
    "see_misses": _ALL,
    "misses": _DESK,
    "accounts": frozenset({"admin"}),
}
OFFICE_NAMES: Mapping[str, str] = {
    "front": "bekerja di loket depan",
    "canned": "memakai balasan siap pakai",
    "alerts": "melihat pemberitahuan",
    "see_undelivered": "melihat pesan yang tidak sampai",
    "undelivered": "mengurus pesan yang tidak sampai",
    "see_parked": "melihat kiriman yang tertahan",
    "parked": "mengurus kiriman yang tertahan",
    "see_personal_data": "melihat permintaan data pribadi",
    "personal_data": "mengurus permintaan data pribadi",
    "see_calls": "melihat daftar telepon",
    "see_complaints": "melihat pengaduan dan masukan",
    "see_misses": "melihat pertanyaan yang belum terjawab",
    "misses": "meninjau pertanyaan yang belum terjawab",
    "accounts": "mengelola akun",
}


def may_office(worker: Worker, name: str) -> bool:
    """Whether a worker may do something of ``OFFICE``: what pages show."""
    return worker.active and bool(worker.roles & OFFICE[name])


def check_office(worker: Worker, name: str) -> None:
    """The same, raising Refused with the sentence the agent reads."""
    if not worker.active:
        raise Refused("Akun ini sudah tidak aktif. Hubungi Admin Loket.")
    if not may_office(worker, name):
        needed = ", ".join(ROLE_LABELS[r] for r in ROLE_LABELS if r in OFFICE[name])
        raise Refused(f"Peran Anda tidak bisa {OFFICE_NAMES[name]}. Yang bisa: {needed}.")
