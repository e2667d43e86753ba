"""What a proposal comes to: events by verdict and reason, money by currency, partners; before and after.

Invariants: money of clicks and impressions is what reports show of them, before and after; money of conversions
follows their status and doesn't move with a verdict: what is told of it is whose verdict changes while it is
approved or pending. Every sum is Decimal and per currency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from fraud.past import sql
from fraud.past.proposal import TABLES
from fraud.past.span import Span

MOST_PARTNERS = 20
MOST_SAMPLES = 20


def difference(client: Client, rescoring_id: str, span: Span) -> dict[str, Any]:
    """Return what would change, as the API and the command line show it.

    Raises:
        DriverError, OSError: the store refused or is away.

    """
    meant = span.parameters()
    whole = {"begin": span.begin_ms, "end": span.end_ms, "id": rescoring_id}

    def rows(text: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in client.query(text, parameters=parameters).result_rows]

    moved = rows(sql.VERDICTS_MOVED, id=rescoring_id)
    stored = {kind: dict(rows(sql.verdicts_stored(table), **meant)) for table, kind in TABLES.items()}
    stored["conversion"] = dict(rows(sql.CONVERSIONS_STORED, **meant))
    verdicts = {kind: _before_and_after(before, moved, kind) for kind, before in stored.items()}
    reasons: dict[str, Any] = {}
    money: dict[str, dict[str, Decimal]] = {}
    for table, kind in TABLES.items():
        before = dict(rows(sql.reasons_stored(table), **meant))
        by = dict(rows(sql.REASONS_MOVED, id=rescoring_id, kind=kind))
        for code in sorted({*before, *by}):
            told = reasons.setdefault(code, {"reason": code, "before": 0, "after": 0})
            told["before"] += int(before.get(code, 0))
            told["after"] += int(before.get(code, 0)) + int(by.get(code, 0))
        for currency, payout, revenue in rows(sql.money_stored(table), **meant):
            _add(money, currency, "before", payout, revenue)
            _add(money, currency, "after", payout, revenue)
        for currency, payout, revenue in rows(sql.MONEY_MOVED, id=rescoring_id, kind=kind):
            _add(money, currency, "after", payout, revenue)
            _add(money, currency, "difference", payout, revenue)
    return {
        "verdicts": verdicts,
        "moved": [
            {"kind": kind, "before": old, "after": new, "events": int(events)}
            for kind, old, new, events in moved
            if old != new
        ],
        "reasons": list(reasons.values()),
        "money": [{"currency": currency, **_whole(sums)} for currency, sums in sorted(money.items())],
        "conversions": [
            {
                "currency": currency,
                "before": old,
                "after": new,
                "conversions": int(number),
                "payout": payout,
                "revenue": revenue,
            }
            for currency, old, new, number, payout, revenue in rows(sql.CONVERSIONS_AT_STAKE, **whole)
        ],
        "followed": [
            {
                "currency": currency,
                "action": follows,
                "conversions": int(number),
                "payout": payout,
                "revenue": revenue,
            }
            for currency, follows, number, payout, revenue in rows(sql.FOLLOWING, **whole)
        ],
        "partners": _partners(rows(sql.PARTNERS_MOVED, id=rescoring_id, most=10 * MOST_PARTNERS)),
        "sample": [_sampled(row) for row in rows(sql.SAMPLE, id=rescoring_id, most=MOST_SAMPLES)],
    }


def _sampled(row: tuple[Any, ...]) -> dict[str, Any]:
    kind, event_id, at, partner_id, offer_id, old, new, old_reasons, new_reasons, facts, old_score, new_score = row
    return {
        "kind": kind,
        "id": event_id,
        "at": at,
        "partner_id": partner_id,
        "offer_id": offer_id,
        "before": {"verdict": old, "reasons": list(old_reasons), "score": old_score},
        "after": {"verdict": new, "reasons": list(new_reasons), "facts": list(facts), "score": new_score},
    }


def _before_and_after(
    before: Mapping[str, int], moved: list[tuple[Any, ...]], kind: str
) -> dict[str, dict[str, int]]:
    after: Counter[str] = Counter({verdict: int(events) for verdict, events in before.items()})
    for of, old, new, events in moved:
        if of == kind:
            after[old] -= int(events)
            after[new] += int(events)
    return {
        "before": {verdict: int(events) for verdict, events in sorted(before.items())},
        "after": {verdict: events for verdict, events in sorted(after.items()) if events},
    }


def _add(
    money: dict[str, dict[str, Decimal]], currency: str, when: str, payout: Decimal, revenue: Decimal
) -> None:
    sums = money.setdefault(currency, {})
    for name, value in (("payout", payout), ("revenue", revenue)):
        sums[f"{name}_{when}"] = sums.get(f"{name}_{when}", Decimal(0)) + value


def _whole(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    names = [f"{name}_{when}" for name in ("payout", "revenue") for when in ("before", "after", "difference")]
    return {name: sums.get(name, Decimal(0)) for name in names}


def _partners(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return the partners that lose most, then those whose verdicts change most."""
    found: dict[int, dict[str, Any]] = {}
    for partner_id, currency, payout, revenue, lost, won, changed in rows:
        told = found.setdefault(
            partner_id,
            {"partner_id": partner_id, "no_longer_valid": 0, "valid_again": 0, "changed": 0, "money": []},
        )
        told["no_longer_valid"] += int(lost)
        told["valid_again"] += int(won)
        told["changed"] += int(changed)
        if currency and (payout or revenue):
            told["money"].append(
                {"currency": currency, "payout_difference": payout, "revenue_difference": revenue}
            )

    def harm(told: Mapping[str, Any]) -> tuple[Decimal, int, int]:
        lost = sum((-one["payout_difference"] for one in told["money"]), Decimal(0))
        return lost, told["no_longer_valid"] - told["valid_again"], told["changed"]

    return sorted(found.values(), key=harm, reverse=True)[:MOST_PARTNERS]
