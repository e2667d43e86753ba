"""An answer as a table and as CSV."""

from __future__ import annotations

import csv
import io

from reports.printing import notes, print_table, write_csv

ANSWER = {
    "rows": [
        {"partner": "Ann", "partner_id": 1, "is_bot": True, "clicks": 12345, "cr": 0.0421, "epc": 0.0375, "payout": 1234.5, "median_ctit": 2.5},
        {"partner": "[red]x\x1b[2J\n", "partner_id": 2, "is_bot": False, "clicks": 0, "cr": None, "epc": None, "payout": 0, "median_ctit": None},
    ],
    "totals": {"clicks": 12345, "cr": 0.0421, "epc": 0.0375, "payout": 1234.5, "median_ctit": 2.5},
    "meta": {
        "dimensions": ["partner", "is_bot"],
        "metrics": ["clicks", "cr", "epc", "payout", "median_ctit"],
        "row_count": 2,
        "truncated": True,
        "currency": "USD",
        "other_currencies": {"EUR": 3},
    },
}  # fmt: skip


def lines(answer) -> list[list[str]]:
    out = io.StringIO()
    print_table(answer, out)
    assert "\x1b" not in out.getvalue()
    return [
        [cell.strip() for cell in line.strip("│┃║").replace("┃", "│").split("│")]
        for line in out.getvalue().splitlines()
    ]


def test_a_table_has_rounded_figures_and_a_total_line():
    table = lines(ANSWER)
    assert ["partner", "is_bot", "clicks", "cr", "epc", "payout", "median_ctit"] in table
    assert ["Ann", "True", "12,345", "4.21%", "0.0375", "1,234.50", "2.50"] in table
    assert ["total", "", "12,345", "4.21%", "0.0375", "1,234.50", "2.50"] in table


def test_a_text_from_outside_is_neither_markup_nor_a_control_sequence():
    assert ["[red]x\\x1b[2J\\n", "False", "0", "-", "-", "0.00", "-"] in lines(ANSWER)


def test_a_table_into_a_pipe_is_not_cut_at_eighty_columns():
    row = {**ANSWER["rows"][0], "partner": "x" * 300}
    assert any("x" * 300 in cell for line in lines({**ANSWER, "rows": [row]}) for cell in line)


def test_csv_has_the_numbers_in_full_and_the_ids():
    out = io.StringIO()
    write_csv(ANSWER, out)
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert rows == [
        ["partner", "partner_id", "is_bot", "clicks", "cr", "epc", "payout", "median_ctit"],
        ["Ann", "1", "true", "12345", "0.0421", "0.0375", "1234.5", "2.5"],
        ["[red]x\x1b[2J\n", "2", "false", "0", "", "", "0", ""],
        ["total", "", "", "12345", "0.0421", "0.0375", "1234.5", "2.5"],
    ]


def test_csv_of_no_rows_still_has_its_header():
    out = io.StringIO()
    meta = {**ANSWER["meta"], "dimensions": [], "metrics": ["clicks"]}
    write_csv({"rows": [], "meta": meta, "totals": {"clicks": 0}}, out)
    assert out.getvalue() == "clicks\n0\n"


def test_notes_say_what_the_table_does_not_show():
    more, money = notes(ANSWER)
    assert "2 rows" in more
    assert "USD" in money
    assert "3 in EUR" in money
    assert notes({"meta": {**ANSWER["meta"], "truncated": False, "other_currencies": {}}}) == []
