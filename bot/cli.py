"""The command ``loket``: each word is one command; heavy parts load only where needed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bot.faq.commands import faq
from bot.nlu_commands import nlu
from bot.places import read_places, unusable
from bot.plainly import find_places as _places
from bot.plainly import plainly as _plainly
from bot.plainly import read_settings as _settings
from bot.plainly import stopped as _stop


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Loket: the front door of an LPSE helpdesk on messaging platforms."""


@main.command()
@_plainly
def serve() -> None:
    """Serve the web chat, Telegram and WhatsApp, as far as set up."""
    config, places = _settings()
    from bot.serving import serve as run

    run(config, places)


@main.command()
@_plainly
def migrate() -> None:
    """Bring the database to the form this release needs."""
    places = read_places(os.environ, Path.cwd())
    from storage import schema

    try:
        schema.migrate(places.database)
    except OSError as error:
        raise unusable(places, error) from None
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        raise _stop(f"the database cannot be migrated: {cause}") from None
    click.echo(f"The database is at revision {schema.HEAD}.")


@main.command()
@click.option("--as", "name", default="tamu", show_default=True, help="who chats")
@_plainly
def chat(name: str) -> None:
    """Chat in this terminal, as a user would on a phone."""
    config, places = _settings()
    from bot.terminal_chat import run

    run(config, places, name)


@main.command()
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="rows of each list"
)
@_plainly
def worklist(limit: int) -> None:
    """Show what waits for staff: tickets, people, misses and more."""
    config, places = _settings()
    from bot.staff.worklist import show_lists

    show_lists(config, places, limit)


@main.command()
@click.argument("number")
@_plainly
def show(number: str) -> None:
    """Show one ticket or request whole, with its last messages."""
    config, places = _settings()
    from bot.staff.worklist import show_case

    show_case(config, places, number)


@main.command()
@click.argument("number")
@_plainly
def done(number: str) -> None:
    """Mark a request (for a person, about personal data) as done."""
    places = read_places(os.environ, Path.cwd())
    from bot.staff.worklist import finish

    click.echo(finish(places, number))


@main.group()
def misses() -> None:
    """Texts that were not understood."""


@misses.command("export")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="a file instead of the screen"
)
@_plainly
def export_misses(out: Path | None) -> None:
    """Write what reviewers gave a topic as training data of Rasa."""
    places = read_places(os.environ, Path.cwd())
    from bot.staff.missed import export
    from bot.staff.worklist import opened

    with opened(places) as database:
        text, count = export(database)
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"{count} messages written to {out}.")


@main.command("check")
@_plainly
def check() -> None:
    """Read config.yml, texts, answers; ask the servers they name."""
    from bot import platforms
    from bot.bootstrap import check_files
    from bot.ears import check_engine

    config, places = _settings()
    platforms.check(config, places)
    click.echo(check_files(config))
    if places.whatsapp_token:
        click.echo(platforms.ask_whatsapp(config, places))
    if config.nlu.engine == "rasa":
        click.echo(check_engine(config.nlu, places.rasa_token))


@main.group()
def agent() -> None:
    """The accounts of the people who work here."""


_ROLE = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    help="front_office, helpdesk, koordinator, kepala_unit, admin_lpse or admin; several times",
)


@agent.command("add")
@click.argument("login")
@click.option("--name", required=True, help="what users read")
@_ROLE
@click.option(
    "--password",
    is_flag=True,
    help="ask for the password (or read it from standard input) instead of printing a link",
)
@_plainly
def agent_add(login: str, name: str, roles: tuple[str, ...], password: bool) -> None:
    """Make an account; a one-time link for its password is printed."""
    from bot.staff import commands as staff

    given = _password() if password else None
    click.echo(staff.add(_places(), login, name, roles, given))


def _password() -> str:
    """From the terminal, unseen and twice; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@agent.command("list")
@_plainly
def agent_list() -> None:
    """Show all accounts."""
    from bot.staff import commands as staff

    staff.show(_places())


@agent.command("roles")
@click.argument("login")
@_ROLE
@_plainly
def agent_roles(login: str, roles: tuple[str, ...]) -> None:
    """Give an account other roles; they count from its next click."""
    from bot.staff import commands as staff

    click.echo(staff.set_roles(_places(), login, roles))


@agent.command("remove")
@click.argument("login")
@_plainly
def agent_remove(login: str) -> None:
    """Take an account away; what it held goes to others."""
    from bot.staff import commands as staff

    click.echo(staff.remove(_places(), login))


@agent.command("restore")
@click.argument("login")
@_plainly
def agent_restore(login: str) -> None:
    """Let a removed account in again; prints a link for its new password."""
    from bot.staff import commands as staff

    click.echo(staff.restore(_places(), login))


@agent.command("password")
@click.argument("login")
@_plainly
def agent_password(login: str) -> None:
    """Print a one-time link with which an agent sets a new password."""
    from bot.staff import commands as staff

    click.echo(staff.password(_places(), login))


@agent.command("telegram")
@click.argument("login")
@click.option("--unlink", is_flag=True, help="take the link away")
@_plainly
def agent_telegram(login: str, unlink: bool) -> None:
    """Say whether a Telegram account is linked, and how to link one."""
    from bot.staff import commands as staff

    click.echo(staff.telegram(_places(), login, unlink=unlink))


main.add_command(faq)


main.add_command(nlu)


def run() -> None:
    """The entry point. Whatever it writes (database, files, key) is for its own account only."""
    os.umask(0o077)
    main(prog_name="loket")


if __name__ == "__main__":
    run()
