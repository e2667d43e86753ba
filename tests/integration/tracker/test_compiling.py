from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import delete, event, insert, update

from kernel import sql
from kernel.settings import Settings
from partners import models
from partners.schemas.rules import DuplicatePolicy, PriceRules, Targeting
from tests.support.program import open_program
from tracker import compiling
from tracker.compiling import Compiler
from tracker.offer_rows import moment_ms
from tracker.publish import compile_snapshot
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CapRoute,
    CouponRoute,
    DuplicateRoute,
    GoalRoute,
    HookRoute,
    KeyRoute,
    LandingRoute,
    LinkRoute,
    OfferRoute,
    OverrideRoute,
    PartnerRoute,
    PriceRoute,
    SmartLinkRoute,
    TargetingRoute,
    TariffRoute,
)
from tracker.snapshot import unwrap

START, END = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
START_MS = 1_767_323_045_678
PLAIN = {"status": "active", "destination": "https://shop.example/", "currency": "USD", "default_status": "approved",
         "deep_link_hosts": [], "allow_override": False, "fallback_url": "", "payout": Decimal(1),
         "revenue": Decimal(2)}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A database with two partners and three plain offers, made once and copied for each test."""
    directory = tmp_path_factory.mktemp("prepared")
    sessions = open_program(Settings(data_dir=directory))
    add(sessions, models.Tier, id=1, name="gold")
    add(sessions, models.Advertiser, id=1, name="Acme", postback_token="t", require_token=False)
    add(sessions, models.Partner, id=1, name="Blog", status="approved", fallback_url="", tier_id=1)
    add(sessions, models.Partner, id=2, name="New", status="banned", fallback_url="https://p.example/")
    for n in (1, 2, 3):
        add(sessions, models.Offer, id=n, name=f"offer {n}", advertiser_id=1, **PLAIN)
    with sessions.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    sessions.close()
    return directory / sql.EMBEDDED_FILE


@pytest.fixture
def sessions(tmp_path, prepared):
    shutil.copy(prepared, tmp_path / sql.EMBEDDED_FILE)
    opened = sql.connect(Settings(data_dir=tmp_path))
    yield opened
    opened.close()


def add(sessions, table, **values):
    with sessions.writing() as session:
        return session.execute(insert(table).values(values)).inserted_primary_key[0]


def change(sessions, table, entry_id, **values):
    """Change a row as the service does."""
    stamp = {"revision": table.revision + 1, "updated_at": datetime.now(UTC)}
    with sessions.writing() as session:
        session.execute(update(table).where(table.id == entry_id).values(values | stamp))


def remove(sessions, table, entry_id):
    with sessions.writing() as session:
        session.execute(delete(table).where(table.id == entry_id))


def compiled(sessions, compiler=None):
    with sessions.reading() as session:
        return unwrap((compiler or Compiler()).compile(session))


def wire(sessions, compiler):
    with sessions.reading() as session:
        return compiler.compile(session)


def test_an_offer_travels_with_everything_that_belongs_to_it(sessions):
    targeting = Targeting.model_validate(
        {
            "country": {"allow": ["us", "CA"]},
            "os": {"deny": ["Android<9"]},
            "hours": [9, 8],
            "timezone": "Asia/Tokyo",
        }
    )
    duplicates = DuplicatePolicy.model_validate({"action": "trafficback", "by": "ip", "window_s": 60})
    change(
        sessions, models.Offer, 1,
        name="Shoes", payout=Decimal("2.5"), payout_percent=Decimal(10), deep_link_hosts=["shop.example"],
        allow_override=True, attribution_window_days=30, view_window_hours=24, min_conversion_seconds=5,
        alternative_offer_id=2, starts_at=START, ends_at=END, hold_days=7, pixel_cookie=True, model="hybrid",
        targeting=targeting.stored(), duplicates=duplicates.stored(), fallback_url="https://f.example/",
        default_status="pending",
    )  # fmt: skip
    own = {"offer_id": 1, "payout": Decimal(3), "revenue": Decimal(5)}
    add(sessions, models.Goal, id=4, code="sale", name="Sale", hold_days=0, default_status="hold", **own)
    add(sessions, models.Goal, id=5, code="lead", name="Lead", model="CPL", **own)
    add(sessions, models.Goal, id=6, code="old", name="Old", status="paused", **own)
    add(sessions, models.LandingPage, id=1, offer_id=1, name="a", url="https://a.example/", weight=3)
    add(sessions, models.LandingPage, id=2, offer_id=1, name="b", url="https://b.example/", status="paused")
    add(sessions, models.Cap, id=1, offer_id=1, kind="payout", period="week", amount=Decimal("99.5"), goal="sale",
        hard=False, timezone="Asia/Tokyo", partner_id=2)  # fmt: skip
    add(sessions, models.Cap, id=2, offer_id=1, kind="click", period="day", amount=Decimal(10), each_partner=True)
    goal = TariffRoute("CPA", PriceRoute("3.00"), PriceRoute("5.00"))
    assert compiled(sessions).offers[1] == OfferRoute(
        id=1, name="Shoes", advertiser_id=1, status="active", destination="https://shop.example/", currency="USD",
        goals={
            "": GoalRoute(0, "", "Base", TariffRoute("hybrid", PriceRoute("2.50", "10.00"), PriceRoute("2.00")), (),
                          "pending", 604_800),
            "sale": GoalRoute(4, "sale", "Sale", goal, (), "hold", 0),
            "lead": GoalRoute(5, "lead", "Lead", TariffRoute("CPL", goal.payout, goal.revenue), (), "approved", 604_800),
        },
        deep_link_hosts=("shop.example",), allow_override=True, attribution_window_s=2_592_000,
        fallback_url="https://f.example/", view_window_s=86_400, min_conversion_s=5, alternative_offer_id=2,
        starts_at=START_MS, ends_at=moment_ms(END), pixel_cookie=True,
        targeting=TargetingRoute(
            country=(("US", "CA"), ()), os=((), ("Android<9",)), hours=(8, 9), timezone="Asia/Tokyo"
        ),
        caps=(
            CapRoute(1, "payout", "week", "99.50", "Asia/Tokyo", hard=False, partner_id=2, goal="sale"),
            CapRoute(2, "click", "day", "10.00", each_partner=True),
        ),
        duplicates=DuplicateRoute("trafficback", "ip", 60),
        landings=(LandingRoute(1, "https://a.example/", 3),),
    )  # fmt: skip


def test_an_offer_without_rules_has_none(sessions):
    plain = compiled(sessions).offers[2]
    assert (plain.targeting, plain.duplicates, plain.caps, plain.landings) == (None, None, (), ())
    assert (plain.starts_at, plain.ends_at, plain.alternative_offer_id, plain.view_window_s) == (0, 0, 0, 0)


def test_prices_by_country_and_by_steps_travel_as_they_are_stored(sessions):
    rules = PriceRules.model_validate(
        {
            "countries": {"de": {"fixed": "4.50"}, "IN": {"percent": "12.5"}},
            "steps_by": "amount",
            "steps": [{"from": "100", "fixed": "9"}, {"from": "10", "fixed": "5", "percent": "1"}],
        }
    )
    change(sessions, models.Offer, 1, payout_rules=rules.stored())
    assert compiled(sessions).offers[1].goals[""].tariff.payout == PriceRoute(
        "1.00",
        "",
        {"DE": ("4.50", ""), "IN": ("0", "12.5")},
        "amount",
        "month",
        (("10", "5", "1"), ("100", "9", "")),
    )


def test_an_override_keeps_what_it_leaves_open_and_belongs_to_its_goal(sessions):
    countries = PriceRules.model_validate({"countries": {"DE": {"fixed": "4"}}}).stored()
    change(sessions, models.Offer, 1, payout_percent=Decimal(10), payout_rules=countries)
    add(sessions, models.Goal, id=4, offer_id=1, code="sale", name="Sale", payout=Decimal(3), revenue=Decimal(5))
    add(sessions, models.PayoutOverride, offer_id=1, partner_id=1, payout=Decimal(7))
    add(sessions, models.PayoutOverride, offer_id=1, tier_id=1, payout_rules={}, revenue_percent=Decimal(50))
    add(sessions, models.PayoutOverride, offer_id=1, partner_id=2, goal="sale", payout=Decimal(0))
    goals = compiled(sessions).offers[1].goals
    assert goals[""].overrides == (
        OverrideRoute(1, 0, PriceRoute("7.00", "10.00", {"DE": ("4", "")})),
        OverrideRoute(0, 1, PriceRoute("1.00", "10.00"), PriceRoute("2.00", "50.00")),
    )
    assert goals["sale"].overrides == (OverrideRoute(2, 0, PriceRoute("0.00")),)


@pytest.mark.parametrize(
    ("visibility", "approved", "refused"), [("public", (), (2,)), ("approval", (1,), ()), ("private", (1,), ())]
)
def test_who_may_promote_an_offer_follows_its_visibility(sessions, visibility, approved, refused):
    change(sessions, models.Offer, 1, visibility=visibility)
    add(sessions, models.OfferAccess, offer_id=1, partner_id=1, status="approved")
    add(sessions, models.OfferAccess, offer_id=1, partner_id=2, status="rejected")
    add(sessions, models.OfferAccess, offer_id=2, partner_id=1, status="pending")
    found = compiled(sessions).offers
    assert (found[1].visibility, found[1].approved_partners, found[1].refused_partners) == (
        visibility,
        approved,
        refused,
    )
    assert (found[2].approved_partners, found[2].refused_partners) == ((), ())


def test_people_and_links_travel(sessions):
    until = datetime.now(UTC) + timedelta(hours=1)
    change(sessions, models.Advertiser, 1, previous_token="old", previous_token_until=until, status="suspended",
           allowed_networks=["10.0.0.0/8"], require_token=True)  # fmt: skip
    members = [{"offer_id": 1, "weight": 3}, {"offer_id": 2, "weight": 1}]
    best = add(
        sessions, models.SmartLink, name="best", strategy="epc", members=members, fallback_url="https://f.example/"
    )
    add(sessions, models.SmartLink, name="off", strategy="weight", members=members, status="paused")
    add(sessions, models.Link, id=1, code="abc", partner_id=1, offer_id=2, parameters={"sub1": "a b"})
    add(sessions, models.Link, id=2, code="def", partner_id=2, smart_link_id=best, parameters={})
    found = compiled(sessions)
    assert dict(found.partners) == {
        1: PartnerRoute(1, "Blog", "approved", "", 1),
        2: PartnerRoute(2, "New", "banned", "https://p.example/"),
    }
    assert dict(found.advertisers) == {
        1: AdvertiserRoute(
            1,
            "Acme",
            "t",
            require_token=True,
            previous_token="old",
            previous_token_until=moment_ms(until),
            allowed_networks=("10.0.0.0/8",),
            status="suspended",
        )
    }
    assert dict(found.links) == {
        "abc": LinkRoute(1, "abc", 1, 2, "sub1=a%20b"),
        "def": LinkRoute(2, "def", 2, 0, "", best),
    }
    assert dict(found.smart_links) == {
        best: SmartLinkRoute(best, "best", "epc", ((1, 3), (2, 1)), "https://f.example/")
    }


def test_coupons_blocks_hooks_and_rates_travel(sessions):
    add(sessions, models.Coupon, id=1, offer_id=1, partner_id=2, code="SAVE10", starts_at=START)
    add(sessions, models.Coupon, id=2, offer_id=1, partner_id=2, code="OLD", status="paused")
    add(sessions, models.BlocklistEntry, id=1, kind="source", value="spam", partner_id=2, expires_at=END)
    add(sessions, models.BlocklistEntry, id=2, kind="country", value="KP")
    hook = {"kind": "postback", "method": "GET", "url": "https://h.example/", "statuses": ["approved"]}
    add(sessions, models.Hook, id=1, name="a", partner_id=1, goal="", **hook)
    add(sessions, models.Hook, id=2, name="b", enabled=False, **hook)
    until = datetime.now(UTC) + timedelta(hours=1)
    secrets = {"secret": "new", "previous_secret": "old", "previous_secret_until": until}
    add(sessions, models.Hook, id=3, name="c", **hook, **secrets)
    for day, rate in ((date(2026, 3, 1), "1.10"), (date(2026, 1, 1), "1.08")):
        add(sessions, models.CurrencyRate, currency="EUR", valid_from=day, rate=Decimal(rate))
    found = compiled(sessions, Compiler("USD"))
    assert dict(found.coupons) == {"1:SAVE10": CouponRoute(1, "SAVE10", 1, 2, START_MS)}
    assert found.blocks == (
        BlockRoute(1, "source", "spam", 0, 2, moment_ms(END)),
        BlockRoute(2, "country", "KP"),
    )
    route = partial(HookRoute, kind="postback", method="GET", url="https://h.example/", statuses=("approved",))
    assert found.hooks == (
        route(1, partner_id=1, goal=""),
        route(3, secret="new", previous_secret="old", previous_secret_until=moment_ms(until)),
    )
    assert dict(found.rates) == {"EUR": ((20_454, "1.08"), (20_513, "1.10"))}
    assert found.base_currency == "USD"
    assert "JPY" in found.currencies


def test_the_programs_own_base_currency_comes_before_the_services(sessions):
    with sessions.writing() as session:
        session.execute(update(models.Program).values(base_currency="EUR"))
    assert compiled(sessions, Compiler("USD")).base_currency == "EUR"


def test_an_edge_knows_the_keys_that_may_record_clicks_and_no_others(sessions):
    for user, status in ((1, "active"), (2, "disabled")):
        add(sessions, models.User, id=user, email=f"u{user}@x.example", name="U", role="admin", status=status)
    key = {"name": "k", "role": "partner", "scopes": ["clicks:write", "reports:read"], "partner_id": 1}
    accepted = {
        "own": key | {"expires_at": END},
        "all": key | {"role": "manager", "partner_id": None},
        "by a user": key | {"user_id": 1},
    }
    refused = {
        "revoked": key | {"revoked_at": START},
        "session": key | {"kind": "session"},
        "scope": key | {"scopes": ["reports:read"]},
        "like": key | {"scopes": ["clicks:write2"]},
        "user": key | {"user_id": 2},
        "role": key | {"role": "analyst", "partner_id": None},
        "advertiser": key | {"role": "manager", "partner_id": None, "advertiser_id": 1},
    }
    for name, values in (accepted | refused).items():
        add(sessions, models.ApiKey, prefix=name, secret_hash=f"hash of {name}", **values)
    assert dict(compiled(sessions).keys) == {
        "hash of own": KeyRoute("own", 1, moment_ms(END)),
        "hash of all": KeyRoute("all"),
        "hash of by a user": KeyRoute("by a user", 1),
    }


PARTS = {
    "offer": (models.Offer, {"id": 2}, {"name": "renamed"}),
    "goal": (models.Goal, {"code": "sale", "name": "S", "payout": 0, "revenue": 0}, {"payout": Decimal(9)}),
    "override": (models.PayoutOverride, {"partner_id": 1, "payout": 1}, {"payout": Decimal(9)}),
    "access": (models.OfferAccess, {"partner_id": 1, "status": "rejected"}, {"status": "approved"}),
    "page": (models.LandingPage, {"name": "a", "url": "https://a.example/"}, {"weight": 9}),
    "cap": (models.Cap, {"kind": "click", "period": "day", "amount": 1}, {"amount": Decimal(9)}),
}


@pytest.mark.parametrize("part", PARTS)
def test_an_offer_is_read_again_when_anything_of_it_changed_and_only_then(sessions, part):
    table, values, changes = PARTS[part]
    if part != "offer":
        values = {"offer_id": 2} | {
            n: Decimal(v) if isinstance(v, int) and n in {"payout", "revenue", "amount"} else v
            for n, v in values.items()
        }
    compiler = Compiler()
    before = wire(sessions, compiler).offers
    entry = 2 if part == "offer" else add(sessions, table, **values)
    added = wire(sessions, compiler).offers
    change(sessions, table, entry, **changes)
    changed = wire(sessions, compiler).offers
    assert (added[2] != before[2]) is (part != "offer")
    assert changed[2] != added[2]
    if part != "offer":
        remove(sessions, table, entry)
        assert wire(sessions, compiler).offers == before
    assert all(changed[n] is before[n] for n in (1, 3))
    assert list(changed) == [1, 2, 3]


def test_what_was_remembered_is_what_a_new_compiler_reads(sessions):
    compiler = Compiler()
    wire(sessions, compiler)
    change(sessions, models.Partner, 2, status="approved")
    removed = add(sessions, models.Link, code="gone", partner_id=1, offer_id=1, parameters={})
    add(sessions, models.Link, code="kept", partner_id=1, offer_id=1, parameters={})
    wire(sessions, compiler)
    remove(sessions, models.Link, removed)
    added = add(sessions, models.Offer, name="new", advertiser_id=1, **PLAIN)
    best = add(sessions, models.SmartLink, name="best", strategy="epc", members=[])
    assert best in wire(sessions, compiler).smart_links
    change(sessions, models.SmartLink, best, status="paused")
    whole = wire(sessions, compiler)
    assert whole == wire(sessions, Compiler())
    assert (list(whole.links), added in whole.offers, list(whole.smart_links)) == (["kept"], True, [])


def test_a_restored_backup_is_read_anew_though_its_rows_bear_stamps_we_know(sessions):
    with sessions.writing() as session:
        session.execute(update(models.Program).values(version=40))
    compiler = Compiler()
    wire(sessions, compiler)
    with sessions.writing() as session:
        # The same id, revision and time as before, in another database's life.
        session.execute(update(models.Partner).where(models.Partner.id == 1).values(name="another"))
        session.execute(update(models.Program).values(version=7))
    assert compiled(sessions, compiler).partners[1].name == "another"


def test_a_failure_in_the_middle_loses_no_change(sessions, monkeypatch):
    compiler = Compiler()
    wire(sessions, compiler)
    change(sessions, models.Offer, 2, name="renamed")
    with monkeypatch.context() as broken:
        broken.setattr(compiling, "offer_route", lambda _rows: (_ for _ in ()).throw(RuntimeError("broken off")))
        with pytest.raises(RuntimeError, match="broken off"):
            wire(sessions, compiler)
    assert compiled(sessions, compiler).offers[2].name == "renamed"


def statements(sessions, work):
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731 - a hook
    event.listen(sessions.engine, "before_cursor_execute", listener)
    work()
    event.remove(sessions.engine, "before_cursor_execute", listener)
    return len(seen)


def test_the_number_of_queries_grows_with_no_number_of_offers(sessions):
    few = statements(sessions, lambda: compiled(sessions))
    rows = [{"name": f"more {n}", "advertiser_id": 1, **PLAIN} for n in range(300)]
    with sessions.writing() as session:
        session.execute(insert(models.Offer), rows)
    assert statements(sessions, lambda: compiled(sessions)) == few


def test_a_program_that_did_not_change_costs_one_query_for_each_table(sessions):
    compiler = Compiler()
    wire(sessions, compiler)
    tables = 15
    assert statements(sessions, lambda: wire(sessions, compiler)) <= tables + 3


def test_a_compiled_snapshot_is_one_of_the_database_as_it_is(sessions):
    with sessions.reading() as session:
        found = compile_snapshot(session)
    assert (found.version, sorted(found.offers), sorted(found.partners)) == (1, [1, 2, 3], [1, 2])
