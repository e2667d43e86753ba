"""Codes of events as sentences: why a click was turned away, what a verdict means, where a conversion stands.

Invariants: every code that the tracker records has a sentence (a test compares the tables); one that this version
doesn't know is shown as it is, never refused, as rows outlive versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, repeat, zip_longest
from typing import Any

from fraud.findings import facts_of
from fraud.reasons import REASONS

TURNED_AWAY: dict[str, str] = {
    "link_unknown": "no saved link has the code that was asked for",
    "smart_link_unknown": "no smart link has the id that was asked for",
    "offer_unknown": "the link names no offer of the program",
    "partner_unknown": "the link names no partner of the program",
    "offer_paused": "the offer was paused",
    "offer_ended": "the offer had ended",
    "offer_not_started": "the offer had not started yet",
    "advertiser_suspended": "the offer's advertiser was suspended",
    "partner_inactive": "the partner was not approved: pending, rejected, suspended or banned",
    "offer_not_approved": "the offer was not open to this partner",
    "destination_unusable": "the offer's destination could not be rendered",
    "targeting_country": "the offer is not for the visitor's country",
    "targeting_region": "the offer is not for the visitor's region",
    "targeting_device": "the offer is not for this kind of device",
    "targeting_os": "the offer is not for this operating system or this version of it",
    "targeting_browser": "the offer is not for this browser or this version of it",
    "targeting_language": "the offer is not for the visitor's language",
    "targeting_connection": "the offer is not for this kind of connection",
    "targeting_hours": "the offer was closed at this hour of the week",
    "cap_click": "as many clicks had come as the offer takes in its period",
    "cap_conversion": "as many conversions had come as the offer takes in its period",
    "cap_payout": "the offer's payout for its period was spent",
    "cap_revenue": "the offer's revenue for its period was reached",
    "blocked_source": "the blocklist turns this source away",
    "fraud_rule": "a fraud rule sends visits like this one to the fallback",
    "duplicate": "the visitor had clicked before, and the offer takes repetitions elsewhere",
    "no_offer_eligible": "no offer of the smart link took the click, for different reasons",
}
"""Every ``trafficback_reason``, as the end of a sentence."""

VERDICTS: dict[str, str] = {
    "valid": "An ordinary click: nothing speaks against a person who is interested in the offer.",
    "duplicate": "The same visitor had clicked the offer shortly before: it is a click, and not a unique one.",
    "suspect": "Something speaks against it, but nothing corroborates that: it is left out of the clicks.",
    "invalid": "It was not a person interested in the offer: it is left out of the clicks.",
}

STATUSES: dict[str, str] = {
    "approved": "Approved: it counts and is paid for.",
    "pending": "Pending: it counts, and the advertiser hasn't decided yet.",
    "hold": "On hold: it doesn't count until somebody, or the end of its hold period, approves it.",
    "rejected": "Rejected: it doesn't count and nobody is paid.",
}

STATUS_REASONS: dict[str, str] = {
    "hold_period": "Its goal has a hold period; it approves itself when that is over.",
    "cap_reached": "A cap of the offer was reached.",
    "fraud": "Fraud rules did that; a person's approval ends it.",
    "currency_rate_missing": "Its amount has no rate into the offer's currency on its day; add the rate.",
}
"""Reasons the tracker gives by itself; all others are somebody's own words."""

_UNKNOWN = "This version has no sentence for this code."


def decision(click: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return where a click's visitor was sent and why; ``click`` is a row with names beside its ids."""
    reason, destination = click["trafficback_reason"], click["destination"]
    why = TURNED_AWAY.get(reason, f"'{reason}'")
    if reason and click["is_rerouted"]:
        outcome = "rerouted"
        text = f"Not sent to {click['requested_offer']}, because {why}; its alternative {click['offer']} took it."
    elif reason:
        outcome = "turned_away"
        text = f"The click did not reach an offer, because {why}. "
        text += (
            "The visitor was sent elsewhere." if destination else "The visitor was shown a page without an offer."
        )
    elif kind == "impression":
        outcome, text = "seen", f"A banner of {click['offer']} was seen; an impression sends nobody anywhere."
    else:
        outcome = "reached"
        text = f"Sent to {click['offer']}, the offer that was asked for."
        if click["smart_link_id"]:
            text = f"Sent to {click['offer']}, which the smart link {click['smart_link']} chose."
    if kind == "impression" and reason:
        outcome, text = "turned_away", f"The impression doesn't count for an offer, because {why}."
    return {"outcome": outcome, "reason": reason, "explained": text, "destination": destination}


def verdict(click: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was thought of a click, with each reason as a person reads it."""
    return {
        "verdict": click["verdict"],
        "explained": VERDICTS.get(click["verdict"], _UNKNOWN),
        "category": click["fraud_category"],
        "score": click["fraud_score"],
        "reasons": _reasons(click["fraud_reasons"], click.get("fraud_facts") or ()),
        "model": {"score": click["model_score"], "features": list(click["model_features"])},
    }


def conversion(state: Mapping[str, Any]) -> str:
    """Return where a conversion stands, in a sentence or two."""
    told = STATUSES.get(state["status"], _UNKNOWN)
    reason = state["reject_reason"]
    if not reason:
        return told
    why = [told, STATUS_REASONS.get(reason, f"The reason given: {reason}.")]
    if reason == "fraud":
        codes, facts = state.get("fraud_reasons") or (), state.get("fraud_facts") or ()
        found = zip_longest(codes, facts[: len(codes)], fillvalue="")
        why += [REASONS[code].told(one) for code, one in found if code in REASONS]
    return " ".join(why)


def _reasons(codes: Iterable[str], facts: Iterable[str]) -> list[dict[str, Any]]:
    shown = []
    # Rows of older versions have reasons without facts.
    for code, found in zip(codes, chain(facts, repeat(""))):  # noqa: B905 - the second one never ends
        one = REASONS.get(code)
        if one is None:
            row = {"category": "", "severity": 0, "counts": True, "sentence": _UNKNOWN, "help": ""}
        else:
            row = {name: getattr(one, name) for name in ("category", "severity", "counts", "help")}
            row["sentence"] = one.told(found)
        shown.append({"code": code, **row, "facts": dict(facts_of(found))})
    return shown
