"""The configuration: ``config.yml`` for the office, the environment for secrets and places.

Whatever is wrong is one line that names the key, the value and what is allowed.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import yaml
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, ValidationError, field_validator, model_validator

from dialogs.office import (
    Authorities,
    Conversation,
    Files,
    Form,
    Identity,
    Office,
    Privacy,
    Promises,
    Section,
)
from handoff.policy import OtherUnit, Policy, PriorityRow, QueueRules, Sla, Tier, TopicWeights
from handoff.rules import Hours, SeriesFormats


class ConfigError(Exception):
    """The configuration cannot be used; the message is the one line an operator reads."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class Rasa(Section):
    """A Rasa server, and when it is left alone; times in seconds. Its token is
    LOKET_RASA_TOKEN."""

    url: str = Field("http://127.0.0.1:5005", pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$")
    timeout_seconds: float = Field(1.0, ge=0.05, le=10)
    connect_seconds: float = Field(0.3, ge=0.05, le=10)
    failures: int = Field(5, ge=1, le=100)
    pause_seconds: float = Field(5.0, ge=0.1, le=3600)
    longest_pause_seconds: float = Field(60.0, ge=0.1, le=3600)


class Nlu(Section):
    """Which engine understands texts. ``builtin`` also answers for a ``rasa`` that does not."""

    engine: Literal["builtin", "rasa"] = "builtin"
    rasa: Rasa = Rasa()


class Channels(Section):
    """Which channels are open. Telegram opens when LOKET_TELEGRAM_TOKEN is set;
    ``telegram_agent_group`` is the chat id of the agents' own group."""

    web: bool = True
    telegram: Literal["polling", "webhook"] = "polling"
    telegram_agent_group: int | None = None


class Oidc(Section):
    """Where agents can also log in: an OpenID Connect provider. ``issuer`` is its address as it
    writes it itself, ``label`` what the button says. Its secret is LOKET_OIDC_SECRET."""

    issuer: str = Field(pattern=r"^https://[^\s?#]+$|^http://(127\.0\.0\.1|localhost)[^\s?#]*$")
    client_id: str = Field(min_length=1)
    label: str = Field("akun kantor", min_length=1, max_length=40)


class Config(Section):
    """``config.yml`` as a whole."""

    identity: Identity
    hours: Hours
    conversation: Conversation = Conversation()
    form: Form
    series: SeriesFormats = SeriesFormats()
    promises: Promises
    authorities: Authorities
    privacy: Privacy
    files: Files = Files()
    tiers: tuple[Tier, ...] = Policy().tiers
    sla: Sla = Sla()
    priorities: tuple[PriorityRow, ...] = Policy().priorities
    topic_weights: TopicWeights = TopicWeights()
    queue: QueueRules = QueueRules()
    units: tuple[OtherUnit, ...] = ()
    nlu: Nlu = Nlu()
    channels: Channels = Channels()
    oidc: Oidc | None = None
    texts: Path | None = None
    faq: Path | None = None
    canned: Path | None = None

    @field_validator("files")
    @classmethod
    def _plain_types(cls, files: Files) -> Files:
        for name in files.types:
            if not re.fullmatch(r"[a-z0-9]{1,8}", name):
                raise ValueError(f"types without a dot, in small letters, such as png, not {name}")
        return files

    @model_validator(mode="after")
    def _workable(self) -> Config:
        _ = self.policy  # its rules over several sections
        return self

    @property
    def policy(self) -> Policy:
        """The part that rules people's work."""
        return Policy(
            tiers=self.tiers,
            sla=self.sla,
            priorities=self.priorities,
            topic_weights=self.topic_weights,
            queue=self.queue,
            units=self.units,
        )

    @property
    def office(self) -> Office:
        """The part that the conversation knows."""
        return Office(
            identity=self.identity,
            conversation=self.conversation,
            form=self.form,
            promises=self.promises,
            privacy=self.privacy,
            files=self.files,
            authorities=self.authorities,
            form_first=self.queue.form_first,
            texts=self.texts,
            faq=self.faq,
            canned=self.canned,
        )


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
    oidc_secret: str = Field("", repr=False)
    rasa_token: str = Field("", repr=False, pattern=r"^([!-~]{1,512})?$")
    metrics_token: str = Field("", repr=False, pattern=r"^([A-Za-z0-9_.-]{16,256})?$")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: str) -> str:
        if key and len(key) < SHORTEST_KEY:
            raise ValueError("too short")
        return key

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
    "rasa_token": "the server's --auth-token, without spaces",
    "metrics_token": "16 to 256 letters, digits, _, . or - (try: openssl rand -hex 32)",
    "secret_key": "at least 32 characters (try: openssl rand -hex 32)",
    "log_level": "debug, info, warning or error",
}
_SECRET = {
    "telegram_token", "telegram_secret", "secret_key", "database_url", "oidc_secret",
    "rasa_token", "metrics_token",
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
        allowed = _ALLOWED.get(key, _plain(first))
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


def read_config(path: Path) -> Config:
    """The office's file. Raises ConfigError."""
    try:
        raw = yaml.load(path.read_bytes(), Loader=_UniqueKeys)  # noqa: S506 -- a SafeLoader
    except FileNotFoundError:
        raise ConfigError(
            f"{path} is missing; copy the one from the repository or set LOKET_CONFIG"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error})") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_yaml_place(error)}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: sections such as identity: and form: are expected")
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(error)}") from None
    return config.model_copy(
        update={name: _beside(path, getattr(config, name)) for name in ("texts", "faq", "canned")}
    )


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


def _beside(config: Path, path: Path | None) -> Path | None:
    if path is None:
        return None
    folder = path if path.is_absolute() else config.resolve().parent / path
    if not folder.is_dir():
        raise ConfigError(f"{config}: there is no folder {folder}")
    return folder


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice: the first would be lost without a word."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, str) and key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key} stands here a second time", key_node.start_mark
            )
        seen.add(key if isinstance(key, str) else id(key))
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _yaml_place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return f"{where}: {problem or 'not readable as YAML'}"


def _sentence(error: ValidationError) -> str:
    found = error.errors(include_url=False)
    # A key written wrong is unknown and missing at once: the first says more.
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"the key {key} is not known; allowed are {_siblings(first['loc'])}"
    if first["type"] == "missing":
        return f"the key {key} is missing"
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        return f"{key}: {_plain(first)}" if key else _plain(first)  # a rule over sections
    return f"{key}: {_shown(first['input'])} is not allowed; allowed is {_plain(first)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _siblings(loc: tuple[int | str, ...]) -> str:
    """The keys of the section in which an unknown one was found."""
    model: Any = Config
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        model = _section_of(model.model_fields[part].annotation)
    return ", ".join(model.model_fields)


def _section_of(annotation: Any) -> Any:
    for inner in getattr(annotation, "__args__", ()):
        if isinstance(inner, type) and issubclass(inner, Section):
            return inner
    return annotation


_LONGEST_SHOWN = 80
_DATE = "a date such as 2026-12-24"
_SECTION = "a section with keys of its own"
_PHRASES: Mapping[str, str] = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "string_type": "text (put it in quotes)",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": _SECTION,
    "dict_type": _SECTION,
    "path_type": "a folder, or null",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}


def _plain(error: Any) -> str:
    if error["type"] in _PHRASES:
        return _PHRASES[error["type"]].format_map(error.get("ctx", {}))
    message = re.sub(r"^(Value error, |Input should be )", "", error["msg"])
    return message[:1].lower() + message[1:]
