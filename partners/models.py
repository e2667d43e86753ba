"""The tables of the program: advertisers, partners, offers, links, and the program's own row.

Invariants: names are unique within their kind and a link's code is unique; ids are never used twice,
because events name them for ever; money is exact; ``program.version`` grows in the same transaction as
any other row changes. The tables are made by ``partners/migrations``; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from kernel.sql import NEVER_REUSE_IDS, Moment, Money

OfferStatus: TypeAlias = Literal["active", "paused", "ended"]
PartnerStatus: TypeAlias = Literal["active", "pending", "suspended"]
ConversionStatus: TypeAlias = Literal["approved", "pending", "hold"]

MAX_NAME_LENGTH = 200
MAX_CODE_LENGTH = 64
THE_PROGRAM = 1
"""Id of the one row of the table ``program``."""


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


class Program(Table):
    """The program as a whole: one row."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    """Grows with every change of any table here; the version of the snapshot."""
    fallback_url: Mapped[str] = mapped_column(Text)


class Advertiser(Table):
    """Who owns offers and fires postbacks."""

    __tablename__ = "advertisers"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    postback_token: Mapped[str] = mapped_column(String(64))
    """Secret: shown to its advertiser's administrator only, never in lists or logs."""
    require_token: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Partner(Table):
    """Who sends traffic and is paid for it."""

    __tablename__ = "partners"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    status: Mapped[PartnerStatus] = mapped_column(String(16))
    fallback_url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Offer(Table):
    """What partners promote: where its clicks go and what its conversions are worth."""

    __tablename__ = "offers"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    advertiser_id: Mapped[int] = mapped_column(ForeignKey("advertisers.id"), index=True)
    status: Mapped[OfferStatus] = mapped_column(String(16))
    destination: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    payout: Mapped[Decimal] = mapped_column(Money)
    revenue: Mapped[Decimal] = mapped_column(Money)
    payout_percent: Mapped[Decimal | None] = mapped_column(Money)
    revenue_percent: Mapped[Decimal | None] = mapped_column(Money)
    default_status: Mapped[ConversionStatus] = mapped_column(String(16))
    deep_link_hosts: Mapped[list[str]] = mapped_column(JSON)
    allow_override: Mapped[bool] = mapped_column(Boolean)
    attribution_window_days: Mapped[int | None] = mapped_column(Integer)
    """None: the network's setting."""
    fallback_url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)

    advertiser: Mapped[Advertiser] = relationship(lazy="raise")


class Link(Table):
    """A saved tracking link: ``/c/<code>``."""

    __tablename__ = "links"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "code"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH), unique=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    parameters: Mapped[dict[str, str]] = mapped_column(JSON)
    """What the link's clicks carry unless their own query says otherwise."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)

    partner: Mapped[Partner] = relationship(lazy="raise")
    offer: Mapped[Offer] = relationship(lazy="raise")


Entry: TypeAlias = Advertiser | Partner | Offer | Link
"""Anything in the program that has an id."""
