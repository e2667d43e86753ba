"""The engine put to stored events: its rules, lists and model as they are in force, with counts of its own.

Invariants: counts are in memory and begin empty, so judging the past changes nothing of what the pipeline counts;
what is usual is counted up to the range's beginning; reasons that came of what isn't stored (``UNSTORED``) stay
as they were stored, while their rule is on; so do those that depend on other conversions (``RULES`` without
``FOUND_AGAIN``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud.conversions import ALONE, RULES, Conversion, GoalKind, find, findings_of, weigh
from fraud.counts import MemoryCounts
from fraud.engine import Assessment, InForce, Verdicts
from fraud.findings import Finding
from fraud.past.schema import CARRIED, CHANGING
from fraud.reasons import DUPLICATE_CLICK
from fraud.traffic import STORED_COLUMNS, Traffic
from fraud.usual.conversions import UsualConversions
from kernel.clickhouse.arrow import arrow_type

UNSTORED: Final = frozenset(
    {DUPLICATE_CLICK, "prefetch", "device_mismatch", "geo_timezone_mismatch", "fast_click"}
)
"""Reasons made of headers, of the page's script, of an impression's time or of the windows of visitors."""
FOUND_AGAIN: Final = ("ctit_too_fast", "ctit_flat", "cr_outlier", "amount_outlier")
"""Reasons of conversions that come of the conversion itself and of what is usual."""
_LIVE: Final = frozenset({"postback", "pixel", "script"})

GoalKinds: TypeAlias = Callable[[int, str], GoalKind]
"""What has to be done for a conversion, by offer and goal."""


@dataclass(frozen=True, slots=True)
class Present:
    """What judges now."""

    clicks: InForce
    conversions: UsualConversions
    kinds: GoalKinds


class EngineJudging:
    """Judges stored events as ``Judging`` says."""

    facts: Sequence[str] = STORED_COLUMNS

    def __init__(self, present: Present) -> None:
        """Begin with nothing counted."""
        self._present = present
        self._counts = MemoryCounts()

    @property
    def rules_version(self) -> str:
        """Which rules judge."""
        return self._present.clicks.book.version

    @property
    def model_version(self) -> str:
        """Which model, '' for none."""
        model = self._present.clicks.model
        return model.version if model is not None else ""

    def warm(self, events: pa.Table, kind: str) -> None:
        """Count events from before the range."""
        self._counts.count(Traffic.stored(events, impressions=kind == "impression"))

    def judge(self, events: pa.Table, kind: str) -> Mapping[str, pa.Array]:
        """Judge a batch as the pipeline does, with the unstored reasons it has."""
        traffic = Traffic.stored(events, impressions=kind == "impression")
        assessment = Assessment(traffic, self._present.clicks, self._counts)
        assessment.look_at_requests()
        for row, finding in _unstored(events):
            assessment.add(row, finding)
        assessment.look_at_behaviour()
        assessment.ask_model()
        return _columns(assessment.verdicts(), len(traffic))

    def judge_conversions(self, conversions: pa.Table) -> Mapping[str, pa.Array]:
        """Judge conversions by their clicks' reasons and their own."""
        book = self._present.clicks.book
        judged: dict[str, list[Any]] = {name: [] for name in (*CARRIED, "follows")}
        for row in conversions.to_pylist():
            place = row["partner_id"], row["offer_id"]
            of_click = findings_of(row["click_fraud_reasons"], row["click_fraud_facts"])
            own = findings_of(row["old_fraud_reasons"], row["old_fraud_facts"])
            findings = [one for one in of_click if one.code not in RULES]
            findings += [
                one
                for one in own
                if one.code in RULES and one.code not in FOUND_AGAIN and book.is_on(one.code, *place)
            ]
            findings += self._again(row)
            found = weigh(findings, book, *place, row["click_model_score"])
            verdict, reasons, category, score = found.judgement
            told = {
                **{name: row[f"click_{name}"] for name in CARRIED},
                "verdict": verdict,
                "fraud_reasons": list(reasons),
                "fraud_facts": list(found.facts) if any(found.facts) else [],
                "fraud_category": category,
                "fraud_score": score,
                "rules_version": book.version,
                "follows": found.follows,
            }
            for name, values in judged.items():
                values.append(told[name])
        types = {column.name: arrow_type(column.type) for column in CHANGING} | {"follows": pa.string()}
        return {name: pa.array(values, types[name]) for name, values in judged.items()}

    def _again(self, row: Mapping[str, Any]) -> list[Finding]:
        facts = Conversion(
            key=row["conversion_id"],
            ts=_ms(row["converted_at"]),
            partner_id=row["partner_id"],
            offer_id=row["offer_id"],
            advertiser_id=row["advertiser_id"],
            goal=row["goal"],
            kind=self._present.kinds(row["offer_id"], row["goal"]),
            attribution=row["attribution"],
            is_live=row["first_source"] in _LIVE,
            click_id=row["click_id"],
            click_ms=_ms(row["ts"]),
            txn_id=row["txn_id"],
            customer_id=row["customer_id"],
            coupon=row["coupon"],
            amount=float(row["amount"]),
            currency=row["amount_currency"],
            ip=row["ip"],
            country=row["country"],
            conversion_ip=row["conversion_ip"],
        )
        return find(facts, ALONE, self._present.conversions, self._present.clicks.book, FOUND_AGAIN)


def _unstored(events: pa.Table) -> Iterator[tuple[int, Finding]]:
    """Yield what was found once of what isn't stored, by row."""
    reasons, facts = events["fraud_reasons"].combine_chunks(), events["fraud_facts"].combine_chunks()
    rows = pa.array(np.flatnonzero(pc.list_value_length(reasons).to_numpy(zero_copy_only=False)))
    found = zip(rows.to_pylist(), reasons.take(rows).to_pylist(), facts.take(rows).to_pylist(), strict=True)
    for row, codes, told in found:
        if not UNSTORED.isdisjoint(codes):
            yield from ((row, one) for one in findings_of(codes, told) if one.code in UNSTORED)


def _columns(found: Verdicts, length: int) -> dict[str, pa.Array]:
    places = pa.array(found.places, pa.int32())
    texts = pa.list_(pa.string())
    return {
        "verdict": pa.array([one.verdict for one in found.judgements], pa.string()).take(places),
        "fraud_reasons": pa.array([list(one.reasons) for one in found.judgements], texts).take(places),
        "fraud_category": pa.array([one.category for one in found.judgements], pa.string()).take(places),
        "fraud_score": pa.array(found.scores, pa.uint8()),
        "fraud_facts": _sparse(found.facts, length),
        "model_score": pa.array(found.model_scores, pa.uint8()),
        "model_features": _sparse(found.model_features, length),
        "rules_version": pa.repeat(found.rules_version, length),
        "model_version": pa.repeat(found.model_version, length),
    }


def _sparse(rows: Mapping[int, tuple[str, ...]], length: int) -> pa.Array:
    """Return a column of lists of which most are empty; those that repeat are made once."""
    known: dict[tuple[str, ...], int] = {(): 0}
    places = np.zeros(length, np.int32)
    for row, texts in rows.items():
        places[row] = known.setdefault(texts, len(known))
    return pa.array([list(texts) for texts in known], pa.list_(pa.string())).take(pa.array(places))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
