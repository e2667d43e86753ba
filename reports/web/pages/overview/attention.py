"""What needs attention: each thing a sentence, how urgent it is, and where to act on it.

Invariants: what one can't see or do isn't asked; a question that fails is a line that says so, and the rest
stands; a conversion rate has fallen only where chance is an unlikely reason for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Any, Final, Literal, TypeAlias

from kernel.errors import ClickledgerError
from reports.web.pages.overview.best import DAYS, span
from reports.web.visit import Visit

NEAR_FULL: Final = 0.8
"""Share of a cap from which it is told."""
MOST_OF_A_KIND: Final = 5
FALL: Final = -0.25
"""Change of a conversion rate from which it is told."""
LEAST_CONVERSIONS: Final = 20
"""Before: fewer say little about a rate."""
STANDARD_ERRORS: Final = 3
"""By how many standard errors of two binomial shares a rate has to have fallen: of a thousand offers that didn't
change, one or two are told by chance."""
RISEN: Final = 10
"""Points of risk within a week from which a partner is told."""
LATE_SECONDS: Final = 60
"""How far reports may be behind before it is told; the pipeline ships every second or two."""
RISKY: Final = 90
"""Score from which a rise matters."""

Level: TypeAlias = Literal["bad", "warn", "info"]
_ORDER: Final = {"bad": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Need:
    """Something to look at."""

    level: Level
    sentence: str
    link: str
    label: str


async def needs(visit: Visit) -> list[Need]:
    """Return what needs the attention of the one who looks, the most urgent first."""
    asked = [ask for scope, ask in _ASKED if not scope or visit.may(scope)]
    answers = await asyncio.gather(*(_answered(ask, visit) for ask in asked))
    return sorted((need for answer in answers for need in answer), key=lambda need: _ORDER[need.level])


async def _answered(ask: Callable[[Visit], Awaitable[list[Need]]], visit: Visit) -> list[Need]:
    try:
        return await ask(visit)
    except ClickledgerError as why:
        if why.kind.status == 404:  # nothing to tell of yet: no day's risk was scored
            return []
        return [Need("warn", f"One thing couldn't be looked up: {why.message}", "/", "Try again")]


async def _caps(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/cap-usage", least_share=NEAR_FULL, limit=MOST_OF_A_KIND)
    told = []
    for cap in found["items"]:
        whose = f" for {cap['partner']}" if cap["partner"] else ""
        used, amount = visit.viewer.number(cap["used"]), visit.viewer.number(cap["amount"])
        period = "in all" if cap["period"] == "total" else f"this {cap['period']}"
        state = "is full" if cap["share"] >= 1 else f"is {visit.viewer.percent(cap['share'], 0)} full"
        told.append(
            Need(
                "bad" if cap["share"] >= 1 else "warn",
                f"The {cap['kind']} cap of {cap['offer']}{whose} {state}: {used} of {amount} {period}.",
                f"/offers/{cap['offer_id']}",
                "Open the offer",
            )
        )
    return told


async def _falling(visit: Visit) -> list[Need]:
    """Tell of offers whose conversion rate fell by more than chance would make it."""
    answer = await visit.api.send(
        "POST",
        "/api/v1/reports/query",
        {
            **span(visit),
            "dimensions": ["offer"],
            "metrics": ["conversions", "unique_clicks", "cr"],
            "filters": [
                {"metric": "cr_change", "op": "lte", "value": FALL},
                {"metric": "conversions_before", "op": "gte", "value": LEAST_CONVERSIONS},
            ],
            "sort": [{"by": "conversions_before", "desc": True}],
            "compare": "previous_period",
            "limit": 50,
        },
    )
    return [
        Need(
            "warn",
            f"{row['offer']} converts {visit.viewer.percent(row['cr'])} of its visitors in the last {DAYS} days;"
            f" it was {visit.viewer.percent(row['cr_before'])} in the {DAYS} before.",
            f"/offers/{row['offer_id']}",
            "Open the offer",
        )
        for row in answer["rows"]
        if has_fallen(row)
    ][:MOST_OF_A_KIND]


def has_fallen(row: dict[str, Any]) -> bool:
    """Return whether a rate's fall is more than STANDARD_ERRORS of the difference of two binomial shares."""
    clicks, before = float(row["unique_clicks"] or 0), float(row["unique_clicks_before"] or 0)
    if not clicks or not before:
        return False
    now_rate, old_rate = float(row["conversions"] or 0) / clicks, float(row["conversions_before"] or 0) / before
    pooled = min(1.0, (now_rate * clicks + old_rate * before) / (clicks + before))
    error = sqrt(pooled * (1 - pooled) * (1 / clicks + 1 / before))
    return old_rate - now_rate > STANDARD_ERRORS * error


async def _risk(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/fraud/risk", sort="change", limit=MOST_OF_A_KIND)
    return [
        Need(
            "warn",
            f"The risk of {item['partner'] or item['partner_id']} rose by {item['change']} points in a week to"
            f" {item['score']}: {_why(item['reasons'])}",
            f"/fraud/partners/{item['partner_id']}",
            "Look at the partner",
        )
        for item in found["items"]
        if (item["change"] or 0) >= RISEN and item["score"] >= RISKY
    ]


def _why(reasons: list[dict[str, Any]]) -> str:
    """Return the strongest reason, a sentence of its own."""
    return str(reasons[0]["sentence"]) if reasons else "see its page."


async def _hooks(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/outbound/failing", limit=MOST_OF_A_KIND)
    return [
        Need(
            "bad" if hook["given_up"] or hook["refused"] else "warn",
            _undelivered(visit, hook),
            f"/outbound?hook_id={hook['hook_id']}",
            "Open the log",
        )
        for hook in found["items"]
    ]


def _undelivered(visit: Visit, hook: dict[str, Any]) -> str:
    one = hook["messages"] == 1
    messages = "1 outgoing message" if one else f"{visit.viewer.number(hook['messages'])} outgoing messages"
    whose, verb = hook["partner"] or "the network", "wasn't" if one else "weren't"
    return f"{messages} of {whose} {verb} delivered in the last 24 hours: {hook['last_error']}"


async def _waiting_partners(visit: Visit) -> list[Need]:
    if visit.who is None or visit.who.partner_id is not None or visit.who.advertiser_id is not None:
        return []
    partners, access = await asyncio.gather(
        visit.api.get("/api/v1/partners", status="pending", limit=100),
        visit.api.get("/api/v1/offer-access", status="pending", limit=100),
    )
    told = []
    for items, one, many, link, label in (
        (
            partners["items"],
            "partner waits for approval",
            "partners wait for approval",
            "/partners?status=pending",
            "Open",
        ),
        (access["items"], "partner asks for an offer", "requests for offers wait", "/offers", "Open the offers"),
    ):
        if items:
            count = f"{len(items)}" if len(items) < 100 else "100 or more"
            told.append(Need("info", f"{count} {one if len(items) == 1 else many}.", link, label))
    return told


async def _disputes(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/fraud/disputes", state="open", limit=100)
    count = len(found["items"])
    if not count:
        return []
    return [Need("info", f"{count} {'dispute is' if count == 1 else 'disputes are'} open.", "/disputes", "Open")]


async def _model(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/fraud/models")
    if found["state"] == "broken":
        return [Need("bad", found["why"], "/fraud/models", "Open the models")]
    return []


async def _pipeline(visit: Visit) -> list[Need]:
    found = await visit.api.get("/api/v1/pipeline")
    lag = Decimal(str(found.get("lag_seconds") or 0))
    if lag < LATE_SECONDS:
        return []
    sentence = f"Reports are {visit.viewer.span(lag)} behind: clicks are on the disk and wait to be stored."
    return [Need("bad", sentence, "/system", "Open the system's page")]


_ASKED: Final[tuple[tuple[str, Callable[[Visit], Awaitable[list[Need]]]], ...]] = (
    ("program:read", _caps),
    ("reports:read", _falling),
    ("fraud:read", _risk),
    ("outbound:read", _hooks),
    ("program:read", _waiting_partners),
    ("fraud:read", _disputes),
    ("fraud:read", _model),
    ("system:read", _pipeline),
)
"""The scope each question needs."""
