"""``python -m tests.simulation``: one run, shown as it goes."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from tests.simulation.checks import Aftermath
from tests.simulation.office import own_postgres
from tests.simulation.town import Plan, Town


@click.command(help=__doc__)
@click.option("--seed", type=int, default=None, help="Without one: any.")
@click.option("--users", type=int, default=200, show_default=True)
@click.option("--kills", type=int, default=5, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite")
@click.option("--replicas", type=int, default=1, show_default=True, help="Needs postgres.")
@click.option("--minutes", type=float, default=10.0, show_default=True, help="The longest time.")
@click.option("--calm", is_flag=True, help="Only kills: the platforms work.")
@click.option("--keep", type=click.Path(path_type=Path), help="A folder to leave all in.")
def main(
    seed: int | None,
    users: int,
    kills: int,
    database: str,
    replicas: int,
    minutes: float,
    calm: bool,
    keep: Path | None,
) -> None:
    if replicas > 1 and database == "sqlite":
        raise click.UsageError("several replicas need --database postgres")
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    plan = Plan(seed, users, kills, replicas, database == "postgres", minutes, calm)
    console = Console(stderr=True)
    console.print(plan.replay(), soft_wrap=True)
    begun = time.monotonic()
    with ExitStack() as stack:
        url = stack.enter_context(own_postgres()) if plan.postgres else ""
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with console.status("beginning") as status:
            town = Town(folder, plan, url, told=status.update)
            asyncio.run(town.live())
        aftermath = Aftermath(town)
        console.print(f"{aftermath.summary()}; {time.monotonic() - begun:.0f} s")
        aftermath.check()
        town.office.close()
    console.print("Nothing lost, nothing twice, nothing to the wrong person.")


if __name__ == "__main__":
    main()
