"""The office as the conversation knows it: the parts of ``config.yml`` that shape talk.

Each class is one section of the file; ``bot.config`` reads and checks it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A section of the configuration: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, no such key, a folder
        raise ValueError(
            "an IANA time zone such as Asia/Jakarta, Asia/Makassar or Asia/Jayapura"
        ) from None
    return name


TimeZone = Annotated[str, AfterValidator(_check_zone)]
Authority = Literal[
    "lpse", "lkpp", "admin_agency", "pokja", "ppk", "pa_kpa", "inaproc", "apip", "sendiri"
]


class Contacts(Section):
    """How else to reach the office; empty ones are not shown."""

    phone: str = ""
    whatsapp: str = ""
    email: str = ""
    counter: str = ""


class Identity(Section):
    """Who the office is. ``hours_text`` is what users read; ``hours`` is what the clock uses."""

    name: str
    short_name: str
    address: str
    website: str = ""
    timezone: TimeZone = "Asia/Jakarta"
    contacts: Contacts = Contacts()
    hours_text: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Thresholds(Section):
    """Confidence (0..1) from which an intent is answered or acted on, and how likely a
    message must be in scope for suggestions (docs/nlu.md, Thresholds)."""

    confident: float = Field(0.63, ge=0, le=1)
    suggest: float = Field(0.64, ge=0, le=1)
    act: float = Field(0.69, ge=0, le=1)


class Burst(Section):
    """Seconds an answer waits unsent, in case the user has not finished."""

    breath_seconds: float = Field(0.8, ge=0, le=30)
    fragment_seconds: float = Field(2.0, ge=0, le=30)


class Conversation(Section):
    """How the bot talks. ``messages_per_minute`` above it a user is slowed."""

    thresholds: Thresholds = Thresholds()
    burst: Burst = Burst()
    messages_per_minute: int = Field(30, ge=5, le=600)
    draft_offer_after_hours: float = Field(24, gt=0, le=720)


class FormField(Section):
    """A field of section A. ``check`` names the rule the answer must pass."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    label: str
    question: str
    check: Literal["name", "text", "address", "phone", "email", "npwp"] = "text"
    required: bool = True
    example: str = ""
    only_for: tuple[str, ...] = ()


class UserType(Section):
    """A kind of SPSE user offered in the form."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    label: Annotated[str, Field(max_length=20)]


class Form(Section):
    """The Formulir Konsultasi (SOP 001): section A's fields in order, and who may ask."""

    fields: tuple[FormField, ...]
    user_types: tuple[UserType, ...]

    @model_validator(mode="after")
    def _unique(self) -> Form:
        keys = [f.key for f in self.fields]
        if len(set(keys)) != len(keys):
            raise ValueError("every form field needs a key of its own")
        missing = {"nama", "instansi", "alamat", "telepon"} - set(keys)
        if missing:
            raise ValueError(f"the paper form's fields are missing: {', '.join(sorted(missing))}")
        known = {t.key for t in self.user_types}
        for field in self.fields:
            if unknown := set(field.only_for) - known:
                raise ValueError(f"only_for names unknown user types: {', '.join(sorted(unknown))}")
        return self


class Promises(Section):
    """What the office promises with a ticket number. ``target`` is left out where one of
    ``no_target_for`` decides, since the office cannot keep it then."""

    response: str
    target: str
    other_party: str
    no_target_for: tuple[Authority, ...] = ("lkpp", "pokja", "inaproc")


class Privacy(Section):
    """The notice of UU 27/2022: who, why, on which basis, which data, how long, which rights."""

    controller: str
    purpose: str
    basis: str
    data: str
    retention: str
    rights: str
    contact: str


class Files(Section):
    """What may be sent as a supporting file. ``types`` are extensions without the dot."""

    max_mb: float = Field(10, gt=0, le=20)
    types: tuple[str, ...] = ("jpg", "jpeg", "png", "webp", "pdf", "docx", "xlsx", "txt")


class Authorities(Section):
    """How users reach whoever decides: one sentence each, as users read it."""

    lpse: str
    lkpp: str
    admin_agency: str
    pokja: str
    ppk: str
    pa_kpa: str
    inaproc: str
    apip: str
    sendiri: str

    def sentence(self, authority: Authority) -> str:
        return str(getattr(self, authority))


class Office(Section):
    """Everything the conversation needs to know about the office. ``form_first`` is how much
    is asked before a user waits for a person (``queue.form_first``)."""

    identity: Identity
    conversation: Conversation = Conversation()
    form: Form
    promises: Promises
    privacy: Privacy
    files: Files = Files()
    authorities: Authorities
    form_first: Literal["full", "short", "none"] = "short"
    texts: Path | None = None
    faq: Path | None = None
    canned: Path | None = None
