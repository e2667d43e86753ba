"""Codes of events as the words and colours that pages show.

Invariant: a code that this version doesn't know is shown as it is: rows outlive versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any, Final

from fraud.reasons import REASONS
from reports.logs.explained import TURNED_AWAY

VERDICT_KINDS: Final = {"valid": "good", "duplicate": "plain", "suspect": "warn", "invalid": "bad"}
STATUS_KINDS: Final = {"approved": "good", "pending": "plain", "hold": "warn", "rejected": "bad"}
STATUS_WORDS: Final = {"hold": "on hold"}
OUTCOME_KINDS: Final = {"delivered": "good", "failed": "warn", "refused": "bad", "given_up": "bad"}
OUTCOME_WORDS: Final = {"given_up": "given up", "failed": "failed, tried again"}
SOURCES: Final = {
    "postback": "postback", "pixel": "pixel", "script": "script of the page", "upload": "upload", "api": "hand",
    "hold": "end of the hold period", "rate": "missing exchange rate that came",
}  # fmt: skip

WORDS: Final = {
    "verdict_kinds": VERDICT_KINDS,
    "status_kinds": STATUS_KINDS,
    "status_words": STATUS_WORDS,
    "outcome_kinds": OUTCOME_KINDS,
    "outcome_words": OUTCOME_WORDS,
    "sources": SOURCES,
}
"""What every template of events is given."""


def reasons(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the fraud reasons of an event: their code, and what was found as a sentence."""
    facts = chain(row.get("fraud_facts") or (), repeat(""))
    # Rows of older versions have reasons without facts.
    found = zip(row.get("fraud_reasons") or (), facts)  # noqa: B905 - the second one never ends
    return [
        {"code": code, "sentence": REASONS[code].told(one) if code in REASONS else code} for code, one in found
    ]


def outcome(click: Mapping[str, Any]) -> dict[str, str]:
    """Return what became of a click in a word, and why."""
    reason = click["trafficback_reason"]
    why = TURNED_AWAY.get(reason, reason)
    if reason and click.get("is_rerouted"):
        return {"word": "rerouted", "kind": "warn", "why": why}
    if reason:
        return {"word": "turned away", "kind": "bad", "why": why}
    return {"word": "", "kind": "plain", "why": ""}
