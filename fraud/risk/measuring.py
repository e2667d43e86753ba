"""What every partner did in a range of UTC days, as one matrix: the statements of ``sql`` run and put together.

Invariants: rows are partners in order of their ids, columns are ``behaviours.NAMES``; what can't be known (no
conversions, no referrers) is NaN, never 0; nothing here blocks longer than the reader's limits allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

import numpy as np
from clickhouse_connect.driver.client import Client
from numpy.typing import NDArray

from fraud.risk import sql
from fraud.risk.behaviours import DAY_PARTS, DIMENSIONS, NAMES, WINDOWS

LOOKED_AT: Final = 1_500_000
"""Clicks whose windows are measured, fairly shared among partners; a network with fewer is measured exactly. Of 20
million clicks of 5,000 partners these are 300 a partner."""
ENOUGH: Final = 20_000
"""Clicks of a partner and day: more tell no more, see ``sql``. Five minutes of so many hold seventy."""
LEAST_LOOKED_AT: Final = 200
"""Of a partner, however many partners there are: a share's standard error is 3.5 points then."""
PART_CLICKS: Final = 300_000
"""Looked at by one statement: 36 groups for each take half a gibibyte."""
SECONDS_PER_DAY: Final = 86_400


class Readers(Protocol):
    """Where read-only handles come from; ``kernel.clickhouse.client.ReaderPool`` is one."""

    def reader(self) -> AbstractContextManager[Client]:
        """Lend a client."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Partners and what they did."""

    partners: NDArray[np.uint32]
    clicks: NDArray[np.uint64]
    matrix: NDArray[np.float64]
    """Partners x ``behaviours.NAMES``; NaN is unknown."""


def measure(readers: Readers, first: date, end: date, *, looked_at: int = LOOKED_AT) -> Measured:
    """Measure what all partners did from ``first`` up to ``end``, which isn't one of the days; blocks.

    Args:
        readers: Where handles come from.
        first: First UTC day.
        end: The UTC day after the last one.
        looked_at: Clicks whose windows are measured; beyond it samples speak for all, see ``sql``.

    Raises:
        ClickledgerError: ``store_away``.
        DriverError, OSError: the store refused.

    """
    span = {"begin": f"{first} 00:00:00", "end": f"{end} 00:00:00"}
    with readers.reader() as client:
        totals = _columns(client, sql.TOTALS, span)
        if not totals:
            return Measured(np.zeros(0, np.uint32), np.zeros(0, np.uint64), np.zeros((0, len(NAMES))))
        partners, clicks = totals[0].astype(np.uint32), totals[1].astype(np.uint64)
        sheet = _Sheet(partners)
        _quality(sheet, totals)
        _conversions(sheet, _columns(client, sql.CONVERSIONS, span))
        most = fair_share(clicks, looked_at)
        for low, high in _parts(partners, np.minimum(clicks, most)):
            asked = span | {"first": low, "last": high}
            _velocity(sheet, _columns(client, sql.velocity(), asked), (end - first).days)
            _concentration(
                sheet,
                _columns(
                    client, sql.concentration(), asked | {"most": most, "enough": ENOUGH * (end - first).days}
                ),
            )
    return Measured(partners, clicks, sheet.values)


def fair_share(clicks: NDArray[np.uint64], looked_at: int) -> int:
    """Return how many clicks of a partner are looked at, so that those of all are ``looked_at`` at most.

    Small partners need less than their share; what they leave goes to the others. The largest number of clicks
    where nothing has to be left out.
    """
    ordered = np.sort(clicks.astype(np.int64))
    if ordered.sum() <= looked_at:
        return int(ordered[-1])
    taken = 0
    for at, own in enumerate(ordered):
        share = (looked_at - taken) // (len(ordered) - at)
        if own > share:
            return max(int(share), LEAST_LOOKED_AT)
        taken += int(own)
    return int(ordered[-1])


def _parts(partners: NDArray[np.uint32], weights: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yield ranges of partner ids, first and last, that weigh ``PART_CLICKS`` at most, or are one partner."""
    begin, weight = 0, 0.0
    for at, own in enumerate(weights):
        if at > begin and weight + float(own) > PART_CLICKS:
            yield int(partners[begin]), int(partners[at - 1])
            begin, weight = at, 0.0
        weight += float(own)
    yield int(partners[begin]), int(partners[-1])


class _Sheet:
    """The matrix while it is being filled."""

    def __init__(self, partners: NDArray[np.uint32]) -> None:
        self._partners = partners
        self._column = {name: at for at, name in enumerate(NAMES)}
        self.values = np.full((len(partners), len(NAMES)), np.nan)

    def of(self, name: str, partners: NDArray[Any]) -> NDArray[np.float64]:
        """Return a column of some partners, NaN where one isn't known."""
        rows, known = self._rows(partners)
        return np.where(known, self.values[rows, self._column[name]], np.nan)

    def put(self, name: str, partners: NDArray[Any], values: NDArray[Any]) -> None:
        """Write a column for some partners; one that the totals don't know yet is left for the next run."""
        rows, known = self._rows(partners)
        self.values[rows[known], self._column[name]] = np.asarray(values, dtype=np.float64)[known]

    def _rows(self, partners: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        rows = np.minimum(np.searchsorted(self._partners, partners), len(self._partners) - 1)
        return rows, np.asarray(self._partners[rows] == partners)


def _columns(client: Client, text: str, parameters: Mapping[str, Any]) -> list[NDArray[Any]]:
    """Return the answer's columns, [] when it has no rows."""
    answer = client.query(text, parameters=dict(parameters), column_oriented=True)
    return [np.asarray(column) for column in answer.result_columns]


def _quality(sheet: _Sheet, totals: list[NDArray[Any]]) -> None:
    partners, clicks, invalid, suspect, duplicate, bots = totals
    sheet.put("clicks", partners, clicks)
    for name, counted in (
        ("invalid_share", invalid),
        ("suspect_share", suspect),
        ("duplicate_share", duplicate),
        ("bot_share", bots),
    ):
        sheet.put(name, partners, counted / clicks)
    for name in ("conversions", "conversion_rate"):
        sheet.put(name, partners, np.zeros(len(partners)))


def _conversions(sheet: _Sheet, found: list[NDArray[Any]]) -> None:
    if not found:
        return
    partners, conversions, fast, late, ctit = found
    sheet.put("conversions", partners, conversions)
    sheet.put("conversion_rate", partners, conversions / sheet.of("clicks", partners))
    sheet.put("fast_share", partners, fast / conversions)
    sheet.put("late_share", partners, late / conversions)
    seconds = np.stack([np.asarray(one, dtype=np.float64) for one in ctit]) / 1000
    for at, name in enumerate(("ctit_p05", "ctit_p50", "ctit_p95")):
        sheet.put(name, partners, seconds[:, at])


def _velocity(sheet: _Sheet, found: list[NDArray[Any]], days: int) -> None:
    """Fill in the busiest windows, and how clicks vary from window to window beyond chance.

    Were clicks to come by chance alone (Poisson), their number in a window would vary by its mean: what the
    variance has beyond the mean, in squares of the mean, is 0 for a steady partner of any size.
    """
    if not found:
        return
    partners, night, *levels = found
    clicks = sheet.of("clicks", partners)
    sheet.put("night_share", partners, night / clicks)
    for at, window in enumerate(list(WINDOWS)[:-1]):
        largest, squares = levels[2 * at], levels[2 * at + 1]
        windows = days * SECONDS_PER_DAY / WINDOWS[window]
        mean = clicks / windows
        sheet.put(f"velocity_{window}", partners, largest / mean)
        sheet.put(f"burst_{window}", partners, (squares / windows - mean**2 - mean) / mean**2)


def _concentration(sheet: _Sheet, found: list[NDArray[Any]]) -> None:
    if not found:
        return
    partners, kinds, clicks, different, share, entropy, gini, most = found
    for window in WINDOWS:
        for dimension in DIMENSIONS:
            rows = kinds == sql.kind_of(window, dimension)
            for measure_name, values in (("share", share), ("entropy", entropy), ("gini", gini)):
                sheet.put(f"{dimension}_{measure_name}_{window}", partners[rows], values[rows])
    _repeats(sheet, partners, kinds, clicks, different, most)


def _repeats(
    sheet: _Sheet,
    partners: NDArray[Any],
    kinds: NDArray[Any],
    clicks: NDArray[Any],
    different: NDArray[Any],
    most: NDArray[Any],
) -> None:
    """Fill in how many clicks repeat an identical one of their minute, over the day and by its parts."""
    every = {one: at for at, one in enumerate(sorted({int(p) for p in partners}))}
    seen = np.array(list(every))
    repeated, counted = np.zeros(len(seen)), np.zeros(len(seen))
    largest = np.zeros(len(seen))
    by_part = np.full((len(seen), len(DAY_PARTS)), np.nan)
    for at, part in enumerate(DAY_PARTS):
        rows = kinds == sql.part_kind(part)
        own = np.searchsorted(seen, partners[rows])
        of_part = clicks[rows].astype(np.float64)
        again = of_part - different[rows]
        repeated[own] += again
        counted[own] += of_part
        largest[own] = np.maximum(largest[own], most[rows])
        by_part[own, at] = again / of_part
        sheet.put(f"repeat_{part}", partners[rows], again / of_part)
    known = counted > 0
    sheet.put("repeat_share", seen[known], repeated[known] / counted[known])
    sheet.put("repeat_most", seen[known], largest[known])
    part_known = ~np.isnan(by_part)
    spread = np.where(part_known, by_part, -np.inf).max(axis=1) - np.where(part_known, by_part, np.inf).min(axis=1)
    sheet.put("repeat_spread", seen[known], spread[known])
