"""What the ledger keeps: ranges of journals, what waits to become conversions, finished rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrozenBatch:
    """A range of one journal's frames that is shipped as a whole."""

    id: int
    journal: str
    first: int
    last: int
    events: int

    def token(self, table: str) -> str:
        """Return the deduplication token of this range's rows for ``table``."""
        return f"{self.journal}:{self.first}-{self.last}:{table}"


@dataclass(frozen=True, slots=True)
class ArrivedPostback:
    """A postback, or an adjustment, of a range that is about to be checkpointed."""

    seq: int
    place: int
    """Its frame, and its place in the frame."""
    ts: int
    """Received, milliseconds since 1970."""
    group: str
    """What keeps its order: a postback overtakes no earlier one of its group."""
    body: bytes
    """The encoded event."""


@dataclass(frozen=True, slots=True)
class WaitingPostback:
    """An accepted postback that is not yet a conversion."""

    id: int
    origin: str
    """Where it lay: journal, frame and place."""
    ts: int
    body: bytes
    tries: int
    """How often its click was looked for in vain."""
    is_due: bool
    """Whether its own turn has come, not only that of another postback for the same click."""


@dataclass(frozen=True, slots=True)
class OutboxBatch:
    """Finished rows for a table, as an Arrow stream."""

    id: int
    table: str
    body: bytes
    rows: int
