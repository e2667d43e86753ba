"""Holds what is stored against what was sent.

acknowledged ⊆ stored ⊆ sent, each id once, each conversion in a state its postbacks allow, and the sums of
the raw rows, of the hourly rollup and of what was sent equal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from clickledger.service import Service
from tests.crash.ledger_of_sent import Conversion, Sent

SHOWN = 5
"""Examples shown of each thing that is wrong."""


@dataclass(slots=True)
class Count:
    """One kind of event."""

    sent: int
    acknowledged: int
    stored: int
    lost: int
    duplicated: int


@dataclass(slots=True)
class Verdict:
    """What the comparison comes to."""

    counts: dict[str, Count] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Acknowledged and not stored."""
        return sum(c.lost for c in self.counts.values())

    @property
    def duplicated(self) -> int:
        """Rows beyond the first of one event."""
        return sum(c.duplicated for c in self.counts.values())


class Stored:
    """Reads a running service's tables through its API, as an analyst would."""

    def __init__(self, service: Service) -> None:
        self._service = service
        today = datetime.now(UTC).date()
        self._span = {"from": str(today - timedelta(days=2)), "to": str(today + timedelta(days=2))}

    def rows(self, table: str, *columns: str) -> list[dict[str, Any]]:
        """Return all rows of a table."""
        asked = {**self._span, "columns": ",".join(columns), "format": "jsonl"}
        with self._service.stream(f"/api/v1/export/{table}", asked) as answer:
            return [json.loads(line, parse_float=Decimal) for line in answer.iter_lines() if line]

    def sums(self, *dimensions: str) -> tuple[str, dict[str, Decimal]]:
        """Return which table answered, and the sums over everything."""
        metrics = ["gross_clicks", "unique_clicks", "trafficback_clicks", "cost", "total_conversions"]
        query = {**self._span, "dimensions": list(dimensions), "metrics": metrics, "limit": 1000}
        answer = self._service.post("/api/v1/reports/query", query)
        sums = {m: sum((Decimal(str(row[m] or 0)) for row in answer["rows"]), Decimal(0)) for m in metrics}
        return answer["meta"]["source"], sums


def check(sent: Sent, stored: Stored) -> Verdict:
    """Compare; the clients have stopped and the journals are drained."""
    verdict = Verdict()
    clicks = stored.rows("clicks", "click_id", "sub1", "cost", "is_unique", "verdict", "trafficback_reason")
    _clicks(sent, clicks, verdict)
    _conversions(
        sent, stored.rows("conversions", "conversion_id", "click_id", "txn_id", "amount", "status"), verdict
    )
    _refusals(sent, stored.rows("rejected", "rejected_id", "kind", "reason", "raw"), verdict)
    _sums(clicks, stored, verdict)
    _complain(verdict, "answers nobody should get", sent.strange)
    return verdict


def _clicks(sent: Sent, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    by_mark, by_id = Counter(r["sub1"] for r in rows), Counter(r["click_id"] for r in rows)
    known = {mark: c.click_id for mark, c in sent.clicks.items() if c.click_id}
    lost = [f"{mark} {click_id}" for mark, click_id in known.items() if click_id not in by_id]
    verdict.counts["clicks"] = Count(
        len(sent.clicks), len(known), len(rows), len(lost), _again(by_id) or _again(by_mark)
    )
    _complain(verdict, "acknowledged clicks not stored", lost)
    _complain(verdict, "click ids stored more than once", _repeated(by_id))
    _complain(verdict, "clicks stored more than once", _repeated(by_mark))
    _complain(verdict, "stored clicks nobody sent", by_mark.keys() - sent.clicks.keys())
    other = [
        f"{r['sub1']}: {known[r['sub1']]} became {r['click_id']}"
        for r in rows
        if known.get(r["sub1"], r["click_id"]) != r["click_id"]
    ]
    _complain(verdict, "clicks stored under another id", other)
    cost = [
        r["sub1"] for r in rows if r["sub1"] in sent.clicks and _money(r["cost"]) != sent.clicks[r["sub1"]].cost
    ]
    _complain(verdict, "clicks with another cost", cost)
    _complain(verdict, "unique visitors not counted as unique", [r["sub1"] for r in rows if not r["is_unique"]])


def _conversions(sent: Sent, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    found = {(r["click_id"], r["txn_id"]): (_money(r["amount"]), str(r["status"])) for r in rows}
    by_id, by_key = Counter(r["conversion_id"] for r in rows), Counter((r["click_id"], r["txn_id"]) for r in rows)
    acknowledged = {key: c for key, c in sent.conversions.items() if c.acknowledged}
    lost = [_story(c) for key, c in acknowledged.items() if key not in found]
    verdict.counts["conversions"] = Count(
        len(sent.conversions), len(acknowledged), len(rows), len(lost), _again(by_id) or _again(by_key)
    )
    _complain(verdict, "acknowledged conversions not stored", lost)
    _complain(verdict, "conversion ids stored more than once", _repeated(by_id))
    _complain(verdict, "conversions stored more than once", _repeated(by_key))
    _complain(verdict, "stored conversions nobody sent", found.keys() - sent.conversions.keys())
    impossible = [
        f"{_story(c)} ended as {found[key]}"
        for key, c in sent.conversions.items()
        if key in found and found[key] not in c.possible()
    ]
    _complain(verdict, "conversions in a state their postbacks don't allow", impossible)
    certain = {key: next(iter(c.possible())) for key, c in acknowledged.items() if len(c.possible()) == 1}
    owed = sum((state[0] for state in certain.values() if state), Decimal(0))
    kept = sum((found[key][0] for key in certain if key in found), Decimal(0))
    if owed != kept:
        verdict.wrong.append(f"amounts of the acknowledged conversions: {owed} were sent, {kept} are stored")


def _story(conversion: Conversion) -> str:
    told = [f"{p.amount} {p.status or ''}{'' if p.acknowledged else ' (no answer)'}" for p in conversion.postbacks]
    return f"{conversion.txn_id} of {conversion.click_id}: {' > '.join(told)}"


def _refusals(sent: Sent, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    marks = [(_mark_of(r["raw"]), r) for r in rows]
    by_mark, by_id = Counter(mark for mark, _ in marks), Counter(r["rejected_id"] for r in rows)
    acknowledged = [mark for mark, answered in sent.refusals.items() if answered]
    lost = [mark for mark in acknowledged if mark not in by_mark]
    verdict.counts["refusals"] = Count(
        len(sent.refusals), len(acknowledged), len(rows), len(lost), _again(by_id) or _again(by_mark)
    )
    _complain(verdict, "acknowledged refusals not in rejected", lost)
    _complain(verdict, "rejected ids stored more than once", _repeated(by_id))
    _complain(verdict, "refusals stored more than once", _repeated(by_mark))
    strangers = [f"{r['kind']} {r['reason']} {r['raw']}" for mark, r in marks if mark not in sent.refusals]
    _complain(verdict, "rejected rows of requests that were good", strangers)


def _mark_of(raw: str) -> str:
    """Return the transaction id of a postback as it was received: query, line feed, body."""
    text = raw.strip()
    if text.startswith("{"):
        return str(json.loads(text).get("txn_id", ""))
    return parse_qs(text).get("txn_id", [""])[0]


def _sums(clicks: list[dict[str, Any]], stored: Stored, verdict: Verdict) -> None:
    counted = [r for r in clicks if not r["trafficback_reason"] and r["verdict"] in {"valid", "duplicate"}]
    exact = {
        "gross_clicks": Decimal(len(clicks)),
        "unique_clicks": Decimal(sum(r["is_unique"] for r in counted)),
        "trafficback_clicks": Decimal(sum(bool(r["trafficback_reason"]) for r in clicks)),
        "cost": sum((_money(r["cost"]) for r in clicks), Decimal(0)),
        "total_conversions": Decimal(verdict.counts["conversions"].stored),
    }
    # The operating system is a key of the rollup; the network (all visitors are strangers to it) is not.
    for dimension, expected in (("os", "rollup"), ("asn", "raw")):
        source, sums = stored.sums(dimension)
        if source != expected:
            verdict.wrong.append(f"the report by {dimension} was answered from {source}, not {expected}")
        off = {
            name: f"{sums[name]} instead of {value}" for name, value in exact.items() if _far(sums[name], value)
        }
        if off:
            verdict.wrong.append(f"sums of the report from {source} differ from the stored rows: {off}")


def _far(one: Decimal, other: Decimal) -> bool:
    """Reports answer numbers, so money is compared to the tenth of a cent."""
    return abs(one - other) > Decimal("0.001")


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def _again(counted: Counter[Any]) -> int:
    return sum(counted.values()) - len(counted)


def _repeated(counted: Counter[Any]) -> list[str]:
    return [f"{thing} {times} times" for thing, times in counted.items() if times > 1]


def _complain(verdict: Verdict, what: str, things: Iterable[Any]) -> None:
    found = [str(thing) for thing in things]
    if found:
        verdict.wrong.append(f"{len(found)} {what}: {'; '.join(found[:SHOWN])}")
