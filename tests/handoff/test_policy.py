"""The office's priority table, limits and tiers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from handoff.policy import (
    Clock,
    Impact,
    Policy,
    Priority,
    PriorityRow,
    QueueRules,
    Sla,
    Tier,
    Urgency,
    suggest,
)
from tests.rig import office_config

HOUR = timedelta(hours=1)
POLICY = Policy()


@pytest.mark.parametrize(
    ("impact", "urgency", "hours", "priority"),
    [
        ("besar", "mendesak", None, "tinggi"),  # SPSE is down for many
        ("kecil", "tidak", 23.9, "tinggi"),  # under 24 h left
        ("kecil", "tidak", 24, "rendah"),
        ("sedang", "tidak", 0, "tinggi"),
        ("sedang", "tidak", -5, "tinggi"),  # the deadline has just passed
        ("besar", "tidak", None, "menengah"),
        ("sedang", "tidak", None, "menengah"),  # one user blocked
        ("sedang", "mendesak", 48, "menengah"),
        ("kecil", "mendesak", None, "menengah"),
        ("kecil", "tidak", None, "rendah"),  # how-to, data changes
    ],
)
def test_the_default_table(
    impact: Impact, urgency: Urgency, hours: float | None, priority: Priority
) -> None:
    left = None if hours is None else hours * HOUR
    assert suggest(POLICY, impact, urgency, left)[0] == priority


conditions = st.builds(
    PriorityRow,
    priority=st.sampled_from(get_args(Priority)),
    impact=st.sampled_from([None, *get_args(Impact)]),
    urgency=st.sampled_from([None, *get_args(Urgency)]),
    under_hours=st.none() | st.floats(0, 200),
)
tables = st.builds(
    lambda rows, last: Policy(priorities=(*rows, PriorityRow(priority=last))),
    st.lists(conditions, max_size=8),
    st.sampled_from(get_args(Priority)),
)


@given(
    tables,
    st.sampled_from(get_args(Impact)),
    st.sampled_from(get_args(Urgency)),
    st.none() | st.floats(-100, 300),
)
def test_every_table_has_a_priority_for_everything_and_the_first_row_that_fits_counts(
    policy: Policy, impact: Impact, urgency: Urgency, hours: float | None
) -> None:
    left = None if hours is None else hours * HOUR
    priority, chosen = suggest(policy, impact, urgency, left)
    assert priority == chosen.priority
    place = next(n for n, row in enumerate(policy.priorities) if row is chosen)
    assert _fits(chosen, impact, urgency, hours)
    assert not any(_fits(row, impact, urgency, hours) for row in policy.priorities[:place])


def _fits(row: PriorityRow, impact: Impact, urgency: Urgency, hours: float | None) -> bool:
    """The same in other words: no condition of the row is broken."""
    if row.impact is not None and row.impact != impact:
        return False
    if row.urgency is not None and row.urgency != urgency:
        return False
    if row.under_hours is None:
        return True
    return hours is not None and hours * HOUR < timedelta(hours=row.under_hours)


def test_a_table_without_an_end_is_refused() -> None:
    with pytest.raises(ValidationError, match="last row"):
        Policy(priorities=(PriorityRow(priority="tinggi", impact="besar"),))
    with pytest.raises(ValidationError, match="last row"):
        Policy(priorities=())


@pytest.mark.parametrize("limit", ["0m", "5", "5s", "", "-5m", "99999h", "1.5d", "5 m", "m"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    with pytest.raises(ValidationError, match="minutes, hours or days"):
        Clock(limit=limit)


@pytest.mark.parametrize(
    ("limit", "amount"), [("5m", (5, "m")), ("24h", (24, "h")), ("1d", (1, "d"))]
)
def test_a_limit_is_an_amount_of_a_unit(limit: str, amount: tuple[int, str]) -> None:
    assert Clock(limit=limit).amount == amount


def test_the_sop_s_limits_are_the_defaults_and_those_of_the_shipped_file() -> None:
    expected = {
        "priority": ("5m", "office"),
        "data_request": ("5m", "office"),
        "desk_analysis": ("30m", "office"),
        "analysis": ("1d", "office"),
        "response": ("24h", "calendar"),
        "resolution": ("72h", "calendar"),
        "lkpp": ("24h", "calendar"),
        "closing_notice": ("10m", "office"),
        "data_wait": ("72h", "calendar"),
        "confirmation": ("72h", "calendar"),
    }
    for sla in (Sla(), office_config().policy.sla):
        for name, (limit, hours) in expected.items():
            clock: Clock = getattr(sla, name)
            assert (clock.limit, clock.hours) == (limit, hours), name
    assert office_config().policy.priorities == Policy().priorities
    assert office_config().policy.tiers == Policy().tiers


@pytest.mark.parametrize(
    ("tiers", "why"),
    [
        ([], "at least one"),
        (["helpdesk", "helpdesk"], "key of its own"),
        (["lkpp", "helpdesk"], "lkpp must be the last"),
    ],
)
def test_tiers_that_make_no_line_are_refused(tiers: list[str], why: str) -> None:
    rows = tuple(Tier(key=key, label=key, role="helpdesk") for key in tiers)
    with pytest.raises(ValidationError, match=why):
        Policy(tiers=rows)


def test_a_tier_that_left_the_configuration_is_the_first() -> None:
    assert POLICY.tier("lkpp").label == "LKPP"
    assert POLICY.tier("dulu_ada").key == "helpdesk"


def test_a_user_is_told_before_a_chat_goes_back_to_the_queue() -> None:
    wrong: dict[str, Any] = {"warn_minutes": 10, "return_minutes": 10}
    with pytest.raises(ValidationError, match="less than return_minutes"):
        QueueRules(**wrong)
