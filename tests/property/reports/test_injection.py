"""A corpus of attempts to get out of a value, in every field of a query: refused with a code, or no more than a value."""

from __future__ import annotations

import json
import re

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlglot import exp

from kernel.errors import ClickledgerError
from reports import sql
from reports.errors import ERRORS
from reports.left_out import sql as left_out
from reports.plan import choose, ranking
from reports.query import Query
from reports.validate import validate
from tests.integration.reports.conftest import Store
from tests.unit.reports.asking import NAMES, PARTNER, SETTINGS

P = 966_000_001
TABLES = {"clicks", "impressions", "conversions"}

CORPUS = [
    "'",
    '"',
    "`",
    "\\",
    "\\'",
    "' OR '1'='1",
    "' OR 1=1 --",
    "x'); DROP TABLE clicks; --",
    "' UNION ALL SELECT * FROM system.users --",
    "1; SELECT 1",
    "*/ SELECT 1 /*",
    "/* report aaaaaaaa of 0123456789abcdef */",
    "{from:String}",
    "{scope_partner:UInt32}",
    "{tz:String}') OR 1 = 1 --",
    "$x $p ${value} $$",
    "%(from)s %s %d",
    "file('/etc/passwd')",
    "url('http://127.0.0.1/')",
    "SETTINGS readonly = 0",
    "FORMAT TabSeparated",
    "arrayJoin([1])",
    "clicks)) FROM clicks --",
    "__import__('os').system('true')",
    "payout if clicks else 0",
    "(lambda: payout)()",
    "UTC' OR '",
    "\x00",
    "\n\r\t",
    "\u2028\u200f\ufeff",
    "\uff07 OR \uff11\uff1d\uff11",
    "🦊" * 30,
    "9" * 60,
    "-0",
    "1e999",
    "NaN",
    "null",
    "a" * 4096,
]
PLACES = {
    "from": lambda text: {"from": text},
    "to": lambda text: {"to": text},
    "timezone": lambda text: {"timezone": text},
    "currency": lambda text: {"currency": text},
    "dimension": lambda text: {"dimensions": [text]},
    "metric": lambda text: {"metrics": [text]},
    "sort": lambda text: {"sort": [{"by": text}]},
    "pivot": lambda text: {"pivot": text},
    "compare": lambda text: {"compare": text},
    "compared from": lambda text: {"compare": {"from": text, "to": "2026-11-01"}},
    "money": lambda text: {"money": text},
    "id": lambda text: {"id": text},
    "formula": lambda text: {"metrics": ["mine"], "formulas": [{"name": "mine", "formula": text}]},
    "formula's name": lambda text: {"metrics": [text], "formulas": [{"name": text, "formula": "payout"}]},
    "formula's unit": lambda text: {"formulas": [{"name": "mine", "formula": "payout", "unit": text}]},
    "formula's label": lambda text: {
        "metrics": ["mine"],
        "formulas": [{"name": "mine", "formula": "payout", "label": text}],
    },
    "filter's dimension": lambda text: {"filters": [{"dimension": text, "value": "1"}]},
    "filter's metric": lambda text: {"filters": [{"metric": text, "value": 1}]},
    "filter's operator": lambda text: {"filters": [{"dimension": "sub1", "op": text, "value": "1"}]},
    "metric's value": lambda text: {"filters": [{"metric": "clicks", "value": text}]},
    **{
        f"{dimension} {op}": lambda text, dimension=dimension, op=op: {
            "filters": [{"dimension": dimension, "op": op, "values": [text]}]
        }
        for dimension in ("sub1", "partner", "partner_tier", "partner_tag", "fraud_reason", "day", "asn", "is_bot")
        for op in ("eq", "not_in", "contains", "starts_with", "matches")
    },
}
"""Every field that takes a text."""
SHAPES = [
    {},
    {"dimensions": ["day", "partner"], "totals": True, "fill": True, "compare": "previous_year"},
    {"pivot": "country", "totals": True, "filters": [{"metric": "clicks", "op": "gt", "value": 0}]},
]
attempts = st.one_of(
    st.sampled_from(CORPUS), st.text(max_size=30), st.sampled_from(CORPUS).map(lambda t: f"DE{t}")
)


def query(fields: dict) -> Query:
    return Query.model_validate({"from": "2026-11-02", "to": "2026-11-04", "metrics": ["payout"], **fields})


PLACEHOLDER = re.compile(r"\{[a-z_0-9]+:[^{}]+\}")


def is_within_its_bounds(statement: sql.Statement, text: str) -> None:
    (tree,) = sqlglot.parse(statement.text, dialect="clickhouse")
    assert isinstance(tree, exp.Select)
    tables = list(tree.find_all(exp.Table))
    assert tables
    for table in tables:
        assert not table.db
        assert table.name in TABLES or table.name.startswith("clicks_")
        where = table.find_ancestor(exp.Select).args["where"].this
        assert [*where.flatten()][-1].sql(dialect="clickhouse") == "partner_id = {scope_partner: UInt32}"
    assert statement.parameters["scope_partner"] == PARTNER.partner_id
    assert {place.name for place in tree.find_all(exp.Placeholder)} == set(statement.parameters)
    # What is one of our own words or placeholders may stand there; nothing else of the text does.
    assert (
        text not in PLACEHOLDER.sub("", statement.text)
        or (text.isascii() and text.replace("_", "").isalnum())
        or len(text) <= 2
    )


@settings(max_examples=70, deadline=None)
@given(st.sampled_from(sorted(PLACES)), attempts, st.sampled_from(SHAPES))
def test_a_statement_stays_one_select_within_the_scope_whatever_is_put_in(place: str, text: str, shape: dict):
    try:
        asked = validate(query({**shape, **PLACES[place](text)}), NAMES, SETTINGS)
    except ValidationError:
        return
    except ClickledgerError as refusal:
        assert refusal.kind.code in ERRORS  # noqa: PT017 - any of the room's refusals is an answer
        return
    plans = [choose(asked), *([ranking(asked, asked.pivot)] if asked.pivot else [])]
    for plan in plans:
        is_within_its_bounds(sql.rows(plan, PARTNER, NAMES), text)
    if plans[0].conversion_currencies:
        for statement in (left_out.has_other_currencies, left_out.other_currencies):
            is_within_its_bounds(statement(plans[0], PARTNER, NAMES), text)


@pytest.mark.parametrize("text", CORPUS)
def test_the_store_takes_every_attempt_as_a_value(store: Store, text: str):
    values = [
        {"dimension": dimension, "op": op, "values": [text]}
        for dimension, op in (
            ("sub1", "ne"),
            ("partner", "not_contains"),
            ("partner_tag", "ne"),
            ("city", "not_in"),
        )
    ]
    answer = store.ask(P, **{"from": "2026-11-02", "to": "2026-11-04"}, filters=values, pivot="sub2", totals=True)
    assert answer["rows"] == [{"clicks": {}}]
    json.dumps(answer)


def test_hostile_labels_become_columns_and_rows_as_they_are(store: Store):
    one = {"partner_id": P, "verdict": "valid", "ts": 1_793_620_800_000}
    hostile = CORPUS[:20]
    store.put("clicks", [{**one, "click_id": f"{P}-{n}", "sub3": text} for n, text in enumerate(hostile)])
    asked = {"from": "2026-11-02", "to": "2026-11-04"}
    (row,) = store.ask(P, **asked, pivot="sub3", pivot_limit=50)["rows"]
    assert row["clicks"] == dict.fromkeys(hostile, 1)
    assert {row["sub3"] for row in store.ask(P, **asked, dimensions=["sub3"])["rows"]} == set(hostile)
