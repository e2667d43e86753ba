"""The daily scores as they are kept: written as a whole, read as rankings and histories.

Invariants: a reader sees a day's run before or after, never half of it, because only the latest run counts and a
run is one insert; scoring a day again replaces what it said; each run leaves a row of itself (partner 0), so a
day without partners is known to have been scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from clickhouse_connect.driver.client import Client
from numpy.typing import NDArray

from fraud.risk import sql
from fraud.risk.behaviours import NAMES, VERSION
from fraud.risk.judging import Judged
from fraud.risk.measuring import Measured
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table

CHANGE_DAYS: Final = 7
"""A score's change is told against so many days before: the same weekday."""
REMEMBERED_DAYS: Final = 90
"""How old what a marked partner did may be to teach still."""
MAX_HISTORY_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Run:
    """What a day's latest run says of itself."""

    day: date
    run_at: datetime
    judged: int
    method: str
    version: str
    note: str
    clicks: int


@dataclass(frozen=True, slots=True)
class Risk:
    """One partner on one day."""

    partner_id: int
    clicks: int
    score: int
    place: int
    method: str
    reasons: list[str]
    before: int | None
    """Score a week before, None when it wasn't judged then."""

    @property
    def change(self) -> int | None:
        """Points since a week before."""
        return None if self.before is None else self.score - self.before


@dataclass(frozen=True, slots=True)
class DayOfPartner:
    """One day of a partner's history."""

    day: date
    score: int
    place: int
    judged: int
    method: str
    clicks: int


def write(client: Client, day: date, run_at: int, measured: Measured, judged: Judged) -> None:
    """Store a run.

    Args:
        client: A read-write client.
        day: The day scored.
        run_at: Milliseconds since 1970, larger than that of any earlier run of the day.
        measured: What partners did.
        judged: How they were judged.

    Raises:
        DriverError, OSError: the store refused or is away; the day is as it was.

    """
    count = len(measured.partners)
    nothing: list[Any] = []
    columns: dict[str, Any] = {
        "day": [day] * (count + 1),
        "run_at": [run_at] * (count + 1),
        "partner_id": [0, *measured.partners.tolist()],
        "clicks": [int(measured.clicks.sum()), *measured.clicks.tolist()],
        "score": [0, *judged.scores],
        "place": [0, *judged.places],
        "judged": [judged.judged] * (count + 1),
        "method": [judged.method, *judged.methods],
        "version": [VERSION] * (count + 1),
        "note": [judged.note] + [""] * count,
        "reasons": [nothing, *judged.reasons],
        "names": [nothing] + [list(NAMES)] * count,
        "values": [nothing, *measured.matrix.astype(np.float32)],
        "usual": [nothing, *judged.usual.astype(np.float32)],
    }
    clickhouse.insert(
        client, "partner_risk", arrow_table("partner_risk", columns, count + 1), f"partner-risk:{day}:{run_at}"
    )


def run_of(client: Client, day: date) -> Run | None:
    """Return a day's latest run, None when it was never scored."""
    rows = client.query(sql.RUN, parameters={"day": day}).result_rows
    if not rows:
        return None
    run_at, judged, method, version, note, clicks = rows[0]
    return Run(day, run_at, judged, method, version, note, clicks)


def latest_day(client: Client) -> date | None:
    """Return the latest day that was scored."""
    ((day, rows),) = client.query(sql.LATEST_DAY).result_rows
    return day if rows else None


def ranking(client: Client, day: date, *, sort: str, limit: int, partner: int | None = None) -> list[Risk]:
    """Return a day's partners with what changed in a week, in one query.

    Args:
        client: Any client.
        day: The day.
        sort: One of ``sql.SORTS``.
        limit: Partners at most.
        partner: This one only.

    """
    parameters: dict[str, Any] = {"day": day, "before": day - timedelta(days=CHANGE_DAYS), "limit": limit}
    if partner is not None:
        parameters["partner"] = partner
    rows = client.query(sql.ranking(sort, one_partner=partner is not None), parameters=parameters).result_rows
    return [
        Risk(partner_id, clicks, score, place, method, list(reasons), None if is_new else before)
        for partner_id, clicks, score, place, method, reasons, before, is_new, _ in rows
    ]


def behaviour(client: Client, day: date, partner: int) -> list[tuple[str, float | None, float | None]]:
    """Return (name, value, peers' median) of all that was measured of a partner; None is unknown."""
    rows = client.query(sql.BEHAVIOUR, parameters={"day": day, "partner": partner}).result_rows
    return [
        (name, _known(value), _known(usual)) for names, values, medians in rows
        for name, value, usual in zip(names, values, medians, strict=True)
    ]  # fmt: skip


def history(client: Client, first: date, last: date, partner: int) -> list[DayOfPartner]:
    """Return a partner's scored days, oldest first; ``last`` is one of them."""
    asked = {"first": first, "last": last, "partner": partner}
    return [DayOfPartner(*row) for row in client.query(sql.HISTORY, parameters=asked).result_rows]


def remembered(client: Client, day: date, partners: Iterable[int]) -> Mapping[int, NDArray[np.float64]]:
    """Return what partners did (``NAMES``) on the last day before ``day`` on which they were judged."""
    wanted = sorted(partners)
    if not wanted:
        return {}
    asked = {
        "first": day - timedelta(days=REMEMBERED_DAYS),
        "last": day - timedelta(days=1),
        "partners": wanted,
        "version": VERSION,
    }
    found = {}
    for partner, names, values in client.query(sql.REMEMBERED, parameters=asked).result_rows:
        if tuple(names) == NAMES:
            found[partner] = np.array(values, dtype=np.float64)
    return found


def missing(client: Client, first: date, end: date) -> list[date]:
    """Return the days from ``first`` up to ``end`` with clicks that weren't scored whole, oldest first."""
    asked = {"begin": f"{first} 00:00:00", "end": f"{end} 00:00:00"}
    return [day for (day,) in client.query(sql.MISSING, parameters=asked).result_rows]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
