"""However postbacks are repeated, ordered and cut into batches, each key is one conversion, and caps hold."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from tests.support.edge import KEYS
from tests.support.offers import goal, offer
from tracker.conversion_life import TRANSITIONS
from tracker.conversion_state import id_of
from tracker.events import Postback, PostbackFields
from tracker.pipeline.conversion_rows import Owner
from tracker.pipeline.counting import Counts, cap_bucket
from tracker.pipeline.deciding import Decisions
from tracker.rates import Rates
from tracker.routes import CapRoute, PriceRoute, TariffRoute
from tracker.snapshot import Snapshot

NOON = 1_760_011_200_000
CLICKS = [KEYS.mint(NOON - 1000, 1) for _ in range(3)]

postbacks = st.builds(
    lambda click, txn, status, amount, minute, source: Postback(
        NOON + minute * 60_000,
        PostbackFields(click, txn, "", status, amount),
        1,
        "GET",
        b"",
        "",
        "",
        source,
        trusted=source == "api",
    ),
    st.sampled_from(CLICKS),
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, "approved", "pending", "rejected", "hold"]),
    st.sampled_from([None, "10", "20"]),
    st.integers(0, 30),
    st.sampled_from(["postback", "postback", "api"]),
)
caps = st.builds(
    CapRoute,
    id=st.integers(1, 9),
    kind=st.sampled_from(["conversion", "payout"]),
    period=st.sampled_from(["day", "total"]),
    amount=st.sampled_from(["0", "1", "2", "5"]),
    hard=st.booleans(),
    each_partner=st.booleans(),
)


def partner_of(click_id):
    return 1 + CLICKS.index(click_id) % 2


def decide(program, batches):
    """Return the conversions in the end, the rows, and the counts, as one pipeline decides them."""
    known, rows = {}, []
    counts = Counts(None, (), Rates())
    for batch in batches:
        decisions = Decisions(program, 86_400_000, known)
        for sent in sorted(batch, key=lambda p: p.ts):
            click = sent.fields.click_id
            dimensions = {"offer_id": 1, "partner_id": partner_of(click), "advertiser_id": 1, "coupon": ""}
            try:
                decisions.take(sent, Owner(dimensions, click, NOON - 1000, "click"), counts)
            except ClickledgerError as why:
                assert why.kind.code == "transition_not_allowed"  # noqa: PT017 - the others must pass
        rows += decisions.decided.rows
    return known, rows, counts


@settings(max_examples=150, deadline=None)
@given(
    sent=st.lists(postbacks, min_size=1, max_size=12),
    again=st.lists(st.integers(0, 11), max_size=4),
    limits=st.lists(caps, max_size=2, unique_by=lambda c: c.id),
    hold_s=st.sampled_from([0, 3600]),
    cut=st.integers(0, 12),
)
def test_any_postbacks_make_one_conversion_each_within_the_caps(sent, again, limits, hold_s, cut):
    steps = PriceRoute("1", steps_by="conversions", steps_period="total", steps=(("2", "2", ""),))
    terms = goal(tariff=TariffRoute("CPA", steps, steps), hold_s=hold_s)
    program = Snapshot(1, {1: offer(goals={"": terms}, caps=tuple(limits))})
    repeated = [*sent, *(sent[n % len(sent)] for n in again)]
    known, rows, counts = decide(program, [repeated[:cut], repeated[cut:]])

    assert set(known) == {id_of(each) for each in sent}
    history = {}
    for row in rows:
        before = history.get(row["conversion_id"])
        assert (row["outcome"] == "accepted") == (before is None)
        if before:
            assert row["change_seq"] > before["change_seq"]
            assert row["status"] in {before["status"], *TRANSITIONS[before["status"]]}
            assert row["goal_number"] == before["goal_number"]
        history[row["conversion_id"]] = row
    assert {key: conversion.state.status for key, conversion in known.items()} == {
        key: row["status"] for key, row in history.items()
    }

    by_hand = [each for each in sent if each.source == "api" and each.fields.status == "approved"]
    for limit in limits:
        for partner in (1, 2):
            mine = [
                c
                for c in known.values()
                if c.state.counts and (not limit.each_partner or c.owner.partner_id == partner)
            ]
            total = sum((Decimal(1) if limit.kind == "conversion" else c.state.payout for c in mine), Decimal(0))
            tally = counts.of(cap_bucket(program.offers[1], limit, NOON), partner)
            assert tally.of(limit.kind) == total
            if not by_hand:
                assert total <= Decimal(limit.amount)


@settings(max_examples=60, deadline=None)
@given(sent=st.lists(postbacks, min_size=1, max_size=8, unique_by=lambda p: p.ts), cut=st.integers(0, 8))
def test_batches_change_nothing_and_repetitions_of_the_last_change_nothing(sent, cut):
    program = Snapshot(1, {1: offer(payout="0", payout_percent="10", hold_s=60)})
    ordered = sorted(sent, key=lambda p: p.ts)
    one, _, _ = decide(program, [ordered])
    two, _, _ = decide(program, [ordered[:cut], ordered[cut:]])
    assert {key: c.state for key, c in one.items()} == {key: c.state for key, c in two.items()}
    _, rows, _ = decide(program, [ordered, [ordered[-1]] * 3])
    last = Counter(row["conversion_id"] for row in rows)
    _, without, _ = decide(program, [ordered])
    assert last == Counter(row["conversion_id"] for row in without)
