"""What the API of users, keys and sessions takes.

Invariants: a field that isn't in a schema is refused by name; passwords are ``SecretStr`` from the moment
they are read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kernel.auth import SCOPES, Role
from partners.conditions import Country
from partners.fields import MAX_ID, Id, Line, Name, PlainUrl
from partners.models import KeyKind, UserStatus

STAFF: tuple[Role, ...] = ("admin", "manager", "analyst")
"""Roles that belong to the network itself."""

MIN_PASSWORD = 12
MAX_PASSWORD = 512
MAX_OVERLAP_HOURS = 720
MAX_LIFE = timedelta(days=3650)
"""A key that lasts longer than ten years should rather have no end."""
MAX_RATE = 1_000_000
MAX_PAGE = 1000
MAX_EMAIL = 254
"""RFC 5321's limit of a path, less its brackets."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
"""Nothing but a message that arrives proves an address; this finds mistakes of typing."""


def _sentence(text: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{sentence}", {"sentence": text})


def _check_email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email) or not email.isprintable():
        raise _sentence("write an e-mail address such as nora@example.com")
    return email


def _check_password(password: SecretStr) -> SecretStr:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise _sentence(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password


def _check_scope(scope: str) -> str:
    if scope not in SCOPES:
        raise _sentence(f"{scope[:40]!r} isn't a scope; these are: {', '.join(SCOPES)}")
    return scope


def _check_expiry(moment: datetime) -> datetime:
    now = datetime.now(UTC)
    if not now < moment < now + MAX_LIFE:
        raise _sentence("a key expires in the future, and within ten years")
    return moment.astimezone(UTC)


AskedId: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
"""An id in a query, where everything is text."""
Scope: TypeAlias = Annotated[
    str, AfterValidator(_check_scope), WithJsonSchema({"type": "string", "enum": list(SCOPES)})
]
Email: TypeAlias = Annotated[
    str,
    AfterValidator(_check_email),
    WithJsonSchema({"type": "string", "maxLength": MAX_EMAIL, "examples": ["nora@example.com"]}),
]
NewPassword: TypeAlias = Annotated[
    SecretStr,
    AfterValidator(_check_password),
    WithJsonSchema(
        {
            "type": "string",
            "format": "password",
            "writeOnly": True,
            "minLength": MIN_PASSWORD,
            "maxLength": MAX_PASSWORD,
        }
    ),
]
GivenPassword: TypeAlias = Annotated[SecretStr, Field(max_length=MAX_PASSWORD)]
Expiry: TypeAlias = Annotated[AwareDatetime, AfterValidator(_check_expiry)]
ShortText: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignIn(_Given):
    """E-mail address and password of a user."""

    email: Email
    password: GivenPassword


class SignUp(_Given):
    """A partner that wants to take part, and its first user."""

    name: Name = Field(
        description="The partner's name, unlike any other partner's.", examples=["Nora's Newsletter"]
    )
    email: Email
    password: NewPassword
    contact: ShortText = Field("", description="The person's name; empty: the partner's.")
    company: Line = ""
    country: Country | Literal[""] = Field("", description="ISO 3166 alpha-2.")
    website: PlainUrl = Field("", description="Whole, with http:// or https://.")
    accept_terms: StrictBool = Field(default=False, description="The terms that GET /api/v1/signup names.")


class UserCreate(_Given):
    """A new user; without a password the service makes one up and shows it once."""

    email: Email
    name: Name
    role: Role
    partner_id: Id | None = Field(None, description="Of the role partner, and only of it.")
    advertiser_id: Id | None = Field(None, description="Of the role advertiser, and only of it.")
    password: NewPassword | None = None

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        check_belonging(self.role, self.partner_id, self.advertiser_id)
        return self


class UserChange(_Given):
    """What may change on a user."""

    name: Name | None = None
    role: Role | None = Field(None, description="Among admin, manager and analyst.")
    status: UserStatus | None = Field(None, description="A disabled user's keys and sessions end at once.")


class PasswordChange(_Given):
    """A user's new password, by the user."""

    current: GivenPassword
    new: NewPassword


class PasswordReset(_Given):
    """A user's new password, by an administrator; without one the service makes one up and shows it once."""

    password: NewPassword | None = None


class KeyCreate(_Given):
    """A new key: one's own, or with ``users:write`` somebody else's."""

    name: Name = Field(description="What it is for.", examples=["Nightly report"])
    scopes: list[Scope] | None = Field(None, max_length=len(SCOPES), description="None: all that it may have.")
    expires_at: Expiry | None = Field(None, description="None: never.")
    rate_per_minute: int | None = Field(
        None,
        strict=True,
        ge=1,
        le=MAX_RATE,
        description="Requests; none: the service's setting. Needs users:write.",
    )
    user_id: Id | None = Field(None, description="Whose it shall be. Needs users:write.")
    role: Role | None = Field(None, description="Of a key that belongs to no user. Needs users:write.")
    partner_id: Id | None = Field(None, description="With the role partner. Needs users:write.")
    advertiser_id: Id | None = Field(None, description="With the role advertiser. Needs users:write.")

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if self.user_id is not None and (self.role or self.partner_id or self.advertiser_id):
            raise _sentence("a user's key has the user's role; give user_id alone")
        if self.user_id is None and (self.role or self.partner_id or self.advertiser_id):
            check_belonging(self.role, self.partner_id, self.advertiser_id)
        return self

    @property
    def for_another(self) -> bool:
        """Whether it says whose the key shall be, or gives it a rate of its own."""
        return any((self.user_id, self.role, self.rate_per_minute))


class KeyRotate(_Given):
    """How long the old key goes on working beside the new one."""

    overlap_hours: int = Field(24, strict=True, ge=0, le=MAX_OVERLAP_HOURS)


class _Page(_Given):
    limit: int = Field(100, ge=1, le=MAX_PAGE, description="Most entries in the answer.")
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")] | None = Field(
        None, description="The next_cursor of the page before."
    )

    @property
    def after(self) -> int:
        """Id after which the page begins."""
        return min(int(self.cursor or 0), MAX_ID)


class UserQuery(_Page):
    """Which users to list."""

    email: Annotated[str, Field(max_length=254)] | None = None
    role: Role | None = None
    status: UserStatus | None = None
    partner_id: AskedId | None = None
    advertiser_id: AskedId | None = None


class KeyQuery(_Page):
    """Which keys to list."""

    kind: KeyKind = Field("key", description="session: those of people who signed in.")
    prefix: Annotated[str, Field(max_length=64)] | None = Field(None, description="The one of this prefix.")
    active: bool | None = Field(None, description="Only those that work, or only those that don't.")
    user_id: AskedId | None = None
    partner_id: AskedId | None = None
    advertiser_id: AskedId | None = None


def check_belonging(role: str | None, partner_id: int | None, advertiser_id: int | None) -> None:
    """Refuse a role without the id it needs, or with one it can't have."""
    if (role == "partner") != (partner_id is not None):
        raise _sentence("the role partner, and only it, needs a partner_id")
    if (role == "advertiser") != (advertiser_id is not None):
        raise _sentence("the role advertiser, and only it, needs an advertiser_id")
