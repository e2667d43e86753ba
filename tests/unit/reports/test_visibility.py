"""Which money each role sees."""

import pytest

from kernel.auth import Principal
from kernel.clickhouse.columns import TABLES
from kernel.errors import ClickledgerError
from reports.describe import schema
from reports.export.request import wanted
from reports.registry import METRICS
from reports.visibility import refuse_hidden, sees_metric
from tests.unit.reports.asking import SETTINGS

PARTNER = Principal("partner", partner_id=7)
ADVERTISER = Principal("advertiser", advertiser_id=5)
NETWORK = [Principal(role) for role in ("admin", "manager", "analyst")]
RANGE = {"from": "2026-11-01", "to": "2026-11-02"}


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
    assert {m["name"] for m in schema(SETTINGS, who)["metrics"]} == set(METRICS)


@pytest.mark.parametrize("who", [PARTNER, ADVERTISER], ids=lambda who: who.role)
def test_the_schema_lists_what_the_caller_may_ask(who):
    assert {m["name"] for m in schema(SETTINGS, who)["metrics"]} == set(METRICS) - hidden(who)


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
