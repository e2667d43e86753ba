"""Whatever advertisers send in whatever order, a conversion's state stays sound."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from tests.support.edge import KEYS
from tests.support.offers import offer
from tracker.conversion_life import TRANSITIONS, apply, beyond_cap
from tracker.conversion_state import conversion_id, decode_state, encode_state
from tracker.errors import AMOUNT_INVALID
from tracker.events import Postback, PostbackFields
from tracker.postbacks import MAX_AMOUNT
from tracker.rates import Rates
from tracker.tariff import terms_for

CLICKS = [KEYS.mint(1_760_000_000_000, 1) for _ in range(3)]

amounts = (
    st.none() | st.sampled_from(["0", "5", "80", "999999999999.999999"]) | st.decimals(0, 10**6, places=6).map(str)
)
texts = st.sampled_from(["", "a", "b"])
statuses = st.sampled_from([None, "approved", "pending", "rejected", "hold"])
fields = st.builds(
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
moments = st.integers(0, 3).map(lambda days: 1_760_000_000_000 + days * 86_400_000)
postbacks = st.builds(
    Postback,
    ts=moments,
    fields=fields,
    offer_id=st.just(1),
    method=st.just("GET"),
    raw=st.just(b""),
    ip=st.just(""),
    user_agent=st.just(""),
    source=st.sampled_from(["postback", "postback", "api", "upload"]),
    trusted=st.booleans(),
)
EURO = Rates("USD", {"EUR": ((20_370, "1.1"), (20_372, "0.9"))})
rates = st.sampled_from([Rates(), EURO])
percents = st.sampled_from(["", "0", "10", "33.333333", "1000"])
offers = st.builds(
    offer,
    payout=st.sampled_from(["", "0", "2.50", "999999999999.999999"]),
    revenue=st.sampled_from(["0", "4.00"]),
    payout_percent=percents,
    revenue_percent=percents,
    default_status=st.sampled_from(["approved", "pending", "hold"]),
    hold_s=st.sampled_from([0, 0, 86_400]),
    allow_override=st.booleans(),
)


def step(state, sent, terms, known):
    """Return what ``apply`` does, None when the amount earns more than can be stored."""
    try:
        return apply(state, sent, terms_for(terms, sent.fields.goal, known))
    except ClickledgerError as why:
        if why.kind is not AMOUNT_INVALID:
            raise
        return None


@given(terms=offers, known=rates, sent=st.lists(postbacks, min_size=1, max_size=6))
@settings(max_examples=200)
def test_money_is_never_negative_statuses_follow_the_table_and_repetitions_change_nothing(terms, known, sent):
    state = None
    for each in sent:
        if (found := step(state, each, terms, known)) is None:
            continue
        outcome, after = found
        assert (outcome == "accepted") == (state is None)
        if outcome in {"duplicate", "refused"}:
            assert after == state
        else:
            assert after != state
            # What we held ourselves for its rate may have been pending all the while.
            held_back = {"pending"} if state and state.rate_missing_since else set()
            assert state is None or after.status in {state.status, *TRANSITIONS[state.status], *held_back}
            assert step(after, each, terms, known) == ("duplicate", after)
        assert bool(after.hold_until) <= (after.status == "hold")
        assert bool(after.rate_missing_since) == bool(after.asked_status) <= (after.status == "hold")
        for money in (after.amount, after.payout, after.revenue):
            assert 0 <= money <= MAX_AMOUNT
            assert money == money.quantize(Decimal("0.000001"))
        assert decode_state(encode_state(after)) == after
        state = after


@given(terms=offers, known=rates, sent=postbacks, hard=st.booleans())
def test_what_came_when_a_cap_was_reached_is_a_duplicate_when_it_comes_again(terms, known, sent, hard):
    found = step(None, sent, terms, known)
    assume(found is not None and found[1].counts and not (sent.trusted and sent.source == "api"))
    state = beyond_cap(found[1], hard=hard)
    assert not state.counts
    assert step(state, sent, terms, known) == ("duplicate", state)


@given(terms=offers, sent=postbacks, days=st.integers(-1, 3))
def test_a_hold_period_ends_with_its_time_and_not_before(terms, sent, days):
    found = step(None, sent, terms, Rates())
    assume(found is not None)
    state = found[1]
    release = msgspec.structs.replace(sent, source="hold", ts=sent.ts + days * 86_400_000)
    outcome, after = step(state, release, terms, Rates())
    if state.hold_until and days >= 1:
        assert (outcome, after.status, after.reject_reason, after.hold_until) == ("updated", "approved", "", 0)
        assert after.payout == state.payout
        assert step(after, release, terms, Rates()) == ("duplicate", after)
    else:
        assert (outcome, after) == ("duplicate", state)


@given(
    default=st.sampled_from(["approved", "pending", "hold"]),
    hold_s=st.sampled_from([0, 86_400]),
    status=st.sampled_from([None, "approved", "pending", "hold"]),
    amount=st.decimals(0, 10**6, places=6).map(str),
    ts=moments,
    days=st.integers(0, 3),
)
def test_a_rate_that_comes_late_makes_of_a_conversion_what_it_would_have_been(
    default, hold_s, status, amount, ts, days
):
    terms = offer(payout="2.50", payout_percent="10", default_status=default, hold_s=hold_s)
    foreign = PostbackFields(CLICKS[0], status=status, amount=amount, currency="EUR")
    sent = Postback(ts, foreign, 1, "GET", b"", "", "")
    state = step(None, sent, terms, Rates())[1]
    assert (state.status, state.payout, state.rate_missing_since) == ("hold", 0, ts)
    late = msgspec.structs.replace(
        sent, source="rate", ts=ts + days * 86_400_000, fields=PostbackFields(CLICKS[0])
    )
    assert step(state, late, terms, EURO)[1] == step(None, sent, terms, EURO)[1]


@given(terms=offers, later=offers, sent=postbacks)
def test_a_repetition_after_the_tariff_changed_changes_nothing(terms, later, sent):
    found = step(None, sent, terms, Rates())
    assume(found is not None and sent.fields.payout is None and sent.fields.revenue is None)
    # What waits on hold may be waiting for just that tariff; a period that began since is for new approvals.
    assume(found[1].status != "hold" or found[1].hold_until)
    assert step(found[1], sent, later, Rates()) == ("duplicate", found[1])


@given(terms=offers, sent=postbacks)
def test_the_edge_and_the_pipeline_agree_whatever_the_state_went_through(terms, sent):
    found = step(None, sent, terms, Rates())
    assume(found is not None)
    state = found[1]
    assert step(decode_state(encode_state(state)), sent, terms, Rates()) == step(state, sent, terms, Rates())


keys = st.tuples(st.sampled_from(CLICKS), st.text("a1:é", max_size=4), st.text("a1:é", max_size=4))


@given(st.sets(keys, max_size=40))
def test_different_keys_are_different_conversions(several):
    assert len({conversion_id(*key) for key in several}) == len(several)
