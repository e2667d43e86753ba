from __future__ import annotations

import base64
from decimal import Decimal
from itertools import product

import pytest

from kernel.errors import ClickledgerError
from tests.support.offers import offer
from tracker.click_id import ClickIdKeys
from tracker.conversion_life import TRANSITIONS, apply, beyond_cap
from tracker.conversion_state import (
    CAP_REACHED,
    HOLD_PERIOD,
    RATE_MISSING,
    clickless_id,
    conversion_id,
    decode_state,
    encode_state,
    id_of,
)
from tracker.errors import AMOUNT_INVALID
from tracker.events import Postback, PostbackFields
from tracker.rates import NO_RATES, Rates
from tracker.tariff import terms_for

CLICK = ClickIdKeys({1: b"k" * 32}, 1).mint(1_760_000_000_000, 1)
STATUSES = ("pending", "hold", "approved", "rejected")
SHARE = {"payout": "0", "revenue": "", "payout_percent": "10", "revenue_percent": "15"}
BOTH = {"payout_percent": "10", "revenue_percent": "15"}


RECEIVED = 1_760_000_060_000
DAY = RECEIVED // 86_400_000
EURO = Rates("USD", {"EUR": ((DAY - 1, "1.10"), (DAY + 1, "2"))})


def postback(*, source="postback", trusted=False, ts=RECEIVED, **fields):
    return Postback(ts, PostbackFields(CLICK, **fields), 1, "GET", b"", "", "", source, trusted=trusted)


def step(state, sent, terms, rates=NO_RATES):
    return apply(state, sent, terms_for(terms, sent.fields.goal, rates))


def life(terms, *postbacks, rates=NO_RATES):
    """Apply postbacks in turn; return the outcomes and the state in the end."""
    state, outcomes = None, []
    for sent in postbacks:
        outcome, state = step(state, sent, terms, rates)
        outcomes.append(outcome)
    return outcomes, state


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_a_status_moves_only_along_the_table(before, after):
    outcomes, state = life(offer(), postback(status=before), postback(status=after))
    if before == after:
        assert (outcomes[1], state.status) == ("duplicate", before)
    elif after in TRANSITIONS[before]:
        assert (outcomes[1], state.status) == ("updated", after)
    else:
        assert (outcomes[1], state.status) == ("refused", before)


def test_the_table_is_the_one_that_was_promised():
    assert {
        "pending": {"approved", "rejected", "hold"},
        "hold": {"approved", "rejected"},
        "approved": {"rejected"},
        "rejected": set(),
    } == TRANSITIONS


@pytest.mark.parametrize("default", ["approved", "pending", "hold"])
def test_a_postback_without_status_gets_the_offers(default):
    assert life(offer(default_status=default), postback())[1].status == default


def test_the_same_values_again_are_a_duplicate_any_number_of_times():
    sent = postback(
        txn_id="A1", amount="99.90", currency="EUR", status="pending", coupon="X", adv=("a", "", "", "", "")
    )
    assert life(offer(), sent, sent, sent)[0] == ["accepted", "duplicate", "duplicate"]


def test_a_repetition_that_leaves_things_out_is_a_duplicate_too():
    assert life(offer(), postback(amount="5", coupon="X"), postback())[0] == ["accepted", "duplicate"]


def test_amounts_are_compared_as_numbers():
    assert life(offer(), postback(amount="5"), postback(amount="5.000000"))[0] == ["accepted", "duplicate"]


def test_a_later_postback_changes_what_it_names_and_nothing_else():
    outcomes, state = life(
        offer(),
        postback(amount="5", coupon="X", customer_id="c-1", conversion_ip="192.0.2.1", adv=("a", "b", "", "", "")),
        postback(amount="7", adv=("", "B", "C", "", "")),
    )
    assert outcomes == ["accepted", "updated"]
    assert state.amount == Decimal(7)
    assert state.adv == ("a", "B", "C", "", "")
    assert (state.coupon, state.customer_id, state.conversion_ip) == ("X", "c-1", "192.0.2.1")


def test_a_chargeback_keeps_its_reason_and_its_money():
    _, state = life(offer(), postback(), postback(status="rejected", reject_reason="returned"))
    assert (state.status, state.reject_reason, state.payout) == ("rejected", "returned", Decimal("2.50"))


def test_a_new_status_takes_the_old_reason_away():
    _, state = life(offer(), postback(status="hold", reject_reason="check"), postback(status="approved"))
    assert (state.status, state.reject_reason) == ("approved", "")


def test_a_rejected_conversion_changes_no_more():
    outcomes, state = life(offer(), postback(status="rejected"), postback(amount="5"), postback(status="rejected"))
    assert outcomes == ["accepted", "refused", "duplicate"]
    assert state.amount == 0


@pytest.mark.parametrize(
    ("terms", "amount", "payout", "revenue"),
    [
        ({}, None, "2.50", "4.00"),
        ({}, "80", "2.50", "4.00"),
        (SHARE, None, "0", "0"),
        (SHARE, "80", "8", "12"),
        (BOTH, "80", "10.50", "16"),
        (SHARE | {"payout_percent": "0.000001"}, "0.5", "0", "0.075"),
        (SHARE | {"payout_percent": "50"}, "0.000003", "0.000002", "0"),
        (SHARE | {"payout_percent": "50"}, "0.000005", "0.000002", "0.000001"),
    ],
)
def test_the_offer_pays_fixed_and_percent_rounded_half_to_even(terms, amount, payout, revenue):
    _, state = life(offer(**terms), postback(amount=amount))
    assert (state.payout, state.revenue) == (Decimal(payout), Decimal(revenue))
    assert state.currency == "USD"


def test_a_changed_amount_changes_the_share_and_a_changed_status_does_not():
    terms = offer(**SHARE)
    _, state = life(terms, postback(amount="80", status="pending"), postback(amount="100"))
    assert state.payout == Decimal(10)
    _, after = step(state, postback(status="approved"), offer(payout_percent="99"))
    assert after.payout == Decimal(10)


def test_a_new_tariff_is_for_new_amounts_and_changes_no_repetition():
    sent = postback(amount="80", txn_id="1")
    _, state = life(offer(**SHARE), sent)
    raised = offer(**SHARE | {"payout_percent": "20"})
    assert step(state, sent, raised) == ("duplicate", state)
    outcome, after = step(state, postback(amount="90", txn_id="1"), raised)
    assert (outcome, after.payout) == ("updated", Decimal(18))


def test_payout_and_revenue_are_the_advertisers_only_where_the_offer_allows_it():
    sent = postback(amount="80", payout="1.25", revenue="9", currency="EUR")
    _, allowed = life(offer(allow_override=True), sent)
    assert (allowed.payout, allowed.revenue, allowed.currency) == (Decimal("1.25"), Decimal(9), "EUR")
    _, ignored = life(offer(), sent)
    assert (ignored.payout, ignored.revenue, ignored.currency) == (Decimal("2.50"), Decimal(4), "USD")
    assert ignored.amount_currency == "EUR"


def test_what_the_advertiser_paid_no_longer_follows_the_amount():
    terms = offer(allow_override=True, **SHARE)
    outcomes, state = life(terms, postback(amount="80", payout="3"), postback(amount="500"))
    assert outcomes == ["accepted", "updated"]
    assert (state.amount, state.payout, state.revenue) == (Decimal(500), Decimal(3), Decimal(0))


def test_a_goal_the_offer_does_not_know_earns_what_its_postback_may_say():
    assert life(offer(), postback(goal="signup", amount="10"))[1].payout == 0
    assert life(offer(allow_override=True), postback(goal="signup", payout="0.40"))[1].payout == Decimal("0.40")


def test_a_share_alone_is_paid_in_the_amounts_currency_and_back_again():
    terms = offer(**SHARE)
    _, state = life(terms, postback(amount="80", currency="EUR"))
    assert (state.payout, state.currency, state.status) == (Decimal(8), "EUR", "approved")
    _, back = step(state, postback(currency="USD"), terms)
    assert (back.payout, back.currency) == (Decimal(8), "USD")


@pytest.mark.parametrize("status", [None, "approved", "pending", "hold"])
def test_fixed_and_percent_in_two_currencies_wait_on_hold_and_repetitions_change_nothing(status):
    sent = postback(amount="80", currency="EUR", status=status)
    outcomes, state = life(offer(**BOTH), sent, sent, sent)
    assert outcomes == ["accepted", "duplicate", "duplicate"]
    assert (state.status, state.reject_reason) == ("hold", RATE_MISSING)
    assert (state.payout, state.revenue, state.currency) == (0, 0, "USD")


def test_a_missing_rate_is_the_reason_unless_a_hold_has_one():
    foreign = postback(amount="80", currency="EUR", status="pending")
    pending = postback(status="pending", reject_reason="check")
    outcomes, state = life(offer(**BOTH), pending, foreign, foreign)
    assert (outcomes, state.reject_reason) == (["accepted", "updated", "duplicate"], RATE_MISSING)
    held = postback(status="hold", reject_reason="check")
    outcomes, state = life(offer(**BOTH), held, foreign, foreign)
    assert (outcomes, state.reject_reason) == (["accepted", "updated", "duplicate"], "check")


def test_a_share_of_nothing_needs_no_rate():
    terms = offer(payout_percent="0.00", revenue_percent="0")
    _, state = life(terms, postback(amount="80", currency="EUR"))
    assert (state.status, state.payout, state.currency) == ("approved", Decimal("2.50"), "USD")


def test_a_missing_rate_never_undoes_a_rejection():
    _, state = life(
        offer(**BOTH), postback(status="pending"), postback(status="rejected", amount="9", currency="EUR")
    )
    assert (state.status, state.reject_reason, state.payout) == ("rejected", "", Decimal("2.50"))
    _, first = life(offer(**BOTH), postback(status="rejected", amount="9", currency="EUR"))
    assert (first.status, first.payout) == ("rejected", 0)


def test_a_missing_rate_never_takes_an_approval_back():
    outcomes, state = life(offer(**BOTH), postback(amount="80"), postback(amount="90", currency="EUR"))
    assert outcomes == ["accepted", "updated"]
    assert (state.status, state.payout, state.currency) == ("approved", Decimal("10.50"), "USD")
    assert (state.amount, state.amount_currency) == (Decimal(90), "EUR")


@pytest.mark.parametrize("status", ["approved", "pending", "hold"])
def test_the_rate_is_no_longer_missing_once_the_amount_comes_in_the_offers_currency(status):
    foreign = postback(amount="80", currency="EUR", status=status)
    outcomes, state = life(offer(**BOTH), foreign, postback(amount="88", currency="USD"))
    assert (outcomes[-1], state.status, state.reject_reason, state.payout) == (
        "updated",
        status,
        "",
        Decimal("11.30"),
    )
    assert (state.rate_missing_since, state.asked_status) == (0, "")


@pytest.mark.parametrize("asked", [None, "approved", "pending", "hold"])
def test_when_its_rate_comes_a_conversion_becomes_what_it_was_to_be_at_the_rate_of_its_amounts_day(asked):
    terms = offer(default_status="pending", **BOTH)
    _, state = life(terms, postback(amount="80", currency="EUR", status=asked))
    late = postback(amount=None, source="rate", ts=RECEIVED + 30 * 86_400_000)
    assert step(state, late, terms) == ("duplicate", state), "as long as there is no rate"
    outcome, after = step(state, late, terms, EURO)
    assert (outcome, after.status, after.reject_reason) == ("updated", asked or "pending", "")
    assert (after.payout, after.revenue, after.currency) == (Decimal("11.30"), Decimal("17.20"), "USD")
    assert step(after, late, terms, EURO) == ("duplicate", after)


def test_a_repetition_that_comes_after_the_rate_is_priced_at_the_rate_of_the_first_days():
    foreign = postback(amount="80", currency="EUR")
    again = postback(amount="80", currency="EUR", ts=RECEIVED + 86_400_000)
    _, state = life(offer(**BOTH), foreign, again)
    assert state.rate_missing_since == RECEIVED
    outcome, after = step(state, again, offer(**BOTH), EURO)
    assert (outcome, after.status, after.payout) == ("updated", "approved", Decimal("11.30"))


def test_what_is_decided_while_a_rate_is_missing_stays_decided_when_it_comes():
    foreign, late = postback(amount="80", currency="EUR"), postback(amount=None, source="rate")
    for last, status, reason in (
        (postback(amount=None, status="rejected", reject_reason="fraud"), "rejected", "fraud"),
        (postback(amount=None, status="hold", reject_reason="check"), "hold", "check"),
    ):
        _, state = life(offer(**BOTH), foreign, last)
        assert (state.status, state.reject_reason) == (status, reason)
        assert step(state, late, offer(**BOTH), EURO) == ("duplicate", state)


def test_an_approval_without_an_amount_doesnt_approve_what_waits_for_its_rate_as_nothing():
    _, state = life(offer(**BOTH), postback(amount="80", currency="EUR", status="pending"))
    _, state = step(state, postback(amount=None, status="approved"), offer(**BOTH))
    assert (state.status, state.reject_reason, state.asked_status) == ("hold", RATE_MISSING, "approved")
    _, after = step(state, postback(amount=None, source="rate"), offer(**BOTH), EURO)
    assert (after.status, after.payout) == ("approved", Decimal("11.30"))


def test_a_payout_that_is_given_needs_no_rate():
    terms = offer(allow_override=True, **BOTH)
    _, state = life(
        terms, postback(amount="80", currency="EUR"), postback(amount=None, payout="3", currency="USD")
    )
    assert (state.status, state.reject_reason, state.payout) == ("approved", "", Decimal(3))


def test_a_reason_that_only_sounds_like_a_missing_rate_is_decided_by_no_rate():
    terms = offer(allow_override=True, **BOTH)
    _, state = life(terms, postback(payout="3", status="hold", reject_reason=RATE_MISSING))
    assert step(state, postback(amount=None, source="rate"), terms, EURO) == ("duplicate", state)


def test_the_hold_period_of_a_conversion_whose_rate_came_late_began_with_its_amount():
    terms = offer(hold_s=3600, **BOTH)
    _, state = life(terms, postback(amount="80", currency="EUR"))
    _, after = step(state, postback(amount=None, source="rate", ts=RECEIVED + 60_000), terms, EURO)
    assert (after.reject_reason, after.hold_until) == (HOLD_PERIOD, RECEIVED + 3_600_000)


def test_an_amount_that_earns_more_than_a_store_holds_is_refused():
    terms = offer(payout="1", payout_percent="100")
    assert life(terms, postback(amount="999999999998.999999"))[1].payout == Decimal("999999999999.999999")
    with pytest.raises(ClickledgerError) as refused:
        step(None, postback(amount="999999999999"), terms)
    assert refused.value.kind is AMOUNT_INVALID


def test_a_state_survives_the_cache_digit_by_digit():
    _, state = life(offer(**BOTH), postback(amount="123456789012.123456", adv=("é", "", "", "", "")))
    assert decode_state(encode_state(state)) == state


def test_a_conversions_id_tells_its_key_apart_and_begins_with_its_clicks_time():
    keys = [
        ("", ""),
        ("a", ""),
        ("", "a"),
        ("a", "bc"),
        ("ab", "c"),
        ("1:a", ""),
        ("", "1:a"),
        ("a1", ":"),
        ("é", ""),
    ]
    ids = {conversion_id(CLICK, goal, txn_id) for goal, txn_id in keys}
    assert len(ids) == len(keys)
    for each in ids:
        assert len(each) == 24
        assert base64.urlsafe_b64decode(each)[:6] == base64.urlsafe_b64decode(CLICK)[:6]
    assert conversion_id(CLICK, "a", "b") == conversion_id(CLICK, "a", "b")


def test_a_foreign_amount_is_converted_at_the_rate_of_its_day():
    terms = offer(**BOTH)
    _, state = life(terms, postback(amount="80", currency="EUR"), rates=EURO)
    # 80 EUR are 88 USD: 2.50 and 10 % of them, 4 and 15 %.
    assert (state.payout, state.revenue, state.currency) == (Decimal("11.30"), Decimal("17.20"), "USD")
    _, later = life(terms, postback(amount="80", currency="EUR", ts=RECEIVED + 86_400_000), rates=EURO)
    assert later.payout == Decimal("18.50")
    _, before = life(terms, postback(amount="80", currency="EUR", ts=RECEIVED - 2 * 86_400_000), rates=EURO)
    assert (before.status, before.reject_reason) == ("hold", RATE_MISSING)


HELD = offer(hold_s=3600)


def test_what_would_be_approved_is_held_for_its_period_and_then_approved():
    _, state = life(HELD, postback())
    assert (state.status, state.reject_reason, state.hold_until) == ("hold", HOLD_PERIOD, RECEIVED + 3_600_000)
    assert state.counts
    early, late = (postback(source="hold", status="approved", ts=state.hold_until + ms) for ms in (-1, 0))
    assert step(state, early, HELD) == ("duplicate", state)
    outcome, after = step(state, late, HELD)
    assert (outcome, after.status, after.reject_reason, after.hold_until) == ("updated", "approved", "", 0)
    assert step(after, postback(), HELD) == ("duplicate", after)


def test_a_pending_conversion_is_held_from_its_approval_on():
    _, state = life(HELD, postback(status="pending"), postback(status="approved", ts=RECEIVED + 5))
    assert (state.status, state.hold_until) == ("hold", RECEIVED + 5 + 3_600_000)


def test_during_the_period_an_approval_changes_nothing_and_a_rejection_rejects():
    held = life(HELD, postback())[1]
    assert step(held, postback(status="approved"), HELD) == ("duplicate", held)
    assert step(held, postback(trusted=True, source="upload", status="approved"), HELD) == ("duplicate", held)
    outcome, state = step(held, postback(status="rejected", reject_reason="fraud"), HELD)
    assert (outcome, state.status, state.reject_reason, state.hold_until) == ("updated", "rejected", "fraud", 0)
    assert step(state, postback(source="hold", ts=held.hold_until), HELD) == ("duplicate", state)


def test_an_advertisers_own_hold_ends_the_period_so_that_time_approves_nothing():
    held = life(HELD, postback())[1]
    outcome, state = step(held, postback(status="hold", reject_reason="check"), HELD)
    assert (outcome, state.status, state.reject_reason, state.hold_until) == ("updated", "hold", "check", 0)
    assert step(state, postback(source="hold", ts=held.hold_until), HELD) == ("duplicate", state)


def test_somebody_may_approve_by_hand_before_the_period_is_over():
    by_hand = postback(source="api", trusted=True, status="approved")
    outcome, state = step(life(HELD, postback())[1], by_hand, HELD)
    assert (outcome, state.status, state.hold_until) == ("updated", "approved", 0)
    assert life(HELD, by_hand)[1].status == "approved"


def test_an_amount_changes_a_held_conversion_and_not_its_period():
    terms = offer(hold_s=3600, **SHARE)
    outcomes, state = life(terms, postback(amount="10"), postback(amount="20", ts=RECEIVED + 9))
    assert outcomes == ["accepted", "updated"]
    assert (state.payout, state.hold_until) == (Decimal(2), RECEIVED + 3_600_000)


@pytest.mark.parametrize("hard", [True, False])
def test_beyond_a_cap_an_advertisers_approval_changes_nothing(hard):
    state = beyond_cap(life(offer(), postback())[1], hard=hard)
    assert (state.status, state.reject_reason) == ("rejected" if hard else "hold", CAP_REACHED)
    assert not state.counts
    for again in (postback(), postback(status="approved"), postback(status="pending")):
        assert step(state, again, offer()) == ("duplicate", state)
    by_hand = postback(source="api", trusted=True, status="approved")
    assert step(state, by_hand, offer())[0] == ("refused" if hard else "updated")


def test_whom_we_trust_sets_payout_and_revenue_whatever_the_offer_says():
    _, state = life(offer(), postback(trusted=True, source="upload", payout="7", revenue="9"))
    assert (state.payout, state.revenue, state.payout_given) == (Decimal(7), Decimal(9), True)
    unknown = postback(trusted=True, goal="signup", payout="7")
    assert life(offer(), unknown)[1].payout == Decimal(7)


def test_a_conversion_without_a_click_is_known_by_offer_goal_and_transaction():
    ids = {clickless_id(*key) for key in [(1, "", "a"), (2, "", "a"), (1, "a", ""), (1, "", "1:a"), (11, "", "a")]}
    assert len(ids) == 5
    assert {len(each) for each in ids} == {24}
    sent = Postback(RECEIVED, PostbackFields("", txn_id="a"), 1, "GET", b"", "", "")
    assert id_of(sent) == clickless_id(1, "", "a")
    assert id_of(postback(txn_id="a")) == conversion_id(CLICK, "", "a")
    assert id_of(Postback(RECEIVED, sent.fields, 1, "", b"", "", "", conversion_id="known")) == "known"
