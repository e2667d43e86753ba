"""What the store refuses becomes a sentence with a code of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError, StreamFailureError

from kernel.auth import ADMIN
from kernel.clickhouse.client import MAX_STATEMENT_BYTES
from kernel.errors import ClickledgerError
from reports import sql
from reports.bindings import Statement
from reports.execute import execute
from reports.registry import METRICS
from tests.unit.reports.asking import NAMES, SETTINGS, planned


class Refusing:
    """Readers whose every query fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.returned = 0

    @contextmanager
    def reader(self):
        try:
            yield self
        finally:
            self.returned += 1

    def query(self, _text, **_given):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "status", "details"),
    [
        (DatabaseError("Code: 159", code=159), "report_too_slow", 400, {"limit_seconds": 30}),
        (DatabaseError("Code: 241", code=241), "report_too_large", 400, {"limit_mib": 2048}),
        (StreamFailureError("Code: 241", code=241), "report_too_large", 400, {"limit_mib": 2048}),
        (DatabaseError("Code: 62. Max query size exceeded", code=62), "report_too_long", 400, {"limit_kib": 512}),
        (DatabaseError("Code: 168. AST is too big", code=168), "report_too_long", 400, {"limit_kib": 512}),
        (DatabaseError("Code: 718", code=718), "report_too_long", 400, {"limit_kib": 512}),
        (DatabaseError("Code: 427", code=427), "pattern_invalid", 400, {}),
        (DatabaseError("Cannot load time zone X", code=36), "unknown_timezone", 400, {}),
        (OperationalError("connection refused"), "store_away", 503, {}),
        (ConnectionResetError(), "store_away", 503, {}),
        (TimeoutError(), "store_away", 503, {}),
    ],
)
def test_a_refusal_has_a_code_and_a_sentence(error, code, status, details):
    readers = Refusing(error)
    with pytest.raises(ClickledgerError) as caught:
        execute([Statement("SELECT 1", {})], readers, SETTINGS)
    assert (caught.value.kind.code, caught.value.kind.status) == (code, status)
    assert caught.value.details == details
    assert readers.returned == 1


def test_the_sentence_says_the_limit_and_what_to_narrow():
    with pytest.raises(ClickledgerError, match=r"30 s.*shorter range"):
        execute([Statement("SELECT 1", {})], Refusing(DatabaseError("", code=159)), SETTINGS)
    with pytest.raises(ClickledgerError, match=r"2048 MiB.*fewer dimensions"):
        execute([Statement("SELECT 1", {})], Refusing(DatabaseError("", code=241)), SETTINGS)


@pytest.mark.parametrize(
    "error", [DatabaseError("Code: 62", code=62), DatabaseError("Code: 36. other", code=36), KeyError("bug")]
)
def test_a_mistake_of_ours_is_not_blamed_on_the_caller(error):
    with pytest.raises(type(error)):
        execute([Statement("SELECT 1", {})], Refusing(error), SETTINGS)


class Answering(Refusing):
    """Readers that answer one row, with a summary."""

    def __init__(self, summary: dict[str, str]) -> None:
        super().__init__(AssertionError())
        self.summary, self.result_rows = summary, [(1,)]

    def query(self, _text, **_given):
        return self


@pytest.mark.parametrize(
    ("summary", "rows_read"),
    [
        ({"read_rows": "500", "result_rows": "1"}, 500),
        ({"read_rows": "1", "read_bytes": "8", "elapsed_ns": "5"}, None),
        ({}, None),
    ],
)
def test_rows_read_are_those_of_a_server_s_full_summary(summary, rows_read):
    (result,) = execute([Statement("SELECT 1", {})], Answering(summary), SETTINGS)
    assert (result.rows, result.rows_read) == ([(1,)], rows_read)


def test_a_statement_that_takes_long_to_read_is_not_sent():
    readers = Refusing(AssertionError("it was sent"))
    with pytest.raises(ClickledgerError, match=r"512 KiB.*fewer metrics") as caught:
        execute([Statement("SELECT 1" + " " * 512 * 1024, {})], readers, SETTINGS)
    assert caught.value.kind.code == "report_too_long"


def test_every_metric_in_every_shape_is_not_too_long():
    """Nine dimensions and a pivot, compared, filled, with totals and as many filters as there may be."""
    asked = {
        "metrics": list(METRICS),
        "dimensions": [
            "day",
            "sub1",
            "country",
            "partner",
            "offer",
            "offer_tag",
            "partner_tag",
            "fraud_reason",
            "os",
        ],
        "filters": [{"dimension": "city", "op": "ne", "value": "x"}] * 48 + [{"metric": "clicks", "value": 1}] * 2,
        "sort": [{"by": f"{name}_before"} for name in METRICS],
        "pivot": "device_type",
        "compare": "previous_period",
        "fill": True,
        "totals": True,
    }
    plan = replace(planned(**asked), columns=tuple(f"v{n}" for n in range(50)))
    assert len(sql.rows(plan, ADMIN, NAMES).text) < MAX_STATEMENT_BYTES
