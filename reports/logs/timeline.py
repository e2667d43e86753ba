"""The road of a click as moments in order of time, each with a sentence.

Invariant: nothing is told here that the road doesn't hold for this caller: a hidden amount is not mentioned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

_OUTCOMES = {
    "delivered": "was delivered",
    "failed": "was not delivered and is tried again",
    "refused": "was refused for good",
    "given_up": "was not delivered and isn't tried any more",
}


def timeline(road: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the moments of a road, whose parts are as ``reports.logs.road`` makes them; oldest first."""
    moments = [
        *_of_click(road),
        *(one for part in road["conversions"] for one in _of_conversion(part)),
        *(_of_attempt(row) for row in road["outbound"] or ()),
        *(_of_rejected(row) for row in road["rejected"] or ()),
    ]
    # Sorting keeps the order of what happened at once; texts of one zone needn't sort where the clocks go back.
    return sorted(moments, key=lambda one: datetime.fromisoformat(one["at"]))


def _moment(at: str, what: str, text: str, key: str) -> dict[str, Any]:
    return {"at": at, "what": what, "text": text, "id": key}


def _of_click(road: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    click, kind = road["click"], road["kind"]
    at, key = click["ts"], click["click_id"]
    did = "A link of" if kind == "click" else "A banner of"
    done = "was clicked" if kind == "click" else "was seen"
    where = f" in {click['country']}" if click["country"] else ""
    with_ = f" on {click['os']}" if click["os"] else ""
    test = " It is a self-test and never counts." if click["is_test"] else ""
    yield _moment(at, kind, f"{did} {click['partner']} {done}{where}{with_}.{test}", key)
    decision, verdict = road["decision"], road["verdict"]
    yield _moment(at, "decision", decision["explained"], key)
    reasons = " ".join(reason["sentence"] for reason in verdict["reasons"])
    yield _moment(at, "verdict", f"{verdict['verdict']}: {reasons or verdict['explained']}", key)


def _of_conversion(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for place, state in enumerate(part["states"]):
        goal = f" on {state['goal']}" if state["goal"] else ""
        began = f"Conversion{goal}" if place == 0 else f"Conversion{goal} changed"
        reason = f" ({state['reject_reason']})" if state["reject_reason"] else ""
        by = f" by {state['conversion_source']}" if state["conversion_source"] else ""
        actor = f", {state['actor']}" if state["actor"] else ""
        worth = ", ".join(
            f"{name} {_plain(state[name])} {state['currency']}".rstrip()
            for name in ("payout", "revenue")
            if name in state
        )
        text = f"{began}{by}{actor}: {state['status']}{reason}{f'; {worth}' if worth else ''}."
        yield _moment(state["changed_at"], "conversion", text, state["conversion_id"])


def _of_attempt(row: Mapping[str, Any]) -> dict[str, Any]:
    came = _OUTCOMES.get(row["outcome"], row["outcome"])
    told = row["error"] or (f"answer {row['response_status']}" if row["response_status"] else "")
    text = f"The {row['hook_kind']} of hook {row['hook_id']}, try {row['attempt']}, {came}"
    return _moment(row["ts"], "outbound", f"{text}: {told}." if told else f"{text}.", row["message_id"])


def _of_rejected(row: Mapping[str, Any]) -> dict[str, Any]:
    detail = f": {row['detail']}" if row["detail"] else "."
    return _moment(
        row["ts"], "rejected", f"A {row['kind']} was refused, {row['reason']}{detail}", row["rejected_id"]
    )


def _plain(amount: Decimal) -> str:
    """Return an amount with as many digits as it needs and at least two."""
    text = f"{amount:f}"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"
