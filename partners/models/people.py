"""Who takes part: advertisers, partners and their tiers, users, and the keys they hold.

Invariants: names are unique within their kind, e-mail addresses of users are unique in lower case; of a
password only its argon2 hash and of a key only the SHA-256 of its secret is stored; a partner's or an
advertiser's user or key always names its partner or advertiser.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.sql_types import NEVER_REUSE_IDS, Moment
from partners.models.base import MAX_NAME_LENGTH, Entry

AdvertiserStatus: TypeAlias = Literal["active", "suspended"]
PartnerStatus: TypeAlias = Literal["pending", "approved", "rejected", "suspended", "banned"]
UserStatus: TypeAlias = Literal["active", "disabled"]
KeyKind: TypeAlias = Literal["key", "session"]


class User(Entry):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "email"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    """In lower case."""
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    role: Mapped[str] = mapped_column(String(16))
    """One of ``kernel.auth.ROLES``."""
    status: Mapped[UserStatus] = mapped_column(String(16), default="active")
    password_hash: Mapped[str] = mapped_column(Text, default="")
    """argon2id; '' while the user has no password and can't sign in."""
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id", use_alter=True), index=True)
    advertiser_id: Mapped[int | None] = mapped_column(ForeignKey("advertisers.id", use_alter=True), index=True)
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)


class Advertiser(Entry):
    """Who owns offers and fires postbacks."""

    __tablename__ = "advertisers"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    status: Mapped[AdvertiserStatus] = mapped_column(String(16), default="active")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    postback_token: Mapped[str] = mapped_column(String(64))
    """Secret: shown to its advertiser's administrator only, never in lists or logs."""
    previous_token: Mapped[str] = mapped_column(String(64), default="")
    """The token before the last rotation; accepted until ``previous_token_until``."""
    previous_token_until: Mapped[datetime | None] = mapped_column(Moment)
    require_token: Mapped[bool] = mapped_column(Boolean)
    allowed_networks: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Networks (CIDR) postbacks may come from; empty: anywhere."""


class Tier(Entry):
    """A class of partners that offers can pay differently."""

    __tablename__ = "tiers"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")


class Partner(Entry):
    """Who sends traffic and is paid for it."""

    __tablename__ = "partners"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    status: Mapped[PartnerStatus] = mapped_column(String(16))
    status_reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was rejected, suspended or banned; a ban needs one."""
    email: Mapped[str] = mapped_column(String(254), default="")
    company: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    website: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    """For managers; partners never see it."""
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"), index=True)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    fallback_url: Mapped[str] = mapped_column(Text)

    tier: Mapped[Tier | None] = relationship(lazy="raise")


class ApiKey(Entry):
    """A key of the API, or the session of a signed-in user; its secret was shown once and is not stored."""

    __tablename__ = "api_keys"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "prefix"

    kind: Mapped[KeyKind] = mapped_column(String(8), default="key")
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    """The part of the key that may be shown, by which it is found."""
    secret_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the whole key, in hexadecimal."""
    role: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """What the key may do; never more than its role may."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    advertiser_id: Mapped[int | None] = mapped_column(ForeignKey("advertisers.id"), index=True)
    rate_per_minute: Mapped[int | None] = mapped_column(Integer)
    """Requests; None: the service's setting."""
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    """To the minute."""
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    """The key a rotation made; this one works until ``expires_at``."""
