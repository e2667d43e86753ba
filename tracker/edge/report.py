"""A conversion as somebody reports it, and what became of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tracker.conversion_life import Outcome
from tracker.conversion_state import ConversionState
from tracker.events import PostbackFields
from tracker.postbacks import PostbackRequest


@dataclass(slots=True)
class Report:
    """A conversion as it is reported."""

    source: Literal["postback", "pixel", "script"]
    method: str
    raw: bytes
    ip: str
    """Of whoever sent it: the advertiser's server, or for a page the visitor."""
    user_agent: str
    request: PostbackRequest | None = None
    """None until its parameters could be read."""
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def from_a_page(self) -> bool:
        """Whether the visitor's browser sent it."""
        return self.source != "postback"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report that was accepted."""

    outcome: Outcome
    conversion_id: str
    fields: PostbackFields
    state: ConversionState
    provisional: bool
    """Redis was away: the store will still count it once, but may already know it."""
    ignored: tuple[str, ...]
    """Parameters that the sender may not set."""

    def as_json(self) -> dict[str, Any]:
        """Return the answer."""
        answer: dict[str, Any] = {
            "status": self.outcome,
            "conversion_id": self.conversion_id,
            "click_id": self.fields.click_id,
            "conversion_status": self.state.status,
        }
        if self.provisional:
            answer["provisional"] = True
        if self.ignored:
            answer["ignored"] = list(self.ignored)
        return answer
