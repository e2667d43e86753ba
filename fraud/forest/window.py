"""The recent window, read from the event store and replayed through counts, so that training sees what live sees.

Of more clicks than are wanted, whole stretches of time are drawn, one from each of equal parts of the window:
counts in a minute and in an hour mean nothing among clicks drawn one by one. What begins within a stretch has no
hour behind it, so counts in an hour come out a little low there.

Invariants: clicks are read in the order of their time, a bounded number at once; self-tests are left out; the
same window gives the same clicks, drawn by a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.counts import MemoryCounts
from fraud.forest.errors import TOO_FEW_CLICKS
from fraud.forest.facts import FactReader, Facts
from fraud.forest.sql import CLICKS_BY_MINUTE, VERDICT_COLUMNS, clicks_between
from fraud.forest.training import LEAST_CLICKS, SEED, Labels, Step, Window
from fraud.traffic import STORED_COLUMNS, Traffic
from kernel.clickhouse import client as clickhouse
from kernel.errors import STORE_AWAY
from kernel.logging import log
from kernel.settings import Settings

READ_AT_ONCE: Final = 50_000
"""Clicks a query asks for: 50 MB of texts."""
BATCH: Final = 20_000
"""Clicks replayed at once, as many as a pipeline's batch."""
STRETCHES: Final = (60, 10, 1)
"""Minutes of a stretch that is drawn: the longest of which enough fit."""
LEAST_STRETCHES: Final = 24
MINUTE_MS: Final = 60_000

READER: Final = {"max_threads": 1, "max_block_size": 16_384, "max_execution_time": 120}
"""Settings of the store's reader: it works beside reports, and in no hurry."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in milliseconds since 1970, and how many clicks it holds."""

    begin: int
    end: int
    clicks: int


def read_window(chosen: Settings, end: datetime, step: Step) -> Window:
    """Read the window that ends at a moment.

    Raises:
        ClickledgerError: ``model_too_few_clicks`` or ``store_away``.

    """
    begin = end - timedelta(days=chosen.model_window_days)
    client = clickhouse.connect_reader(chosen, READER)
    try:
        return _read(client, begin, end, chosen.model_training_clicks, step)
    except (DriverError, OSError) as why:
        log("model").error("store_refused", why=str(why)[:300])
        raise STORE_AWAY.error("The event store refused or can't be reached; the log has its words.") from why
    finally:
        client.close()


def _read(client: Client, begin: datetime, end: datetime, most: int, step: Step) -> Window:
    step("reading", 0.0)
    asked = {"begin": _milliseconds(begin), "end": _milliseconds(end)}
    found = client.query(CLICKS_BY_MINUTE, parameters=asked).result_rows
    minutes = np.array([minute for minute, _ in found], np.int64)
    clicks = np.array([count for _, count in found], np.int64)
    total = int(clicks.sum())
    if total < LEAST_CLICKS:
        raise TOO_FEW_CLICKS.error(
            f"There are {total:,} clicks of the last days, and a model needs {LEAST_CLICKS:,} that are no known "
            "bots; train when there are more, or over more days (CLICKLEDGER_MODEL_WINDOW_DAYS).",
            clicks=total,
            needed=LEAST_CLICKS,
        )
    spans = list(spans_of(minutes, clicks, drawn(minutes, clicks, most)))
    return replayed(_tables(client, spans), sum(span.clicks for span in spans), total, step)


def replayed(tables: Iterable[pa.Table], expected: int, in_window: int, step: Step) -> Window:
    """Return clicks with the counts they had when they came.

    Args:
        tables: Stored clicks with ``STORED_COLUMNS`` and ``VERDICT_COLUMNS``, in the order of their time.
        expected: About how many there are.
        in_window: How many there were to draw from.
        step: Told how far it is.

    Raises:
        ClickledgerError: ``model_too_few_clicks`` when there are none.

    """
    counts, reader = MemoryCounts(), FactReader()
    facts: list[Facts] = []
    verdicts: list[Labels] = []
    categories: list[Labels] = []
    first = last = 0
    done = 0
    for table in tables:
        for place in range(0, len(table), BATCH):
            piece = table.slice(place, BATCH)
            traffic = Traffic.stored(piece, for_rules=False)
            facts.append(reader.read(traffic, counts.count(traffic)))
            verdicts.append(_labels(piece, "verdict"))
            categories.append(_labels(piece, "fraud_category"))
            first, last = first or int(traffic.ts[0]), int(traffic.ts[-1])
            done += len(piece)
            step("reading", min(1.0, done / max(1, expected)))
    if not facts:
        raise TOO_FEW_CLICKS.error()
    return Window(
        Facts.joined(facts),
        np.concatenate(verdicts),
        np.concatenate(categories),
        datetime.fromtimestamp(first / 1000, UTC),
        datetime.fromtimestamp(last / 1000, UTC),
        in_window,
    )


def drawn(minutes: npt.NDArray[np.int64], clicks: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.bool_]:
    """Say which minutes are read: all, or stretches that hold about ``most`` clicks at the most.

    Args:
        minutes: Minutes since 1970 that have clicks, growing.
        clicks: How many each has.
        most: Clicks wanted.

    """
    total = int(clicks.sum())
    if total <= most:
        return np.ones(len(minutes), np.bool_)
    for length in STRETCHES:
        stretches, of_minute = np.unique(minutes // length, return_inverse=True)
        wanted = int(most * len(stretches) / total)
        if wanted >= LEAST_STRETCHES:
            break
    draw = np.random.default_rng(SEED)
    borders = np.linspace(0, len(stretches), max(1, wanted) + 1)
    places = np.floor(borders[:-1] + draw.random(len(borders) - 1) * np.diff(borders)).astype(np.int64)
    held = np.bincount(of_minute, weights=clicks)[places]
    # A busy stretch may have been drawn: then those that go beyond are left out, wherever they lie.
    order = draw.permutation(len(places))
    kept = places[order[np.cumsum(held[order]) <= most]]
    if not len(kept):
        kept = places[[int(np.argmin(held))]]
    return np.isin(of_minute, kept)


def spans_of(
    minutes: npt.NDArray[np.int64], clicks: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_]
) -> Iterator[Span]:
    """Yield the wanted minutes as spans of ``READ_AT_ONCE`` clicks or one minute, with nothing else in them."""
    begin: int | None = None
    end = held = 0
    for minute, count, is_wanted in zip(minutes.tolist(), clicks.tolist(), wanted.tolist(), strict=True):
        if begin is not None and (not is_wanted or held + count > READ_AT_ONCE):
            yield Span(begin * MINUTE_MS, end * MINUTE_MS, held)
            begin = None
        if is_wanted:
            if begin is None:
                begin, held = minute, 0
            end, held = minute + 1, held + count
    if begin is not None:
        yield Span(begin * MINUTE_MS, end * MINUTE_MS, held)


def _tables(client: Client, spans: Iterable[Span]) -> Iterator[pa.Table]:
    text = clicks_between((*STORED_COLUMNS, *VERDICT_COLUMNS))
    for span in spans:
        yield client.query_arrow(text, parameters={"begin": span.begin, "end": span.end}, use_strings=True)


def _labels(table: pa.Table, name: str) -> Labels:
    return np.array(table.column(name).cast(pa.string()).to_pylist(), np.str_)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
