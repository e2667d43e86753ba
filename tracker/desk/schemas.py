"""What the desk takes and answers, as the API documents it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=512)]
Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"\S", description="Why; kept in its history.")
]
Amount = Annotated[
    str,
    Field(pattern=r"^\d{1,12}(\.\d{1,6})?$", description="A plain decimal number as text.", examples=["12.50"]),
]
SignedAmount = Annotated[
    str,
    Field(pattern=r"^-?\d{1,12}(\.\d{1,6})?$", description="A plain decimal number as text.", examples=["-12.50"]),
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]
Status = Literal["approved", "pending", "rejected", "hold"]
Id = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConversionCreate(Body):
    """A conversion entered by hand: for a click, or by coupon with its offer and transaction id."""

    click_id: Text = Field("", description="Empty for one that is attributed by its coupon.")
    offer_id: Id | None = Field(None, description="Needed when there is no click id.")
    goal: Text = ""
    txn_id: Text = ""
    status: Status | None = None
    amount: Amount | None = None
    payout: Amount | None = Field(None, description="Instead of the tariff's; the network's people only.")
    revenue: Amount | None = None
    currency: CurrencyCode | None = None
    coupon: Text = ""
    customer_id: Text = ""
    reason: Reason


class ConversionChange(Body):
    """What shall become of a conversion; what isn't named stays."""

    status: Status | None = None
    amount: Amount | None = None
    payout: Amount | None = Field(None, description="Instead of the tariff's; the network's people only.")
    revenue: Amount | None = None
    currency: CurrencyCode | None = None
    reason: Reason


class ConversionDone(BaseModel):
    """What became of a conversion; reports show it about a second later."""

    status: Literal["accepted", "updated", "duplicate"]
    conversion_id: str
    conversion_status: Status


class AdjustmentCreate(Body):
    """Money added to or taken from a partner's account by hand."""

    partner_id: Id
    offer_id: Id | None = None
    payout: SignedAmount = "0"
    revenue: SignedAmount = "0"
    currency: CurrencyCode
    reason: Reason
    adjustment_id: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")] = Field(
        "", description="Your own id of it: the same id again changes nothing. Empty: one is made."
    )


class AdjustmentDone(BaseModel):
    """An adjustment that is written down."""

    status: Literal["accepted"]
    adjustment_id: str


class UploadQuery(BaseModel):
    """How to read an upload."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=500)] = "upload"
    dry_run: bool = Field(default=False, description="Check every row and change nothing.")


class UploadRow(BaseModel):
    """What became of one row."""

    line: int = Field(description="Line of the file on which the row begins; 1 is the header.")
    status: Literal["accepted", "updated", "duplicate", "valid", "rejected"]
    conversion_id: str | None = None
    code: str | None = Field(None, description="Why it was rejected; see the error codes.")
    message: str | None = None


class UploadDone(BaseModel):
    """What became of an upload, row by row."""

    rows: int
    counts: dict[str, int] = Field(description="How many rows were accepted, updated, duplicate, rejected.")
    results: list[UploadRow]


class ConversionShown(BaseModel):
    """A conversion with every state it had."""

    conversion: dict[str, Any]
    history: list[dict[str, Any]] = Field(description="Oldest first; each with who changed it and why.")
    may_become: list[Status] = Field(description="The statuses that the caller may give it now.")
