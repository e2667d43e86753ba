"""What every database must do the same for the program."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from kernel.errors import BODY_INVALID, CONFLICT, NOT_FOUND, PRECONDITION_FAILED, ClickledgerError
from partners import Directory, service
from partners.ensure import ensure
from partners.errors import IN_USE, REFERENCE_UNKNOWN, TRANSITION_INVALID
from partners.models import Advertiser, AuditEntry, Link, Offer, Partner
from partners.resources import work
from partners.resources.actions import TRANSITIONS, rotate_token, set_status
from partners.resources.offers import GOALS, OFFERS, PAYOUT_OVERRIDES
from partners.resources.people import ADVERTISERS, PARTNERS, TIERS
from partners.resources.program import change_program
from partners.resources.promotion import LINKS
from partners.schemas import ProgramChange, ProgramEnsure, StatusChange, TokenRotation
from tests.support.program import CALLER, alter, make
from tests.support.waiting import PATIENCE_SECONDS
from tracker.publish import compile_snapshot

PAGE = "https://shop.example/?c={click_id}"


def version(sessions):
    with sessions.reading() as session:
        return service.the_program(session).version


def count(sessions, kind):
    with sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(kind))


def read(sessions, resource, entry_id=1):
    with sessions.reading() as session:
        return work.get(session, resource, entry_id, CALLER)


@pytest.fixture
def small(sessions):
    """One of each: advertiser 1, partner 1, offer 1, link 1."""
    with sessions.writing() as session:
        make(session, ADVERTISERS, name="Acme")
        make(session, PARTNERS, name="Blog")
        make(session, OFFERS, name="Shoes", advertiser_id=1, destination=PAGE)
        make(session, LINKS, partner_id=1, offer_id=1, code="shoes")
    return sessions


def test_what_is_created_is_read_back_as_it_was(sessions):
    before = datetime.now(UTC) - timedelta(seconds=1)
    ends = datetime(2030, 1, 1, 12, tzinfo=UTC)
    with sessions.writing() as session:
        make(session, ADVERTISERS, name="Zoë & Söhne", require_token=True, allowed_networks=["10.1.2.3/8"])
        make(
            session,
            PARTNERS,
            name="Blög",
            status="pending",
            fallback_url="https://b.example/",
            tags=["VIP", "vip"],
        )
        make(
            session,
            OFFERS,
            name="Shoes",
            advertiser_id=1,
            destination=PAGE,
            status="paused",
            currency="INR",
            payout="0.000001",
            revenue="999999999999.999999",
            payout_percent="7.25",
            default_status="hold",
            deep_link_hosts=["shop.example", "*.shop.example"],
            allow_override=True,
            attribution_window_days=7,
            fallback_url="https://f.example/?s={sub1}",
            ends_at="2030-01-01T13:00:00+01:00",
            targeting={"country": {"allow": ["de"]}, "hours": [9, 8]},
            duplicates={"action": "mark", "by": "ip", "window_s": 60},
            payout_rules={"steps": [{"from": "10", "fixed": "2"}]},
        )
        make(session, LINKS, partner_id=1, offer_id=1, parameters={"sub1": "ä&=b"})
    offer, link, partner = read(sessions, OFFERS), read(sessions, LINKS), read(sessions, PARTNERS)
    assert (offer.name, offer.advertiser.name, offer.advertiser_id) == ("Shoes", "Zoë & Söhne", 1)
    assert (offer.status, offer.default_status, offer.currency) == ("paused", "hold", "INR")
    assert (offer.payout, offer.revenue) == (Decimal("0.000001"), Decimal("999999999999.999999"))
    assert (offer.payout_percent, offer.revenue_percent) == (Decimal("7.25"), None)
    assert offer.deep_link_hosts == ["shop.example", "*.shop.example"]
    assert (offer.allow_override, offer.attribution_window_days, offer.ends_at) == (True, 7, ends)
    assert offer.fallback_url == "https://f.example/?s={sub1}"
    assert offer.targeting == {"country": {"allow": ["DE"]}, "hours": [8, 9]}
    assert offer.duplicates == {"action": "mark", "by": "ip", "window_s": 60}
    assert offer.payout_rules == {"steps": [{"from": "10", "fixed": "2"}]}
    assert (offer.revenue_rules, offer.visibility, offer.model, offer.revision) == ({}, "public", "CPA", 1)
    assert before <= offer.created_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert (partner.name, partner.status, partner.tags) == ("Blög", "pending", ["vip"])
    assert read(sessions, ADVERTISERS).allowed_networks == ["10.0.0.0/8"]
    assert link.parameters == {"sub1": "ä&=b"}
    assert len(link.code) == 7
    assert set(link.code) <= set(service.CODE_ALPHABET)
    assert (link.partner.name, link.offer.name, link.smart_link) == ("Blög", "Shoes", None)


def test_money_adds_up_exactly_in_the_database(small):
    with small.writing() as session:
        for n in range(10):
            make(session, OFFERS, name=f"o{n}", advertiser_id=1, destination=PAGE, payout="0.1")
    with small.reading() as session:
        assert session.scalar(select(func.sum(Offer.payout))) == Decimal(1)


def test_each_advertiser_gets_a_token_of_its_own(sessions):
    with sessions.writing() as session:
        tokens = {make(session, ADVERTISERS, name=f"a{n}").postback_token for n in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {32}


@pytest.mark.parametrize(
    ("resource", "fields"),
    [
        (ADVERTISERS, {"name": "Acme"}),
        (PARTNERS, {"name": "Blog"}),
        (OFFERS, {"name": "Shoes", "advertiser_id": 1, "destination": PAGE}),
        (LINKS, {"partner_id": 1, "offer_id": 1, "code": "shoes"}),
    ],
)
def test_a_name_or_code_is_given_once_and_a_refused_try_changes_nothing(small, resource, fields):
    before, told = version(small), count(small, AuditEntry)
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        make(session, resource, **fields)
    assert refused.value.kind is CONFLICT
    assert refused.value.details["id"] == 1
    assert (version(small), count(small, AuditEntry)) == (before, told)
    assert [count(small, kind) for kind in (Advertiser, Partner, Offer, Link)] == [1, 1, 1, 1]


def test_of_two_overrides_for_the_same_the_second_is_refused_though_databases_tell_nulls_apart(small):
    with small.writing() as session:
        make(session, PAYOUT_OVERRIDES, offer_id=1, partner_id=1, payout="3")
        make(session, TIERS, name="Gold")
        make(session, PAYOUT_OVERRIDES, offer_id=1, tier_id=1, payout="3")
    for whose in ({"partner_id": 1}, {"tier_id": 1}):
        with pytest.raises(ClickledgerError) as refused, small.writing() as session:
            make(session, PAYOUT_OVERRIDES, offer_id=1, payout="4", **whose)
        assert refused.value.kind is CONFLICT


def test_a_name_may_be_given_once_in_each_kind_and_in_another_case(small):
    with small.writing() as session:
        assert make(session, PARTNERS, name="Acme").id == 2
        assert make(session, PARTNERS, name="BLOG").id == 3


def test_a_reference_to_nothing_is_refused(small):
    for write in (
        lambda session: make(session, OFFERS, name="x", advertiser_id=9, destination=PAGE),
        lambda session: make(session, LINKS, partner_id=9, offer_id=1),
        lambda session: make(session, LINKS, partner_id=1, offer_id=9),
        lambda session: make(session, PARTNERS, name="x", manager_id=9),
        lambda session: alter(session, OFFERS, 1, advertiser_id=9),
        lambda session: alter(session, LINKS, 1, smart_link_id=9),
    ):
        with pytest.raises(ClickledgerError) as refused, small.writing() as session:
            write(session)
        assert refused.value.kind is REFERENCE_UNKNOWN
        assert refused.value.message.endswith("9; create it first.")


def test_the_database_itself_refuses_a_reference_to_nothing(small):
    with pytest.raises(IntegrityError), small.writing() as session:
        session.add(Link(code="x", partner_id=9, offer_id=9, parameters={}))


def test_every_change_grows_version_and_revision_by_one_and_no_change_leaves_them(small):
    before = version(small)
    changes = [
        (ADVERTISERS, {"name": "Acme Ltd"}, 2),
        (PARTNERS, {"company": "Blog Inc", "fallback_url": "https://x.example/"}, 2),
        (OFFERS, {"payout": "1.5", "payout_percent": "3", "deep_link_hosts": ["a.example"]}, 2),
        (OFFERS, {"payout_percent": None, "attribution_window_days": 3, "duplicates": None}, 3),
        (LINKS, {"parameters": {"sub2": "x"}}, 2),
    ]
    for done, (resource, fields, revision) in enumerate(changes, start=1):
        for _ in range(2):
            with small.writing() as session:
                assert alter(session, resource, 1, **fields).revision == revision
            assert version(small) == before + done
    for _ in range(2):
        with small.writing() as session:
            change_program(session, ProgramChange(fallback_url="https://network.example/"), CALLER)
        assert version(small) == before + len(changes) + 1


def test_a_change_leaves_alone_what_it_doesnt_name_and_tells_when_it_was(small):
    before = read(small, OFFERS)
    with small.writing() as session:
        alter(session, OFFERS, 1, status="paused")
    after = read(small, OFFERS)
    assert after.status == "paused"
    assert (after.name, after.destination, after.currency) == ("Shoes", PAGE, "EUR")
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at


def test_a_change_to_a_taken_name_is_refused_and_to_its_own_name_is_not(small):
    with small.writing() as session:
        make(session, PARTNERS, name="Other")
        alter(session, PARTNERS, 1, name="Blog")
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        alter(session, PARTNERS, 1, name="Other")
    assert refused.value.kind is CONFLICT
    assert refused.value.details == {"id": 2, "field": "name"}


@pytest.mark.parametrize("entry_id", [0, 2, 2**31 - 1, 2**31, 2**70])
def test_an_id_nobody_has_is_not_found_however_large(small, entry_id):
    with pytest.raises(ClickledgerError) as refused:
        read(small, PARTNERS, entry_id)
    assert refused.value.kind is NOT_FOUND


def test_a_change_of_what_was_changed_meanwhile_is_refused(small):
    wanted = PARTNERS.changing.model_validate({"company": "B"})
    with small.writing() as session:
        assert work.change(session, PARTNERS, 1, wanted, CALLER, '"1"').revision == 2
    for tags in ('"1"', '"3"', "2", '"1", "3"'):
        with pytest.raises(ClickledgerError) as refused, small.writing() as session:
            work.change(session, PARTNERS, 1, PARTNERS.changing.model_validate({"company": "C"}), CALLER, tags)
        assert refused.value.kind is PRECONDITION_FAILED
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        work.delete(session, LINKS, 1, CALLER, '"7"')
    assert refused.value.kind is PRECONDITION_FAILED
    for tags in ("", "*", 'W/"2"', '"1", "2"'):
        with small.writing() as session:
            assert work.change(session, PARTNERS, 1, wanted, CALLER, tags).company == "B"


def test_what_others_name_is_not_deleted_and_what_nobody_names_is(small):
    with small.writing() as session:
        make(session, TIERS, name="Gold")
        make(session, GOALS, offer_id=1, code="sale", name="Sale")
        make(session, PAYOUT_OVERRIDES, offer_id=1, goal="sale", tier_id=1, payout="3")
    for resource in (TIERS, GOALS):
        with (
            pytest.raises(ClickledgerError, match="named by payout overrides 1;") as refused,
            small.writing() as session,
        ):
            work.delete(session, resource, 1, CALLER)
        assert refused.value.kind is IN_USE
    before = version(small)
    with small.writing() as session:
        work.delete(session, PAYOUT_OVERRIDES, 1, CALLER)
        work.delete(session, GOALS, 1, CALLER)
        work.delete(session, TIERS, 1, CALLER)
    assert version(small) == before + 3
    with pytest.raises(ClickledgerError, match="There is no tier 1"):
        read(small, TIERS)


def test_an_id_is_never_given_twice(small):
    with small.writing() as session:
        work.delete(session, LINKS, 1, CALLER)
    with small.writing() as session:
        assert make(session, LINKS, partner_id=1, offer_id=1).id == 2


def test_every_change_is_in_the_audit_log_with_what_it_was_before_and_no_secret(small):
    with small.writing() as session:
        before = read(small, ADVERTISERS).postback_token
        alter(session, PARTNERS, 1, company="Blog Inc", tags=["a"])
        rotate_token(session, 1, TokenRotation(overlap_hours=2), CALLER)
        set_status(session, 1, StatusChange(status="suspended"), CALLER)
        work.delete(session, LINKS, 1, CALLER)
        after = work.get(session, ADVERTISERS, 1, CALLER).postback_token
    with small.reading() as session:
        *made, changed, rotated, suspended, deleted = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert [(entry.action, entry.kind, entry.entry_id) for entry in made] == [
        ("create", kind, 1) for kind in ("advertiser", "partner", "offer", "link")
    ]
    assert {(entry.actor, entry.role, entry.address) for entry in made} == {("admin key", "admin", "203.0.113.9")}
    assert (changed.action, changed.kind, changed.partner_id, changed.advertiser_id) == (
        "change",
        "partner",
        1,
        None,
    )
    assert changed.changes == {"company": ["", "Blog Inc"], "tags": [[], ["a"]]}
    assert (rotated.action, rotated.advertiser_id) == ("rotate", 1)
    assert rotated.changes["postback_token"] == ["***", "***"]
    assert (suspended.action, suspended.changes) == ("status", {"status": ["approved", "suspended"]})
    assert (deleted.action, deleted.kind, deleted.partner_id) == ("delete", "link", 1)
    assert deleted.changes["code"] == ["shoes", None]
    told = str([entry.changes for entry in (*made, changed, rotated, suspended, deleted)])
    assert before != after
    assert before not in told
    assert after not in told


def test_a_rotated_token_is_accepted_for_the_hours_asked_for(small):
    old = read(small, ADVERTISERS).postback_token
    with small.writing() as session:
        rotate_token(session, 1, TokenRotation(overlap_hours=2), CALLER)
    rotated = read(small, ADVERTISERS)
    assert (rotated.previous_token, rotated.postback_token == old) == (old, False)
    assert timedelta(hours=1.9) < rotated.previous_token_until - datetime.now(UTC) < timedelta(hours=2.1)
    with small.writing() as session:
        rotate_token(session, 1, TokenRotation(overlap_hours=0), CALLER)
    rotated = read(small, ADVERTISERS)
    assert (rotated.previous_token, rotated.previous_token_until) == ("", None)


def test_a_partners_status_takes_the_allowed_ways_only(small):
    for status, allowed in TRANSITIONS.items():
        for wanted in TRANSITIONS:
            with small.writing() as session:
                session.get_one(Partner, 1).status = status
            change = StatusChange(status=wanted, reason="because")
            if wanted == status or wanted in allowed:
                with small.writing() as session:
                    assert set_status(session, 1, change, CALLER).status == wanted
            else:
                with pytest.raises(ClickledgerError) as refused, small.writing() as session:
                    set_status(session, 1, change, CALLER)
                assert refused.value.kind is TRANSITION_INVALID


@pytest.mark.parametrize("status", ["rejected", "banned"])
def test_who_is_turned_away_is_told_why(sessions, status):
    with sessions.writing() as session:
        make(session, PARTNERS, name="New", status="pending")
    with pytest.raises(ClickledgerError, match="reason: say why") as refused, sessions.writing() as session:
        set_status(session, 1, StatusChange(status=status), CALLER)
    assert refused.value.kind is BODY_INVALID
    with sessions.writing() as session:
        assert set_status(session, 1, StatusChange(status=status, reason="bots"), CALLER).status_reason == "bots"


def test_of_many_who_create_the_same_name_at_once_one_wins(sessions):
    before = version(sessions)
    together = threading.Barrier(6)

    def create(_):
        together.wait(PATIENCE_SECONDS)
        try:
            with sessions.writing() as session:
                make(session, PARTNERS, name="wanted by all")
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
                make(session, PARTNERS, name=f"{who}-{n}")

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(create, range(4))) == [None] * 4
    assert (version(sessions), count(sessions, Partner)) == (before + 20, 20)


def test_of_writers_at_once_who_read_the_same_revision_one_wins(small):
    together = threading.Barrier(4)

    def change(who):
        together.wait(PATIENCE_SECONDS)
        wanted = PARTNERS.changing.model_validate({"company": f"company {who}"})
        try:
            with small.writing() as session:
                return work.change(session, PARTNERS, 1, wanted, CALLER, '"1"').company
        except ClickledgerError as why:
            return why.kind.code

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(change, range(4)))
    assert outcomes[:3] == ["changed_meanwhile"] * 3
    assert (read(small, PARTNERS).company, read(small, PARTNERS).revision) == (outcomes[3], 2)


def test_a_reader_sees_one_moment_while_others_write(small):
    with small.reading() as reader:
        before = compile_snapshot(reader)
        with small.writing() as writer:
            make(writer, PARTNERS, name="late")
            alter(writer, OFFERS, 1, name="Boots")
        reader.expire_all()
        again = compile_snapshot(reader)
        assert (again.version, again.offers[1].name, set(again.partners)) == (before.version, "Shoes", {1})
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
            done = ensure(session, wanted, CALLER)
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
        alter(session, OFFERS, 1, status="paused", payout="2")
        set_status(session, 1, StatusChange(status="suspended"), CALLER)
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
        ensure(session, wanted, CALLER)
    assert version(small) == before + 1
    offer, link, partner = read(small, OFFERS), read(small, LINKS), read(small, PARTNERS)
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
        ensure(session, wanted, CALLER)
    assert refused.value.kind is REFERENCE_UNKNOWN
    assert "'Shooes'" in refused.value.message
    assert version(small) == before
    assert [count(small, kind) for kind in (Partner, Offer, Link)] == [1, 1, 1]


def test_names_follow_the_program(small):
    directory = Directory(small)
    assert directory.all("partner") == {1: "Blog"}
    assert directory.names() is directory.names()
    with small.writing() as session:
        alter(session, PARTNERS, 1, name="Blog & Co")
        make(session, PARTNERS, name="Other")
    assert directory.of("partner", [1, 2, 3]) == {1: "Blog & Co", 2: "Other"}
    assert directory.ids("partner", "Other") == [2]
    assert directory.ids("partner", "Blog") == []
    assert directory.all("offer") == {1: "Shoes"}
    assert directory.all("advertiser") == {1: "Acme"}
    assert directory.ids("link", "shoes") == [1]


def test_ensuring_is_in_the_audit_log_and_takes_no_forbidden_way(small):
    before = count(small, AuditEntry)
    wanted = ProgramEnsure.model_validate(
        {"partners": [{"name": "Blog", "company": "Blog Inc"}, {"name": "New"}], "advertisers": [{"name": "Acme"}]}
    )
    with small.writing() as session:
        ensure(session, wanted, CALLER)
    with small.reading() as session:
        told = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[before:]
    assert [(entry.action, entry.kind, entry.entry_id) for entry in told] == [
        ("change", "partner", 1),
        ("create", "partner", 2),
    ]
    assert told[0].changes == {"company": ["", "Blog Inc"]}
    with small.writing() as session:
        set_status(session, 1, StatusChange(status="banned", reason="bots"), CALLER)
    wanted = ProgramEnsure.model_validate({"partners": [{"name": "Blog", "status": "approved"}]})
    with pytest.raises(ClickledgerError) as refused, small.writing() as session:
        ensure(session, wanted, CALLER)
    assert refused.value.kind is TRANSITION_INVALID
