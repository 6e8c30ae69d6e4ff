"""What every command of ``loket`` shares: what an operator can mend is one line, no traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from bot.config import Config, ConfigError, read_config
from bot.places import Places, read_places

INTERRUPTED = 130  # what shells expect of a program that was stopped with Ctrl+C


def plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what an operator can mend into one line instead of a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a console that has not all letters
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read has gone (`| head`): nothing is left to say, nor to write at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except Exception as error:
            sentence = _mendable(error)
            if sentence is None:
                raise
            raise stopped(sentence) from None

    return run


def _mendable(error: Exception) -> str | None:
    """What an operator can do something about, as a sentence; None for our own faults."""
    if isinstance(error, ConfigError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}"

    from sqlalchemy.exc import DBAPIError

    from handoff.refusal import Refused
    from nlu.errors import NluError
    from storage.database import Unavailable
    from storage.schema import WrongRevision

    if isinstance(error, WrongRevision | NluError | Refused):
        return str(error)
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    if isinstance(error, Unavailable) or isinstance(cause, DBAPIError):
        return f"the database cannot be used: {getattr(cause, 'orig', None) or error}"
    return None


def stopped(sentence: str) -> SystemExit:
    """To be raised: ends the program with one line."""
    return SystemExit("loket: " + " ".join(sentence.split()))


def read_settings() -> tuple[Config, Places]:
    """The office's file, and where it was found. Raises ConfigError."""
    places = find_places()
    return read_config(places.config), places


def find_places() -> Places:
    """Secrets and places from the environment. Raises ConfigError."""
    return read_places(os.environ, Path.cwd())
