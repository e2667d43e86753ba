"""A model's card: all that is known of a version without opening its file, kept as JSON beside it.

Invariant: a card is written once and never changed; its ``file_sha256`` is what the file must hash to.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class FeatureBaseline(msgspec.Struct, frozen=True):
    """How a feature was distributed in the training window."""

    name: str
    usual: float
    """Its median."""
    edges: list[float]
    """Where its bins meet, growing; a value on an edge belongs below it."""
    shares: list[float]
    """Share of the window's clicks in each bin, one more than edges."""


class Quality(msgspec.Struct, frozen=True):
    """What can be said of a model without knowing who is a fraud."""

    flagged: dict[str, float]
    """Share of clicks at or above ``flag_at``, by the verdict they had."""
    clicks: dict[str, int]
    """Clicks that share is of."""
    rule_agreement: float | None
    """Chance that a click the rules call invalid ranks above a valid one (AUC); None without either."""
    instability: float
    """Mean difference in percentiles between two forests that learnt from either half of the clicks."""


class Card(msgspec.Struct, frozen=True):
    """A version of the model."""

    version: str
    made_at: datetime
    trained_from: datetime
    trained_to: datetime
    """Of the first and the last click of the window."""
    clicks_read: int
    """Clicks replayed: frequencies are learnt from those of them that are ``clicks_learnt``."""
    clicks_learnt: int
    """Without general invalid traffic, which the rules know by lists."""
    clicks_in_window: int
    """Clicks that were there to read."""
    parameters: dict[str, int | float | str]
    features: list[str]
    libraries: dict[str, str]
    """Versions of what grew its trees, by package."""
    data_sha256: str
    """Of the facts of all clicks read, in order."""
    file_sha256: str
    file_bytes: int
    flag_at: int
    """Percentile from which a click counts as flagged in figures here and in drift."""
    quality: Quality
    baseline: list[FeatureBaseline]
    seconds: float
    """How long training took."""

    def encoded(self) -> bytes:
        """Return the card as JSON for people and programs."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)

    @classmethod
    def decoded(cls, text: bytes) -> Card:
        """Read a card.

        Raises:
            msgspec.MsgspecError, UnicodeDecodeError: it isn't one.

        """
        return msgspec.json.decode(text, type=cls)
