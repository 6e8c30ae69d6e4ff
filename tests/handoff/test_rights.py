"""Who may do what: the whole table, written out by hand, and the rules beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from handoff import actions as a
from handoff.refusal import Refused
from handoff.rights import NAMES, OFFICE, OFFICE_NAMES, TABLE, check, check_office, may, why_not
from handoff.standing import ROLES, STATES, Role, Standing, State, Worker

# Letters of the states, and of the roles.
STATE: dict[str, State] = {
    "B": "baru",
    "P": "diproses",
    "M": "menunggu_data",
    "E": "dieskalasi",
    "S": "selesai",
    "T": "ditutup",
    "K": "dibuka_kembali",
}
ROLE: dict[str, Role] = {
    "f": "front_office",
    "h": "helpdesk",
    "k": "koordinator",
    "u": "kepala_unit",
    "l": "admin_lpse",
    "a": "admin",
}
# For each action: the states it is possible in; the roles that may, on a ticket that nobody
# holds, at the tiers helpdesk, koordinator and lkpp.
EXPECTED = """
Take          BPMESK    hkla    ka      la
CallUser      BPMESK    hkla    ka      la
EndChat       BPMESTK   hkla    hkla    hkla
Release       BPMESK    hkla    ka      la
Assign        BPMESK    hkla    ka      la
Classify      BPMESK    fhkla   ka      la
FillForm      BPMESK    fhkla   fhkla   fhkla
ReplyToUser   BPMESK    hkla    ka      la
WriteNote     BPMESTK   fhkula  fhkula  fhkula
Recommend     BPMESTK   u       u       u
AskData       BPMEK     hkla    ka      la
PhoneCall     BPMESTK   fhkla   fhkla   fhkla
DataComplete  BPMEK     hkla    ka      la
MoveData      BPMESTK   hkla    hkla    hkla
Solve         BPMEK     hkla    ka      la
Close         BPMESK    hkla    ka      la
Escalate      BPMEK     hkla    ka      la
SendBack      PMEK      -       ka      la
PassOn        BPMEK     hkla    ka      la
Merge         BPMEK     hkla    ka      la
Reopen        T         hkla    hkla    hkla
MarkExempt    BPMESK    hkla    ka      la
LkppSent      PMEK      -       -       la
LkppAnswer    PMEK      -       -       la
"""
LINES = [line.split() for line in EXPECTED.strip().splitlines()]
TIERS = ("helpdesk", "koordinator", "lkpp")
CASES = [
    (name, states, tier, roles)
    for name, states, *at in LINES
    for tier, roles in zip(TIERS, at, strict=True)
]
# Once closed, a ticket is at no tier: whoever may by role, may.
CLOSED = {
    "EndChat": "hkla",
    "WriteNote": "fhkula",
    "Recommend": "u",
    "PhoneCall": "fhkla",
    "MoveData": "hkla",
    "Reopen": "hkla",
}
ONLY_THE_HOLDER = {
    "EndChat": "over",
    "Release": "over",
    "Assign": "over",
    "ReplyToUser": "",
    "AskData": "",
    "DataComplete": "",
    "Solve": "",
    "Close": "",
    "Escalate": "",
    "SendBack": "",
    "PassOn": "",
    "Merge": "",
}


def action(name: str) -> type[a.Action]:
    kind: type[a.Action] = getattr(a, name)
    return kind


def who(*roles: Role, number: int = 1) -> Worker:
    return Worker(number, "Rina", frozenset(roles))


def at(state: State = "diproses", tier: str = "helpdesk", holder: int | None = None) -> Standing:
    return Standing(state, tier, holder)


def test_the_table_names_every_action_state_and_role() -> None:
    assert (
        {action(line[0]) for line in LINES} == set(TABLE) == set(NAMES) == set(get_args(a.Action))
    )
    assert set(STATE.values()) == set(STATES)
    assert set(ROLE.values()) == set(ROLES)


@pytest.mark.parametrize(("name", "states", "tier", "roles"), CASES)
def test_each_action_in_each_state_by_each_role(
    name: str, states: str, tier: str, roles: str
) -> None:
    for letter, state in STATE.items():
        able = CLOSED.get(name, "") if state == "ditutup" else roles
        for short, role in ROLE.items():
            expected = letter in states and short in able
            found = may(who(role), at(state, tier), action(name))
            assert found is expected, f"{role}, {state}, {tier}"


@pytest.mark.parametrize("name", [line[0] for line in LINES])
def test_what_somebody_else_holds(name: str) -> None:
    """The holder's own work is refused to others; some of it a Koordinator or Admin Loket may
    do over their head."""
    kind = action(name)
    state: State = "dieskalasi" if "E" in TABLE_STATES[name] else "ditutup"
    tier = "lkpp" if name.startswith("Lkpp") else "koordinator"
    standing = at(state, tier, holder=2)
    free = replace(standing, holder=None)
    for role in ROLES:
        expected = may(who(role), free, kind)
        if expected and name in ONLY_THE_HOLDER:
            expected = ONLY_THE_HOLDER[name] == "over" and role in ("koordinator", "admin")
        assert may(who(role), standing, kind) is expected, role
    assert "SendBack" in ONLY_THE_HOLDER


TABLE_STATES = {line[0]: line[1] for line in LINES}


def test_the_holder_may_work_on_a_ticket_of_another_tier() -> None:
    """Somebody was assigned a ticket that a higher tier works on."""
    assert not may(who("helpdesk"), at("dieskalasi", "koordinator"), a.Solve)
    assert may(who("helpdesk"), at("dieskalasi", "koordinator", holder=1), a.Solve)
    assert not may(who("helpdesk"), at("dieskalasi", "lkpp", holder=1), a.LkppAnswer)
    assert not may(who("front_office"), at("dieskalasi", "koordinator", holder=1), a.Solve)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("state", STATES)
def test_a_one_person_office_can_do_everything(state: State, tier: str) -> None:
    """One account with all roles is stopped by the state only, and by what LKPP's or the first
    tier makes no sense of."""
    one = who(*ROLES)
    for holder in (None, 1):
        for name, states, *rest in LINES:
            here = rest[TIERS.index(tier)] != "-" or state == "ditutup"
            letter = next(short for short, full in STATE.items() if full == state)
            expected = letter in states and here
            assert may(one, at(state, tier, holder), action(name)) is expected, name


def test_the_kepala_unit_notes_and_recommends_and_is_never_a_gate() -> None:
    allowed = {
        kind
        for kind in TABLE
        for state in STATES
        for tier in TIERS
        if may(who("kepala_unit"), at(state, tier), kind)
    }
    assert allowed == {a.WriteNote, a.Recommend}
    for name, roles in OFFICE.items():
        if name.startswith("see_"):
            assert "kepala_unit" in roles, name


def test_the_front_office_registers_classifies_fills_notes_and_calls() -> None:
    allowed = {
        kind
        for kind in TABLE
        for state in STATES
        for tier in TIERS
        if may(who("front_office"), at(state, tier), kind)
    }
    assert allowed == {a.Classify, a.FillForm, a.WriteNote, a.PhoneCall}


def test_a_tier_of_the_office_s_own_is_worked_on_by_its_role() -> None:
    senior = Standing("dieskalasi", "senior", None, works="admin_lpse")
    assert may(who("admin_lpse"), senior, a.Solve)
    assert not may(who("helpdesk"), senior, a.Solve)
    assert not may(who("admin_lpse"), senior, a.LkppAnswer), "it is not LKPP"
    desk = Standing("diproses", "loket_dua", None, works="helpdesk")
    assert may(who("helpdesk"), desk, a.Solve)
    unknown = Standing("diproses", "dulu_ada", None)
    assert may(who("koordinator"), unknown, a.Solve), "somebody always can"
    assert may(who("admin"), unknown, a.Solve)


def test_in_a_live_chat_only_whoever_talks_may_write_and_end_it() -> None:
    live = replace(at("diproses", holder=1), live_with=1)
    assert may(who("helpdesk"), live, a.ReplyToUser)
    assert not may(who("helpdesk", number=2), live, a.ReplyToUser)
    assert "mengobrol" in str(why_not(who("helpdesk", number=2), live, a.EndChat))
    assert may(who("koordinator", number=2), live, a.EndChat)
    assert not may(who("koordinator", number=2), live, a.ReplyToUser)


def test_a_live_chat_goes_on_after_its_ticket_was_escalated() -> None:
    raised = replace(at("dieskalasi", "lkpp"), live_with=1)
    assert may(who("helpdesk"), raised, a.ReplyToUser)
    assert may(who("helpdesk"), raised, a.EndChat)
    assert not may(who("helpdesk"), raised, a.Solve)
    taken = replace(raised, holder=2)
    assert may(who("helpdesk"), taken, a.ReplyToUser)
    assert not may(who("admin_lpse", number=2), taken, a.ReplyToUser)


def test_a_merged_ticket_is_not_opened_again() -> None:
    merged = replace(at("ditutup"), merged=True)
    assert "digabung" in str(why_not(who(*ROLES), merged, a.Reopen))


def test_an_account_that_was_removed_can_do_nothing() -> None:
    gone = replace(who(*ROLES), active=False)
    for kind in TABLE:
        for state in STATES:
            assert "tidak aktif" in str(why_not(gone, at(state), kind))
    for name in OFFICE:
        with pytest.raises(Refused, match="tidak aktif"):
            check_office(gone, name)


def test_an_account_on_a_break_may_still_act() -> None:
    assert may(replace(who("helpdesk"), on_duty=False), at(), a.ReplyToUser)


def test_a_refusal_says_who_could() -> None:
    with pytest.raises(Refused, match="Yang bisa: Helpdesk LPSE, Koordinator Helpdesk, Admin LPSE"):
        check(who("kepala_unit"), at(), a.ReplyToUser("x"))
    with pytest.raises(Refused, match="ditutup"):
        check(who("helpdesk"), at("ditutup"), a.ReplyToUser("x"))
    with pytest.raises(Refused, match="dipegang petugas lain"):
        check(who("helpdesk"), at(holder=2), a.Solve("x", "Rina"))
    check(who("helpdesk"), at(), a.ReplyToUser("x"))


def test_everything_of_the_office_is_somebody_s_and_named() -> None:
    assert set(OFFICE) == set(OFFICE_NAMES)
    one = who(*ROLES)
    for name, roles in OFFICE.items():
        assert roles, name
        check_office(one, name)
        for role in ROLES:
            if role not in roles:
                with pytest.raises(Refused, match="Yang bisa"):
                    check_office(who(role), name)
