"""The column types and the base that every table shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeAlias, cast

from sqlalchemy import BigInteger, Dialect, ForeignKey, Integer, MetaData, Row, Table, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """UTC microseconds since 1970; a naive time is refused."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware UTC time of ``to_micros``."""
    return _EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """The one time type: aware UTC in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


Id = BigInteger().with_variant(Integer, "sqlite")

PrimaryKey = Annotated[int, mapped_column(Id, primary_key=True, autoincrement=True)]
ContactRef = Annotated[int, mapped_column(Id, ForeignKey("contacts.id"), index=True)]
ConversationRef = Annotated[int, mapped_column(Id, ForeignKey("conversations.id"), index=True)]
Time = Annotated[datetime, mapped_column(Instant)]
Long = Annotated[str, mapped_column(Text)]


AnyRow: TypeAlias = Row[*tuple[Any, ...]]


class Base(DeclarativeBase):
    """Tables with named constraints, so that migrations can address them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(model: type[Base]) -> Table:
    """The Core table of a model: statements on the path of every message are built on these."""
    return cast(Table, model.__table__)
