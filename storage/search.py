"""Searching tickets by number, name, phone and words: one index, the same answers on SQLite
(FTS5) and PostgreSQL (tsvector with GIN).

Texts are cut into words here, not by the databases, so that both hold the same ones. Besides
the words themselves the index holds ``n42`` for the running digits of a number and
``p8123456789`` for a phone number without its 0 or +62, so that every spelling of it is found.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    table,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.expression import ColumnElement, FromClause

TABLE = "ticket_words"  # with FTS5's shadow tables ticket_words_*; no model has them
INDEXED = frozenset({"number", "answers", "problem", "solution", "lkpp_number"})
MOST_WORDS = 8  # of a query
MOST_INDEXED = 5000  # of a ticket: PostgreSQL takes a megabyte of words

_WORD = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"(?<![\w-])(?:\+?62|0|8)[\d\s().-]{3,}\d")
_FTS5 = table(TABLE, column("rowid"), column("words"))
_TSVECTOR = table(TABLE, column("ticket_id"), column("words"))
_LONGEST = 40
_RUNNING = 5  # digits up to which a number alone is a ticket's rather than a phone's


def is_model(name: str | None, kind: str, _parents: object = None) -> bool:
    """Whether a table of the database is one of ``Base.metadata``: the index is none."""
    return kind != "table" or name is None or not name.startswith(TABLE)


@dataclass(frozen=True, slots=True)
class Term:
    """One word to look for; ``prefix`` finds longer ones too."""

    word: str
    prefix: bool = False


Query = tuple[tuple[Term, ...], ...]  # all of these, of each any


def index(connection: Connection, ticket_id: int, fields: Mapping[str, object]) -> None:
    """Make a ticket findable by its fields of now (``INDEXED``), in the same transaction."""
    found = words(fields)[:MOST_INDEXED]
    if connection.dialect.name == "sqlite":
        values = {"rowid": ticket_id, "words": " ".join(found)}
        connection.execute(insert(_FTS5).prefix_with("OR REPLACE"), values)
        return
    put = postgresql.insert(_TSVECTOR).values(
        ticket_id=ticket_id,
        words=func.array_to_tsvector(bindparam(None, found, type_=ARRAY(Text))),
    )
    connection.execute(
        put.on_conflict_do_update(index_elements=["ticket_id"], set_={"words": put.excluded.words})
    )


def words(fields: Mapping[str, object]) -> list[str]:
    """Every word under which a ticket with these fields is found, each once."""
    number = str(fields.get("number") or "")
    answers = json.loads(str(fields.get("answers") or "{}"))
    texts = [number, *map(str, answers.values())]
    texts += [str(fields.get(name) or "") for name in ("problem", "solution", "lkpp_number")]
    found: dict[str, None] = {}
    for said in texts:
        found |= dict.fromkeys(_cut(said))
        found |= dict.fromkeys(f"p{_national(digits)}" for digits in _phones(said))
    running = re.findall(r"\d+", number[:-1])  # the last character is the check character
    if running:
        found[f"n{int(running[-1])}"] = None
    return list(found)


def parse(said: str) -> Query:
    """What somebody typed as a query; empty where there is nothing to look for."""
    phones = _phones(said)
    query: list[tuple[Term, ...]] = [
        (Term(f"p{_national(digits)}", True), *_alternatives(digits, prefix=True))
        for digits in phones
    ]
    rest = _PHONE.sub(" ", said) if phones else said
    query += [_alternatives(word) for word in _cut(rest)]
    return tuple(query[:MOST_WORDS])


def _alternatives(word: str, *, prefix: bool = False) -> tuple[Term, ...]:
    if word.isascii() and word.isdigit():
        running = Term(f"n{int(word)}")
        return (running, Term(word, prefix or len(word) > _RUNNING))
    return (Term(word, len(word) > 1),)


def _cut(said: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", said.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [word[:_LONGEST] for word in _WORD.findall(plain)]


def _phones(said: str) -> list[str]:
    """The digits of what may be phone numbers in a text."""
    return [re.sub(r"\D", "", found)[:_LONGEST] for found in _PHONE.findall(said)]


def _national(digits: str) -> str:
    """A phone number without +62 or 0."""
    return re.sub(r"^(?:62|0)", "", digits)


def source(dialect: str) -> tuple[FromClause, ColumnElement[Any], ColumnElement[Any]]:
    """What a query on tickets needs: the index, its ticket's id, and the condition; the
    condition's parameter ``words`` is ``rendered``."""
    if dialect == "sqlite":
        return _FTS5, _FTS5.c.rowid, literal_column(TABLE).op("MATCH")(bindparam("words"))
    query = cast(bindparam("words"), TSQUERY)
    return _TSVECTOR, _TSVECTOR.c.ticket_id, _TSVECTOR.c.words.op("@@")(query)


def rendered(dialect: str, query: Query) -> str:
    """A query in the database's own words; they hold letters and digits only."""
    if dialect == "sqlite":
        return " AND ".join(_joined(group, '"{}"', '"{}" *', " OR ") for group in query)
    return " & ".join(_joined(group, "'{}'", "'{}':*", " | ") for group in query)


def _joined(group: Iterable[Term], whole: str, prefix: str, between: str) -> str:
    said = ((prefix if term.prefix else whole).format(term.word) for term in group)
    return f"({between.join(said)})"
