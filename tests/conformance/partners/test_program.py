"""What every database must do the same for the program."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from kernel.errors import CONFLICT, NOT_FOUND, ClickledgerError
from partners import Directory, service
from partners.ensure import ensure
from partners.errors import REFERENCE_UNKNOWN
from partners.models import Advertiser, Link, Offer, Partner
from partners.schemas import (
    AdvertiserChange,
    AdvertiserCreate,
    LinkChange,
    LinkCreate,
    OfferChange,
    OfferCreate,
    PartnerChange,
    PartnerCreate,
    ProgramChange,
    ProgramEnsure,
)
from partners.service import Filters
from tracker.publish import compile_snapshot

PAGE = "https://shop.example/?c={click_id}"


def version(sessions):
    with sessions.reading() as session:
        return service.the_program(session).version


def count(sessions, kind):
    with sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(kind))


@pytest.fixture
def small(sessions):
    """One of each: advertiser 1, partner 1, offer 1, link 1."""
    with sessions.writing() as session:
        service.create_advertiser(session, AdvertiserCreate(name="Acme"))
        service.create_partner(session, PartnerCreate(name="Blog"))
        service.create_offer(session, OfferCreate(name="Shoes", advertiser_id=1, destination=PAGE), "EUR")
        service.create_link(session, LinkCreate(partner_id=1, offer_id=1, code="shoes"))
    return sessions


def test_what_is_created_is_read_back_as_it_was(sessions):
    before = datetime.now(UTC) - timedelta(seconds=1)
    with sessions.writing() as session:
        service.create_advertiser(session, AdvertiserCreate(name="Zoë & Söhne", require_token=True))
        service.create_partner(
            session, PartnerCreate(name="Blög", status="pending", fallback_url="https://b.example/")
        )
        service.create_offer(
            session,
            OfferCreate(
                name="Shoes",
                advertiser_id=1,
                destination=PAGE,
                status="paused",
                currency="INR",
                payout=Decimal("0.000001"),
                revenue=Decimal("999999999999.999999"),
                payout_percent=Decimal("7.25"),
                revenue_percent=None,
                default_status="hold",
                deep_link_hosts=["shop.example", "*.shop.example"],
                allow_override=True,
                attribution_window_days=7,
                fallback_url="https://f.example/?s={sub1}",
            ),
            "EUR",
        )
        service.create_link(session, LinkCreate(partner_id=1, offer_id=1, parameters={"sub1": "ä&=b"}))
    with sessions.reading() as session:
        offer = service.get(session, Offer, 1)
        link = service.get(session, Link, 1)
        partner = service.get(session, Partner, 1)
    assert (offer.name, offer.advertiser.name, offer.advertiser.require_token) == ("Shoes", "Zoë & Söhne", True)
    assert (offer.status, offer.default_status, offer.currency) == ("paused", "hold", "INR")
    assert (offer.payout, offer.revenue) == (Decimal("0.000001"), Decimal("999999999999.999999"))
    assert (offer.payout_percent, offer.revenue_percent) == (Decimal("7.25"), None)
    assert offer.deep_link_hosts == ["shop.example", "*.shop.example"]
    assert (offer.allow_override, offer.attribution_window_days) == (True, 7)
    assert offer.fallback_url == "https://f.example/?s={sub1}"
    assert before <= offer.created_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert (partner.name, partner.status, partner.fallback_url) == ("Blög", "pending", "https://b.example/")
    assert link.parameters == {"sub1": "ä&=b"}
    assert len(link.code) == 7
    assert set(link.code) <= set(service.CODE_ALPHABET)
    assert (link.partner.name, link.offer.advertiser.name) == ("Blög", "Zoë & Söhne")


def test_money_adds_up_exactly_in_the_database(small):
    with small.writing() as session:
        for n in range(10):
            wanted = OfferCreate(name=f"o{n}", advertiser_id=1, destination=PAGE, payout=Decimal("0.1"))
            service.create_offer(session, wanted, "EUR")
    with small.reading() as session:
        assert session.scalar(select(func.sum(Offer.payout))) == Decimal(1)


def test_each_advertiser_gets_a_token_of_its_own(sessions):
    with sessions.writing() as session:
        tokens = {
            service.create_advertiser(session, AdvertiserCreate(name=f"a{n}")).postback_token for n in range(20)
        }
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {32}


@pytest.mark.parametrize(
    "create",
    [
        lambda session: service.create_advertiser(session, AdvertiserCreate(name="Acme")),
        lambda session: service.create_partner(session, PartnerCreate(name="Blog")),
        lambda session: service.create_offer(
            session, OfferCreate(name="Shoes", advertiser_id=1, destination=PAGE), "USD"
        ),
        lambda session: service.create_link(session, LinkCreate(partner_id=1, offer_id=1, code="shoes")),
    ],
)
def test_a_name_or_code_is_given_once_and_a_refused_try_changes_nothing(small, create):
    before = version(small)
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        create(session)
    assert refused.value.kind is CONFLICT
    assert refused.value.details["id"] == 1
    assert version(small) == before
    assert [count(small, kind) for kind in (Advertiser, Partner, Offer, Link)] == [1, 1, 1, 1]


def test_a_name_may_be_given_once_in_each_kind_and_in_another_case(small):
    with small.writing() as session:
        assert service.create_partner(session, PartnerCreate(name="Acme")).id == 2
        assert service.create_partner(session, PartnerCreate(name="BLOG")).id == 3


def test_a_reference_to_nothing_is_refused(small):
    for create in (
        lambda session: service.create_offer(
            session, OfferCreate(name="x", advertiser_id=9, destination=PAGE), "USD"
        ),
        lambda session: service.create_link(session, LinkCreate(partner_id=9, offer_id=1)),
        lambda session: service.create_link(session, LinkCreate(partner_id=1, offer_id=9)),
        lambda session: service.change(session, Offer, 1, OfferChange(advertiser_id=9)),
        lambda session: service.change(session, Link, 1, LinkChange(offer_id=9)),
    ):
        with pytest.raises(ClickledgerError) as refused, small.writing() as session:
            create(session)
        assert refused.value.kind is REFERENCE_UNKNOWN
        assert refused.value.message.endswith("9; create it first.")


def test_the_database_itself_refuses_a_reference_to_nothing(small):
    with pytest.raises(IntegrityError), small.writing() as session:
        session.add(Link(code="x", partner_id=9, offer_id=9, parameters={}))


def test_every_change_grows_the_version_by_one_and_no_change_leaves_it(small):
    before = version(small)
    changes = [
        (Advertiser, AdvertiserChange(name="Acme Ltd")),
        (Partner, PartnerChange(status="suspended", fallback_url="https://x.example/")),
        (Offer, OfferChange(payout=Decimal("1.5"), payout_percent=Decimal(3), deep_link_hosts=["a.example"])),
        (Offer, OfferChange(payout_percent=None, attribution_window_days=3)),
        (Link, LinkChange(parameters={"sub2": "x"})),
    ]
    for done, (kind, wanted) in enumerate(changes, start=1):
        for _ in range(2):
            with small.writing() as session:
                changed = service.change(session, kind, 1, wanted)
            assert version(small) == before + done
            assert {name: getattr(changed, name) for name in wanted.given()} == wanted.given()
    for _ in range(2):
        with small.writing() as session:
            service.change_program(session, ProgramChange(fallback_url="https://network.example/"))
        assert version(small) == before + len(changes) + 1


def test_a_change_leaves_alone_what_it_doesnt_name_and_tells_when_it_was(small):
    with small.reading() as session:
        before = service.get(session, Offer, 1)
    with small.writing() as session:
        service.change(session, Offer, 1, OfferChange(status="paused"))
    with small.reading() as session:
        after = service.get(session, Offer, 1)
    assert after.status == "paused"
    assert (after.name, after.destination, after.currency) == ("Shoes", PAGE, "EUR")
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at


def test_a_change_to_a_taken_name_is_refused_and_to_its_own_name_is_not(small):
    with small.writing() as session:
        service.create_partner(session, PartnerCreate(name="Other"))
        service.change(session, Partner, 1, PartnerChange(name="Blog"))
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        service.change(session, Partner, 1, PartnerChange(name="Other"))
    assert refused.value.kind is CONFLICT
    assert refused.value.details == {"id": 2, "field": "name"}


@pytest.mark.parametrize("entry_id", [0, 2, 2**31 - 1, 2**31, 2**70])
def test_an_id_nobody_has_is_not_found_however_large(small, entry_id):
    with pytest.raises(ClickledgerError) as refused, small.reading() as session:
        service.get(session, Partner, entry_id)
    assert refused.value.kind is NOT_FOUND


def test_a_list_is_paged_by_id_and_filtered(small):
    with small.writing() as session:
        for n in range(2, 8):
            service.create_partner(session, PartnerCreate(name=f"p{n}", status="pending" if n % 2 else "active"))

    def ids(kind=Partner, limit=100, after=0, **filters):
        with small.reading() as session:
            return [
                entry.id for entry in service.listing(session, kind, Filters(**filters), limit=limit, after=after)
            ]

    assert ids() == [1, 2, 3, 4, 5, 6, 7]
    assert ids(limit=3, after=2) == [3, 4, 5]
    assert ids(after=7) == []
    assert ids(name="p4") == [4]
    assert ids(name="P4") == []
    assert ids(status="pending") == [3, 5, 7]
    assert ids(status="pending", limit=1, after=3) == [5]
    assert ids(Link, name="shoes", partner_id=1, offer_id=1) == [1]
    assert ids(Link, partner_id=2) == []
    assert ids(Offer, advertiser_id=1, status="active") == [1]


def test_of_many_who_create_the_same_name_at_once_one_wins(sessions):
    before = version(sessions)
    together = threading.Barrier(6)

    def create(_):
        together.wait()
        try:
            with sessions.writing() as session:
                service.create_partner(session, PartnerCreate(name="wanted by all"))
        except ClickledgerError as why:
            return why.kind.code
        return "made"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(create, range(6)))
    assert sorted(outcomes) == ["conflict"] * 5 + ["made"]
    assert version(sessions) == before + 1


def test_writers_at_once_each_grow_the_version(sessions):
    before = version(sessions)

    def create(who):
        for n in range(5):
            with sessions.writing() as session:
                service.create_partner(session, PartnerCreate(name=f"{who}-{n}"))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(create, range(4))) == [None] * 4
    assert (version(sessions), count(sessions, Partner)) == (before + 20, 20)


def test_a_reader_sees_one_moment_while_others_write(small):
    with small.reading() as reader:
        before = compile_snapshot(reader)
        with small.writing() as writer:
            service.create_partner(writer, PartnerCreate(name="late"))
            service.change(writer, Offer, 1, OfferChange(name="Boots"))
        reader.expire_all()
        assert compile_snapshot(reader) == before
    with small.reading() as reader:
        after = compile_snapshot(reader)
    assert after.version == before.version + 2
    assert (after.offers[1].name, after.partners[2].name) == ("Boots", "late")


def test_ensuring_makes_what_is_missing_once(sessions):
    wanted = ProgramEnsure.model_validate(
        {
            "advertisers": [{"name": "Acme"}],
            "partners": [{"name": "p1"}, {"name": "p2", "status": "pending"}, {"name": "p1"}],
            "offers": [{"name": "o1", "advertiser": "Acme", "destination": PAGE, "payout": "1.25"}],
            "links": [
                {"partner": "p1", "offer": "o1"},
                {"partner": "p2", "offer": "o1", "parameters": {"sub1": "x", "sub2": "y"}},
                {"partner": "p2", "offer": "o1", "code": "mine"},
                {"partner": "p1", "offer": "o1", "parameters": {}},
            ],
        }
    )
    answers = []
    for _ in range(2):
        with sessions.writing() as session:
            done = ensure(session, wanted, "EUR")
            answers.append(
                (
                    {name: entry.id for name, entry in done.partners.items()},
                    {name: (entry.id, entry.payout, entry.currency) for name, entry in done.offers.items()},
                    [(link.id, link.code, link.partner_id, link.offer_id) for link in done.links],
                    {name: (entry.id, entry.postback_token) for name, entry in done.advertisers.items()},
                )
            )
        assert version(sessions) == 2
    assert answers[0] == answers[1]
    partners, offers, links, _ = answers[0]
    assert set(partners) == {"p1", "p2"}
    assert offers == {"o1": (1, Decimal("1.25"), "EUR")}
    assert links[0] == links[3]
    assert links[2][1] == "mine"
    assert [count(sessions, kind) for kind in (Advertiser, Partner, Offer, Link)] == [1, 2, 1, 3]


def test_ensuring_changes_what_the_request_names_and_nothing_else(small):
    with small.writing() as session:
        service.change(session, Offer, 1, OfferChange(status="paused", payout=Decimal(2)))
        service.change(session, Partner, 1, PartnerChange(status="suspended"))
    before = version(small)
    wanted = ProgramEnsure.model_validate(
        {
            "advertisers": [{"name": "New"}],
            "partners": [{"name": "Blog"}],
            "offers": [{"name": "Shoes", "advertiser": "New", "destination": PAGE, "revenue": "3"}],
            "links": [{"partner": "Blog", "offer": "Shoes", "code": "shoes", "parameters": {"sub1": "new"}}],
        }
    )
    with small.writing() as session:
        ensure(session, wanted, "USD")
    assert version(small) == before + 1
    with small.reading() as session:
        offer = service.get(session, Offer, 1)
        link = service.get(session, Link, 1)
        partner = service.get(session, Partner, 1)
    assert (offer.status, offer.payout, offer.revenue, offer.currency) == ("paused", Decimal(2), Decimal(3), "EUR")
    assert offer.advertiser.name == "New"
    assert partner.status == "suspended"
    assert link.parameters == {"sub1": "new"}


def test_ensuring_all_or_nothing(small):
    before = version(small)
    wanted = ProgramEnsure.model_validate(
        {
            "partners": [{"name": "never stored"}],
            "offers": [{"name": "never stored", "advertiser": "Acme", "destination": PAGE}],
            "links": [{"partner": "Blog", "offer": "Shooes"}],
        }
    )
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        ensure(session, wanted, "USD")
    assert refused.value.kind is REFERENCE_UNKNOWN
    assert "'Shooes'" in refused.value.message
    assert version(small) == before
    assert [count(small, kind) for kind in (Partner, Offer, Link)] == [1, 1, 1]


def test_names_follow_the_program(small):
    directory = Directory(small)
    assert directory.all("partner") == {1: "Blog"}
    assert directory.names() is directory.names()
    with small.writing() as session:
        service.change(session, Partner, 1, PartnerChange(name="Blog & Co"))
        service.create_partner(session, PartnerCreate(name="Other"))
    assert directory.of("partner", [1, 2, 3]) == {1: "Blog & Co", 2: "Other"}
    assert directory.ids("partner", "Other") == [2]
    assert directory.ids("partner", "Blog") == []
    assert directory.all("offer") == {1: "Shoes"}
    assert directory.all("advertiser") == {1: "Acme"}
    assert directory.ids("link", "shoes") == [1]


def test_the_snapshot_holds_everything_an_edge_needs(small):
    with small.writing() as session:
        service.change(
            session,
            Offer,
            1,
            OfferChange(
                payout=Decimal("1.5"),
                payout_percent=Decimal(10),
                attribution_window_days=7,
                deep_link_hosts=["a.example"],
            ),
        )
        service.change(session, Link, 1, LinkChange(parameters={"sub1": "a b&c", "source": "ü"}))
        service.change_program(session, ProgramChange(fallback_url="https://network.example/"))
        token = service.get(session, Advertiser, 1).postback_token
    with small.reading() as session:
        snapshot = compile_snapshot(session)
    offer, link, advertiser = snapshot.offers[1], snapshot.links["shoes"], snapshot.advertisers[1]
    assert (offer.payout, offer.revenue, offer.payout_percent, offer.revenue_percent) == (
        "1.50",
        "0.00",
        "10.00",
        "",
    )
    assert (offer.attribution_window_s, offer.deep_link_hosts) == (7 * 86_400, ("a.example",))
    assert (link.id, link.partner_id, link.offer_id, link.preset) == (1, 1, 1, "sub1=a%20b%26c&source=%C3%BC")
    assert (advertiser.postback_token, advertiser.require_token) == (token, False)
    assert snapshot.partners[1].status == "active"
    assert snapshot.fallback_url == "https://network.example/"
    assert {"USD", "EUR"} <= snapshot.currencies
    assert snapshot.version == version(small)
