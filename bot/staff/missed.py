"""Texts that were not understood, as training data of Rasa: what reviewers gave a topic."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import as_file, files

from nlu.learning.training_data import read_intents
from nlu.text.entities import find_entities
from storage.base import AnyRow
from storage.database import Database
from storage.repositories import misses

LONGEST = 300  # characters: what is longer is a story, not a message to learn from
_PERSONAL = {"phone": "08123456789", "email": "nama@contoh.id", "npwp": "01.234.567.8-901.000"}
_NOT_ENTITIES = re.compile(r"\](?=[({])")  # what Rasa would take for its own markup
HEADER = """\
# Pertanyaan yang belum terjawab, ditinjau petugas. Nomor telepon, email, dan NPWP diganti contoh.
# Periksa nama orang dan perusahaan sebelum dipakai, lalu taruh di nlu/data/.
version: "3.1"
nlu:
"""


def intents() -> tuple[str, ...]:
    """What a text can be assigned to: the intents of the NLU domain."""
    with as_file(files("nlu") / "domain.yml") as domain:
        return read_intents(domain)


def export(database: Database) -> tuple[str, int]:
    """The training data, and how many messages are in it."""
    return as_training_data(database.read(misses.assigned))


def as_training_data(rows: Iterable[AnyRow]) -> tuple[str, int]:
    """Rows of (topic, text) as Rasa's YAML: one section an intent, each text once. Of the same
    text under two intents the later review counts."""
    newest: dict[str, tuple[str, str]] = {}
    for row in rows:
        text = _plain(row.text)
        if text:
            newest.pop(text.casefold(), None)
            newest[text.casefold()] = (row.topic, text)
    by_intent: dict[str, list[str]] = {}
    for topic, text in newest.values():
        by_intent.setdefault(topic, []).append(text)
    sections = (
        f"- intent: {topic}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for topic, texts in sorted(by_intent.items())
    )
    body = "".join(sections)
    return (HEADER + body if body else HEADER.rstrip() + " []\n"), len(newest)


def _plain(text: str) -> str:
    """One line without numbers and addresses of people; the texts are masked already."""
    for entity in reversed(find_entities(text)):
        if entity.entity in _PERSONAL:
            text = text[: entity.start] + _PERSONAL[entity.entity] + text[entity.end :]
    flat = " ".join(text.split())
    return _NOT_ENTITIES.sub("] ", flat) if len(flat) <= LONGEST else ""
