"""Secrets and places: what one machine's Loket is told by its environment or by ``.env``."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, ValidationError, field_validator

from bot.config import ConfigError, plain_error
from dialogs.office import Section

_PREFIX = "LOKET_"
SHORTEST_KEY = 32
_DATABASE = re.compile(r"sqlite:///(?!:memory:)[^?]+|postgresql(\+psycopg)?://\S+")
_KEY_FILE = re.compile(rb"[0-9a-fA-F]{64,}")


class Places(Section):
    """Secrets and places, each from ``LOKET_<NAME>`` in the environment or in ``.env``."""

    config: Path = Path("config.yml")
    data_dir: Path = Path("var")
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = Field("", pattern=r"^(https?://[^\s/]+)?$")
    secret_key: str = Field("", repr=False)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    telegram_token: str = Field("", repr=False, pattern=r"^(\d{3,20}:[A-Za-z0-9_-]{5,100})?$")
    telegram_secret: str = Field("", repr=False, pattern=r"^([A-Za-z0-9_-]{8,256})?$")
    telegram_base_url: str = Field("", pattern=r"^(https?://\S+)?$")
    whatsapp_token: str = Field("", repr=False, pattern=r"^([!-~]{10,1000})?$")
    whatsapp_app_secret: str = Field("", repr=False, pattern=r"^([!-~]{8,256})?$")
    whatsapp_verify_token: str = Field("", repr=False, pattern=r"^([!-~]{8,256})?$")
    whatsapp_phone_number_id: str = Field("", pattern=r"^([0-9]{3,30})?$")
    whatsapp_base_url: str = "https://graph.facebook.com"
    whatsapp_version: str = Field("v23.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")
    oidc_secret: str = Field("", repr=False)
    rasa_token: str = Field("", repr=False, pattern=r"^([!-~]{1,512})?$")
    metrics_token: str = Field("", repr=False, pattern=r"^([A-Za-z0-9_.-]{16,256})?$")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: str) -> str:
        if key and len(key) < SHORTEST_KEY:
            raise ValueError("too short")
        return key

    @field_validator("whatsapp_base_url")
    @classmethod
    def _safe_server(cls, url: str) -> str:
        """The token goes there with every call: over https, or no further than this machine."""
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is none
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        plain = parts.scheme == "https" or (parts.scheme == "http" and here)
        extra = parts.username or parts.password or parts.query or parts.fragment
        if not (plain and parts.hostname) or extra or re.search(r"/v\d+\.\d+/?$", parts.path):
            raise ValueError("no safe address")
        return url

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url:
            from sqlalchemy.engine import make_url  # slow to load, and seldom needed here
            from sqlalchemy.exc import ArgumentError

            try:
                make_url(url)
            except ArgumentError as error:
                raise ValueError("no URL") from error
            if not _DATABASE.fullmatch(url):
                raise ValueError("another database")
        return url

    @property
    def database(self) -> str:
        """The database's URL; by default a SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'loket.db'}"

    @property
    def address(self) -> str:
        """Where users reach the pages."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


_ALLOWED = {
    "database_url": "sqlite:////var/lib/loket/loket.db or postgresql://user:password@host/name",
    "port": "a number from 0 to 65535",
    "public_url": "an address such as https://loket.example.go.id, without a path",
    "telegram_token": "the token of @BotFather, such as 123456:ABC-DEF",
    "telegram_secret": "8 to 256 letters, digits, _ or -",
    "telegram_base_url": "the address of a Bot API server, such as http://127.0.0.1:8081",
    "whatsapp_token": "the access token of a system user, without spaces",
    "whatsapp_app_secret": "the app secret of the Meta app, without spaces",
    "whatsapp_verify_token": "8 to 256 characters of your own, without spaces",
    "whatsapp_phone_number_id": "the phone number's id (digits), not the number itself",
    "whatsapp_base_url": "the address of the Graph API without a version, such as "
    "https://graph.facebook.com; "
    "plain http only to this machine",
    "whatsapp_version": "a version of the Graph API, such as v23.0",
    "rasa_token": "the server's --auth-token, without spaces",
    "metrics_token": "16 to 256 letters, digits, _, . or - (try: openssl rand -hex 32)",
    "secret_key": "at least 32 characters (try: openssl rand -hex 32)",
    "log_level": "debug, info, warning or error",
}
_SECRET = {
    "telegram_token", "telegram_secret", "secret_key", "database_url", "oidc_secret",
    "rasa_token", "metrics_token", "whatsapp_token", "whatsapp_app_secret",
    "whatsapp_verify_token",
}  # fmt: skip


def read_places(environ: Mapping[str, str], folder: Path) -> Places:
    """Secrets and places from the environment, else from ``folder/.env``. Raises ConfigError."""
    found = _env_file(folder / ".env") | dict(environ)
    given = {k.removeprefix(_PREFIX).lower(): v for k, v in found.items() if k.startswith(_PREFIX)}
    for key in given:
        if key not in Places.model_fields:
            known = ", ".join(f"{_PREFIX}{name.upper()}" for name in Places.model_fields)
            raise ConfigError(f"{_PREFIX}{key.upper()} is not known; allowed are {known}")
    try:
        return Places(**{k: v for k, v in given.items() if v != ""})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        value = "(hidden)" if key in _SECRET else repr(given.get(key, ""))
        allowed = _ALLOWED.get(key, plain_error(first))
        raise ConfigError(f"{_PREFIX}{key.upper()}={value}: allowed is {allowed}") from None


def _env_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error})") from None
    for line in parse_stream(StringIO(text)):
        said = line.original.string.strip()
        if line.error or (line.key is not None and line.value is None):
            name = re.split(r"[^A-Za-z0-9_]", said, maxsplit=1)[0]  # the rest may be a secret
            raise ConfigError(
                f"{path}, line {line.original.line}: {name or 'this'} is not understood; "
                "allowed are lines such as LOKET_PORT=8080"
            )
    return {k: v or "" for k, v in dotenv_values(stream=StringIO(text)).items()}


def read_secret_key(places: Places) -> bytes:
    """The key that seals history, links and parked events. With the embedded database it is
    made at the first start; with another one it must be given, since replicas share it."""
    if places.secret_key:
        return places.secret_key.encode()
    if not places.database.startswith("sqlite"):
        raise ConfigError(
            f"{_PREFIX}SECRET_KEY is missing; with this database it is needed: "
            f"{_ALLOWED['secret_key']}"
        )
    path = places.data_dir / "secret.key"
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise unusable(places, error) from None
    if not _KEY_FILE.fullmatch(key):
        raise ConfigError(
            f"{path} is damaged: 64 hexadecimal digits are expected. Restore it from a backup; "
            "under another key private links and parked events can no longer be used"
        )
    return key


def unusable(places: Places, error: OSError) -> ConfigError:
    """The data folder cannot be written: the line that says so."""
    return ConfigError(
        f"{_PREFIX}DATA_DIR={str(places.data_dir)!r}: {error.filename or 'it'} cannot be used "
        f"({error.strerror}); allowed is a folder that this user may write"
    )


def _make_key(path: Path) -> None:
    """Write a new key beside, then give it its name: it is whole, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # only its owner can read it
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key is the key
            os.link(name, path)
    finally:
        os.unlink(name)
