"""Caps, rates, blocklists, hooks, and the program as a whole, as they are created, changed and answered."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from partners.conditions import Timezone
from partners.fields import (
    Amount,
    Code,
    Currency,
    ExchangeRate,
    FallbackUrl,
    HookUrl,
    Id,
    Name,
    Note,
    PlainUrl,
    UtcMoment,
    check_line,
    saying,
)
from partners.models import BlockKind, CapKind, CapPeriod, HookKind, HookMethod
from partners.schemas.people import MAX_OVERLAP_HOURS
from partners.schemas.promotion import OWN_PARTNER
from partners.schemas.request import Answer, MoneyText, Part, Request, left_out

MAX_BLOCKED_LENGTH = 512
"""Characters; labels of clicks aren't longer."""

Blocked: TypeAlias = Annotated[str, AfterValidator(saying(partial(check_line, most=MAX_BLOCKED_LENGTH)))]
HookStatus: TypeAlias = Literal["approved", "pending", "hold", "rejected"]


class CapCreate(Request):
    """A new cap of an offer."""

    offer_id: Id = Field(description="Whose cap it is.")
    partner_id: Id | None = Field(None, description="Only this partner's; none: everybody's.")
    each_partner: bool = Field(default=False, description="Every partner has the whole amount for itself.")
    goal: Code | Literal[""] | None = Field(None, description="Only this goal's ('': the base goal's); none: all.")
    kind: CapKind = Field(description="What is counted.")
    period: CapPeriod = Field(description="When it counts anew; total: never.")
    amount: Amount = Field(description="Clicks or conversions, or money in the offer's currency.")
    hard: bool = Field(default=True, description="false: what goes over passes and is marked.")
    timezone: Timezone = Field("UTC", description="In which days, weeks and months begin.")


class CapChange(Request):
    """What may change on a cap; its offer and its kind stay. A new period counts anew."""

    partner_id: Id | None = None
    each_partner: bool = Field(default_factory=left_out)
    goal: Code | Literal[""] | None = None
    period: CapPeriod = Field(default_factory=left_out)
    amount: Amount = Field(default_factory=left_out)
    hard: bool = Field(default_factory=left_out)
    timezone: Timezone = Field(default_factory=left_out)


class CapAnswer(Answer):
    """The most an offer takes within a period."""

    offer_id: int
    partner_id: int | None
    each_partner: bool
    goal: str | None
    kind: CapKind
    period: CapPeriod
    amount: MoneyText
    hard: bool
    timezone: str


class CurrencyRateCreate(Request):
    """A new rate of a currency."""

    currency: Currency = Field(description="ISO 4217: EUR.")
    valid_from: date = Field(description="UTC day; holds until the currency's next rate.")
    rate: ExchangeRate = Field(description="What one unit is worth in the base currency.")


class CurrencyRateChange(Request):
    """What may change on a rate."""

    rate: ExchangeRate = Field(default_factory=left_out)


class CurrencyRateAnswer(Answer):
    """What one unit of a currency is worth in the base currency, from a day on."""

    currency: str
    valid_from: date
    rate: str


class BlocklistEntryCreate(Request):
    """A source of traffic to turn away."""

    kind: BlockKind = Field(description="What the value is.")
    value: Blocked = Field(
        description="A network, a country, a part of a user agent, a host, a label's whole value, a partner's id."
    )
    offer_id: Id | None = Field(None, description="Only on this offer.")
    partner_id: Id | None = Field(None, description="Only this partner's traffic.")
    reason: Note = Field("", description="Why, for the network's people.")
    expires_at: UtcMoment | None = Field(None, description="None: never.")


class BlocklistEntryChange(Request):
    """What may change on a blocklist entry; null: never expires."""

    reason: Note = Field(default_factory=left_out)
    expires_at: UtcMoment | None = None


class BlocklistEntryAnswer(Answer):
    """A source of traffic that is turned away."""

    kind: BlockKind
    value: str
    offer_id: int | None
    partner_id: int | None
    reason: str
    expires_at: datetime | None


def check_statuses(statuses: list[HookStatus]) -> list[HookStatus]:
    """Return the statuses, each once."""
    if not statuses:
        raise ValueError("name at least one status: approved, pending, hold, rejected")
    return list(dict.fromkeys(statuses))


HookStatuses: TypeAlias = Annotated[list[HookStatus], AfterValidator(saying(check_statuses))]


class HookCreate(Request):
    """A new outgoing postback or webhook; a webhook's secret is made by the service and shown once."""

    name: Name = Field(description="What you call it.")
    kind: HookKind = Field("postback", description="postback: a URL of macros; webhook: signed JSON.")
    enabled: bool = Field(default=True, description="Nothing is sent while it is off.")
    partner_id: Id | None = Field(None, description=f"Only this partner's conversions. {OWN_PARTNER}")
    advertiser_id: Id | None = Field(None, description="Only this advertiser's.")
    offer_id: Id | None = Field(None, description="Only this offer's.")
    goal: Code | Literal[""] | None = Field(None, description="Only this goal's ('': the base goal's); none: all.")
    statuses: HookStatuses = Field(["approved"], description="Only conversions that reach one of these.")
    method: HookMethod | None = Field(None, description="None: GET for a postback; a webhook is always POST.")
    url: HookUrl = Field(description="URL template with {macros}, those of conversions too.")


class HookChange(Request):
    """What may change on a hook; its kind and whose it is stay."""

    name: Name = Field(default_factory=left_out)
    enabled: bool = Field(default_factory=left_out)
    offer_id: Id | None = None
    goal: Code | Literal[""] | None = None
    statuses: HookStatuses = Field(default_factory=left_out)
    method: HookMethod = Field(default_factory=left_out)
    url: HookUrl = Field(default_factory=left_out)


class HookAnswer(Answer):
    """Where conversions are reported to."""

    name: str
    kind: HookKind
    enabled: bool
    partner_id: int | None
    advertiser_id: int | None
    offer_id: int | None
    goal: str | None
    statuses: list[HookStatus]
    method: HookMethod
    url: str
    previous_secret_until: datetime | None = Field(description="Until then messages bear the old signature, too.")
    secret: str = Field("", description="A webhook's signing secret; in the answer that made it, and never again.")


class SecretRotation(Request):
    """How long messages are signed with the secret that is replaced, too."""

    overlap_hours: int = Field(24, ge=0, le=MAX_OVERLAP_HOURS, strict=True, description="0: not at all.")


class SignUp(Part):
    """Whether partners may sign themselves up."""

    open: bool = False
    terms_url: PlainUrl = Field("", description="What they must accept.")


class ProgramChange(Request):
    """What may change on the program as a whole."""

    fallback_url: FallbackUrl = Field(default_factory=left_out)
    base_currency: Currency | Literal[""] = Field(
        default_factory=left_out, description="What rates are quoted in; '': the service's default currency."
    )
    signup: SignUp = Field(default_factory=left_out)


class ProgramAnswer(BaseModel):
    """The program as a whole."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(description="Grows with every change that edges know.")
    revision: int = Field(description="Grows with every change of the fields below; the ETag.")
    fallback_url: str = Field("", description="For the network's people only.")
    base_currency: str
    signup: SignUp


class AuditAnswer(BaseModel):
    """Who changed what."""

    model_config = ConfigDict(extra="forbid")

    id: int
    at: datetime
    actor: str
    role: str
    address: str
    action: str
    kind: str
    entry_id: int | None
    changes: dict[str, tuple[Any, Any]] = Field(description="{field: [before, after]}; secrets as '***'.")
    partner_id: int | None
    advertiser_id: int | None
