"""The command ``loket``: each word is one command; heavy parts load only where needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from bot.config import Config, ConfigError, Places, read_config, read_places


def _plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what an operator can mend into one line instead of a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from sqlalchemy.exc import DBAPIError

        from nlu.errors import NluError
        from storage.database import Unavailable
        from storage.schema import WrongRevision

        try:
            command(*args, **kwargs)
        except (ConfigError, WrongRevision, NluError) as error:
            raise _stop(str(error)) from None
        except Unavailable as error:
            cause = getattr(error.__cause__, "orig", None) or error
            raise _stop(f"the database cannot be used: {cause}") from None
        except DBAPIError as error:  # a file that is no database, or one that is damaged
            raise _stop(f"the database cannot be used: {error.orig or error}") from None
        except OSError as error:
            raise _stop(f"{error.filename or 'the system'}: {error.strerror or error}") from None

    return run


def _stop(sentence: str) -> SystemExit:
    return SystemExit("loket: " + " ".join(sentence.split()))


def _settings() -> tuple[Config, Places]:
    places = read_places(os.environ, Path.cwd())
    return read_config(places.config), places


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Loket: the front door of an LPSE helpdesk on messaging platforms."""


@main.command()
@_plainly
def serve() -> None:
    """Serve the web chat, and Telegram where its token is set."""
    from bot.serving import serve as run

    run(*_settings())


@main.command()
@_plainly
def migrate() -> None:
    """Bring the database to the form this release needs."""
    from storage import schema

    places = read_places(os.environ, Path.cwd())
    try:
        schema.migrate(places.database)
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        raise _stop(f"the database cannot be migrated: {cause}") from None
    click.echo(f"The database is at revision {schema.HEAD}.")


@main.command()
@click.option("--as", "name", default="tamu", show_default=True, help="who chats")
@_plainly
def chat(name: str) -> None:
    """Chat in this terminal, as a user would on a phone."""
    from bot.terminal_chat import run

    config, places = _settings()
    run(config, places, name)


@main.command()
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="rows of each list"
)
@_plainly
def worklist(limit: int) -> None:
    """Show what waits for staff: tickets, people, misses and more."""
    from bot.worklist import show

    config, places = _settings()
    show(config, places, limit)


@main.command("check")
@_plainly
def check() -> None:
    """Read config.yml, texts and answers; say what is wrong."""
    from bot.bootstrap import check_files

    config, _ = _settings()
    click.echo(check_files(config))


def run() -> None:
    """The entry point."""
    try:
        main(prog_name="loket")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
