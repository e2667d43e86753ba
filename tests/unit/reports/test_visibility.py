"""What each role sees of money, names and attributes."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kernel.auth import Principal
from kernel.clickhouse.columns import TABLES
from kernel.errors import STORE_AWAY, ClickledgerError
from reports.describe import schema
from reports.export.request import wanted
from reports.registry import DIMENSIONS, METRICS, PARTS, custom
from reports.report import report
from reports.visibility import refuse_hidden, seen_by, sees_dimension, sees_metric
from tests.unit.reports.asking import NAMES, SETTINGS, Directory, query

PARTNER = Principal("partner", partner_id=7)
ADVERTISER = Principal("advertiser", advertiser_id=5)
NETWORK = [Principal(role) for role in ("admin", "manager", "analyst")]
RANGE = {"from": "2026-11-01", "to": "2026-11-02"}


class Answering:
    """An event store that has seen these ids in the rows of whoever asks, and keeps what it was asked."""

    def __init__(self, ids=(), why=None):
        self.ids, self.why, self.asked = ids, why, []

    @contextmanager
    def reader(self):
        if self.why:
            raise self.why
        yield self

    def query(self, text, parameters):
        self.asked.append((text, parameters))
        return SimpleNamespace(summary={}, result_rows=[(one,) for one in self.ids])


def told(who, names=NAMES, readers=None):
    return schema(SETTINGS, who, names=names, readers=readers or Answering())


def offered(who, names=NAMES, readers=None):
    return {d["name"]: d["values"] for d in told(who, names, readers)["dimensions"] if "values" in d}


def unseen(who):
    return {name for name, dimension in DIMENSIONS.items() if not sees_dimension(who, dimension)}


def hidden(who):
    return {name for name, metric in METRICS.items() if not sees_metric(who, metric)}


def test_a_partner_sees_what_it_earns_and_nothing_the_advertiser_pays():
    assert hidden(PARTNER) == {
        *("revenue", "profit", "margin", "roi", "rpc", "rpm", "approved_revenue", "expected_revenue")
    }


def test_an_advertiser_sees_what_it_pays_and_nothing_the_partner_earns_or_spent():
    assert hidden(ADVERTISER) == {
        *("payout", "profit", "margin", "roi", "ecpm", "epc", "epc_unique", "cpa", "approved_payout"),
        *("expected_payout", "held_payout", "rejected_payout", "cost", "cpc"),
    }


@pytest.mark.parametrize("who", NETWORK, ids=lambda who: who.role)
def test_the_network_sees_everything(who):
    assert hidden(who) == set()
    assert unseen(who) == set()
    assert {m["name"] for m in told(who)["metrics"]} == set(METRICS)
    assert {d["name"] for d in told(who)["dimensions"]} == set(DIMENSIONS)
    assert {p["name"] for p in told(who)["formulas"]["parts"]} == set(PARTS) - set(METRICS)
    seen = seen_by(who, NAMES)
    for kind, known in NAMES.known.items():
        assert (seen.all(kind), seen.of(kind, list(known))) == (known, known)


@pytest.mark.parametrize("who", [PARTNER, ADVERTISER], ids=lambda who: who.role)
def test_the_schema_lists_what_the_caller_may_ask(who):
    assert {m["name"] for m in told(who)["metrics"]} == set(METRICS) - hidden(who)
    assert {d["name"] for d in told(who)["dimensions"]} == set(DIMENSIONS) - unseen(who)


def test_managers_and_tags_of_partners_are_the_network_s_own_and_a_tier_its_partner_s():
    managers = {"partner_manager", "advertiser_manager", "account_manager"}
    assert unseen(PARTNER) == managers | {"partner_tag"}
    assert unseen(ADVERTISER) == managers | {"partner_tag", "partner_tier"}


@pytest.mark.parametrize(
    "asking",
    [
        {"dimensions": ["partner_tag"]},
        {"filters": [{"dimension": "partner_tag", "value": "blog"}]},
        {"dimensions": ["day"], "pivot": "partner_tag"},
    ],
    ids=["rows", "filter", "pivot"],
)
@pytest.mark.parametrize("who", [PARTNER, ADVERTISER], ids=lambda who: who.role)
def test_a_hidden_dimension_is_refused_by_name_before_anything_is_read(who, asking):
    readers = Answering()
    with pytest.raises(ClickledgerError) as refused:
        report(query(**asking), who, names=NAMES, readers=readers, chosen=SETTINGS)
    assert refused.value.kind.code == "dimension_hidden"
    assert refused.value.details == {"name": "partner_tag"}
    assert readers.asked == []


def test_a_formula_over_hidden_money_is_hidden():
    mine = custom("mine", "(approved_revenue + 1) / clicks", "money")
    assert hidden(PARTNER) & {"rpc"}
    assert not sees_metric(PARTNER, mine)
    assert sees_metric(ADVERTISER, mine)
    assert not sees_metric(ADVERTISER, custom("mine", "epc * 2", "money"))
    parts = {p["name"] for p in told(PARTNER)["formulas"]["parts"]}
    assert "pending_payout" in parts
    assert not parts & {"pending_revenue", "approved_revenue"}


@pytest.mark.parametrize(
    ("who", "kinds"), [(PARTNER, {"advertiser"}), (ADVERTISER, {"partner", "link", "smart_link"})]
)
def test_who_is_dealt_with_through_the_network_has_no_name_and_is_not_found_by_one(who, kinds):
    seen = seen_by(who, NAMES)
    for kind, known in NAMES.known.items():
        (one, name), *_ = known.items()
        found = (seen.of(kind, [one]), seen.all(kind), bool(seen.ids(kind, name)))
        assert found == (({}, {}, False) if kind in kinds else ({one: name}, known, True))
    assert seen.attributes("offer_tag") == NAMES.attributes("offer_tag")
    assert seen.rates() == NAMES.rates()


def test_a_report_has_one_and_the_same_tags_throughout():
    names = Directory()
    seen = seen_by(NETWORK[0], names)
    before = seen.attributes("offer_tag")
    names.attributed["offer_tag"] = {10: ("new",)}
    assert seen.attributes("offer_tag") is before
    assert seen_by(NETWORK[0], names).attributes("offer_tag") == {10: ("new",)}


def test_the_network_picks_from_every_value_of_the_program_and_reads_no_events():
    readers = Answering()
    assert offered(NETWORK[0], readers=readers) == {
        "partner_manager": ["Mia", "Noah"],
        "partner_tier": ["Gold", "Silver"],
        "partner_tag": ["blog", "eu"],
        "advertiser_manager": ["Mia"],
        "account_manager": ["Mia"],
        "offer_category": ["Fashion"],
        "offer_tag": ["sale", "summer"],
        "payout_model": ["CPA", "CPC"],
        "creative_name": ["Banner"],
        "landing_name": ["Shop"],
    }
    assert readers.asked == []


@pytest.mark.parametrize("who", [PARTNER, ADVERTISER], ids=lambda who: who.role)
def test_others_pick_from_the_values_of_their_own_rows(who):
    readers = Answering(["11", "77", "summer"])
    values = offered(who, readers=readers)
    assert values.pop("partner_tier", []) == []
    assert values == {
        "offer_category": [],
        "offer_tag": ["sale"],
        "payout_model": ["CPC"],
        "creative_name": [],
        "landing_name": [],
    }
    scopes = {"scope_partner": 7} if who is PARTNER else {"scope_advertiser": 5}
    assert readers.asked
    for text, parameters in readers.asked:
        assert scopes.items() <= parameters.items()
        assert text.count("WHERE") == text.count(f"{{{next(iter(scopes))}:UInt32}}") == 3


def test_a_picker_is_empty_while_the_event_store_is_away():
    assert set(map(tuple, offered(PARTNER, readers=Answering(why=STORE_AWAY.error())).values())) == {()}


def test_a_picker_holds_a_thousand_values():
    tags = {n: (f"tag{n:05}",) for n in range(2000)}
    values = offered(NETWORK[0], Directory(attributed={"offer_tag": tags}))["offer_tag"]
    assert values == [f"tag{n:05}" for n in range(1000)]


def test_the_schema_tells_the_currencies_amounts_can_be_converted_into():
    assert told(PARTNER)["currencies"] == ["EUR", "USD"]
    assert told(PARTNER, Directory(base="GBP"))["currencies"] == ["EUR", "GBP", "USD"]
    assert told(PARTNER, Directory(base=""))["currencies"] == ["EUR", "USD"]


def test_hidden_money_is_refused_by_name():
    with pytest.raises(ClickledgerError) as refused:
        refuse_hidden(PARTNER, (METRICS["clicks"], METRICS["margin"]))
    assert refused.value.kind.code == "metric_hidden"
    assert refused.value.details == {"name": "margin"}


@pytest.mark.parametrize(
    ("who", "left_out"),
    [(PARTNER, {"revenue"}), (ADVERTISER, {"payout"})],
    ids=["partner", "advertiser"],
)
def test_an_export_leaves_hidden_money_out_and_refuses_it_by_name(who, left_out):
    columns = {column.name for column in wanted("conversions", RANGE, who).columns}
    assert columns == {column.name for column in TABLES["conversions"]} - left_out
    with pytest.raises(ClickledgerError) as refused:
        wanted("conversions", {**RANGE, "columns": left_out.pop()}, who)
    assert refused.value.kind.code == "unknown_column"
