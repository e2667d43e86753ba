"""What rows of a log are filtered by: the fields of its form, and the conditions they become.

A field's name is a parameter of the page's address, so that other pages link to rows: /clicks?partner_id=3.
Invariants: a condition is sent as JSON, so no value can be read as an operator; who may use a field the API
decides, these declarations only leave out what would be no use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fraud.reasons import REASONS
from reports.web.visit import Visit

Choices: TypeAlias = tuple[tuple[str, str], ...]

MOST_WHERE: Final = 10
"""Further conditions of an address."""
ANY: Final = "*"
"""Stands for anything at the beginning or the end of a text."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a log's filters."""

    name: str
    label: str
    dimension: str
    choices: Choices = ()
    names: str = ""
    """partners, offers, advertisers: whose names are offered while one types."""
    without: frozenset[str] = frozenset()
    """Roles whose rows all have the same value."""
    upper: bool = False
    many: bool = False
    """Several values with commas between them mean any of these."""


VERDICTS: Final = tuple((one, one.capitalize()) for one in ("valid", "duplicate", "suspect", "invalid"))
STATUSES: Final = (("approved", "Approved"), ("pending", "Pending"), ("hold", "On hold"), ("rejected", "Rejected"))
_REASONS: Final = tuple((code, code.replace("_", " ").capitalize()) for code in sorted(REASONS))
_YES_NO: Final = (("true", "Yes"), ("false", "No"))

_WHO: Final = (
    Field("partner_id", "Partner", "partner", names="partners", without=frozenset({"partner"})),
    Field("offer_id", "Offer", "offer", names="offers"),
    Field(
        "advertiser_id",
        "Advertiser",
        "advertiser",
        names="advertisers",
        without=frozenset({"partner", "advertiser"}),
    ),
)
_QUALITY: Final = (
    Field("verdict", "Verdict", "verdict", VERDICTS),
    Field("reason", "Fraud reason", "fraud_reason", _REASONS),
)
_WHERE: Final = (Field("country", "Country", "country", upper=True, many=True), Field("sub1", "Sub id 1", "sub1"))
_FURTHER: Final = (
    *(Field(f"sub{n}", f"Sub id {n}", f"sub{n}") for n in range(2, 6)),
    Field("source", "Source", "source"),
    Field("link_id", "Link", "link", without=frozenset({"advertiser"})),
    Field(
        "device_type",
        "Device",
        "device_type",
        tuple((one, one) for one in ("mobile", "tablet", "desktop", "bot", "other")),
    ),
    Field("os", "Operating system", "os"),
    Field("browser", "Browser", "browser"),
    Field("ip", "IP address", "ip"),
    Field("is_test", "Self-test", "is_test", _YES_NO),
)
_OF_CLICKS: Final = (
    *_FURTHER,
    Field("turned_away", "Turned away because", "trafficback_reason"),
    Field("is_bot", "Bot", "is_bot", _YES_NO),
    Field("click_id", "Click id", "click_id"),
)
_OF_CONVERSIONS: Final = (
    Field("txn_id", "Transaction id", "txn_id"),
    Field("goal", "Goal", "goal"),
    Field(
        "attribution",
        "Attributed by",
        "attribution",
        tuple((one, one.capitalize()) for one in ("click", "view", "coupon", "adjustment")),
    ),
    Field("reject_reason", "Reason of its state", "reject_reason"),
    Field("click_id", "Click id", "click_id"),
    *_FURTHER,
)
FIRST: Final[dict[str, tuple[Field, ...]]] = {
    "clicks": (*_WHO, *_QUALITY, *_WHERE),
    "impressions": (*_WHO, *_QUALITY, *_WHERE),
    "conversions": (Field("status", "Status", "conversion_status", STATUSES), *_WHO, *_QUALITY, *_WHERE),
    "rejected": (
        Field("kind", "Kind", "kind", (("click", "Click"), ("postback", "Postback"), ("frame", "Frame"))),
        Field("reason", "Reason", "reason"),
        Field("click_id", "Click id", "click_id"),
        Field("ip", "IP address", "ip"),
    ),
}  # fmt: skip
"""Fields that stand open, by log."""
MORE: Final[dict[str, tuple[Field, ...]]] = {
    "clicks": _OF_CLICKS,
    "impressions": _OF_CLICKS,
    "conversions": _OF_CONVERSIONS,
    "rejected": (Field("method", "Method", "method"),),
}
"""Fields that are folded away until one of them is used."""


def fields_of(log: str, role: str) -> tuple[list[Field], list[Field]]:
    """Return the fields of a log that a role has a use for: the open ones and the folded ones."""
    first, more = ([one for one in part[log] if role not in one.without] for part in (FIRST, MORE))
    return first, more


def given(visit: Visit, fields: Sequence[Field]) -> dict[str, str]:
    """Return what the address says of these fields, empty ones left out."""
    found = {one.name: visit.query(one.name).strip() for one in fields}
    return {name: value.upper() if _upper(fields, name) else value for name, value in found.items() if value}


def wheres(visit: Visit) -> list[str]:
    """Return the address's further conditions, as one types them: asn>=100."""
    return [text.strip() for text in visit.queries("where")[:MOST_WHERE] if text.strip()]


def conditions(values: dict[str, str], fields: Sequence[Field], further: Sequence[str]) -> list[str]:
    """Return values of fields as the API's filters."""
    return [*(json.dumps(_condition(one, values[one.name])) for one in fields if one.name in values), *further]


def _condition(field: Field, value: str) -> dict[str, Any]:
    if field.many and "," in value:
        return {"dimension": field.dimension, "op": "in", "values": [one.strip() for one in value.split(",")]}
    if field.choices or field.names or value.strip(ANY) == "":
        return {"dimension": field.dimension, "op": "eq", "value": value}
    core = value.strip(ANY)
    match value.startswith(ANY), value.endswith(ANY):
        case True, True:
            op = "contains"
        case True, False:
            op = "ends_with"
        case False, True:
            op = "starts_with"
        case _:
            op = "eq"
    return {"dimension": field.dimension, "op": op, "value": core}


def _upper(fields: Sequence[Field], name: str) -> bool:
    return any(one.upper for one in fields if one.name == name)
