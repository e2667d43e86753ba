"""Events one by one, and the whole road of one click.

Invariants: amounts are exact decimals, times are in the asked zone; pages are asked for as they are needed, and
rows that arrive meanwhile neither repeat a row nor hide one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from kernel.clickhouse.columns import MONEY, TABLES, TIME

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = dict[str, Any]

PAGE = 1000
"""Rows asked for at once: the most that the API gives."""

TIMES = frozenset(column.name for table in TABLES.values() for column in table if column.type == TIME)
AMOUNTS = frozenset(column.name for table in TABLES.values() for column in table if column.type == MONEY)


class _Meta(msgspec.Struct):
    timezone: str
    columns: list[str]


class _Page(msgspec.Struct):
    items: list[Row]
    next_cursor: str | None
    meta: _Meta


_decode_page = msgspec.json.Decoder(_Page, float_hook=Decimal).decode


class Log:
    """Rows of a log, newest first; a loop over it asks for page after page. Each loop begins anew."""

    def __init__(
        self, ask: Callable[[Mapping[str, Any]], bytes], asked: Mapping[str, Any], limit: int | None
    ) -> None:
        """Look at nothing yet.

        Args:
            ask: Asks for a page with these parameters.
            asked: Range, filters and columns.
            limit: The most rows; None: all.

        """
        self._ask, self._asked, self._limit = ask, asked, limit

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages():
            yield from page.items

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame: times as timestamps in the asked zone, amounts as ``Decimal``.

        All rows are in memory then; for millions of them see ``Client.export_pandas``.

        Raises:
            PandasMissingError: pandas isn't installed.

        """
        from clickledger.client.frames import rows_frame

        rows: list[Row] = []
        columns: dict[str, None] = {}
        zone = "UTC"
        for page in self._pages():
            rows += page.items
            columns |= dict.fromkeys(page.items[0] if page.items else page.meta.columns)
            zone = page.meta.timezone
        return rows_frame(rows, list(columns), zone, TIMES)

    def _pages(self) -> Iterator[_Page]:
        cursor: str | None = ""
        left = self._limit
        while cursor is not None and (left is None or left > 0):
            wanted = PAGE if left is None else min(PAGE, left)
            page = _decode_page(self._ask({**self._asked, "limit": wanted, "cursor": cursor}))
            zone = ZoneInfo(page.meta.timezone)
            for row in page.items:
                _type(row, zone)
            yield page
            cursor = page.next_cursor
            left = None if left is None else left - len(page.items)


class Decision(msgspec.Struct, frozen=True):
    """Where a visitor was sent, and why."""

    outcome: str
    """reached, rerouted, turned_away or seen."""
    reason: str
    explained: str
    destination: str


class Reason(msgspec.Struct, frozen=True):
    """One reason for a verdict."""

    code: str
    category: str
    severity: int
    """0 to 100."""
    counts: bool
    """False: recorded, without weight in the verdict."""
    sentence: str
    help: str
    facts: dict[str, str] = {}
    """The numbers behind it."""


class ModelScore(msgspec.Struct, frozen=True):
    """What the model made of a click."""

    score: int = 0
    """Percentile in its training window, 0 without a model."""
    features: list[str] = []
    """What set the click apart, the strongest first."""


class Verdict(msgspec.Struct, frozen=True):
    """What was thought of a click."""

    verdict: str
    explained: str
    category: str
    score: int
    reasons: list[Reason]
    model: ModelScore = ModelScore()


class RoadConversion(msgspec.Struct, frozen=True):
    """A conversion as it is now, and every state it had, oldest first."""

    conversion: Row
    explained: str
    states: list[Row]


class Money(msgspec.Struct, frozen=True):
    """What came of a click in one currency; None where the key doesn't see it."""

    currency: str
    click_payout: Decimal | None = None
    click_revenue: Decimal | None = None
    expected_payout: Decimal | None = None
    expected_revenue: Decimal | None = None
    earned_payout: Decimal | None = None
    earned_revenue: Decimal | None = None


class Moment(msgspec.Struct, frozen=True):
    """Something that happened."""

    at: datetime
    what: str
    text: str
    id: str


class Road(msgspec.Struct, frozen=True):
    """Everything that is known of one click or impression."""

    kind: str
    """click or impression."""
    click: Row
    decision: Decision
    verdict: Verdict
    conversions: list[RoadConversion]
    outbound: list[Row] | None
    rejected: list[Row] | None
    money: list[Money]
    timeline: list[Moment]


_decode_road = msgspec.json.Decoder(Road, float_hook=Decimal).decode


def road(body: bytes, timezone: str) -> Road:
    """Read the answer of ``GET /api/v1/clicks/{click_id}``."""
    found = _decode_road(body)
    zone = ZoneInfo(timezone)
    rows = [found.click, *(found.outbound or ()), *(found.rejected or ())]
    for part in found.conversions:
        rows += [part.conversion, *part.states]
    for row in rows:
        _type(row, zone)
    return found


def _type(row: Row, zone: ZoneInfo) -> None:
    """Make times and amounts of a row what they are."""
    for name, value in row.items():
        if value is None:
            continue
        if name in TIMES:
            row[name] = datetime.fromisoformat(value).astimezone(zone)
        elif name in AMOUNTS:
            row[name] = Decimal(value)
