"""Sentences for codes: there is one for each, and a road tells what happened in order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fraud.reasons import REASONS
from reports.logs import explained
from reports.logs.timeline import timeline
from tracker.conversion_state import CAP_REACHED, FRAUD, HOLD_PERIOD, RATE_MISSING
from tracker.edge.decision import TRAFFICBACK_REASONS

CLICK = {
    "click_id": "c",
    "ts": "2026-11-02T12:00:00.000+00:00",
    "partner": "Ann",
    "offer": "Shoes",
    "requested_offer": "Boots",
    "smart_link_id": 0,
    "smart_link": "(none)",
    "country": "DE",
    "os": "iOS",
    "trafficback_reason": "",
    "is_rerouted": False,
    "destination": "https://shop.example/",
    "is_test": False,
    "verdict": "valid",
    "fraud_reasons": [],
    "fraud_category": "",
    "fraud_score": 0,
    "model_score": 0,
    "model_features": [],
}


def test_every_reason_the_tracker_records_has_a_sentence():
    assert list(explained.TURNED_AWAY) == list(TRAFFICBACK_REASONS)
    assert set(explained.STATUS_REASONS) == {CAP_REACHED, FRAUD, HOLD_PERIOD, RATE_MISSING}


@pytest.mark.parametrize(
    ("fields", "kind", "outcome", "text"),
    [
        ({}, "click", "reached", "Sent to Shoes, the offer that was asked for."),
        (
            {"smart_link_id": 2, "smart_link": "Mix"},
            "click",
            "reached",
            "Sent to Shoes, which the smart link Mix chose.",
        ),
        (
            {"trafficback_reason": "offer_paused", "is_rerouted": True},
            "click",
            "rerouted",
            "Not sent to Boots, because the offer was paused; its alternative Shoes took it.",
        ),
        (
            {"trafficback_reason": "offer_paused"},
            "click",
            "turned_away",
            "The click did not reach an offer, because the offer was paused. The visitor was sent elsewhere.",
        ),
        (
            {"trafficback_reason": "of the future", "destination": ""},
            "click",
            "turned_away",
            "The click did not reach an offer, because 'of the future'. The visitor was shown a page without an offer.",
        ),
        ({}, "impression", "seen", "A banner of Shoes was seen; an impression sends nobody anywhere."),
        (
            {"trafficback_reason": "offer_ended"},
            "impression",
            "turned_away",
            "The impression doesn't count for an offer, because the offer had ended.",
        ),
    ],
)
def test_a_decision_is_told_in_words(fields, kind, outcome, text):
    told = explained.decision({**CLICK, **fields}, kind)
    assert (told["outcome"], told["explained"]) == (outcome, text)
    assert told["reason"] == fields.get("trafficback_reason", "")


def test_a_verdict_names_each_reason_and_survives_one_it_does_not_know():
    told = explained.verdict({**CLICK, "verdict": "invalid", "fraud_reasons": ["prefetch", "of the future"]})
    known, unknown = told["reasons"]
    assert known["sentence"] == REASONS["prefetch"].sentence
    assert (known["category"], known["severity"], known["help"]) == ("GIVT", 80, REASONS["prefetch"].help)
    assert (unknown["code"], unknown["sentence"]) == (
        "of the future",
        "This version has no sentence for this code.",
    )


def test_a_verdict_tells_the_numbers_behind_each_reason_and_what_the_model_made_of_it():
    row = {
        **CLICK,
        "verdict": "suspect",
        "fraud_reasons": ["ip_velocity", "duplicate_click"],
        "fraud_facts": ["count=72 window=minute usual=1", ""],
        "model_score": 97,
        "model_features": ["address_minute"],
    }
    told = explained.verdict(row)
    velocity, duplicate = told["reasons"]
    assert velocity["sentence"] == "72 clicks from this address in one minute, usually 1."
    assert velocity["facts"] == {"count": "72", "window": "minute", "usual": "1"}
    assert (duplicate["sentence"], duplicate["facts"]) == (REASONS["duplicate_click"].sentence, {})
    assert told["model"] == {"score": 97, "features": ["address_minute"]}


@pytest.mark.parametrize(
    ("status", "reason", "end"),
    [
        ("approved", "", "it counts and is paid for."),
        ("hold", "hold_period", "it approves itself when that is over."),
        ("rejected", "returned goods", "The reason given: returned goods."),
    ],
)
def test_a_conversion_says_where_it_stands(status, reason, end):
    assert explained.conversion({"status": status, "reject_reason": reason}).endswith(end)


def test_a_conversion_that_fraud_rules_hold_says_what_they_found():
    held = {
        "status": "hold",
        "reject_reason": "fraud",
        "fraud_reasons": ["ctit_too_fast", "duplicate_txn", "of the future"],
        "fraud_facts": ["did=Installed took=2%20s half=4%20min"],
    }
    told = explained.conversion(held)
    assert told.endswith(
        "Fraud rules did that; a person's approval ends it. "
        "Installed 2 s after the click; usually half of this offer's conversions take more than 4 min. "
        + REASONS["duplicate_txn"].sentence
    )


def state(at: str, status: str, **fields):
    return {
        "conversion_id": "v",
        "changed_at": at,
        "status": status,
        "reject_reason": "",
        "goal": "",
        "conversion_source": "postback",
        "actor": "",
        "currency": "USD",
        "payout": Decimal("1.500000"),
        **fields,
    }


def test_a_timeline_is_in_order_of_time_and_mentions_no_hidden_money():
    attempt = {
        "ts": "2026-11-02T12:10:01.000+00:00",
        "hook_kind": "postback",
        "hook_id": 3,
        "attempt": 1,
        "outcome": "failed",
        "error": "timeout",
        "response_status": 0,
        "message_id": "m",
    }
    refused = {
        "ts": "2026-11-02T13:05:00.000+01:00",
        "kind": "postback",
        "reason": "token_wrong",
        "detail": "The token is wrong.",
        "rejected_id": "r",
    }
    road = {
        "kind": "click",
        "click": CLICK,
        "decision": explained.decision(CLICK, "click"),
        "verdict": explained.verdict(CLICK),
        "conversions": [
            {
                "states": [
                    state("2026-11-02T12:10:00.000+00:00", "pending", goal="sale"),
                    state("2026-11-03T09:00:00.000+00:00", "rejected", reject_reason="returned", actor="user:3"),
                ]
            }
        ],
        "outbound": [attempt],
        "rejected": [refused],
    }
    assert [(one["what"], one["id"], one["text"]) for one in timeline(road)] == [
        ("click", "c", "A link of Ann was clicked in DE on iOS."),
        ("decision", "c", "Sent to Shoes, the offer that was asked for."),
        ("verdict", "c", f"valid: {explained.VERDICTS['valid']}"),
        ("rejected", "r", "A postback was refused, token_wrong: The token is wrong."),
        ("conversion", "v", "Conversion on sale by postback: pending; payout 1.50 USD."),
        ("outbound", "m", "The postback of hook 3, try 1, was not delivered and is tried again: timeout."),
        ("conversion", "v", "Conversion changed by postback, user:3: rejected (returned); payout 1.50 USD."),
    ]
