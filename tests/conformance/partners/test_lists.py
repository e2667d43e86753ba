"""Lists and who sees what, the same on every database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.datastructures import QueryParams

from kernel.errors import NOT_FOUND, QUERY_INVALID, ClickledgerError
from partners.errors import FILTER_INVALID, REFERENCE_UNKNOWN
from partners.resources import listing, work
from partners.resources.network import BLOCKLIST, CAPS, CURRENCY_RATES, HOOKS
from partners.resources.offers import GOALS, OFFERS, PAYOUT_OVERRIDES
from partners.resources.people import ADVERTISERS, PARTNERS, TIERS
from partners.resources.promotion import COUPONS, CREATIVES, LANDING_PAGES, LINKS, OFFER_ACCESS, SMART_LINKS
from tests.support.program import CALLER, make, person

PAGE = "https://shop.example/"


def caller(role, **whose):
    return replace(CALLER, who=person(role, **whose))


def page(sessions, resource, query="", by=CALLER):
    wanted = listing.read(resource, QueryParams(query), by)
    with sessions.reading() as session:
        return listing.page(session, resource, wanted, by)


def ids(sessions, resource, query="", by=CALLER):
    return [entry.id for entry in page(sessions, resource, query, by)[0]]


def every_id(sessions, resource, query, between=lambda: None):
    seen, cursor = [], None
    while True:
        found, cursor = page(sessions, resource, query + (f"&cursor={cursor}" if cursor else ""))
        seen += [entry.id for entry in found]
        if cursor is None:
            return seen
        between()


@pytest.fixture
def some(sessions):
    """Advertiser 1 and partners 1 to 7, of which the odd ones are pending; two of them of one company."""
    with sessions.writing() as session:
        make(session, ADVERTISERS, name="Acme")
        for n in range(1, 8):
            company = {2: "Same", 5: "Same"}.get(n, f"Company {9 - n}")
            status = "pending" if n % 2 else "approved"
            make(session, PARTNERS, name=f"P{n}_x%", status=status, company=company, country="DE" if n < 4 else "")
    return sessions


def test_a_list_is_narrowed_by_equality_to_one_or_any_of_several(some):
    assert ids(some, PARTNERS) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(some, PARTNERS, "status=pending") == [1, 3, 5, 7]
    assert ids(some, PARTNERS, "status=pending&country=DE") == [1, 3]
    assert ids(some, PARTNERS, "name=P2_x%25&name=P5_x%25&name=nobody") == [2, 5]
    assert ids(some, PARTNERS, "status=banned") == []


def test_a_part_of_a_name_is_found_in_any_case_and_means_itself(some):
    assert ids(some, PARTNERS, "q=p3") == [3]
    assert ids(some, PARTNERS, "q=_X%25") == [1, 2, 3, 4, 5, 6, 7]
    assert ids(some, PARTNERS, "q=%25_") == []


def test_a_list_is_sorted_by_what_is_asked_and_then_by_id(some):
    assert ids(some, PARTNERS, "sort=-id") == [7, 6, 5, 4, 3, 2, 1]
    assert ids(some, PARTNERS, "sort=company") == [7, 6, 4, 3, 1, 2, 5]
    assert ids(some, PARTNERS, "sort=-status,-name") == [7, 5, 3, 1, 6, 4, 2]
    assert ids(some, PARTNERS, "sort=-created_at") == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("sort", ["id", "-id", "company", "-company,name", "status,-created_at", "-updated_at"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_together_are_the_list(some, sort, limit):
    whole = ids(some, PARTNERS, f"sort={sort}")
    assert every_id(some, PARTNERS, f"sort={sort}&limit={limit}") == whole


def test_pages_go_on_in_money_and_days_too(some):
    with some.writing() as session:
        for n, payout in enumerate(["1.5", "0.000001", "1.5", "20"], start=1):
            make(session, OFFERS, name=f"o{n}", advertiser_id=1, destination=PAGE, payout=payout)
            make(session, CURRENCY_RATES, currency="USD", valid_from=f"2026-0{5 - n}-01", rate="0.9")
    assert every_id(some, OFFERS, "sort=-payout&limit=1") == [4, 1, 3, 2]
    assert every_id(some, CURRENCY_RATES, "sort=valid_from&limit=1") == [4, 3, 2, 1]


def test_pages_neither_repeat_nor_miss_an_entry_while_others_are_added(some):
    added = iter(range(100))

    def add():
        with some.writing() as session:
            n = next(added)
            make(session, PARTNERS, name=f"A{n}")
            make(session, PARTNERS, name=f"Z{n}")

    seen = every_id(some, PARTNERS, "sort=-name&limit=2", add)
    assert [entry_id for entry_id in seen if entry_id <= 7] == [7, 6, 5, 4, 3, 2, 1]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("query", "kind", "sentence"),
    [
        ("status=asleep", FILTER_INVALID, "status: Input should be 'pending', 'approved'"),
        ("tier_id=x", FILTER_INVALID, "tier_id: write a whole number from 1 to 2147483647"),
        ("tier_id=1&tier_id=99999999999", FILTER_INVALID, "tier_id: write a whole number"),
        ("after=3", FILTER_INVALID, "'after' isn't a filter of this list; these are: name, status"),
        ("name=%00", FILTER_INVALID, "name can't hold a NUL character"),
        ("sort=notes", QUERY_INVALID, "'notes' isn't a sort of this list; these are: id, name"),
        ("sort=name,-name", QUERY_INVALID, "sort names name twice"),
        ("sort=", QUERY_INVALID, "'' isn't a sort"),
        ("limit=0", QUERY_INVALID, "limit is a whole number from 1 to 1000"),
        ("limit=2&limit=3", QUERY_INVALID, "limit is given twice"),
        ("cursor=%C3%A4", QUERY_INVALID, "cursor: send the next_cursor of the page before"),
        ("cursor=W10", QUERY_INVALID, "cursor: send the next_cursor"),
        ("cursor=WyJpZCIsMTBd", QUERY_INVALID, ""),
    ],
)
def test_what_a_list_cant_do_is_refused_with_a_sentence(some, query, kind, sentence):
    if not sentence:  # a cursor of the right sort is taken
        assert ids(some, PARTNERS, query) == []
        return
    with pytest.raises(ClickledgerError) as refused:
        page(some, PARTNERS, query)
    assert refused.value.kind is kind
    assert refused.value.message.startswith(sentence)


def test_a_cursor_of_another_sort_is_refused(some):
    _, cursor = page(some, PARTNERS, "sort=name&limit=1")
    with pytest.raises(ClickledgerError, match="it belongs to another sort"):
        page(some, PARTNERS, f"sort=-name&cursor={cursor}")


@pytest.fixture
def network(sessions):
    """Two advertisers with an offer of each visibility each, two partners, and one of everything else for both."""
    with sessions.writing() as session:
        make(session, TIERS, name="Gold")
        make(session, TIERS, name="Silver")
        for n in (1, 2):
            make(session, ADVERTISERS, name=f"Advertiser {n}")
            make(session, PARTNERS, name=f"Partner {n}", tier_id=n)
        for n in (1, 2):
            for visibility in ("public", "approval", "private"):
                name = f"{visibility} {n}"
                make(session, OFFERS, name=name, advertiser_id=n, destination=PAGE, visibility=visibility)
        for offer_id in range(1, 7):
            make(session, GOALS, offer_id=offer_id, code="sale", name="Sale")
            make(session, LANDING_PAGES, offer_id=offer_id, name="a", url=PAGE)
            make(session, CREATIVES, offer_id=offer_id, name="a")
            for kind in ("click", "payout", "revenue"):
                make(session, CAPS, offer_id=offer_id, kind=kind, period="day", amount="10")
        for partner_id in (1, 2):
            make(session, CAPS, offer_id=1, partner_id=partner_id, kind="click", period="day", amount="5")
            make(session, PAYOUT_OVERRIDES, offer_id=1, partner_id=partner_id, payout="3")
            make(session, PAYOUT_OVERRIDES, offer_id=1, tier_id=partner_id, payout="3")
            make(session, LINKS, offer_id=1, partner_id=partner_id)
            make(session, COUPONS, offer_id=1, partner_id=partner_id, code=f"c{partner_id}")
            make(session, HOOKS, name="h", partner_id=partner_id, url=PAGE)
        make(session, HOOKS, name="all", url=PAGE)
        make(session, BLOCKLIST, kind="country", value="de", partner_id=1)
        make(session, SMART_LINKS, name="best", members=[{"offer_id": 3}])
        make(session, SMART_LINKS, name="off", members=[{"offer_id": 1}], status="paused")
        # Partner 1 was let into offers 2 and 6, and is kept out of offer 4; partner 2 waits for offer 2.
        make(session, OFFER_ACCESS, offer_id=2, partner_id=1)
        make(session, OFFER_ACCESS, offer_id=6, partner_id=1)
        make(session, OFFER_ACCESS, offer_id=4, partner_id=1, status="rejected")
        make(session, OFFER_ACCESS, offer_id=2, partner_id=2, status="pending")
    return sessions


SEEN = [
    # what, by partner 1, by partner 2, by advertiser 1
    (ADVERTISERS, [], [], [1]),
    (TIERS, [1], [2], []),
    (PARTNERS, [1], [2], []),
    (OFFERS, [1, 2, 6], [1, 4], [1, 2, 3]),
    (GOALS, [1, 2, 6], [1, 4], [1, 2, 3]),
    (LANDING_PAGES, [1, 2, 6], [1, 4], [1, 2, 3]),
    (CREATIVES, [1, 2, 6], [1, 4], [1, 2, 3]),
    (CAPS, [1, 2, 4, 5, 16, 17, 19], [1, 2, 10, 11, 20], [1, 3, 4, 6, 7, 9]),
    (PAYOUT_OVERRIDES, [1, 2], [3, 4], []),
    (LINKS, [1], [2], []),
    (COUPONS, [1], [2], []),
    (HOOKS, [1], [2], []),
    (BLOCKLIST, [], [], []),
    (SMART_LINKS, [1], [1], []),
    (OFFER_ACCESS, [1, 2, 3], [4], []),
]


def test_each_sees_what_is_theirs_or_open_to_them_in_lists_and_one_by_one(network):
    people = [
        caller("partner", partner_id=1),
        caller("partner", partner_id=2),
        caller("advertiser", advertiser_id=1),
    ]
    for resource, *expected in SEEN:
        everything = ids(network, resource)
        for by, visible in zip(people, expected, strict=True):
            assert ids(network, resource, by=by) == visible, (resource.path, by.who)
            with network.reading() as session:
                for entry_id in visible:
                    assert work.get(session, resource, entry_id, by).id == entry_id
                for entry_id in set(everything) - set(visible):
                    with pytest.raises(ClickledgerError) as refused:
                        work.get(session, resource, entry_id, by)
                    assert refused.value.kind is NOT_FOUND
        assert ids(network, resource, by=caller("manager")) == everything
        assert ids(network, resource, by=caller("analyst")) == everything


def test_a_partner_or_advertiser_without_an_id_sees_nothing(network):
    for role in ("partner", "advertiser"):
        for resource, *_ in SEEN:
            assert ids(network, resource, by=caller(role)) == []


def test_a_partner_names_only_what_it_sees(network):
    partner = caller("partner", partner_id=1)
    for fields in (
        {"offer_id": 3},
        {"offer_id": 4},
        {"offer_id": 5},
        {"smart_link_id": 2},
        {"offer_id": 1, "partner_id": 2},
    ):
        with pytest.raises(ClickledgerError) as refused, network.writing() as session:
            make(session, LINKS, partner, **fields)
        assert refused.value.kind is REFERENCE_UNKNOWN
    with network.writing() as session:
        assert make(session, LINKS, partner, offer_id=6).partner_id == 1
        assert make(session, LINKS, partner, smart_link_id=1, partner_id=1).partner_id == 1


def test_a_taken_code_of_somebody_else_is_refused_without_telling_whose(network):
    with network.writing() as session:
        make(session, LINKS, offer_id=1, partner_id=2, code="taken")
    with pytest.raises(ClickledgerError) as refused, network.writing() as session:
        make(session, LINKS, caller("partner", partner_id=1), offer_id=1, code="taken")
    assert refused.value.message == "Another link has the code 'taken' already; choose another."
    assert refused.value.details == {"field": "code"}
