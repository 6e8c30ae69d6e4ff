"""The office's table alone decides how urgent a new ticket is."""

from __future__ import annotations

import pytest

from bot.config import read_config
from handoff.policy import Policy, PriorityRow, TopicWeights, at_opening
from tests.rig import ROOT

SHIPPED = read_config(ROOT / "config.yml").policy


@pytest.mark.parametrize(
    ("topic", "deadline", "priority"),
    [
        (None, "none", "menengah"),
        ("login_error", "none", "menengah"),
        ("upload_gagal", "under_24h", "tinggi"),
        ("upload_gagal", "later", "menengah"),
        ("gangguan", "none", "tinggi"),
        ("kontak_jam", "none", "rendah"),
        ("kontak_jam", "under_24h", "tinggi"),
        ("unheard_of", "none", "menengah"),
    ],
)
def test_the_shipped_table(topic: str | None, deadline: str, priority: str) -> None:
    assert at_opening(SHIPPED, topic, deadline, None) == priority


@pytest.mark.parametrize(
    ("hours", "priority"), [(2.0, "tinggi"), (3.9, "tinggi"), (6.0, "rendah"), (None, "rendah")]
)
def test_the_hours_that_were_named_are_looked_up(hours: float | None, priority: str) -> None:
    policy = Policy(
        priorities=(
            PriorityRow(priority="tinggi", under_hours=4),
            PriorityRow(priority="rendah"),
        )
    )
    assert at_opening(policy, "upload_gagal", "under_24h", hours) == priority


def test_hours_count_only_with_a_near_deadline() -> None:
    policy = Policy(
        priorities=(
            PriorityRow(priority="tinggi", under_hours=4),
            PriorityRow(priority="rendah"),
        )
    )
    assert at_opening(policy, None, "none", 2.0) == "rendah"


def test_an_office_weighs_topics_itself() -> None:
    policy = Policy(topic_weights=TopicWeights(besar=("sanggah",)))
    assert at_opening(policy, "sanggah", "none", None) == "menengah"
    assert at_opening(policy, "sanggah", "under_24h", None) == "tinggi"
    assert policy.topic_weights.impact("gangguan") == "sedang"
