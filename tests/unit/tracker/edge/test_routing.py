from __future__ import annotations

import pytest

from tests.support.edge import (
    BROKEN,
    ENDED,
    GOOD,
    NETWORK_FALLBACK,
    OPEN,
    PAUSED,
    PAUSED_ALONE,
    PENDING,
    PENDING_ALONE,
    program,
)
from tracker.edge.program import Program
from tracker.edge.routing import (
    DESTINATION_UNUSABLE,
    MISSES,
    OFFER_ENDED,
    OFFER_PAUSED,
    OFFER_UNKNOWN,
    PARTNER_INACTIVE,
    PARTNER_UNKNOWN,
    TRAFFICBACK_REASONS,
    decide,
)

WITH_FALLBACK = Program(program(fallback_url=NETWORK_FALLBACK))
WITHOUT = Program(program())


def leads_to(decision):
    return decision.template.render(lambda name: f"<{name}>") if decision.template else None


@pytest.mark.parametrize(
    ("offer_id", "partner_id", "reason", "where"),
    [
        (OPEN, GOOD, "", "https://shop.example/lp?cid=%3Cclick_id%3E&src=%3Cpartner_id%3E&s=%3Csub1%3E"),
        (999, GOOD, OFFER_UNKNOWN, None),
        (999, 999, OFFER_UNKNOWN, None),
        (999, PENDING, OFFER_UNKNOWN, "https://partner.example/?c=%3Cclick_id%3E"),
        (OPEN, 999, PARTNER_UNKNOWN, None),
        (PAUSED, 999, PARTNER_UNKNOWN, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED, GOOD, OFFER_PAUSED, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED, PENDING, OFFER_PAUSED, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED_ALONE, GOOD, OFFER_PAUSED, None),
        (PAUSED_ALONE, PENDING, OFFER_PAUSED, "https://partner.example/?c=%3Cclick_id%3E"),
        (ENDED, GOOD, OFFER_ENDED, None),
        (OPEN, PENDING, PARTNER_INACTIVE, "https://partner.example/?c=%3Cclick_id%3E"),
        (OPEN, PENDING_ALONE, PARTNER_INACTIVE, None),
        (BROKEN, GOOD, DESTINATION_UNUSABLE, None),
    ],
)
def test_a_click_goes_where_its_offer_its_partner_or_the_network_says(offer_id, partner_id, reason, where):
    decision = decide(WITHOUT, str(offer_id), str(partner_id))
    assert (decision.reason, leads_to(decision)) == (reason, where)
    decision = decide(WITH_FALLBACK, str(offer_id), str(partner_id))
    assert leads_to(decision) == (where or "https://network.example/?c=%3Cclick_id%3E")
    assert decision.reason in {"", *TRAFFICBACK_REASONS}


def test_a_decision_names_offer_and_partner_as_far_as_they_are_known():
    decision = decide(WITHOUT, "999", str(GOOD))
    assert decision.offer is None
    assert decision.partner.route.name == "Blog"
    decision = decide(WITHOUT, str(PAUSED), "999")
    assert decision.offer.route.id == PAUSED
    assert decision.partner is None


@pytest.mark.parametrize("text", ["", "01", " 1", "1 ", "+1", "1.0", "-1", "٣", "1e0", "0", "9" * 400])
def test_an_id_is_found_only_as_it_is_written_in_links(text):
    assert decide(WITHOUT, text, str(GOOD)).reason == OFFER_UNKNOWN
    assert decide(WITHOUT, str(OPEN), text).reason == PARTNER_UNKNOWN


def test_a_deep_link_counts_only_where_the_offer_is_open_and_allows_it():
    good = decide(WITHOUT, str(OPEN), str(GOOD), "https://shop.example/shoes")
    assert leads_to(good).startswith("https://shop.example/shoes?cid=")
    elsewhere = decide(WITHOUT, str(OPEN), str(GOOD), "https://evil.example/")
    assert leads_to(elsewhere).startswith("https://shop.example/lp?cid=")
    assert elsewhere.reason == ""
    paused = decide(WITHOUT, str(PAUSED), str(GOOD), "https://shop.example/shoes")
    assert leads_to(paused) == "https://instead.example/?o=%3Coffer_id%3E"


def test_what_a_newer_program_may_cure_are_reasons():
    assert set(TRAFFICBACK_REASONS) > MISSES
