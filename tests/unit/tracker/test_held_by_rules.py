"""What fraud rules hold or reject: a person may approve it, and nobody else undoes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.offers import offer
from tracker.conversion_life import apply, held_by_rules
from tracker.conversion_state import FRAUD, HOLD_PERIOD, RATE_MISSING, ConversionState
from tracker.events import Postback, PostbackFields
from tracker.rates import Rates
from tracker.tariff import Terms, terms_for

NOW = 1_700_000_000_000
DAY = NOW // 86_400_000
RATES = {"USD": ((0, "1"),)}
MIXED = {"payout": "1"}
"""A fixed part beside the share: without a rate it can't be told what that is together."""


def terms(rates: dict[str, Any] = RATES, **changes: Any) -> Terms:
    made = offer(**({"payout": "", "revenue": "", "payout_percent": "10", "revenue_percent": "20"} | changes))
    return terms_for(made, "", Rates("USD", rates), partner_id=1, tier_id=0, country="")


def postback(*, by_hand: bool = False, source: str = "postback", **fields: Any) -> Postback:
    return Postback(
        NOW,
        PostbackFields("k" * 32, **fields),
        1,
        "GET",
        b"",
        "",
        "",
        source="api" if by_hand else source,
        trusted=by_hand,
    )


def new(follows: str, status: str | None = "approved", **more: Any) -> ConversionState:
    given = {
        "rates": more.pop("rates", RATES),
        **{name: more.pop(name) for name in ("hold_s", "payout") if name in more},
    }
    _, state = apply(None, postback(status=status, amount="100", **more), terms(**given))
    return held_by_rules(state, follows)


@pytest.mark.parametrize(("follows", "status"), [("hold", "hold"), ("reject", "rejected")])
def test_a_new_conversion_is_stored_as_rules_say_with_its_money_and_counts_nowhere(follows, status):
    state = new(follows)
    assert (state.status, state.reject_reason, state.asked_status) == (status, FRAUD, "approved")
    assert (state.payout, state.revenue) == (Decimal(10), Decimal(20))
    assert state.held_by_rules
    assert not state.counts


def test_nothing_follows_from_nothing_and_a_rejection_of_the_advertisers_stays_its_own():
    assert new("").status == "approved"
    assert new("hold", status="rejected").reject_reason == ""


@pytest.mark.parametrize("follows", ["hold", "reject"])
@pytest.mark.parametrize("asked", ["approved", "pending", None])
def test_no_postback_undoes_it(follows, asked):
    state = new(follows)
    assert apply(state, postback(status=asked, amount="100"), terms()) == ("duplicate", state)


def test_the_advertiser_may_still_reject_what_is_on_hold():
    outcome, state = apply(new("hold"), postback(status="rejected"), terms())
    assert (outcome, state.status, state.held_by_rules) == ("updated", "rejected", False)


@pytest.mark.parametrize("follows", ["hold", "reject"])
def test_a_persons_approval_wins_and_no_later_postback_undoes_it(follows):
    outcome, state = apply(new(follows), postback(by_hand=True, status="approved"), terms())
    assert (outcome, state.status, state.reject_reason, state.payout) == ("updated", "approved", "", Decimal(10))
    assert not state.held_by_rules
    assert apply(state, postback(status="approved", amount="100"), terms()) == ("duplicate", state)
    assert apply(state, postback(status="pending"), terms())[0] == "refused"
    assert apply(state, postback(status="rejected"), terms())[1].status == "rejected"


def test_a_chargeback_after_that_is_final():
    _, approved = apply(new("reject"), postback(by_hand=True, status="approved"), terms())
    _, returned = apply(approved, postback(status="rejected", reject_reason="fraud"), terms())
    assert not returned.held_by_rules
    assert apply(returned, postback(by_hand=True, status="approved"), terms())[0] == "refused"


def test_rules_take_the_place_of_a_hold_period():
    state = new("hold", hold_s=3600)
    assert (state.reject_reason, state.hold_until, state.asked_status) == (FRAUD, 0, "approved")
    assert apply(state, postback(source="hold"), terms(hold_s=3600)) == ("duplicate", state)
    assert new("", hold_s=3600).reject_reason == HOLD_PERIOD


def test_an_advertiser_who_calls_its_own_reason_fraud_may_approve():
    _, state = apply(None, postback(status="hold", reject_reason="fraud", amount="100"), terms())
    assert not state.held_by_rules
    assert apply(state, postback(status="approved"), terms())[1].status == "approved"


def test_what_is_held_gets_its_money_when_its_rate_comes_and_stays_held():
    state = new("hold", currency="EUR", rates={}, **MIXED)
    assert (state.reject_reason, state.asked_status, state.payout) == (FRAUD, "approved", Decimal(0))
    assert state.rate_missing_since == NOW
    rates = {"USD": ((0, "1"),), "EUR": ((0, "2"),)}
    outcome, priced = apply(state, postback(source="rate"), terms(rates, **MIXED))
    assert (outcome, priced.status, priced.reject_reason, priced.payout) == ("updated", "hold", FRAUD, Decimal(21))
    assert priced.held_by_rules
    assert apply(priced, postback(by_hand=True, status="approved"), terms(rates, **MIXED))[1].status == "approved"


@pytest.mark.parametrize("follows", ["hold", "reject"])
def test_what_a_person_approves_before_its_rate_came_waits_for_the_rate_alone(follows):
    state = new(follows, currency="EUR", rates={}, **MIXED)
    _, waiting = apply(state, postback(by_hand=True, status="approved"), terms({}, **MIXED))
    assert (waiting.status, waiting.reject_reason, waiting.asked_status) == ("hold", RATE_MISSING, "approved")
    rates = {"USD": ((0, "1"),), "EUR": ((0, "2"),)}
    _, priced = apply(waiting, postback(source="rate"), terms(rates, **MIXED))
    assert (priced.status, priced.reject_reason, priced.payout) == ("approved", "", Decimal(21))
