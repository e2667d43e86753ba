"""What the program's tables share, and the program's own row.

Invariants: ids are never used twice, because events name them for ever; money is exact; ``revision`` grows
with every change of a row and is what optimistic locking compares; ``program.version`` grows in the same
transaction as any row that edges know changes. The tables are made by ``partners/migrations``; a test
compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import JSON, BigInteger, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kernel.sql_types import Moment

MAX_NAME_LENGTH = 200
MAX_CODE_LENGTH = 64
THE_PROGRAM = 1
"""Id of the one row of the table ``program``."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object whose shape a schema in ``partners/schemas`` checked before it was stored."""


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """What the program's tables share: names of constraints, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class Entry(Table):
    """Anything in the program that people make and change, and that has an id."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    """Grows by one with every change: the entry's ETag."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Program(Table):
    """The program as a whole: one row."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    """Grows with every change of any table here that edges know; the version of the snapshot."""
    fallback_url: Mapped[str] = mapped_column(Text)
    base_currency: Mapped[str] = mapped_column(Text, default="")
    """What rates are quoted against; '' for the service's default currency."""
    revision: Mapped[int] = mapped_column(Integer, default=1)
    """Grows by one with every change of this row's own fields: its ETag."""
    signup: Mapped[JsonObject] = mapped_column(JSON, default=dict)
    """Whether partners may sign themselves up, and what they must accept: {"open": bool, "terms_url": str}."""
