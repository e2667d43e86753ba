"""What a self-test is asked for and what it tells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
"""An ordinary visitor's user agent."""

State = Literal["ok", "failed", "warning", "skipped"]
HopName = Literal["link", "click", "landing", "postback", "report", "outgoing"]


class LinkTest(BaseModel):
    """As whom to click; an ordinary visitor unless told otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ip: IPvAnyAddress | None = Field(
        None, description="Visitor's address; taken where the edge trusts this host as a proxy."
    )
    user_agent: Annotated[str, Field(max_length=1000, pattern=r"^[\x20-\x7e]+$")] = BROWSER
    language: Annotated[str, Field(max_length=100, pattern=r"^[\x20-\x7e]+$")] = "en-US,en;q=0.9"
    goal: Annotated[str, Field(max_length=64)] = Field(
        "", description="Goal of the postback; the base goal if empty."
    )
    amount: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")] = Field(
        "100", description="Sale amount of the postback."
    )


class Hop(BaseModel):
    """One hop: what should have come, what came."""

    hop: HopName
    state: State
    expected: str
    actual: str
    advice: str = Field("", description="What to do, when it isn't ok.")
    elapsed_ms: int = 0


class LinkTested(BaseModel):
    """The whole walk. ``ok``: no hop failed."""

    ok: bool
    link_id: int
    code: str
    tracking_url: str
    click_id: str
    conversion_id: str
    hops: list[Hop]


_Sent = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""What a test sends as it is, so that the edge can refuse it."""


class PostbackTest(BaseModel):
    """A postback to fire in test mode; what is empty isn't sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offer_id: Annotated[int, Field(ge=1, le=2**32 - 1)]
    goal: _Sent = Field("", description="The goal's code; empty: the base goal.")
    amount: _Sent = Field("", description="Sale amount, such as 49.90.")
    currency: _Sent = Field("", description="ISO 4217 code; empty: the offer's.")
    status: _Sent = Field("", description="Empty: the goal's own.")
    txn_id: _Sent = Field("", description="Empty: one is made up.")
    proof: Literal["token", "signature", "none"] = Field(
        "token", description="What shows that it comes from the advertiser."
    )


class StoredConversion(BaseModel):
    """A test's conversion as reports would count it."""

    status: str
    reject_reason: str
    payout: str | None = Field(description="What the partner would earn; null for those who may not see it.")
    revenue: str
    currency: str
    is_test: bool


class PostbackTested(BaseModel):
    """What came of a test postback."""

    ok: bool
    outcome: Literal["accepted", "refused", "unanswered"]
    url: str = Field(description="As it was fired, with *** for secrets.")
    http_status: int = Field(0, description="0 for no answer.")
    answer: str = Field("", description="The edge's own.")
    code: str = Field("", description="Of a refusal.")
    message: str = Field(description="What came of it, or why it was refused and what to do.")
    click_id: str = Field(description="Of the click that was made for it.")
    txn_id: str
    sent_from: str = Field("", description="Address it claimed to come from; empty: this host's.")
    conversion_id: str = ""
    conversion: StoredConversion | None = None
    elapsed_ms: int = Field(0, description="Until the edge's answer.")
