"""Whatever is known of a conversion, rules and verdicts raise nothing and say what they can prove."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fraud.conversions import Conversion, Shared, findings_of, shared, weigh
from fraud.conversions.judging import find
from fraud.conversions.others import share
from fraud.entries import RuleEntry
from fraud.reasons import REASONS
from fraud.rules.book import Rulebook
from fraud.usual.conversions import (
    Addresses,
    Amounts,
    CouponUse,
    OfOneClick,
    Pace,
    Timing,
    UsualConversions,
)
from tracker.events import Postback, PostbackFields
from tracker.pipeline.conversion_facts import facts_of_conversion
from tracker.pipeline.conversion_rows import Owner
from tracker.snapshot import EMPTY
from tracker.visitor import Place

texts = st.text(max_size=12)
moments = st.integers(0, 4_000_000_000_000)
small = st.integers(1, 3)
sizes = st.integers(0, 10**6)
seconds = st.floats(0, 1e7)
numbers = st.floats(allow_nan=True, allow_infinity=True)

conversions = st.builds(
    Conversion,
    key=texts,
    ts=moments,
    partner_id=small,
    offer_id=small,
    advertiser_id=small,
    goal=st.sampled_from(["", "sale"]),
    kind=st.sampled_from(["install", "lead", "sale", "action"]),
    attribution=st.sampled_from(["click", "view", "coupon"]),
    is_live=st.booleans(),
    is_stored=st.booleans(),
    click_id=texts,
    click_ms=moments,
    txn_id=texts,
    customer_id=texts,
    coupon=st.sampled_from(["", "X", "\x00=% ä"]),
    coupon_partner_id=st.integers(0, 3),
    path_partner_id=st.integers(0, 3),
    amount=numbers,
    currency=st.sampled_from(["", "USD"]),
    ip=texts,
    country=texts,
    conversion_ip=texts,
    prefix=texts,
    conversion_prefix=texts,
    conversion_country=texts,
)
timings = st.builds(
    Timing,
    number=sizes,
    late=sizes,
    quantiles=st.lists(seconds, min_size=5, max_size=5).map(lambda values: tuple(sorted(values))),
    tail_median_s=seconds,
    tail_far_s=seconds,
)


def by(*keys, values):
    return st.dictionaries(st.tuples(*keys) if len(keys) > 1 else keys[0], values, max_size=3)


usuals = st.builds(
    UsualConversions,
    network=timings,
    of_offers=by(small, values=timings),
    of_goals=by(small, st.sampled_from(["", "sale"]), values=timings),
    of_pairs=by(small, small, values=timings),
    clicks=by(small, small, values=sizes),
    converted=by(small, small, values=sizes),
    offer_clicks=by(small, values=sizes),
    offer_converted=by(small, values=sizes),
    amounts=by(
        small,
        st.just("USD"),
        values=st.builds(Amounts, st.integers(1, 999), st.floats(-20, 20), st.floats(0, 9)),
    ),
    paces=by(small, values=st.builds(Pace, seconds, seconds, sizes)),
    of_one_click=by(small, st.just(""), values=st.builds(OfOneClick, seconds, sizes)),
    coupons=by(small, st.just("X"), values=st.builds(CouponUse, sizes, st.floats(1, 30))),
    addresses=by(small, values=st.builds(Addresses, sizes, sizes)),
)
shares = st.builds(Shared, sizes, sizes, sizes, sizes, sizes, sizes)
books = st.sampled_from(
    [Rulebook.of(), Rulebook.of([RuleEntry("ctit_too_fast", action="reject"), RuleEntry("score", action="hold")])]
)


@given(conversions, shares, usuals, books)
def test_rules_raise_nothing_and_every_finding_reads_as_a_sentence(one, having, usual, book):
    findings = find(one, having, usual, book)
    for finding in findings:
        told = REASONS[finding.code].told(finding.facts)
        assert told
        assert told != REASONS[finding.code].sentence
    judged = weigh(findings, book, one.partner_id, one.offer_id)
    assert len(judged.facts) == len(judged.judgement.reasons) == len(findings)
    assert 0 <= judged.judgement.score <= 100
    weighing = {finding.code for finding in findings} - {"conversion_ip_mismatch"}
    assert (judged.judgement.verdict == "valid") == (not weighing)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_whatever_a_row_holds_is_judged(reasons, facts):
    assert weigh(findings_of(reasons, facts), Rulebook.of(), 1, 1).judgement.verdict == "valid"


@given(st.lists(conversions, max_size=6))
def test_what_a_batch_shares_grows_with_each_and_never_counts_itself(batch):
    for one, having in zip(batch, share(batch, {}), strict=True):
        assert having.of_click >= (0 if one.is_stored else 1)
        assert 0 <= having.txn_on_offer <= having.txn_at_advertiser < len(batch) + 1
        assert having.customer < len(batch)


def test_an_empty_batch_asks_nothing():
    assert shared(None, []) == []


@given(
    st.builds(
        PostbackFields,
        click_id=st.just(""),
        txn_id=texts,
        goal=texts,
        amount=st.none() | texts,
        currency=st.none() | texts,
        coupon=texts,
        customer_id=texts,
        conversion_ip=texts,
    ),
    st.sampled_from([{"partner_id": 1, "offer_id": 1}, {"partner_id": 1, "offer_id": 1, "ip": "", "country": ""}]),
)
def test_the_facts_of_any_postback_can_be_read(fields, dimensions):
    postback = Postback(1, fields, 1, "GET", b"", "", "")
    facts = facts_of_conversion(postback, Owner(dimensions, "", 1, "coupon"), None, EMPTY, lambda _: Place())
    assert facts.amount == facts.amount  # no NaN
    find(facts, Shared(), UsualConversions(), Rulebook.of())
