"""Whatever rules an offer has: the first that fails, in the documented order, is why a click goes elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.offers import offer
from tests.support.routers import PARTNER, Counts, Routed
from tests.support.visits import NOON
from tracker.edge.counting import Admission
from tracker.edge.decision import TRAFFICBACK_REASONS
from tracker.edge.targeting import TARGETING_REASONS
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CapRoute,
    DuplicateRoute,
    FraudRuleRoute,
    LandingRoute,
    PartnerRoute,
    SmartLinkRoute,
    TargetingRoute,
)

ORDER = list(TRAFFICBACK_REASONS)
STATUSES = {"offer_paused": "paused", "offer_ended": "ended"}
CAPS = ("cap_click", "cap_conversion", "cap_payout", "cap_revenue")
BROKEN_RULES = [
    *("offer_unknown", "partner_unknown", "offer_paused", "offer_ended", "offer_not_started"),
    *("advertiser_suspended", "partner_inactive"),
    *(
        "offer_not_approved",
        "destination_unusable",
        *TARGETING_REASONS,
        "cap_click",
        "blocked_source",
        "fraud_rule",
        "duplicate",
    ),
]
NOBODY = (("nobody",), ())


def routed(broken):
    """Return a router whose one offer breaks exactly these rules, and its counts."""
    targeting = {reason.removeprefix("targeting_"): NOBODY for reason in broken if reason in TARGETING_REASONS}
    if "hours" in targeting:
        # Some hour that isn't now.
        targeting["hours"] = ((NOON // 3_600_000 + 1) % 168,)
    status = next((STATUSES[reason] for reason in STATUSES if reason in broken), "active")
    answer = next((reason for reason in ("cap_click", "duplicate") if reason in broken), "")
    counts = Counts({7: Admission(answer, duplicate=False, over_cap=False)})
    rules = {
        "status": status,
        "starts_at": NOON + 1 if "offer_not_started" in broken else 0,
        "visibility": "private" if "offer_not_approved" in broken else "public",
        "destination": "{sub1}" if "destination_unusable" in broken else "https://shop.example/",
        "targeting": TargetingRoute(**targeting) if targeting else None,
        "caps": (CapRoute(1, "click", "day", "1"),) if "cap_click" in broken else (),
        "duplicates": DuplicateRoute("trafficback", "ip", 60) if "duplicate" in broken else None,
    }
    found = Routed(
        *([] if "offer_unknown" in broken else [offer(id=7, **rules)]),
        counts=counts,
        partners={}
        if "partner_unknown" in broken
        else {PARTNER: PartnerRoute(PARTNER, "P", "banned" if "partner_inactive" in broken else "approved")},
        advertisers={1: AdvertiserRoute(1, "A", "t", status="suspended")}
        if "advertiser_suspended" in broken
        else {},
        blocks=(BlockRoute(1, "source", "bad"),) if "blocked_source" in broken else (),
        fraud_rules=(FraudRuleRoute("bot_user_agent", action="fallback"),) if "fraud_rule" in broken else (),
    )
    return found, counts


@given(broken=st.sets(st.sampled_from(BROKEN_RULES)))
@settings(max_examples=250, deadline=None)
def test_the_first_broken_rule_in_the_documented_order_is_the_reason(broken):
    found, counts = routed(broken)
    agent = {"user_agent": "Googlebot/2.1"} if "fraud_rule" in broken else {}
    decision = found.click(7, more="&source=bad", **agent)
    assert decision.reason == min(broken, key=ORDER.index, default="")
    if broken:
        assert counts.taken == []


texts = st.one_of(
    st.text(max_size=8), st.sampled_from(["1", "2", "9", "DE", "iOS>=12", "Chrome<x", "203.0.113.0/24"])
)
lists = st.tuples(st.lists(texts, max_size=2).map(tuple), st.lists(texts, max_size=2).map(tuple))
targetings = st.builds(
    TargetingRoute,
    **dict.fromkeys(("country", "region", "device", "os", "browser", "language", "connection"), lists),
    hours=st.lists(st.integers(-5, 200), max_size=3).map(tuple),
    timezone=st.sampled_from(["UTC", "Asia/Kolkata", "", "../etc", "x"]),
)
ids = st.integers(0, 4)
offers = st.builds(
    offer,
    id=ids,
    status=st.sampled_from(["active", "active", "paused", "ended"]),
    destination=st.one_of(texts, st.just("https://shop.example/?{sub1}")),
    fallback_url=texts,
    alternative_offer_id=ids,
    starts_at=st.integers(-(2**63), 2**63),
    ends_at=st.integers(-(2**63), 2**63),
    visibility=st.sampled_from(["public", "approval", "private"]),
    approved_partners=st.lists(ids).map(tuple),
    targeting=st.one_of(st.none(), targetings),
    caps=st.sampled_from([(), (CapRoute(1, "click", "day", "1"),)]),
    duplicates=st.sampled_from([None, DuplicateRoute("mark", "visitor", 5)]),
    landings=st.lists(
        st.builds(LandingRoute, ids, st.just("https://a.example/"), st.integers(-1, 9)), max_size=3
    ).map(tuple),
)
blocks = st.builds(
    BlockRoute, ids, st.sampled_from(["network", "asn", "country", "user_agent", "referrer_host", "sub1"]), texts
)
smart_links = st.builds(
    SmartLinkRoute,
    st.just(1),
    st.just("S"),
    st.sampled_from(["weight", "epc", "thompson"]),
    st.lists(st.tuples(ids, st.integers(-2, 9)), max_size=4).map(tuple),
    texts,
)
answers = st.dictionaries(
    ids, st.builds(Admission, st.sampled_from(["", *CAPS, "duplicate"]), st.booleans(), st.booleans())
)
queries = st.dictionaries(
    st.sampled_from(
        ["offer_id", "partner_id", "smart_link_id", "landing_id", "url", "sub1", "source", "idfa", "x"]
    ),
    st.one_of(texts, st.just("3"), st.just("1")),
)
visits = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 2**42),
        "method": st.sampled_from(["GET", "HEAD", "POST"]),
        "ip": st.one_of(texts, st.sampled_from(["203.0.113.9", "2001:db8::1", ""])),
        "user_agent": texts,
        "language": texts,
        "referrer": texts,
        "headers": st.dictionaries(st.sampled_from(["sec-ch-ua-model", "sec-purpose"]), texts),
        "is_test": st.booleans(),
        "is_impression": st.booleans(),
    }
)


@given(
    made=st.lists(offers, max_size=4),
    entries=st.lists(blocks, max_size=3).map(tuple),
    smart_link=smart_links,
    said=answers,
    query=queries,
    seen=visits,
)
@settings(max_examples=250, deadline=None)
def test_any_visit_of_any_program_is_decided_by_a_known_reason_and_counted_at_most_once(
    made, entries, smart_link, said, query, seen
):
    counts = Counts(said)
    found = Routed(*made, counts=counts, blocks=entries, smart_links={1: smart_link})
    decision = found.ask(urlencode({"partner_id": PARTNER, **query}), **seen)
    assert decision.reason in {"", *TRAFFICBACK_REASONS}
    assert decision.reached <= (decision.template is not None and decision.offer is not None)
    if decision.reached and decision.offer.route.caps and counts.taken:
        assert counts.taken == [decision.offer.route.id]
    if not decision.reached:
        assert counts.taken == []
        assert (decision.landing_id, decision.duplicate, decision.over_cap) == ("", False, False)
    if seen["is_test"] or seen["is_impression"] or seen["method"] == "HEAD":
        assert counts.taken == []
