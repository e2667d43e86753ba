"""What judging a range again would change: each event that would be stored otherwise, beside what it is now.

Events are read once in time order, judged in batches and compared; those that differ go into ``verdict_proposals``
with what the click itself then earns. Where a change of rules is tried, what rules and model in force would make
of an event anyway is none of its doing, and left out.

Invariants: nothing else is written; an event that is judged as it is stored isn't in it; a click that is no longer
valid earns nothing, one that becomes valid earns today's price, and money that doesn't depend on the verdict stays
as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client

from fraud.past import sql
from fraud.past.judging import NOTHING, WARM_UP_MS, Judging, Money, Prices
from fraud.past.reading import read
from fraud.past.schema import CARRIED, CHANGING, JUDGED, MONEY_COLUMNS, PROPOSALS
from fraud.past.span import DAY, Span, midnight_ms
from kernel.clickhouse.arrow import arrow_type

TABLES = {"clicks": "click", "impressions": "impression"}
"""Tables whose events are judged, and what those are called."""

_KEPT = ["click_id", "ts", "partner_id", "offer_id", "country", "is_test", "trafficback_reason", "is_rerouted"]
"""What is needed of an event that changes, beside its verdict."""
_SAID = [column.name for column in JUDGED if not column.name.endswith("_version")]


class CancelledError(Exception):
    """Somebody doesn't want it any more."""


@dataclass(frozen=True, slots=True)
class Proposing:
    """One range being judged again."""

    rescoring_id: str
    span: Span
    judging: Callable[[], Judging]
    """Makes one with empty counts; each table has its own."""
    without: Callable[[], Judging] | None
    """Makes one that judges as it is in force, where only what a change of rules makes of events is asked for."""
    prices: Prices
    on_progress: Callable[[int], None]
    """Told how many more events were judged; raises ``CancelledError`` to end it."""


def propose(client: Client, one: Proposing) -> None:
    """Write what would change.

    Args:
        client: A read-write client.
        one: What is judged again, and by whom.

    Raises:
        CancelledError: as ``on_progress`` says; what was written of the proposal is to be dropped.
        DriverError, OSError: the store refused or is away.

    """
    for table, kind in TABLES.items():
        judging = one.judging()
        without = one.without() if one.without is not None else None
        begin = one.span.begin_ms
        for _, events in read(client, table, begin - WARM_UP_MS, begin, judging.facts):
            for each in (judging, without):
                if each is not None:
                    each.warm(events, kind)
        with ThreadPoolExecutor(1, "proposal") as behind:
            # One batch is written while the next one is judged; no more than one waits.
            written: Future[object] | None = None
            for _, events in read(client, table, begin, one.span.end_ms, judging.facts):
                anyway = without.judge(events, kind) if without is not None else None
                changed = _changed(events, judging.judge(events, kind), anyway, kind, one)
                if written is not None:
                    written.result()
                written = (
                    behind.submit(client.insert_arrow, "verdict_proposals", changed) if len(changed) else None
                )
                one.on_progress(events.num_rows)
            if written is not None:
                written.result()
    _propose_conversions(client, one)


def _changed(
    events: pa.Table,
    judged: Mapping[str, pa.Array],
    anyway: Mapping[str, pa.Array] | None,
    kind: str,
    one: Proposing,
) -> pa.Table:
    """Return the proposals of one batch."""
    old = {column.name: _typed(events[column.name], column.type) for column in CHANGING}
    new = {column.name: _typed(judged[column.name], column.type) for column in JUDGED}
    mask = _differ(old, new, [column.name for column in JUDGED])
    if anyway is not None:
        mask &= _differ({c.name: _typed(anyway[c.name], c.type) for c in JUDGED}, new, _SAID)
    for name, wanted in (("partner_id", one.span.partner_id), ("offer_id", one.span.offer_id)):
        if wanted:
            mask &= events[name].to_numpy() == wanted
    kept = events.select(_KEPT)
    if not mask.all():
        rows = pa.array(np.flatnonzero(mask))
        kept = kept.take(rows)
        old = {name: column.take(rows) for name, column in old.items()}
        new = {name: column.take(rows) for name, column in new.items()}
    new |= _money(kept, old, new["verdict"].to_pylist(), kind, one.prices)
    ids = kept["click_id"]
    return _proposals(
        {
            "rescoring_id": pa.repeat(one.rescoring_id, kept.num_rows)
            if kept.num_rows
            else pa.array([], pa.string()),
            "kind": pa.repeat(kind, kept.num_rows) if kept.num_rows else pa.array([], pa.string()),
            "event_id": ids,
            "is_changed": pa.array([True] * kept.num_rows, pa.bool_()),
            "ts": kept["ts"],
            "partner_id": kept["partner_id"],
            "offer_id": kept["offer_id"],
        },
        old,
        new,
    )


def _money(
    events: pa.Table, old: Mapping[str, pa.Array], verdicts: Sequence[str], kind: str, prices: Prices
) -> dict[str, pa.Array]:
    """Return what the events then earn by themselves."""
    was = [verdict == "valid" for verdict in old["verdict"].to_pylist()]
    moved = [n for n, verdict in enumerate(verdicts) if (verdict == "valid") != was[n]]
    if not moved:
        return {name: old[name] for name in MONEY_COLUMNS}
    stored: list[list[object]] = [old[name].to_pylist() for name in MONEY_COLUMNS]
    asked = events.take(pa.array(moved)).select(
        ["offer_id", "partner_id", "country", "is_test", "trafficback_reason", "is_rerouted"]
    )
    known: dict[tuple[int, int, str], Money] = {}
    for n, offer, partner, country, is_test, trafficback, rerouted in zip(
        moved, *(asked[name].to_pylist() for name in asked.column_names), strict=True
    ):
        earned = NOTHING
        if not was[n] and not is_test and (not trafficback or rerouted):
            key = (offer, partner, country)
            if key not in known:
                known[key] = prices(kind, *key)
            earned = known[key]
        for column, value in zip(stored, earned, strict=True):
            column[n] = value
    return {name: pa.array(column, old[name].type) for name, column in zip(MONEY_COLUMNS, stored, strict=True)}


def _propose_conversions(client: Client, one: Proposing) -> None:
    """Write what becomes of the conversions of clicks that would change."""
    judging = one.judging()
    without = one.without() if one.without is not None else None
    types = {column.name: column.type for column in CHANGING}
    for day in one.span.days():
        meant = {**one.span.parameters(), "begin": midnight_ms(day), "end": midnight_ms(day + DAY)}
        found = client.query_arrow(
            sql.CONVERSIONS_TO_JUDGE, parameters={"id": one.rescoring_id, **meant}, use_strings=True
        )
        if not found.num_rows:
            continue
        judged = judging.judge_conversions(found)
        old = {name: _typed(found[f"old_{name}"], types[name]) for name in CARRIED}
        new = {name: _typed(judged[name], types[name]) for name in CARRIED}
        differ = _differ(old, new, CARRIED)
        follows = judged["follows"]
        if without is not None:
            anyway = without.judge_conversions(_with_clicks_as_stored(found))
            before = {name: _typed(anyway[name], types[name]) for name in CARRIED} | {"follows": anyway["follows"]}
            said = [name for name in CARRIED if name in _SAID]
            by_change = _differ(before, new | {"follows": follows}, [*said, "follows"])
            differ &= by_change
            follows = pc.if_else(pa.array(by_change), follows, "")
        rows = pa.array(np.flatnonzero(differ | pc.not_equal(follows, "").to_numpy(zero_copy_only=False)))
        kept = found.take(rows)
        if not kept.num_rows:
            continue
        whose = {name: kept[name] for name in ("ts", "partner_id", "offer_id")}
        whose |= {
            "rescoring_id": pa.repeat(one.rescoring_id, kept.num_rows),
            "kind": pa.repeat("conversion", kept.num_rows),
            "event_id": kept["conversion_id"],
            "is_changed": pa.array(differ).take(rows),
            "follows": follows.take(rows),
        }
        old = {name: column.take(rows) for name, column in old.items()}
        new = {name: column.take(rows) for name, column in new.items()}
        client.insert_arrow("verdict_proposals", _proposals(whose, old, new))


def _with_clicks_as_stored(conversions: pa.Table) -> pa.Table:
    """Return conversions beside their clicks as those are judged now."""
    for name in CARRIED:
        place = conversions.column_names.index(f"click_{name}")
        conversions = conversions.set_column(place, f"click_{name}", conversions[f"old_{name}"])
    return conversions


def _proposals(
    whose: Mapping[str, pa.Array], old: Mapping[str, pa.Array], new: Mapping[str, pa.Array]
) -> pa.Table:
    columns = {**whose, **{f"old_{n}": c for n, c in old.items()}, **{f"new_{n}": c for n, c in new.items()}}
    kept = [column for column in PROPOSALS if column.name in columns]
    return pa.table([_typed(columns[c.name], c.type) for c in kept], names=[c.name for c in kept])


def _typed(column: pa.Array | pa.ChunkedArray, kind: str) -> pa.Array:
    """Return a column as one array of the type that the store's column has in batches."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    wanted = arrow_type(kind)
    return array if array.type == wanted else array.cast(wanted)


def _differ(old: Mapping[str, pa.Array], new: Mapping[str, pa.Array], names: Sequence[str]) -> np.ndarray:
    """Return which rows differ in any of the columns."""
    mask = np.zeros(len(old[names[0]]), dtype=bool)
    for name in names:
        before, after = old[name], new[name]
        if pa.types.is_list(before.type):
            before, after = (pc.binary_join(column, "\n") for column in (before, after))
        mask |= pc.not_equal(before, after).to_numpy(zero_copy_only=False)
    return mask
