"""What the reports' benchmark asks is what the product answers in the way it says."""

from __future__ import annotations

import pytest

from benchmarks import reports
from benchmarks.reports_questions import COVERED, RAW, WITH_CONVERSIONS
from benchmarks.reports_store import _click_columns, _conversions
from kernel.clickhouse.columns import CLICKS
from reports.rollups import BY_NAME
from tests.unit.reports.asking import planned


@pytest.mark.parametrize("name", [*COVERED, *WITH_CONVERSIONS])
def test_what_is_called_covered_reads_clicks_from_a_rollup_only(name):
    tables = {side.table for side in planned(**{**COVERED, **WITH_CONVERSIONS}[name]).sides}
    assert tables & {*BY_NAME}
    assert "clicks" not in tables
    assert ("conversions" in tables) == (name in WITH_CONVERSIONS)


@pytest.mark.parametrize("name", RAW)
def test_what_is_called_raw_reads_clicks(name):
    assert {side.table for side in planned(**RAW[name].report).sides} == {"clicks"}


def test_made_clicks_fill_columns_there_are_and_every_one_that_a_question_names():
    made, columns = _click_columns(1000), {column.name for column in CLICKS}
    assert {"ts", "partner_id", "country", "sub1", "ip", "user_agent", "verdict"} <= made.keys() & columns
    assert " FROM clicks AS c WHERE " in _conversions("'approved'", "0", "2026-08-01", "2026-09-01")


def test_a_line_tells_whether_its_target_holds():
    found = {
        "clicks": 20_000_000,
        "covered": {"a": 90.0, "b": 40.0},
        "covered_p95_ms": 101.0,
        "with_conversions_p95_ms": 99.0,
        "growth": {"a": 3.5, "b": 1.2},
        "growth_of_all": 2.9,
        "raw": {"c": (130.0, 100.0, 1.3), "d": (131.0, 100.0, 1.31)},
        "compile_ms": 0.4,
        "lookup_ms": 20.5,
        "exports": {"csv": {"rows": 5, "grown_mib": 299, "seconds": 1.0}, "parquet": {"rows": 5, "grown_mib": 300, "seconds": 1.0}},
    }  # fmt: skip
    assert [line.holds for line in reports.lines(found)] == [
        False,
        True,
        True,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_the_95th_percentile_is_over_every_answer():
    assert reports._p95({"a": [float(n) for n in range(1, 51)], "b": [float(n) for n in range(51, 101)]}) == 95.0
