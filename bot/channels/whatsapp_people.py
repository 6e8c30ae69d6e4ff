"""Who a WhatsApp message is from, and the small readings the parser is made of. Pure.

A person has a business-scoped user id (BSUID: country, dot, letters and digits) and perhaps a
phone number; since 2026 either may be missing. Source: Cloud API, "Business-scoped user IDs".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

_ID = re.compile(r"[\x21-\x7e]{1,512}")
_BSUID = re.compile(r"[A-Z]{2}(\.[A-Z]{2,8})?\.[A-Za-z0-9_-]{1,160}")
_NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{3,30}")
_SECONDS = re.compile(r"[0-9]{1,11}")


class NotUnderstood(Exception):
    """An item says too little or something twisted. The words name the kind of fault and
    never hold what somebody wrote."""


@dataclass(frozen=True, slots=True)
class Person:
    """``chat`` is the BSUID, else the number's digits; ``number`` the digits, if known."""

    chat: str
    number: str | None
    name: str


def person_of(message: Json, contacts: Sequence[Json]) -> Person:
    """Who sent ``message``; ``contacts`` are those that belong to its sender. Raises
    NotUnderstood where nobody is named."""
    contact = contacts[0] if contacts else {}
    if len({_user_id(each) for each in contacts} - {None}) > 1:
        contact = {}
    chat = _sender_id(message) or _user_id(contact)
    number = number_of(message.get("from")) or number_of(contact.get("wa_id"))
    known = chat or number
    if known is None:
        raise NotUnderstood("no sender is named")
    profile = contact.get("profile")
    name = profile.get("name") if isinstance(profile, dict) else None
    return Person(known, number, name if isinstance(name, str) else "")


class Contacts:
    """The ``contacts`` of one webhook value, looked at once for all its messages."""

    def __init__(self, value: Json) -> None:
        listed = value.get("contacts")
        entries = listed if isinstance(listed, list) else []
        self._alone = len(entries) == 1 and _one_sender(value.get("messages"))
        self._entries = [
            (_user_id(entry), number_of(entry.get("wa_id")), entry)
            for entry in entries
            if isinstance(entry, dict)
        ]

    def of(self, message: object) -> list[Json]:
        """The entries that belong to the sender of ``message``.

        User ids are compared before numbers. An entry that names nothing to compare counts only
        where there is one entry and one sender: a name never goes to another person.
        """
        if not isinstance(message, dict):
            return []
        chat, number = _sender_id(message), number_of(message.get("from"))
        return [
            entry
            for user, theirs, entry in self._entries
            if (
                chat == user
                if chat and user
                else number == theirs
                if number and theirs
                else self._alone
            )
        ]


def _one_sender(messages: object) -> bool:
    """What cannot be read counts as somebody else."""
    senders = {
        (id_of(each.get("from")), id_of(each.get("from_user_id")))
        if isinstance(each, dict)
        else None
        for each in (messages if isinstance(messages, list) else ())
    }
    return len(senders) == 1


def _sender_id(message: Json) -> str | None:
    return bsuid_of(message.get("from_user_id")) or bsuid_of(message.get("from"))


def _user_id(contact: Json) -> str | None:
    return bsuid_of(contact.get("user_id")) or bsuid_of(contact.get("wa_id"))


def id_of(value: object) -> str | None:
    """An id; numbers are taken for the strings they should be. None for what cannot be
    one: too long for an index, with spaces or control characters, empty."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        value = str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def bsuid_of(value: object) -> str | None:
    """A business-scoped user id, also that of a parent (``CC.ENT.``...)."""
    return value if isinstance(value, str) and _BSUID.fullmatch(value) else None


def number_of(value: object) -> str | None:
    """The digits of a phone number in international form."""
    text = value.strip() if isinstance(value, str) else id_of(value) or ""
    digits = re.sub(r"[^0-9]", "", text) if _NUMBER.fullmatch(text) else ""
    return digits if 5 <= len(digits) <= 20 else None


def instant_of(value: object) -> datetime | None:
    """Unix seconds, as a rule written as a string."""
    text = id_of(value) or ""
    return datetime.fromtimestamp(int(text), UTC) if _SECONDS.fullmatch(text) else None


def object_of(parent: Json, name: str) -> Json:
    """The object called ``name``. Raises NotUnderstood where there is none."""
    value = parent.get(name)
    if not isinstance(value, dict):
        raise NotUnderstood(f"{name} is no object")
    return value


def text_of(parent: Json, name: str) -> str:
    """The text called ``name``. Raises NotUnderstood where there is none."""
    value = parent.get(name)
    if not isinstance(value, str):
        raise NotUnderstood(f"{name} is no text")
    return value
