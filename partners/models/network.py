"""What belongs to the network as a whole: rates, blocklists, outgoing hooks, and who changed what.

Invariants: a rate is exact and dated; an audit row is written in the transaction of the change it tells of,
never changed, and never holds a secret.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.sql_types import NEVER_REUSE_IDS, Moment, Rate
from partners.models.base import MAX_CODE_LENGTH, MAX_NAME_LENGTH, Entry, JsonObject, Table, now

BlockKind: TypeAlias = Literal[
    "network", "asn", "country", "user_agent", "referrer_host", "source", "sub1", "device_id", "partner"
]
HookKind: TypeAlias = Literal["postback", "webhook"]
HookMethod: TypeAlias = Literal["GET", "POST"]


class CurrencyRate(Entry):
    """What one unit of a currency is worth in the base currency, from a day on."""

    __tablename__ = "currency_rates"
    __table_args__ = (UniqueConstraint("currency", "valid_from"), NEVER_REUSE_IDS)

    currency: Mapped[str] = mapped_column(String(3))
    valid_from: Mapped[date] = mapped_column(Date)
    """UTC day; holds until the currency's next rate."""
    rate: Mapped[Decimal] = mapped_column(Rate)
    """Up to 12 digits after the point."""


class BlocklistEntry(Entry):
    """A source of traffic that is turned away."""

    __tablename__ = "blocklist"
    __table_args__ = (UniqueConstraint("kind", "value", "offer_id", "partner_id"), NEVER_REUSE_IDS)

    kind: Mapped[BlockKind] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(512))
    """A network in CIDR form, a number, a country, a part of a user agent, a host, a label's whole value, or a
    partner's id."""
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime | None] = mapped_column(Moment)


class Hook(Entry):
    """Where conversions are reported to: a partner's postback URL, or a signed webhook."""

    __tablename__ = "hooks"
    __table_args__ = NEVER_REUSE_IDS

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    kind: Mapped[HookKind] = mapped_column(String(16))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """Only this partner's conversions; None: everybody's."""
    advertiser_id: Mapped[int | None] = mapped_column(ForeignKey("advertisers.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    goal: Mapped[str | None] = mapped_column(String(MAX_CODE_LENGTH))
    """Only this goal, '' the base goal; None: every goal."""
    statuses: Mapped[list[str]] = mapped_column(JSON)
    """Only conversions that reach one of these: approved, pending, hold, rejected."""
    method: Mapped[HookMethod] = mapped_column(String(4))
    url: Mapped[str] = mapped_column(Text)
    """URL template with {macros}."""
    secret: Mapped[str] = mapped_column(String(128), default="")
    """A webhook's signing secret (whsec_…), shown when it is made."""
    previous_secret: Mapped[str] = mapped_column(String(128), default="")
    """The secret before the last rotation; messages are signed with it, too, until ``previous_secret_until``."""
    previous_secret_until: Mapped[datetime | None] = mapped_column(Moment)


class AuditEntry(Table):
    """Who changed what, when, from where."""

    __tablename__ = "audit"
    __table_args__ = NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    actor: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    """``user:3``, ``key:ab12cd34``, ``admin key``."""
    role: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(32))
    """create, change, delete, login, login_failed, rotate, revoke, …"""
    kind: Mapped[str] = mapped_column(String(32), index=True)
    entry_id: Mapped[int | None] = mapped_column(Integer, index=True)
    changes: Mapped[JsonObject] = mapped_column(JSON)
    """{"field": [before, after]}; secrets as '***'."""
    partner_id: Mapped[int | None] = mapped_column(Integer)
    advertiser_id: Mapped[int | None] = mapped_column(Integer)
    """Whose entry it was, so that they may read of it."""
