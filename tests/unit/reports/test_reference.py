"""The docs pages are what the registries say, and every error has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.errors import ERRORS
from reports.reference import pages
from reports.registry import DIMENSIONS, METRICS, OPERATORS

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("path", pages())
def test_a_page_is_up_to_date(path):
    written = (REPOSITORY / path).read_text()
    assert written == pages()[path], f"{path} is out of date: write reports.reference.pages() to it"


def test_every_entry_has_a_row():
    dimensions, metrics = pages().values()
    for entry in DIMENSIONS.values():
        assert sum(line.startswith(f"| `{entry.name}` |") for line in dimensions.splitlines()) == 1
    for operator in OPERATORS.values():
        assert sum(line.startswith(f"| `{operator.name}` |") for line in dimensions.splitlines()) == 1
    for metric in METRICS.values():
        assert sum(line.startswith(f"| `{metric.name}` |") for line in metrics.splitlines()) == 1


def test_no_cell_breaks_a_table():
    for page in pages().values():
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        assert rows
        assert {line.count(" | ") for line in rows} <= {3, 4}


@pytest.mark.parametrize("kind", ERRORS.values(), ids=lambda k: k.code)
def test_an_error_is_the_caller_s_and_says_what_to_do(kind):
    others = {"metric_hidden": 403, "dimension_hidden": 403, "report_cancelled": 409, "report_not_running": 404}
    assert kind.status == others.get(kind.code, 400)
    assert kind.level == "info"
    assert kind.advice.endswith(".")
