"""The logs: clicks, impressions, conversions and what was refused, newest first, filtered, a page at a time.

Invariants: the address holds all that is chosen, so a log can be kept and sent on; what can be downloaded are the
rows of these very filters; a filter that the API refuses is said above an empty log, with the form as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import ClickledgerError
from kernel.hidden_money import hidden_money
from reports.export.formats import FORMATS
from reports.web.page import EVERYBODY, STAFF, Act, Page
from reports.web.pages.events import filters, finding, ranges, words
from reports.web.pages.events.deciding import decide_many
from reports.web.rendering import with_query
from reports.web.visit import Visit

ROWS: Final = 50
"""On one page."""
_NAMES: Final = 200
"""Offered while one types the name of a partner, an offer or an advertiser."""

_BOTH: Final = (
    *("ts", "click_id", "partner_id", "offer_id", "link_id", "country", "city", "device_type", "os", "browser"),
    *("source", "sub1", "verdict", "fraud_reasons", "fraud_facts", "is_test"),
)
_OF_CLICKS: Final = (
    *_BOTH,
    *("fraud_score", "trafficback_reason", "is_rerouted", "requested_offer_id", "payout", "revenue", "currency"),
)
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "clicks": _OF_CLICKS,
    "impressions": _OF_CLICKS,
    "conversions": (
        *(
            "conversion_id",
            "change_seq",
            "status",
            "reject_reason",
            "goal",
            "txn_id",
            "amount",
            "amount_currency",
            "payout",
        ),
        *("revenue", "currency", "attribution", "ctit_ms", *_BOTH),
    ),
    "rejected": ("ts", "rejected_id", "kind", "reason", "detail", "click_id", "method", "ip", "raw"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A log in the row of tabs."""

    log: str
    label: str
    needs: str
    roles: frozenset[str]

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/{self.log}"


TABS: Final = (
    Tab("clicks", "Clicks", "events:read", EVERYBODY),
    Tab("impressions", "Impressions", "events:read", EVERYBODY),
    Tab("conversions", "Conversions", "events:read", EVERYBODY),
    Tab("rejected", "Refused requests", "rejected:read", STAFF),
)


def tabs(visit: Visit) -> list[Tab]:
    """Return the logs that somebody may see."""
    role = visit.who.role if visit.who else ""
    return [one for one in TABS if role in one.roles and visit.may(one.needs)]


def _show(log: str) -> Callable[[Visit], Awaitable[dict[str, Any] | Response]]:
    async def show(visit: Visit) -> dict[str, Any] | Response:
        wanted = visit.query("find").strip()
        if wanted and log != "rejected":
            found = await finding.find(visit, wanted)
            if found:
                return visit.go(found)
        error = f"Nothing was found for {wanted[:60]}. Ids are exact: compare every letter." if wanted else ""
        return await _log(visit, log) | ({"error": error} if error else {}) | {"find": wanted}

    return show


async def _log(visit: Visit, log: str) -> dict[str, Any]:
    role = visit.who.role if visit.who else ""
    first, more = filters.fields_of(log, role)
    fields = [*first, *more]
    values, further = filters.given(visit, fields), filters.wheres(visit)
    chosen = ranges.chosen(visit.request.query_params, visit.viewer.today())
    asked = {
        "from_": chosen.start,
        "to": chosen.end,
        "timezone": visit.viewer.zone.key,
        "filter": filters.conditions(values, fields, further),
    }
    address = {**chosen.address(), **values, "where": further}
    rows, names = await asyncio.gather(_rows(visit, log, asked), _offered(visit, fields))
    for name, entries in names.items():
        if values.get(name) in entries:
            values[name] = entries[values[name]]
    return {
        **words.WORDS,
        **rows,
        "log": log,
        "tabs": tabs(visit),
        "range": chosen,
        "presets": ranges.presets(ranges.OF_LOGS, chosen),
        "fields": first,
        "more": more,
        "more_open": bool(further or any(one.name in values for one in more)),
        "values": values,
        "further": further,
        "names": names,
        "address": address,
        "is_filtered": bool(values or further),
        "decides": log == "conversions" and visit.may("conversions:write"),
        "decided": None,
        "downloads": [(one, _download(log, asked, one)) for one in FORMATS],
    }


async def _rows(visit: Visit, log: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return a page of a log, or none and what the API says is wrong with what was asked."""
    hidden = hidden_money(visit.who.role if visit.who else "")
    columns = ",".join(name for name in COLUMNS[log] if name not in hidden)
    try:
        found = await visit.api.get(
            f"/api/v1/logs/{log}", **asked, columns=columns, limit=ROWS, cursor=visit.query("cursor")
        )
    except ClickledgerError as why:
        if why.kind.status >= 500 or why.kind.status in {401, 403, 429}:
            raise
        return {"rows": [], "next_cursor": None, "error": why.message, "is_asked": False}
    for row in found["items"]:
        row["reasons"] = words.reasons(row)
        if "trafficback_reason" in row:
            row["outcome"] = words.outcome(row)
    return {"rows": found["items"], "next_cursor": found["next_cursor"], "is_asked": True}


async def _offered(visit: Visit, fields: list[filters.Field]) -> dict[str, dict[str, str]]:
    """Return the names to offer for each field that takes one: id to name."""
    wanted = [one for one in fields if one.names and visit.may("program:read")]
    found = await asyncio.gather(*(visit.api.get(f"/api/v1/{one.names}", limit=_NAMES) for one in wanted))
    return {
        one.name: {str(entry["id"]): entry["name"] for entry in answer["items"] if entry.get("name")}
        for one, answer in zip(wanted, found, strict=True)
    }


def _download(log: str, asked: dict[str, Any], form: str) -> str:
    given = {name.rstrip("_"): value for name, value in asked.items()}
    return with_query(f"/api/v1/export/{log}", given, format=form)


def _page(log: str, title: str, **more: Any) -> Page:
    tab = next(one for one in TABS if one.log == log)
    return Page(tab.path, title, "events/log.html", _show(log), tab.needs, tab.roles, **more)


PAGES = (
    _page("clicks", "Clicks", group="Look", place=30),
    _page("impressions", "Impressions"),
    _page(
        "conversions", "Conversions", group="Look", place=40,
        acts=(Act("decide", decide_many, "conversions:write"),),
    ),
    _page("rejected", "Refused requests"),
)  # fmt: skip
