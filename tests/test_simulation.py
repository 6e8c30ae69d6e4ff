"""Whole cases of many people on all channels, while platforms fail and servers die: nothing is
lost, nothing happens twice, nothing reaches anybody else (``tests.simulation``).

Run one seed again with ``SIMULATION_SEED=123``, or with the line that is printed.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from nlu.engines.port import Engine
from tests.simulation.checks import Aftermath
from tests.simulation.office import fresh
from tests.simulation.town import Plan, Town
from tests.storage.conftest import postgres

__all__ = ["postgres"]

ANY = "any"


def _seed(wanted: int | str) -> int:
    """Several processes collect the tests, so that a chance is taken inside one."""
    chance = random.SystemRandom().randrange(10**6)
    return int(os.environ.get("SIMULATION_SEED") or (chance if wanted == ANY else wanted))


def _live(plan: Plan, folder: Path, url: str = "") -> None:
    print(plan.replay())
    town = Town(folder, plan, url)
    try:
        asyncio.run(town.live())
        aftermath = Aftermath(town)
        print(aftermath.summary())
        aftermath.check()
    finally:
        town.office.close()


@pytest.mark.parametrize("seed", [7, pytest.param(ANY, marks=pytest.mark.long)])
def test_nothing_is_lost_or_doubled_while_servers_die_and_platforms_fail(
    seed: int | str, tmp_path: Path, engine: Engine
) -> None:
    _live(Plan(_seed(seed), users=16, kills=2), tmp_path)


def test_two_replicas_on_one_database_lose_and_double_nothing(
    tmp_path: Path, engine: Engine, postgres: str
) -> None:
    plan = Plan(_seed(11), users=12, kills=2, replicas=2, postgres=True)
    _live(plan, tmp_path, fresh(postgres))


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, ANY])
def test_hundreds_of_people_in_a_long_storm(
    seed: int | str, tmp_path: Path, engine: Engine
) -> None:
    _live(Plan(_seed(seed), users=300, kills=20, minutes=30), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", [3, ANY])
def test_hundreds_of_people_and_two_replicas(
    seed: int | str, tmp_path: Path, engine: Engine, postgres: str
) -> None:
    plan = Plan(_seed(seed), users=300, kills=20, replicas=2, postgres=True, minutes=40)
    _live(plan, tmp_path, fresh(postgres))


@pytest.mark.long
def test_a_server_killed_two_hundred_times(tmp_path: Path, engine: Engine) -> None:
    _live(Plan(_seed(5), users=12, kills=200, minutes=40, calm=True), tmp_path)
