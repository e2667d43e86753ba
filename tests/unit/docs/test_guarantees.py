"""Each promise names its tests, and each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "guarantees.md"


def lines_of_promises():
    """Return (promise, text of the tests' column) of every line of the page's tables."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(promise, tests) for promise, tests in rows if promise != "promise"]


@cache
def functions_of(folder):
    found = set()
    for path in (REPOSITORY / folder).rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


def test_every_promise_names_tests_that_exist():
    promises = lines_of_promises()
    assert len(promises) > 30
    for promise, column in promises:
        groups = re.findall(r"((?:`test_\w+`(?:, )?)+) \((tests/[\w/]+)\)", column)
        assert groups, f"no test is named for: {promise}"
        for names, folder in groups:
            missing = set(re.findall(r"`(test_\w+)`", names)) - functions_of(folder)
            assert not missing, f"{folder} has no {', '.join(sorted(missing))}, named for: {promise}"


def test_nothing_in_the_column_of_tests_is_overlooked():
    for promise, column in lines_of_promises():
        left = re.sub(r"(?:`test_\w+`(?:, )?)+ \(tests/[\w/]+\)", "", column)
        assert left.replace(",", "").strip() == "", f"{left!r} beside: {promise}"
