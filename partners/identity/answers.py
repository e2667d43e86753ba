"""What the API of users, keys and sessions answers.

Invariants: no answer but the one to its making holds a key's secret or a password, and none holds a hash.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from kernel.auth import Role
from partners.models import AdvertiserStatus, KeyKind, PartnerStatus, UserStatus


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")


class UserAnswer(_Answer):
    """A user."""

    id: int
    email: str
    name: str
    role: Role
    status: UserStatus
    partner_id: int | None
    advertiser_id: int | None
    last_login_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime


class NewUserAnswer(UserAnswer):
    """A user that was just made or given a password."""

    password: str | None = Field(None, description="The one the service made up; shown this once.")


class KeyAnswer(_Answer):
    """A key without its secret."""

    id: int
    kind: KeyKind
    name: str
    prefix: str = Field(description="What follows clk_ in the key.")
    role: Role
    scopes: list[str]
    user_id: int | None
    partner_id: int | None
    advertiser_id: int | None
    rate_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    replaced_by: int | None = Field(description="The key a rotation made.")


class NewKeyAnswer(KeyAnswer):
    """A key that was just made."""

    key: str = Field(description="The whole key; shown this once.")


class SessionAnswer(BaseModel):
    """A session: its key works like any other until it ends."""

    key: str = Field(description="Send it as 'Authorization: Bearer <key>'.")
    expires_at: datetime
    user: UserAnswer


class PartnerState(_Answer):
    """How things stand with a partner."""

    id: int
    name: str
    status: PartnerStatus
    status_reason: str


class AdvertiserState(_Answer):
    """How things stand with an advertiser."""

    id: int
    name: str
    status: AdvertiserStatus


class Me(BaseModel):
    """Who asks."""

    actor: str = Field(description="What the audit log calls you.")
    role: Role
    scopes: list[str]
    user: UserAnswer | None
    key: KeyAnswer | None = Field(description="The key or session of this request; none for the admin key.")
    partner: PartnerState | None
    advertiser: AdvertiserState | None


class SignUpTerms(BaseModel):
    """Whether partners may sign themselves up, and what they must accept."""

    open: bool
    terms_url: str


class SignedUp(BaseModel):
    """A partner that waits for approval.

    The same whether the e-mail address was new or belongs to a user already.
    """

    partner: PartnerState


class UserList(BaseModel):
    """A page of users."""

    items: list[UserAnswer]
    next_cursor: str | None


class KeyList(BaseModel):
    """A page of keys."""

    items: list[KeyAnswer]
    next_cursor: str | None
