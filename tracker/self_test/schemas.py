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
