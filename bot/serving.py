"""``loket serve``: one process that serves everything, and stops without losing anything."""

from __future__ import annotations

import errno
import fcntl
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

import uvicorn
from rich.console import Console

from bot.bootstrap import Loket, build, check_places, load_engine
from bot.config import Config, ConfigError
from bot.ears import release
from bot.places import Places, unusable
from bot.staff import accounts
from storage.database import Unavailable

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.0005  # the writer's thread gets its turn soon (docs/performance.md)
GRACE_SECONDS = 5
BACKLOG = 2048


class _Server(uvicorn.Server):
    """Tells once it serves, and lets the open pages go as soon as a stop is asked for, so that
    it does not take long."""

    def __init__(self, config: uvicorn.Config, loket: Loket, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._loket = loket
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._loket.health.stopping()
        self._loket.bells.pages.close()
        self._loket.bells.desk.close()
        super().handle_exit(sig, frame)


def serve(config: Config, places: Places) -> None:
    """Run until SIGINT or SIGTERM. Raises ConfigError where the operator can mend something."""
    set_up_logging(places.log_level)
    sys.setswitchinterval(SWITCH_INTERVAL)
    signal.signal(signal.SIGTERM, _end)
    console = Console(stderr=True)
    with _only_one(places), _listening(places) as listener:
        places = places.model_copy(update={"port": listener.getsockname()[1]})
        check_places(config, places)
        engine = load_engine(config, places.data_dir / "nlu", console.print, places.rasa_token)
        loket = build(config, places, engine)
        try:
            server = _Server(
                uvicorn.Config(
                    loket.app,
                    log_level="warning",
                    access_log=False,
                    timeout_graceful_shutdown=GRACE_SECONDS,
                    server_header=False,
                ),
                loket,
                partial(_announce, console, config, places, loket),
            )
            server.run(sockets=[listener])
        finally:
            loket.close()
            release(engine)


def _end(sig: int, frame: FrameType | None) -> None:
    """uvicorn hands a signal on once it has stopped: leave by the way out that closes all."""
    raise SystemExit(0)


def set_up_logging(level: str) -> None:
    """One line an event; httpx stays quiet, since at INFO it prints bot tokens,
    Authlib, which at DEBUG prints verifiers, and Telegram's library, which prints messages."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("httpx", "httpcore", "apscheduler", "authlib", "telegram"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _announce(console: Console, config: Config, places: Places, loket: Loket) -> None:
    telegram = config.channels.telegram if places.telegram_token else "off"
    console.print(f"[bold]{config.identity.short_name}[/bold] on {places.address}", highlight=False)
    whatsapp = "on" if places.whatsapp_token else "off"
    words = f"Telegram: {telegram}. WhatsApp: {whatsapp}. Stop with Ctrl+C."
    console.print(words, highlight=False)
    link = _first_link(loket)
    if link is not None:
        console.print("Nobody works here yet. Make the first account within 24 hours at")
        console.print(link, highlight=False, soft_wrap=True, markup=False)


def _first_link(loket: Loket) -> str | None:
    """The one-time link for the first admin. A fault of the database is no reason to stop: the
    next start prints another."""
    now = loket.clock.now()
    try:
        token = loket.database.write(
            lambda unit: accounts.setup_link(unit.connection, now)
        ).result()
    except Unavailable as error:
        log.warning("no link for the first account: %s", error)
        return None
    return None if token is None else f"{loket.places.address}/console/mulai/{token}"


@contextmanager
def _listening(places: Places) -> Iterator[socket.socket]:
    """The port, taken before anything slow; who comes early waits in its queue. Port 0 is any
    free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            places.host, places.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _no_host(places, error) from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise _no_host(places, error) from None
            raise ConfigError(
                f"LOKET_PORT={places.port}: cannot be listened on at {places.host} "
                f"({error.strerror}); allowed is a free port from 1024, or 0 for any"
            ) from None
        yield listener


def _no_host(places: Places, error: OSError | UnicodeError) -> ConfigError:
    reason = getattr(error, "strerror", None) or "no host name"
    return ConfigError(
        f"LOKET_HOST={places.host!r}: cannot be listened on ({reason}); allowed is an address "
        "of this machine, such as 127.0.0.1 or 0.0.0.0"
    )


@contextmanager
def _only_one(places: Places) -> Iterator[None]:
    """One ``serve`` a SQLite file (design 6.17)."""
    if not places.database.startswith("sqlite"):
        yield
        return
    path = Path(places.database.removeprefix("sqlite:///")).with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise unusable(places, error) from None
    with file:
        _lock(file, path)
        yield


def _lock(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"another `loket serve` uses this database ({path} is locked); stop it first, "
            "or set LOKET_DATA_DIR to another folder"
        ) from None
