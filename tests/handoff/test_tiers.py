"""Escalation: up the configured tiers, to LKPP through the Admin LPSE, and back."""

from __future__ import annotations

from typing import Any

import pytest

from handoff import actions as a
from handoff.lkpp import ManualLkpp
from handoff.refusal import Refused
from tests.handoff.tickets import opened
from tests.rig import Rig


def heard(rig: Rig) -> list[str]:
    rig.settle()
    return [out.text for out in rig.telegram.sent]


def staffed(rig: Rig, **roles: str) -> Rig:
    for login, role in roles.items():
        rig.hire(login, role)
    return rig


def alerts_of(rig: Rig, role: str) -> list[str]:
    return [row.text for row in rig.rows("SELECT text FROM alerts WHERE role = :r", r=role)]


def test_escalating_goes_to_the_next_tier_and_the_user_is_told(rig: Rig) -> None:
    staffed(rig, rina="helpdesk", dedi="koordinator", adi="admin_lpse")
    number = opened(rig)
    rig.act("rina", a.Escalate("sudah dicoba dua peramban"))
    row = rig.ticket()
    assert (row.state, row.tier, row.agent_id) == ("dieskalasi", "koordinator", None)
    assert any(number in text and "Koordinator Helpdesk" in text for text in heard(rig))
    assert any(number in text for text in alerts_of(rig, "koordinator"))
    rig.act("dedi", a.Escalate("butuh LKPP"))
    assert rig.ticket().tier == "lkpp"
    assert any("helpdesk LKPP" in text and "balasan berikutnya" in text for text in heard(rig))


def test_an_empty_tier_is_skipped(rig: Rig) -> None:
    staffed(rig, rina="helpdesk", adi="admin_lpse")
    opened(rig)
    rig.act("rina", a.Escalate("butuh LKPP"))
    assert rig.ticket().tier == "lkpp"


def test_without_anybody_above_escalating_says_so_and_changes_nothing(rig: Rig) -> None:
    staffed(rig, rina="helpdesk")
    opened(rig)
    with pytest.raises(Refused, match="Tidak ada tingkat di atas"):
        rig.act("rina", a.Escalate("x"))
    assert rig.ticket().state == "baru"


def test_an_escalation_needs_a_reason(rig: Rig) -> None:
    staffed(rig, rina="helpdesk", adi="admin_lpse")
    opened(rig)
    with pytest.raises(Refused, match="apa yang sudah dicoba"):
        rig.act("rina", a.Escalate("  "))


def at_lkpp(rig: Rig, **changes: Any) -> str:
    staffed(rig, rina="helpdesk", adi="admin_lpse")
    number = opened(rig, **changes)
    rig.act("rina", a.Escalate("galat aplikasi"))
    return number


def test_helpdesk_cannot_work_on_what_lkpp_has(rig: Rig) -> None:
    at_lkpp(rig)
    with pytest.raises(Refused, match="tingkat lain"):
        rig.act("rina", a.Solve("Beres", "Rina"))
    assert rig.act("rina", a.WriteNote("pengguna menelepon")) == "Catatan disimpan."


def test_lkpps_number_is_kept_verbatim(rig: Rig) -> None:
    at_lkpp(rig)
    rig.act("adi", a.LkppSent("  TT/2026-11/№ 77 "))
    assert rig.ticket().lkpp_number == "TT/2026-11/№ 77"


def test_guidance_returns_the_ticket_and_stays_with_the_agents(rig: Rig) -> None:
    at_lkpp(rig)
    rig.act("adi", a.LkppAnswer("guidance", "minta pengguna hapus cache Apendo"))
    row = rig.ticket()
    assert (row.state, row.tier, row.agent_id) == ("diproses", "helpdesk", None)
    assert not any("cache Apendo" in text for text in heard(rig))
    assert any("petunjuk" in text for text in alerts_of(rig, "helpdesk"))


def test_still_working_tells_the_user_nothing(rig: Rig) -> None:
    at_lkpp(rig)
    before = len(heard(rig))
    rig.act("adi", a.LkppAnswer("still_working", "masih dicek tim backend"))
    assert len(heard(rig)) == before
    assert (rig.ticket().state, rig.ticket().tier) == ("dieskalasi", "lkpp")


def test_a_solution_of_lkpp_goes_out_as_the_admin_words_it(rig: Rig) -> None:
    number = at_lkpp(rig)
    answer = a.LkppAnswer(
        "solved",
        "fix deployed hash 9f2",
        solution="Silakan unggah lagi, sudah diperbaiki.",
        explainer="Helpdesk LKPP",
    )
    rig.act("adi", answer)
    said = heard(rig)
    assert any("sudah diperbaiki" in text and number in text for text in said)
    assert not any("9f2" in text for text in said)
    assert rig.ticket().solved_tier == "lkpp"


def test_guidance_of_a_koordinator_returns_the_ticket(rig: Rig) -> None:
    staffed(rig, rina="helpdesk", dedi="koordinator")
    opened(rig)
    rig.act("rina", a.Escalate("buntu"))
    rig.act("dedi", a.SendBack("coba reset lewat menu admin"))
    assert (rig.ticket().tier, rig.ticket().state) == ("helpdesk", "diproses")


def test_in_an_office_of_one_person_everything_goes_its_way(rig: Rig) -> None:
    roles = ("front_office", "helpdesk", "koordinator", "kepala_unit", "admin_lpse", "admin")
    rig.hire("sari", *roles)
    opened(rig)
    rig.act("sari", a.Escalate("naik"))
    rig.act("sari", a.Escalate("naik lagi"))
    rig.act("sari", a.LkppSent("77"))
    rig.act("sari", a.LkppAnswer("guidance", "caranya begini"))
    rig.act("sari", a.Solve("Sudah kami perbaiki", "Sari"))
    assert rig.ticket().state == "selesai"


def test_the_kepala_unit_hears_of_what_is_unsolved_and_stops_nothing(rig: Rig) -> None:
    staffed(rig, rina="helpdesk", dedi="koordinator", kepala="kepala_unit")
    number = opened(rig)
    rig.act("rina", a.Escalate("buntu"))
    rig.act("dedi", a.Solve("Sudah diperbaiki", "Dedi"))
    rig.say("belum bisa min, masih sama", channel="telegram")
    told = alerts_of(rig, "kepala_unit")
    assert any(number in text and "naik ke" in text for text in told)
    assert any(number in text and "belum beres" in text for text in told)
    rig.act("kepala", a.Recommend("dahulukan"))
    assert rig.ticket().tier == "koordinator"


@pytest.mark.parametrize(
    ("verb", "words"),
    [("escalated", ()), ("data_came", ("Data lengkap.",)), ("not_solved", ())],
)
def test_whatever_lkpp_has_to_hear_reaches_the_admin_lpse(
    rig: Rig, verb: str, words: tuple[str, ...]
) -> None:
    number = opened(rig)
    row, now = rig.ticket(), rig.clock.now()
    rig.loket.database.write(
        lambda unit: getattr(ManualLkpp(), verb)(unit.connection, row, now, *words)
    ).result()
    assert any(number in text for text in alerts_of(rig, "admin_lpse"))
