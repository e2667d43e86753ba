"""Whatever advertisers send in whatever order, a conversion's state stays sound."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from tests.support.edge import KEYS
from tests.support.offers import offer
from tracker.conversion_state import TRANSITIONS, apply, conversion_id, decode_state, encode_state
from tracker.errors import AMOUNT_INVALID
from tracker.events import PostbackFields
from tracker.postbacks import MAX_AMOUNT

CLICKS = [KEYS.mint(1_760_000_000_000, 1) for _ in range(3)]

amounts = (
    st.none() | st.sampled_from(["0", "5", "80", "999999999999.999999"]) | st.decimals(0, 10**6, places=6).map(str)
)
texts = st.sampled_from(["", "a", "b"])
statuses = st.sampled_from([None, "approved", "pending", "rejected", "hold"])
postbacks = st.builds(
    PostbackFields,
    click_id=st.just(CLICKS[0]),
    goal=st.sampled_from(["", "", "", "signup"]),
    status=statuses,
    amount=amounts,
    payout=amounts,
    revenue=amounts,
    currency=st.sampled_from([None, None, "USD", "EUR"]),
    adv=st.tuples(texts, texts, st.just(""), st.just(""), st.just("")),
    coupon=texts,
    customer_id=texts,
    reject_reason=texts,
)
percents = st.sampled_from(["", "0", "10", "33.333333", "1000"])
offers = st.builds(
    offer,
    payout=st.sampled_from(["", "0", "2.50", "999999999999.999999"]),
    revenue=st.sampled_from(["0", "4.00"]),
    payout_percent=percents,
    revenue_percent=percents,
    default_status=st.sampled_from(["approved", "pending", "hold"]),
    allow_override=st.booleans(),
)


def applied(state, fields, terms):
    """Return what ``apply`` does, None when the amount earns more than can be stored."""
    try:
        return apply(state, fields, terms)
    except ClickledgerError as why:
        if why.kind is not AMOUNT_INVALID:
            raise
        return None


@given(terms=offers, sent=st.lists(postbacks, min_size=1, max_size=6))
@settings(max_examples=200)
def test_money_is_never_negative_statuses_follow_the_table_and_repetitions_change_nothing(terms, sent):
    state = None
    for fields in sent:
        if (found := applied(state, fields, terms)) is None:
            continue
        outcome, after = found
        assert (outcome == "accepted") == (state is None)
        if outcome in {"duplicate", "refused"}:
            assert after == state
        else:
            assert after != state
            assert state is None or after.status in {state.status, *TRANSITIONS[state.status]}
            assert apply(after, fields, terms) == ("duplicate", after)
        for money in (after.amount, after.payout, after.revenue):
            assert 0 <= money <= MAX_AMOUNT
            assert money == money.quantize(Decimal("0.000001"))
        assert decode_state(encode_state(after)) == after
        state = after


@given(terms=offers, later=offers, fields=postbacks)
def test_a_repetition_after_the_tariff_changed_changes_nothing(terms, later, fields):
    found = applied(None, fields, terms)
    assume(found is not None and fields.payout is None and fields.revenue is None)
    # What waits on hold may be waiting for just that tariff.
    assume(found[1].status != "hold")
    assert apply(found[1], fields, later) == ("duplicate", found[1])


@given(terms=offers, fields=postbacks)
def test_the_edge_and_the_pipeline_agree_whatever_the_state_went_through(terms, fields):
    found = applied(None, fields, terms)
    assume(found is not None)
    state = found[1]
    assert apply(decode_state(encode_state(state)), fields, terms) == apply(state, fields, terms)


keys = st.tuples(st.sampled_from(CLICKS), st.text("a1:é", max_size=4), st.text("a1:é", max_size=4))


@given(st.sets(keys, max_size=40))
def test_different_keys_are_different_conversions(several):
    assert len({conversion_id(*key) for key in several}) == len(several)
