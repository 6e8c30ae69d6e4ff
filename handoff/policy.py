"""The sections of ``config.yml`` that rule people's work: tiers, clocks, priorities, queue, units.

Defaults are the SOPs'; an office replaces what it does otherwise.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dialogs.office import Section
from handoff.standing import Role

Impact = Literal["besar", "sedang", "kecil"]
Urgency = Literal["mendesak", "tidak"]
Priority = Literal["tinggi", "menengah", "rendah"]
OnBreach = Literal["notify", "raise_tier", "mark"]

_LIMIT = re.compile(r"(\d{1,4})(m|h|d)")


def _check_limit(text: str) -> str:
    if not _LIMIT.fullmatch(text) or int(text[:-1]) == 0:
        raise ValueError("minutes, hours or days such as 5m, 24h or 1d")
    return text


Limit = Annotated[str, AfterValidator(_check_limit)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class Tier(Section):
    """A step of the escalation [002, 003, 004]. Agents with ``role`` work on it; a tier
    nobody works on is skipped. The tier with the key ``lkpp`` is LKPP, reached through the
    Admin LPSE."""

    key: Key
    label: str
    role: Role


class Clock(Section):
    """One limit. ``limit`` in office hours (``1d`` is one working day) or by the calendar;
    ``on_breach``: tell the agents and the Kepala Unit, raise the tier, mark the ticket."""

    limit: Limit
    hours: Literal["office", "calendar"] = "office"
    on_breach: tuple[OnBreach, ...] = ("notify", "mark")

    @property
    def amount(self) -> tuple[int, Literal["m", "h", "d"]]:
        """(how many, of what): minutes, hours or days."""
        found = _LIMIT.fullmatch(self.limit)
        assert found is not None
        return int(found[1]), found[2]  # type: ignore[return-value]


class Sla(Section):
    """The clocks of the SOPs. ``data_wait`` and ``confirmation`` end something for a user."""

    priority: Clock = Clock(limit="5m")  # [002 step 2]
    data_request: Clock = Clock(limit="5m", on_breach=("mark",))  # [002 step 4]
    desk_analysis: Clock = Clock(limit="30m", on_breach=("mark",))  # [001]
    analysis: Clock = Clock(limit="1d")  # [002 step 7]
    response: Clock = Clock(limit="24h", hours="calendar")  # [000]
    resolution: Clock = Clock(limit="72h", hours="calendar")  # [000]
    lkpp: Clock = Clock(limit="24h", hours="calendar")  # [000]
    closing_notice: Clock = Clock(limit="10m")  # [002 step 8]
    data_wait: Clock = Clock(limit="72h", hours="calendar", on_breach=())  # [000]
    confirmation: Clock = Clock(limit="72h", hours="calendar", on_breach=())
    # hours after the data wait began
    data_reminders: tuple[Annotated[int, Field(gt=0, le=720)], ...] = (24, 48, 66)
    reopen_days: int = Field(7, ge=0, le=90)


class PriorityRow(Section):
    """One row of the office's table: what is left out matches everything. ``under_hours``:
    fewer hours than that are left to the tender's deadline."""

    priority: Priority
    impact: Impact | None = None
    urgency: Urgency | None = None
    under_hours: float | None = None


class TopicWeights(Section):
    """What a ticket's topic weighs in that table until an agent has looked at it: topics of great
    and of small impact (the others: sedang), and those that are urgent by themselves."""

    besar: tuple[str, ...] = ()
    kecil: tuple[str, ...] = ()
    mendesak: tuple[str, ...] = ()

    def impact(self, topic: str | None) -> Impact:
        if topic in self.besar:
            return "besar"
        return "kecil" if topic in self.kecil else "sedang"


class QueueRules(Section):
    """Live chats. Times in seconds and minutes as named. ``form_first``: the whole form, name
    and problem only, or nothing is asked before a user waits for a person."""

    form_first: Literal["full", "short", "none"] = "short"
    call_seconds: int = Field(60, ge=10, le=600)
    calls: int = Field(3, ge=1, le=9)
    rounds: int = Field(2, ge=1, le=9)
    warn_minutes: float = Field(5, gt=0, le=120)
    return_minutes: float = Field(10, gt=0, le=240)
    idle_minutes: float = Field(10, gt=0, le=240)
    chat_limit: int = Field(4, ge=1, le=50)

    @model_validator(mode="after")
    def _ordered(self) -> QueueRules:
        if self.warn_minutes >= self.return_minutes:
            raise ValueError("warn_minutes must be less than return_minutes")
        return self


class OtherUnit(Section):
    """A unit a ticket can be passed on to; ``contact`` is how users reach it, as they read it."""

    key: Key
    label: str
    contact: str


_TIERS = (
    Tier(key="helpdesk", label="Helpdesk LPSE", role="helpdesk"),
    Tier(key="koordinator", label="Koordinator Helpdesk", role="koordinator"),
    Tier(key="lkpp", label="LKPP", role="admin_lpse"),
)
_PRIORITIES = (
    PriorityRow(priority="tinggi", impact="besar", urgency="mendesak"),
    PriorityRow(priority="tinggi", under_hours=24),
    PriorityRow(priority="menengah", impact="besar"),
    PriorityRow(priority="menengah", impact="sedang"),
    PriorityRow(priority="menengah", urgency="mendesak"),
    PriorityRow(priority="rendah"),
)


class Policy(Section):
    """How people work here: the sections of that name in ``config.yml``."""

    tiers: tuple[Tier, ...] = _TIERS
    sla: Sla = Sla()
    priorities: tuple[PriorityRow, ...] = _PRIORITIES
    topic_weights: TopicWeights = TopicWeights()
    queue: QueueRules = QueueRules()
    units: tuple[OtherUnit, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Policy:
        keys = [tier.key for tier in self.tiers]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError("tiers: at least one is needed, each with a key of its own")
        if "lkpp" in keys[:-1]:
            raise ValueError("tiers: lkpp must be the last one")
        if not self.priorities or self.priorities[-1] != PriorityRow(
            priority=self.priorities[-1].priority
        ):
            raise ValueError("priorities: the last row must name a priority and no condition")
        return self

    def tier(self, key: str) -> Tier:
        """A tier by key; an unknown key (the configuration changed) is the first tier."""
        return next((t for t in self.tiers if t.key == key), self.tiers[0])

    def unit(self, key: str) -> OtherUnit | None:
        return next((u for u in self.units if u.key == key), None)


def suggest(
    policy: Policy, impact: Impact, urgency: Urgency, left: timedelta | None
) -> tuple[Priority, PriorityRow]:
    """The office's priority for this, and the row that says so; the first match counts.
    ``left`` is the time to the tender's deadline, None where there is none."""
    for row in policy.priorities:
        fits = row.impact in (None, impact) and row.urgency in (None, urgency)
        if row.under_hours is not None:
            fits = fits and left is not None and left < timedelta(hours=row.under_hours)
        if fits:
            return row.priority, row
    raise AssertionError("the last row fits everything")


_LEFT = {"under_24h": timedelta(hours=23), "later": timedelta(days=7), "none": None}


def at_opening(
    policy: Policy, topic: str | None, deadline: str, hours_left: float | None
) -> Priority:
    """The office's priority of a ticket that nobody has looked at yet: by what its topic weighs
    and how soon something closes, never by how loudly it was said. ``deadline`` as users choose
    it (under_24h, later, none), ``hours_left`` where they named the hours."""
    soon = deadline == "under_24h"
    urgent = soon or topic in policy.topic_weights.mendesak
    left = timedelta(hours=hours_left) if soon and hours_left is not None else _LEFT[deadline]
    impact = policy.topic_weights.impact(topic)
    return suggest(policy, impact, "mendesak" if urgent else "tidak", left)[0]
