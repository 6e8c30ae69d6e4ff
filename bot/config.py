"""The configuration: ``config.yml`` for the office (secrets and places: ``bot.places``).

Whatever is wrong is one line that names the key, the value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
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


class Template(Section):
    """A message template as it was registered at Meta. ``body`` names what fills its
    placeholders, in order; ``button`` whether it has the quick-reply button *Baca*."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field("id", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    body: tuple[Literal["number", "office"], ...] = ()
    button: bool = True


class Templates(Section):
    """Which template goes where WhatsApp takes no free words; null: none is registered, and
    another way is found."""

    ticket_update: Template | None = None
    data_request: Template | None = None
    closure: Template | None = None
    survey: Template | None = None
    reply: Template | None = None

    @field_validator("reply")
    @classmethod
    def _for_anything(cls, reply: Template | None) -> Template | None:
        if reply is not None and "number" in reply.body:
            raise ValueError("a reply may be about no ticket: its body may hold office only")
        return reply


class WhatsApp(Section):
    """WhatsApp opens when LOKET_WHATSAPP_TOKEN is set. ``per_second`` is the number's own
    throughput."""

    per_second: float = Field(80, ge=1, le=1000)
    templates: Templates = Templates()


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
    whatsapp: WhatsApp = WhatsApp()
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
        return f"{key}: {plain_error(first)}" if key else plain_error(first)  # a rule over sections
    return f"{key}: {_shown(first['input'])} is not allowed; allowed is {plain_error(first)}"


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


def plain_error(error: Any) -> str:
    if error["type"] in _PHRASES:
        return _PHRASES[error["type"]].format_map(error.get("ctx", {}))
    message = re.sub(r"^(Value error, |Input should be )", "", error["msg"])
    return message[:1].lower() + message[1:]
