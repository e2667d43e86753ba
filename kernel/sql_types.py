"""What columns of the SQL database hold beyond text and numbers: money, exchange rates, moments.

Invariants: the same value comes back from SQLite and from PostgreSQL; money and rates are exact (a scaled integer,
decimal digits; never a float), and a digit that doesn't fit is an error, never rounded away; a moment is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

MONEY_DIGITS = 6
"""Digits after the point that money is kept with, as in the event store's Decimal(18, 6)."""

RATE_DIGITS = 12
"""Digits after the point of an exchange rate."""

NEVER_REUSE_IDS = {"sqlite_autoincrement": True}
"""Table options: events name these ids for ever, so SQLite may not hand a freed one out again."""


class Money(TypeDecorator[Decimal]):
    """A decimal amount, stored as a whole number of millionths on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - signature
        """Scale to millionths; a digit that doesn't fit is an error, never rounded away."""
        if value is None:
            return None
        scaled = value.scaleb(MONEY_DIGITS)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"money has at most {MONEY_DIGITS} digits after the point")
        return int(scaled)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - signature
        """Scale back from millionths."""
        return None if value is None else Decimal(value).scaleb(-MONEY_DIGITS)


class Rate(TypeDecorator[Decimal]):
    """An exchange rate, stored as its decimal digits on every database; at most twelve after the point."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - signature
        """Write the digits; one that doesn't fit is an error, never rounded away."""
        if value is None:
            return None
        if value.as_tuple().exponent < -RATE_DIGITS:  # type: ignore[operator]  # an int for every finite number
            raise ValueError(f"a rate has at most {RATE_DIGITS} digits after the point")
        return format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - signature
        """Read the digits."""
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """A point in time in UTC, aware on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature
        """Turn to UTC; a time without a zone is an error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature
        """Name the zone, which SQLite forgets."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
