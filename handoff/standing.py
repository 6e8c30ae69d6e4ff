"""The words for where a ticket stands and who works on it; labels are what people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

State = Literal[
    "baru", "diproses", "menunggu_data", "dieskalasi", "selesai", "ditutup", "dibuka_kembali"
]
STATES: tuple[State, ...] = get_args(State)
STATE_LABELS: Mapping[str, str] = {
    "baru": "Baru",
    "diproses": "Diproses",
    "menunggu_data": "Menunggu data",
    "dieskalasi": "Dieskalasi",
    "selesai": "Selesai, menunggu konfirmasi",
    "ditutup": "Ditutup",
    "dibuka_kembali": "Dibuka kembali",
}
OPEN_STATES: frozenset[str] = frozenset(STATES) - {"ditutup"}

Role = Literal["front_office", "helpdesk", "koordinator", "kepala_unit", "admin_lpse", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_LABELS: Mapping[str, str] = {
    "front_office": "Front Office",
    "helpdesk": "Helpdesk LPSE",
    "koordinator": "Koordinator Helpdesk",
    "kepala_unit": "Kepala Unit",
    "admin_lpse": "Admin LPSE",
    "admin": "Admin Loket",
}
KIND_LABELS: Mapping[str, str] = {
    "gangguan": "Gangguan",
    "permasalahan": "Permasalahan",
    "permintaan_layanan": "Permintaan layanan",
    "masukan": "Pengaduan/masukan",
}
CATEGORY_LABELS: Mapping[str, str] = {
    "pengaduan": "Pengaduan",
    "keberatan": "Keberatan",
    "saran": "Saran",
    "masukan": "Masukan",
}
PRIORITIES: tuple[str, ...] = ("tinggi", "menengah", "rendah")
CLOSE_REASONS: Mapping[str, str] = {
    "solved": "Masalah beres",
    "silence": "Tidak ada jawaban setelah solusi dikirim",
    "no_data": "Data yang diminta tidak diterima",
    "duplicate": "Sama dengan tiket lain",
    "other_unit": "Diteruskan ke unit lain",
    "withdrawn": "Dibatalkan pengguna",
}


@dataclass(frozen=True, slots=True)
class Worker:
    """Who acts: an agent's account as an action needs it."""

    id: int
    name: str
    roles: frozenset[Role]
    active: bool = True
    on_duty: bool = True

    @property
    def actor(self) -> str:
        """How history names them."""
        return f"agent:{self.id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether an action is allowed on a ticket now. ``live_with`` is the agent of
    a live chat about it, ``works`` the role of its tier (None: as its key says)."""

    state: State
    tier: str
    holder: int | None
    kind: str = "permintaan_layanan"
    live_with: int | None = None
    closed_at: datetime | None = None
    merged: bool = False
    works: Role | None = None
