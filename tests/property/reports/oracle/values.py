"""What every dimension is of an event: docs/dimensions.md, column by column.

A frame of events gets one more column for each dimension asked for. Labels are lists. Of what only
conversions know, clicks and impressions have nothing at all.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.property.reports.oracle import program
from tests.property.reports.oracle.clocks import TIMES, Range

NAMED = ("partner", "advertiser", "offer", "link", "requested_offer", "smart_link")
"""Shown by name, with the id beside it."""

LABELS = ("partner_tag", "offer_tag", "fraud_reason")
"""An event may stand under several."""

ON_CONVERSIONS = frozenset(
    {
        *("goal", "conversion_status", "reject_reason", "ctit_bucket", "txn_id", "currency", "attribution"),
        *("conversion_source", *(f"adv{n}" for n in range(1, 6))),
    }
)

_COLUMN = {
    "landing": "landing_id",
    "creative": "creative_id",
    "conversion_status": "status",
}
_OF_PARTNER = ("partner_tier", "partner_manager", "partner_tag")
_OF_OFFER = ("offer_category", "offer_tag")
_OF_ADVERTISER = ("advertiser_manager", "account_manager")

BUCKETS = (
    (10_000, "under 10 s"),
    (60_000, "10 s to 1 min"),
    (600_000, "1 to 10 min"),
    (3_600_000, "10 min to 1 h"),
    (86_400_000, "1 to 24 h"),
    (604_800_000, "1 to 7 d"),
    (2**63, "over 7 d"),
)

BANDS = ("0-9", *(f"{tens}0-{tens}9" for tens in range(1, 9)), "90-100")

_NUMBERS = frozenset({"asn", "year", "hour_of_day", "day_of_week"})
_FLAGS = frozenset({"is_datacenter", "is_proxy", "is_in_app", "is_bot", "is_rerouted", "is_unique"})


def kind(name: str) -> str:
    """Return the kind of a dimension."""
    if name in NAMED:
        return "id"
    if name in LABELS:
        return "labels"
    if name in _NUMBERS:
        return "number"
    if name in TIMES:
        return "time"
    return "bool" if name in _FLAGS else "text"


def valued(frame: pd.DataFrame, name: str, span: Range) -> pd.Series:
    """Return a dimension of every event of a table; named ones by id, labels as lists that are never empty."""
    if name in TIMES:
        return span.shown(name, frame["ts"])
    if name in NAMED:
        return frame[f"{name}_id"].astype(int)
    if name in _OF_PARTNER:
        return _known(frame["partner_id"], name)
    if name in _OF_OFFER:
        return _known(frame["offer_id"], name)
    if name in _OF_ADVERTISER:
        return _known(frame["advertiser_id"], "advertiser_manager")
    match name:
        case "fraud_reason":
            return frame["fraud_reasons"].map(lambda given: list(dict.fromkeys(given)) or [""])
        case "payout_model" if "payout_model" in frame:
            return frame["payout_model"]
        case "payout_model":
            return _known(frame["offer_id"], "offer_payout_model")
        case "landing_name" | "creative_name":
            known = {str(one): texts[0] for one, texts in program.ATTRIBUTES[name].items()}
            return frame[name.replace("_name", "_id")].map(lambda text: known.get(text, ""))
        case "fraud_score_band":
            return frame["fraud_score"].map(lambda score: BANDS[min(score // 10, 9)])
        case "ctit_bucket":
            return frame.apply(_bucket, axis=1) if len(frame) else frame["ctit_ms"].astype(str)
        case _:
            return frame[_COLUMN.get(name, name)]


def _bucket(row: pd.Series) -> str:
    if row["attribution"] not in {"click", "view"}:
        return ""
    return next(text for below, text in BUCKETS if row["ctit_ms"] < below)


def _known(ids: pd.Series, what: str) -> pd.Series:
    of = program.ATTRIBUTES[what]
    if what in LABELS:
        return ids.map(lambda one: list(of.get(one, ("",))))
    return ids.map(lambda one: of.get(one, ("",))[0])


def shown(name: str, value: Any, role: str) -> Any:
    """Return a value as a report shows it to a role: an id becomes a name."""
    if name not in NAMED:
        return value
    known = {} if name in program.NUMBERED[role] else program.KNOWN["offer" if name == "requested_offer" else name]
    return known.get(value, f"#{value}" if value else "(none)")


def named(name: str, value: Any, role: str) -> list[int]:
    """Return the ids a filter's value means: an id, a name, '#12' or '(none)'."""
    if isinstance(value, int):
        return [value]
    known = {} if name in program.NUMBERED[role] else program.KNOWN["offer" if name == "requested_offer" else name]
    if value == "(none)":
        return [0]
    found = [one for one, text in known.items() if text == value]
    digits = value.removeprefix("#")
    return found or ([int(digits)] if digits.isdecimal() else [])
