"""The statements of logs and roads: one SELECT each, of event tables, within the caller's scope, without values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlglot
from sqlglot import exp

from kernel.auth import ADMIN, Principal
from kernel.clickhouse.columns import CLICKS
from kernel.errors import ClickledgerError
from reports.bindings import Statement
from reports.logs import road_sql, sql
from reports.logs.asked import Asked, asked
from reports.logs.log import LOGS
from reports.logs.places import Place, cursor_of
from reports.logs.schemas import LogQuery
from reports.scope import ScopeMissingError
from tests.unit.reports.asking import NAMES, PARTNER

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
CLICK_ID = "the-click-id"
ADVERTISER = Principal("advertiser", advertiser_id=9)
LIMITED = {
    "partner_id = {scope_partner:UInt32}": PARTNER,
    "advertiser_id = {scope_advertiser:UInt32}": ADVERTISER,
}
TABLES = {"clicks", "impressions", "conversions", "conversion_changes", "outbound_attempts", "rejected"}
FILTERS = [
    "country=DE",
    "offer=Shoes",
    "fraud_reason=prefetch",
    "offer_category=Fashion",
    "hour>=2026-11-02 10:00",
    "asn>5",
]


def page(log: str, who: Principal = ADMIN, **fields: object) -> Asked:
    given = {"from": "2026-11-01", "to": "2026-11-08", **fields}
    return asked(LOGS[log], LogQuery.model_validate(given), who, NAMES)


def of_logs(who: Principal) -> dict[str, Statement]:
    made = {}
    behind = cursor_of(Place(AT, "the-last-id"))
    for log in ("clicks", "impressions", "conversions"):
        wanted = page(log, who, filter=FILTERS, cursor=behind, timezone="Asia/Kolkata", columns="*")
        made[f"{log}: how far"] = sql.reach(wanted, who, NAMES)
        made[f"{log}: rows"] = sql.rows(wanted, who, NAMES, AT)
    return made


def of_roads(who: Principal) -> dict[str, Statement]:
    return {
        **{
            f"{table}: half {number}": half.statement
            for table in ("clicks", "impressions")
            for number, half in enumerate(road_sql.click(table, CLICK_ID, AT, who), 1)
        },
        "conversions": road_sql.conversions(CLICK_ID, AT, who).statement,
        "states": road_sql.states(["c1", "c2"], AT, who).statement,
        "tries": road_sql.attempts(["c1", "c2"], [7], AT, who).statement,
    }


CASES = [
    pytest.param(statement, condition, id=f"{who.role}: {name}")
    for condition, who in LIMITED.items()
    for name, statement in {**of_logs(who), **of_roads(who)}.items()
]


@pytest.mark.parametrize(("statement", "condition"), CASES)
def test_a_statement_is_one_select_within_the_scope_and_without_values(statement: Statement, condition: str):
    (tree,) = sqlglot.parse(statement.text, dialect="clickhouse")
    assert isinstance(tree, exp.Select)
    (table,) = tree.find_all(exp.Table)
    assert table.name in TABLES
    assert not table.db
    where = tree.args["where"].this
    assert isinstance(where, exp.And)
    last = list(where.flatten())[-1].sql(dialect="clickhouse")
    assert last.replace(" ", "") == condition.replace(" ", "")
    assert {place.name for place in tree.find_all(exp.Placeholder)} == set(statement.parameters)
    for value in ("Kolkata", "'DE'", "prefetch", "Fashion", CLICK_ID, "the-last-id", "'c1'", "2026"):
        assert value not in statement.text


@pytest.mark.parametrize("who", [None, Principal("partner"), Principal("advertiser"), Principal("nobody")])
def test_without_a_scope_there_is_no_statement(who: Principal):
    with pytest.raises(ScopeMissingError):
        sql.reach(page("clicks"), who, NAMES)
    with pytest.raises(ScopeMissingError):
        road_sql.click("clicks", CLICK_ID, AT, who)


def test_a_page_reads_times_first_and_then_the_rows_no_older_than_its_oldest():
    wanted = page("clicks", limit=50, columns="country", cursor=cursor_of(Place(AT, "k")), filter=["country=DE"])
    reach = sql.reach(wanted, PARTNER, NAMES)
    assert reach.text == (
        "SELECT ts\nFROM clicks\nWHERE ts >= {from:DateTime64(3, 'UTC')}\n    AND ts < {to:DateTime64(3, 'UTC')}\n"
        "    AND ts <= {before:DateTime64(3, 'UTC')}\n"
        "    AND (ts, click_id) < ({before:DateTime64(3, 'UTC')}, {before_id:String})\n"
        "    AND country = {f0:String}\n"
        "    AND partner_id = {scope_partner:UInt32}\n"
        "ORDER BY toDate(ts) DESC, ts DESC\nLIMIT 1 OFFSET {limit:UInt32}"
    )
    assert reach.parameters["limit"] == 50
    rows = sql.rows(wanted, PARTNER, NAMES, AT)
    assert rows.text.startswith("SELECT ts, click_id, `country`\nFROM clicks\n")
    assert rows.text.endswith("ORDER BY toDate(ts) DESC, ts DESC, click_id DESC\nLIMIT {limit:UInt32}")
    assert (rows.parameters["from"], rows.parameters["limit"]) == ("2026-11-02 12:00:00.000", 51)


def test_a_click_is_looked_for_in_the_millisecond_of_its_id():
    for half in road_sql.click("clicks", CLICK_ID, AT, PARTNER):
        assert half.statement.text.endswith(
            "\nFROM clicks\nPREWHERE click_id = {click_id:String}\n    AND ts >= {at:DateTime64(3, 'UTC')}\n"
            "    AND ts <= {at:DateTime64(3, 'UTC')}\n"
            "WHERE click_id = {click_id:String}\n    AND partner_id = {scope_partner:UInt32}\nLIMIT 1"
        )
        assert half.statement.parameters["at"] == "2026-11-02 12:00:00.000"


@pytest.mark.parametrize("table", ["clicks", "impressions"])
def test_both_halves_of_a_click_have_every_column_once_and_its_id_twice(table):
    first, second = road_sql.click(table, CLICK_ID, AT, ADMIN)
    assert second.columns[0] == "click_id"
    assert [*first.columns, *second.columns[1:]] == [column.name for column in CLICKS]
    assert abs(len(first.columns) - len(second.columns)) <= 2
    assert first.key == second.key == ("click_id",)


def test_hidden_money_is_not_even_read():
    for make in (
        lambda who: road_sql.click("clicks", CLICK_ID, AT, who),
        lambda who: [road_sql.conversions(CLICK_ID, AT, who)],
        lambda who: [road_sql.states(["c1"], AT, who)],
    ):
        assert all("`revenue`" not in question.statement.text for question in make(PARTNER))
        assert all("`payout`" not in question.statement.text for question in make(ADVERTISER))
        assert {"payout", "revenue"} <= {column for question in make(ADMIN) for column in question.columns}
    assert "revenue" not in [c.name for c in page("clicks", PARTNER).columns]
    with pytest.raises(ClickledgerError) as refused:
        page("conversions", PARTNER, columns="revenue")
    assert refused.value.kind.code == "unknown_column"


def test_a_partner_sees_the_tries_of_its_own_hooks_alone():
    question = road_sql.attempts(["c1"], [7], AT, PARTNER)
    assert "hook_partner_id = {scope_hook_partner:UInt32}" in question.statement.text
    assert question.statement.parameters["scope_hook_partner"] == PARTNER.partner_id


def test_refused_requests_are_for_callers_without_limits():
    with pytest.raises(ClickledgerError) as refused:
        page("rejected", Principal("manager", partner_id=1))
    assert refused.value.kind.code == "forbidden"
    assert "toValidUTF8(`raw`)" in sql.rows(page("rejected"), ADMIN, NAMES, AT).text


@pytest.mark.parametrize(
    ("log", "fields", "code"),
    [
        ("clicks", {"filter": ["contry=DE"]}, "unknown_dimension"),
        ("clicks", {"filter": ["goal=sale"]}, "unknown_dimension"),
        ("clicks", {"filter": ["nonsense"]}, "filter_incomplete"),
        ("clicks", {"filter": ["clicks>=5"]}, "filter_incomplete"),
        ("clicks", {"filter": ['{"dimension": 5}']}, "filter_incomplete"),
        ("clicks", {"filter": ['{"op": "eq"}']}, "filter_incomplete"),
        ("clicks", {"filter": ["country=" + "x" * 5000]}, "filter_incomplete"),
        ("clicks", {"filter": ["a" * 300 + "=x"]}, "filter_incomplete"),
        ("clicks", {"filter": ["asn=x"]}, "filter_value_invalid"),
        ("clicks", {"filter": ["country=DE"] * 51}, "too_many_filters"),
        ("clicks", {"columns": "contry"}, "unknown_column"),
        ("clicks", {"limit": 0}, "limit_out_of_range"),
        ("clicks", {"limit": 1_000_000}, "limit_out_of_range"),
        ("clicks", {"cursor": "x"}, "cursor_invalid"),
        ("clicks", {"timezone": "Mars/Olympus"}, "unknown_timezone"),
        ("clicks", {"to": "2026-11-01"}, "empty_range"),
        ("clicks", {"to": "yesterday"}, "date_invalid"),
        ("rejected", {"filter": ["country=DE"]}, "unknown_dimension"),
    ],
)
def test_a_mistake_has_its_code_and_a_sentence(log: str, fields: dict[str, object], code: str):
    with pytest.raises(ClickledgerError) as refused:
        page(log, **fields)
    assert refused.value.kind.code == code
    assert refused.value.message.endswith((".", "?"))


def test_a_partner_can_not_filter_by_what_it_may_not_know():
    with pytest.raises(ClickledgerError) as refused:
        page("clicks", PARTNER, filter=["partner_manager=Mia"])
    assert (refused.value.kind.code, refused.value.kind.status) == ("dimension_hidden", 403)


def test_the_same_dimension_twice_means_either_and_json_has_every_operator():
    wanted = page(
        "clicks", filter=["country=DE", "country=FR", '{"dimension":"sub1","op":"starts_with","value":"a"}']
    )
    told = {one.filter.dimension.name: (one.filter.operator.name, one.filter.values) for one in wanted.where}
    assert told == {"country": ("in", ("DE", "FR")), "sub1": ("starts_with", ("a",))}
    assert page("clicks", filter=["partner_id=7"]).where[0].filter.values == (7,)


def test_columns_are_those_named_in_their_order_or_all_or_the_usual_ones():
    assert [c.name for c in page("clicks", columns=" os, ts ,os").columns] == ["os", "ts"]
    assert "user_agent" in [c.name for c in page("clicks", columns="*").columns]
    for name, log in LOGS.items():
        assert [c.name for c in page(name).columns] == list(log.usual)
