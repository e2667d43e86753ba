"""The SQL of reports, case by case, as it was last agreed to.

``CLICKLEDGER_UPDATE_GOLDEN=1 pytest tests/golden/reports`` writes the files anew; read the difference
before committing it. Every dimension, metric and operator has a case of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from kernel.clickhouse.columns import ROLLUPS
from reports import sql
from reports.bindings import Statement
from reports.left_out import sql as left_out
from reports.pickers.sql import ids_present
from reports.plan import Plan, ranking
from reports.registry import DIMENSIONS, METRIC_OPERATORS, METRICS, OPERATORS
from tests.unit.reports.asking import NAMES, PARTNER, asked, compiled, planned

HERE = Path(__file__).parent
UPDATE = os.environ.get("CLICKLEDGER_UPDATE_GOLDEN") == "1"
SCOPE = "partner_id = {scope_partner:UInt32}"
TABLES = {"clicks", "impressions", "conversions", *(rollup.name for rollup in ROLLUPS)}

SINCE = datetime(2026, 11, 1, tzinfo=UTC)

Case = Callable[[], Statement]

VALUES = {
    "text": ("DE", "FR"),
    "number": (15169, 15170),
    "bool": (True, False),
    "time": ("2026-11-01", "2026-11-03"),
    "id": ("Ann", "2"),
    "labels": ("prefetch", "http_library"),
}
COUNTS = {"none": 0, "one": 1, "two": 2, "many": 2}
KIND_CASES = {
    "text": "country",
    "number": "asn",
    "bool": "is_bot",
    "time": "day",
    "id": "partner",
    "labels": "fraud_reason",
}


def of_rows(**fields) -> Case:
    return lambda: compiled(PARTNER, **fields)


def of(statement: Callable[..., Statement], **fields) -> Case:
    def case() -> Statement:
        plan: Plan = planned(**fields)
        return statement(plan, PARTNER, NAMES)

    return case


def of_pivot(**fields) -> Case:
    columns = tuple(VALUES["id"][1]) if fields["pivot"] == "offer" else ("DE", "FR")
    return lambda: sql.rows(replace(planned(**fields), columns=columns), PARTNER, NAMES)


def of_ranking(**fields) -> Case:
    def case() -> Statement:
        of_report = asked(**fields)
        assert of_report.pivot is not None
        return sql.rows(ranking(of_report, of_report.pivot), PARTNER, NAMES)

    return case


def _dimension_cases() -> dict[str, dict[str, Case]]:
    files: dict[str, dict[str, Case]] = {}
    for d in DIMENSIONS.values():
        cases = files.setdefault(f"dimensions-{d.group}", {})
        cases[d.name] = of_rows(dimensions=[d.name], metrics=["clicks", "conversions"], sort=[{"by": d.name}])
        if d.group == "time":
            cases[f"{d.name} in Kolkata"] = of_rows(dimensions=[d.name], timezone="Asia/Kolkata")
    return files


def _metric_cases() -> dict[str, dict[str, Case]]:
    files: dict[str, dict[str, Case]] = {}
    for m in METRICS.values():
        files.setdefault(f"metrics-{m.group}", {})[m.name] = of_rows(metrics=[m.name], dimensions=["country"])
    return files


def _operator_cases() -> dict[str, dict[str, Case]]:
    files: dict[str, dict[str, Case]] = {}
    for operator in OPERATORS.values():
        cases = files.setdefault(f"operator-{operator.name}", {})
        for kind in operator.kinds:
            values = list(VALUES[kind][: COUNTS[operator.arity]])
            one = {"dimension": KIND_CASES[kind], "op": operator.name, "values": values}
            cases[f"{operator.name} on {kind}"] = of_rows(filters=[one])
    for operator in METRIC_OPERATORS.values():
        values = [10, 20.5][: COUNTS[operator.arity]]
        one = {"metric": "epc", "op": operator.name, "values": values}
        cases = files.setdefault(f"operator-{operator.name}", {})
        cases[f"{operator.name} on metric"] = of_rows(filters=[one], dimensions=["country"])
    return files


WHOLE = {
    "dimensions": ["partner", "hour", "fraud_reason"],
    "metrics": ["clicks", "cr", "unique_ips", "p95_fraud_score", "median_ctit", "first_click_at", "profit"],
    "filters": [
        {"dimension": "country", "op": "in", "values": ["DE", "FR"]},
        {"dimension": "offer", "op": "matches", "value": "^Sh"},
        {"dimension": "fraud_reason", "op": "ne", "value": "prefetch"},
        {"metric": "clicks", "op": "gte", "value": 100},
        {"metric": "rejected", "op": "eq", "value": 0},
    ],
    "sort": [{"by": "epc", "desc": True}, {"by": "partner"}],
    "timezone": "Asia/Kolkata",
    "limit": 100,
    "offset": 200,
    "currency": "EUR",
}

SHAPES: dict[str, Case] = {
    "everything at once": of_rows(**WHOLE),
    "totals of everything at once": of_rows(**WHOLE, totals=True),
    "totals without metric filters": of_rows(**{**WHOLE, "filters": WHOLE["filters"][:3]}, totals=True),
    "whether there are other currencies of everything at once": of(left_out.has_other_currencies, **WHOLE),
    "whether there are other currencies of payouts": of(left_out.has_other_currencies, metrics=["payout"]),
    "other currencies of everything at once": of(left_out.other_currencies, **WHOLE),
    "other currencies of sales and payouts": of(left_out.other_currencies, metrics=["amount", "payout"]),
    "no dimensions": of_rows(metrics=["clicks", "conversions"]),
    "rollup": of_rows(dimensions=["partner", "day", "country"], metrics=["clicks", "unique_ips", "cost"]),
    "raw because of a dimension": of_rows(dimensions=["sub1"], metrics=["clicks"]),
    "raw because of a filter": of_rows(filters=[{"dimension": "city", "value": "Bonn"}]),
    "raw because of a metric": of_rows(metrics=["p95_fraud_score"]),
    "raw because of a half hour": of_rows(**{"from": "2026-11-01T00:30"}),
    "click metrics beside a goal are null": of_rows(dimensions=["goal"], metrics=["clicks", "conversions"]),
    "nothing but nulls": of_rows(metrics=["clicks"], filters=[{"dimension": "goal", "value": "sale"}]),
    "totals of nothing but nulls": of_rows(
        totals=True,
        metrics=["clicks"],
        filters=[{"dimension": "goal", "value": "sale"}, {"metric": "clicks", "op": "is_not_set"}],
    ),
    "a tag and the name of a creative": of_rows(
        dimensions=["offer_tag", "creative_name"],
        filters=[
            {"dimension": "offer_tag", "op": "ne", "value": "sale"},
            {"dimension": "partner_tier", "op": "matches", "value": "^G"},
            {"dimension": "creative_name", "op": "is_not_set"},
            {"dimension": "payout_model", "value": "CPA"},
        ],
    ),
    "ids offered by a picker": lambda: ids_present(DIMENSIONS["offer_tag"], PARTNER, SINCE),
    "ids of text offered by a picker": lambda: ids_present(DIMENSIONS["creative_name"], PARTNER, SINCE),
    "a name nobody has": of_rows(filters=[{"dimension": "partner", "value": "Nobody"}]),
    "compared with the previous period": of_rows(
        compare="previous_period", dimensions=["day", "hour"], timezone="Asia/Kolkata", totals=True
    ),
    "compared with the previous year": of_rows(
        compare="previous_year", dimensions=["month", "quarter", "year", "week"], metrics=["cr"]
    ),
    "sorted and filtered by what was before and by the change": of_rows(
        compare="previous_period",
        dimensions=["country"],
        metrics=["clicks"],
        filters=[
            {"metric": "payout_before", "op": "gt", "value": 10},
            {"metric": "clicks_change", "op": "lte", "value": -0.25},
        ],
        sort=[{"by": "cr_change", "desc": True}, {"by": "clicks_before"}],
        totals=True,
    ),
    "compared with a range of its own": of_rows(
        compare={"from": "2026-09-01", "to": "2026-09-03"},
        dimensions=["minute", "hour_of_day"],
        filters=[{"dimension": "day", "value": "2026-11-02"}, {"metric": "clicks", "op": "gt", "value": 1}],
        totals=True,
    ),
    "filled": of_rows(fill=True, dimensions=["hour", "country"], metrics=["clicks", "epc", "p95_fraud_score"]),
    "filled within a filter": of_rows(
        fill=True, dimensions=["day"], filters=[{"dimension": "hour_of_day", "op": "gt", "value": 8}]
    ),
    "pivoted": of_pivot(pivot="country", dimensions=["day"], metrics=["clicks", "cr"], pivot_limit=2),
    "pivoted by labels": of_pivot(pivot="fraud_reason", dimensions=["offer"]),
    "pivoted by tags": of_pivot(pivot="partner_tag"),
    "pivoted by names": of_pivot(pivot="offer", dimensions=["country"], sort=[{"by": "country"}]),
    "totals of a pivot with metric filters": of_pivot(
        pivot="country",
        dimensions=["day"],
        filters=[{"metric": "clicks", "op": "gt", "value": 1}],
        totals=True,
    ),
    "pivoted, filled and compared": of_pivot(
        pivot="country", dimensions=["day"], fill=True, compare="previous_period", totals=True
    ),
    "the columns of a pivot": of_ranking(
        pivot="country",
        dimensions=["day"],
        metrics=["epc", "clicks"],
        filters=[{"metric": "clicks", "op": "gt", "value": 1}, {"dimension": "asn", "value": 15169}],
    ),
    "earned money": of_rows(money="earned", metrics=["payout", "roi", "cpa", "aov", "expected_payout"]),
    "in a currency without rates": of_rows(currency="XAU", metrics=["payout", "cost"]),
    "its own formulas": of_rows(
        metrics=["mine"], formulas=[{"name": "mine", "formula": "(payout - cost) / unique_clicks"}]
    ),
    "sorted by id": of_rows(dimensions=["partner"], sort=[{"by": "partner_id", "desc": True}]),
}

FILES: dict[str, dict[str, Case]] = {
    **_dimension_cases(),
    **_metric_cases(),
    **_operator_cases(),
    "shapes": SHAPES,
}
CASES = [(file, name) for file, cases in FILES.items() for name in cases]


def written(cases: dict[str, Case]) -> str:
    """The text of a golden file."""
    pieces = []
    for name, case in cases.items():
        statement = case()
        values = "".join(f"-- {key} = {value!r}\n" for key, value in sorted(statement.parameters.items()))
        pieces.append(f"-- {name}\n{values}{statement.text};\n")
    return "\n".join(pieces)


@pytest.mark.parametrize("file", FILES)
def test_the_sql_is_as_agreed(file: str):
    path = HERE / f"{file}.sql"
    text = written(FILES[file])
    if UPDATE:
        path.write_text(text)
    assert path.is_file(), f"{path.name} is missing; run with CLICKLEDGER_UPDATE_GOLDEN=1"
    assert text == path.read_text()


def test_no_golden_file_is_left_over():
    assert {path.stem for path in HERE.glob("*.sql")} == set(FILES)


@pytest.mark.parametrize(("file", "name"), CASES)
def test_a_statement_is_one_select_from_the_event_tables_within_the_scope_and_without_values(file: str, name: str):
    statement = FILES[file][name]()
    trees = sqlglot.parse(statement.text, dialect="clickhouse")
    assert len(trees) == 1
    (tree,) = trees
    assert isinstance(tree, exp.Select)
    tables = list(tree.find_all(exp.Table))
    assert tables
    assert {table.name for table in tables} <= TABLES
    assert all(not table.db for table in tables)
    for table in tables:
        select = table.find_ancestor(exp.Select)
        conditions = [part.sql(dialect="clickhouse") for part in select.args["where"].this.flatten()]
        # The scope is the last condition, joined to the others by AND alone, and stands nowhere inside an OR.
        assert conditions[-1].replace(" ", "") == SCOPE.replace(" ", "")
        assert isinstance(select.args["where"].this, exp.And)
        assert not list(select.args["where"].find_all(exp.Or))
        if prewhere := select.args.get("prewhere"):
            # What is looked at before a conversion's newest state is found never changes from state to state.
            columns = {column.name for column in prewhere.find_all(exp.Column)}
            assert (table.name, columns) == ("conversions", {"ts", "partner_id"})
    assert statement.parameters["scope_partner"] == 7
    assert tree.args.get("settings") is None
    assert tree.args.get("format") is None
    # Every value is a bound parameter, and none stands in the text.
    assert {place.name for place in tree.find_all(exp.Placeholder)} == set(statement.parameters)
    for value in ("Kolkata", "EUR", "Ann", "prefetch", "15169", "'DE'", "^Sh"):
        assert value not in statement.text
