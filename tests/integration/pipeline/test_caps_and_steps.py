"""Prices by place and number, and what comes when a cap is reached, decided over the real event store."""

from __future__ import annotations

import secrets
from decimal import Decimal

import msgspec
import pytest

from kernel.clickhouse.arrow import rows_table
from tests.support.offers import goal, offer
from tests.support.pipeline import Host, new_offer_id, now_ms
from tracker import caps
from tracker.pipeline.cap_counts import CapCounts
from tracker.routes import CapRoute, OverrideRoute, PartnerRoute, PriceRoute, TariffRoute
from tracker.snapshot import Snapshot

DAY = 86_400_000
BY_HAND = {"source": "api", "trusted": True}


@pytest.fixture
def name():
    return f"edge-{secrets.token_hex(10)}"


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


def program(*offers, partners=(), **changes):
    return Snapshot(1, {o.id: o for o in offers}, {p.id: p for p in partners}, **changes)


def sell(host, offer_id, *moments, start=1, **click):
    """Return the events of one sale at each moment."""
    events = []
    for number, ts in enumerate(moments, start):
        clicked = host.click(offer_id, ts=ts - 1000, **click)
        events += [clicked, host.postback(clicked, "10", txn_id=f"t{number}", ts=ts)]
    return events


def outcomes(host):
    rows = host.rows(
        "SELECT txn_id, status, reject_reason, payout FROM conversions FINAL "
        "WHERE partner_id = {partner:UInt32} ORDER BY txn_id"
    )
    return [(r["txn_id"], r["status"], r["reject_reason"], str(r["payout"].normalize())) for r in rows]


def cap(number=1, kind="conversion", period="day", amount="2", **changes):
    return CapRoute(number, kind, period, amount, **changes)


def test_prices_go_by_partner_tier_country_and_goal(host, name):
    number = new_offer_id()
    price = PriceRoute("1", countries={"DE": ("2", "")})
    mine = OverrideRoute(partner_id=host.partner, payout=PriceRoute("5"))
    tier = OverrideRoute(tier_id=9, payout=PriceRoute("7"), revenue=PriceRoute("8"))
    goals = (
        goal("tier", tariff=TariffRoute("CPL", price, price), overrides=(tier,)),
        goal("own", tariff=TariffRoute("CPA", price, price), overrides=(tier, mine)),
        goal("land", id=44, tariff=TariffRoute("hybrid", price, price)),
    )
    host.program = program(
        offer(id=number, more_goals=goals),
        partners=[PartnerRoute(host.partner, "p", "approved", tier_id=9)],
    )
    click = host.click(number, country="DE")
    sales = [
        host.postback(click, "10", txn_id=each, goal=each, ts=click.ts + 1)
        for each in ("tier", "own", "44", "unknown")
    ]
    host.write(name, [click, *sales])
    host.run()
    rows = host.rows(
        "SELECT goal, payout, revenue, payout_model FROM conversions WHERE partner_id = {partner:UInt32} ORDER BY goal"
    )
    assert [(r["goal"], int(r["payout"]), int(r["revenue"]), r["payout_model"]) for r in rows] == [
        ("land", 2, 2, "hybrid"),
        ("own", 5, 8, "CPA"),
        ("tier", 7, 8, "CPL"),
        ("unknown", 0, 0, ""),
    ]


def test_steps_count_the_partners_conversions_in_the_period_over_batches_and_restarts(host, name):
    number = new_offer_id()
    steps = PriceRoute("1", steps_by="conversions", steps_period="day", steps=(("2", "2", ""), ("4", "4", "")))
    host.program = program(offer(id=number, goals={"": goal(tariff=TariffRoute("CPA", steps, PriceRoute("9")))}))
    noon = now_ms() // DAY * DAY + DAY // 2
    host.write(name, sell(host, number, *(noon + n for n in range(3))))
    host.run()
    host.restart()
    host.write(name, sell(host, number, *(noon + n for n in range(3, 5)), noon + DAY, start=4))
    host.run()
    assert [payout for *_, payout in outcomes(host)] == ["1", "2", "2", "4", "4", "1"]
    rows = host.rows("SELECT goal_number FROM conversions WHERE partner_id = {partner:UInt32} ORDER BY txn_id")
    assert [row["goal_number"] for row in rows] == [1, 2, 3, 4, 5, 1]


def test_a_changed_amount_is_priced_by_the_number_the_conversion_has(host, name):
    number = new_offer_id()
    steps = PriceRoute("", "1", steps_by="conversions", steps_period="month", steps=(("2", "", "50"),))
    host.program = program(offer(id=number, goals={"": goal(tariff=TariffRoute("CPS", steps, steps))}))
    events = sell(host, number, now_ms(), now_ms() + 1)
    changed = msgspec.structs.replace(
        events[1], ts=now_ms() + 2, fields=msgspec.structs.replace(events[1].fields, amount="200")
    )
    host.write(name, [*events, changed])
    host.run()
    assert [payout for *_, payout in outcomes(host)] == ["2", "5"]


def test_beyond_a_hard_cap_conversions_are_rejected_exactly_from_the_next_one_on(host, name):
    number = new_offer_id()
    host.program = program(offer(id=number, caps=(cap(amount="3"),)))
    noon = now_ms() // DAY * DAY + DAY // 2
    host.write(name, sell(host, number, noon, noon + 1))
    host.run()
    host.write(name, sell(host, number, noon + 2, noon + 3, noon + DAY, start=3))
    host.run()
    assert [(txn, status, reason) for txn, status, reason, _ in outcomes(host)] == [
        ("t1", "approved", ""),
        ("t2", "approved", ""),
        ("t3", "approved", ""),
        ("t4", "rejected", "cap_reached"),
        ("t5", "approved", ""),
    ]


def test_a_charge_back_makes_room_in_the_period_of_its_conversion(host, name):
    number = new_offer_id()
    host.program = program(offer(id=number, caps=(cap(amount="1"),)))
    noon = now_ms() // DAY * DAY + DAY // 2
    first, sold, *second = sell(host, number, noon, noon + 2)
    back = msgspec.structs.replace(
        sold, ts=noon + 1, fields=msgspec.structs.replace(sold.fields, status="rejected")
    )
    host.write(name, [first, sold, back, *second])
    host.run()
    assert [status for _, status, *_ in outcomes(host)] == ["rejected", "approved"]


def test_beyond_a_soft_cap_conversions_wait_for_somebody_to_decide(host, name):
    number = new_offer_id()
    host.program = program(offer(id=number, caps=(cap(amount="1", hard=False),)))
    noon = now_ms() // DAY * DAY + DAY // 2
    events = sell(host, number, noon, noon + 1)
    again = msgspec.structs.replace(
        events[3], ts=noon + 2, fields=msgspec.structs.replace(events[3].fields, status="approved")
    )
    host.write(name, [*events, again])
    host.run()
    assert outcomes(host)[1][:3] == ("t2", "hold", "cap_reached")
    by_hand = msgspec.structs.replace(again, ts=noon + 3, reason="agreed by phone", actor="user:7", **BY_HAND)
    host.write(name, [by_hand])
    host.run()
    host.convert()
    (row,) = host.rows(
        "SELECT status, conversion_source, actor, change_reason FROM conversions FINAL "
        "WHERE partner_id = {partner:UInt32} AND txn_id = 't2'"
    )
    assert tuple(row.values()) == ("approved", "api", "user:7", "agreed by phone")


@pytest.mark.parametrize(("kind", "amount"), [("payout", "5"), ("revenue", "8.00"), ("payout", "7.49")])
def test_a_cap_on_money_takes_what_still_fits(host, name, kind, amount):
    number = new_offer_id()
    host.program = program(offer(id=number, caps=(cap(kind=kind, amount=amount, period="total"),)))
    now = now_ms()
    host.write(name, sell(host, number, now, now + 1, now + 2))
    host.run()
    assert [status for _, status, *_ in outcomes(host)] == ["approved", "approved", "rejected"]


def test_caps_of_a_partner_of_each_partner_and_of_a_goal_count_only_theirs(tmp_path, event_store, name):
    number = new_offer_id()
    one, two = (Host(tmp_path / each, event_store) for each in ("one", "two"))
    limits = (
        cap(1, amount="1", each_partner=True, goal=""),
        cap(2, amount="1", partner_id=one.partner, goal="signup"),
    )
    both = program(offer(id=number, caps=limits, more_goals=(goal("signup"),)))
    for each, host in (("a", one), ("b", two)):
        host.program = both
        click = host.click(number)
        goals = ["", "", "signup", "signup"]
        host.write(
            f"{name}{each}",
            [click, *(host.postback(click, txn_id=f"t{n}", goal=g, ts=click.ts + n) for n, g in enumerate(goals))],
        )
        host.run()
    assert [status for _, status, *_ in outcomes(one)] == ["approved", "rejected", "approved", "rejected"]
    assert [status for _, status, *_ in outcomes(two)] == ["approved", "rejected", "approved", "approved"]
    for host in (one, two):
        host.kill()


def test_self_tests_are_priced_and_count_nowhere(host, name):
    number = new_offer_id()
    steps = PriceRoute("1", steps_by="conversions", steps_period="total", steps=(("2", "2", ""),))
    terms = goal(tariff=TariffRoute("CPA", steps, steps))
    host.program = program(offer(id=number, goals={"": terms}, caps=(cap(amount="2", period="total"),)))
    now = now_ms()
    tests = sell(host, number, now, now + 1, is_test=True)
    click = host.click(number, ts=now)
    marked = host.postback(click, txn_id="t3", ts=now + 2, event={"is_test": True})
    host.write(name, [*tests, click, marked, *sell(host, number, now + 3, now + 4, start=4)])
    host.run()
    assert [(status, payout) for _, status, _, payout in outcomes(host)] == [("approved", "1")] * 4 + [
        ("approved", "2")
    ]
    rows = host.rows("SELECT is_test FROM conversions FINAL WHERE partner_id = {partner:UInt32} ORDER BY txn_id")
    assert [row["is_test"] for row in rows] == [True, True, True, False, False]


class Caps:
    """A host whose counts go to a real Valkey."""

    def __init__(self, tmp_path, event_store, valkey, *limits, **terms):
        self.number = new_offer_id()
        self.offer = offer(id=self.number, caps=limits, **terms)
        self.valkey = valkey
        snapshot = program(self.offer)
        self.counts = CapCounts(valkey, event_store, lambda: snapshot)
        self.host = Host(tmp_path, event_store, counted=self.counts.counted)
        self.host.program = snapshot

    def read(self, limit, ts):
        return self.valkey.get(caps.key(limit, self.host.partner, ts))


@pytest.fixture
def capped(tmp_path, event_store, valkey):
    made = []

    def make(*limits, **terms):
        made.append(Caps(tmp_path, event_store, valkey, *limits, **terms))
        return made[-1]

    yield make
    for each in made:
        each.host.kill()


def test_what_a_batch_counted_is_in_redis_at_once(capped, name):
    limits = cap(1, amount="9"), cap(2, "payout", "month", "99", each_partner=True), cap(3, "click")
    case = capped(*limits)
    now = now_ms()
    case.host.write(name, sell(case.host, case.number, now, now + 1, now + 2))
    case.host.run()
    assert [case.read(limit, now) for limit in limits] == [b"3", b"7.5", None]
    assert 0 < case.valkey.ttl(caps.key(limits[0], 0, now)) <= 15 * 86_400


def test_a_redis_that_lost_its_memory_gets_the_counts_again(capped, name):
    limits = cap(1, amount="9"), cap(2, "payout", "total", "99", each_partner=True)
    case = capped(*limits)
    now = now_ms()
    case.host.write(name, sell(case.host, case.number, now, now + 1))
    case.host.run()
    case.valkey.flushall()
    case.counts.refresh(now)
    assert [case.read(limit, now) for limit in limits] == [b"2", b"5"]
    case.counts.refresh(now + DAY)
    assert [case.read(limit, now + DAY) for limit in limits] == [b"0", b"5"]


def test_a_store_that_refuses_to_count_delays_nothing_and_is_asked_again(capped, name, monkeypatch):
    limit = cap(1, amount="9")
    case = capped(limit)
    now, clock = now_ms(), [0.0]
    case.counts._clock = lambda: clock[0]
    case.host.write(name, sell(case.host, case.number, now))
    case.host.run()
    case.valkey.flushall()
    with monkeypatch.context() as broken:
        broken.setattr("tracker.pipeline.counting.sql.CONVERSIONS_COUNTED", "SELECT nonsense")
        case.counts.refresh_when_due()
    clock[0] = 1.0
    case.counts.refresh_when_due()
    assert case.read(limit, now) is None
    clock[0] = 6.0
    case.counts.refresh_when_due()
    assert case.read(limit, now) == b"1"


def test_what_clicks_earned_by_themselves_counts_towards_caps_on_money(capped, event_store):
    limits = cap(1, "payout", "day", "99"), cap(2, "revenue", "total", "99", each_partner=True), cap(3, amount="9")
    case = capped(*limits, model="CPC")
    now = now_ms()
    one = {"ts": now, "offer_id": case.number, "partner_id": case.host.partner, "currency": "USD"}
    paid = [
        one | {"click_id": f"{case.number}-{n}", "payout": Decimal("0.2"), "revenue": Decimal(1)} for n in range(3)
    ]
    event_store.insert_arrow("clicks", rows_table("clicks", paid))
    case.counts.refresh(now)
    assert [case.read(limit, now) for limit in limits] == [b"0.6", b"3", b"0"]


def test_what_another_host_took_back_is_seen_with_the_next_look(tmp_path, capped, event_store, name):
    limit = cap(1, "payout", "total", "99", each_partner=True)
    case = capped(limit)
    now = now_ms()
    click, sold = sell(case.host, case.number, now)
    case.host.write(name, [click, sold])
    case.host.run()
    assert case.read(limit, now) == b"2.5"
    other = Host(tmp_path / "other", event_store)
    other.program = case.host.program
    other.write(
        f"{name}b",
        [msgspec.structs.replace(sold, fields=msgspec.structs.replace(sold.fields, status="rejected"))],
    )
    other.run()
    case.counts.refresh(now)
    assert case.read(limit, now) == b"0"
    other.kill()


def test_money_in_another_currency_counts_at_the_rate_of_its_day(host, name):
    number = new_offer_id()
    today = now_ms() // DAY
    limits = (cap(amount="20", kind="payout", period="total"),)
    host.program = program(
        offer(id=number, caps=limits, allow_override=True),
        base_currency="USD",
        rates={"EUR": ((today - 1, "2"),)},
    )
    click = host.click(number)
    host.write(
        name,
        [
            click,
            *(
                host.postback(click, None, txn_id=f"t{n}", payout="6", currency="EUR", ts=click.ts + n)
                for n in range(2)
            ),
        ],
    )
    host.run()
    rows = host.rows(
        "SELECT status, payout, currency FROM conversions WHERE partner_id = {partner:UInt32} ORDER BY txn_id"
    )
    assert [(r["status"], r["payout"], r["currency"]) for r in rows] == [
        ("approved", Decimal(6), "EUR"),
        ("rejected", Decimal(6), "EUR"),
    ]
