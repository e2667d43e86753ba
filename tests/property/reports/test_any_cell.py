"""Whatever text stands in a cell: it comes back as it was, or harmless; numbers come back as they were."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reports.bindings import Bindings
from reports.export.formats import Writing
from reports.export.harmless import PARAMETERS, harmless, harmless_sql
from reports.export.rows import pieces

HEAVY = "=+-@\t\r\n ,;|\"'a1.＝＋－＠"  # noqa: RUF001 - the full-width forms are meant
TEXTS = st.one_of(st.text(HEAVY, max_size=12), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
NUMBERS = st.decimals(-(10**12), 10**12, places=6, allow_nan=False)


def could_run(text: str) -> bool:
    """Whether some spreadsheet could take a text, or a part of it after a separator, for a formula."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        return False
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    parts = re.split(r'[,;|\t\r\n"]', text)
    return any(part.lstrip(" ")[:1] in set("=+-@＝＋－＠") for part in parts if part.strip(" "))  # noqa: RUF001 - meant


@given(TEXTS)
@settings(max_examples=1000, deadline=None)
def test_a_text_stays_or_is_made_harmless_by_apostrophes_alone(text):
    made = harmless(text)
    event("harmless as it was" if made == text else "guarded")
    assert (made != text) == could_run(text)
    assert not could_run(made)
    assert made.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("a;=1", "a;'=1"),
        ('x", =1', "x\", '=1"),
        ("-5.25", "-5.25"),
        ("+49301234", "+49301234"),
        ("-5\n", "'-5\n"),
        ("a=b-c@d", "a=b-c@d"),
        ("", ""),
    ],
)
def test_what_spreadsheets_are_known_to_run(text, made):
    assert harmless(text) == made


def test_the_store_makes_the_same_of_every_text(event_store):
    @given(st.lists(TEXTS, min_size=50, max_size=100))
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def compare(texts):
        # A NUL ends a parameter's text on its way; the store's own rows have their test in the integration tests.
        texts = [text.replace("\0", "") for text in texts]
        bindings = Bindings()
        given = bindings.bind("texts", "Array(String)", texts)
        statement = bindings.statement([f"SELECT arrayMap(x -> {harmless_sql('x')}, {given})"], **PARAMETERS)
        made = event_store.query(statement.text, parameters=statement.parameters).result_rows[0][0]
        assert list(made) == [harmless(text) for text in texts]

    compare()


@given(st.lists(st.fixed_dictionaries({"=t": TEXTS, "n": NUMBERS, "i": st.integers(-(2**63), 2**63 - 1)})))
@settings(max_examples=100, deadline=None)
def test_a_csv_of_any_rows_comes_back(rows):
    for raw in (False, True):
        columns = [{"name": name} for name in ("=t", "n", "i")]
        body = b"".join(pieces(rows, columns, Writing("csv", raw=raw))).decode()
        header, *found = csv.reader(io.StringIO(body, newline=""))
        assert header == ["=t" if raw else "'=t", "n", "i"]
        assert [row[0] for row in found] == [row["=t"] if raw else harmless(row["=t"]) for row in rows]
        assert [(Decimal(row[1]), int(row[2])) for row in found] == [(row["n"], row["i"]) for row in rows]
