"""An answer as tables that fit, and as CSV."""

from __future__ import annotations

import csv
import io
import re

import pytest
from rich.console import Console

from reports.drawing import Look
from reports.printing import about, notes, print_table, write_csv
from reports.tables import drawn


def named(name, kind):
    return {"name": name, "label": name.title(), "role": "dimension", "kind": kind}


def measured(name, unit, role="metric"):
    return {"name": name, "label": name.title(), "role": role, "unit": unit}


ANSWER = {
    "rows": [
        {"partner": "Ann", "partner_id": 1, "is_bot": True, "clicks": 12345, "cr": 0.0421, "epc": 0.0375, "payout": 1234.5, "median_ctit": 2.5},
        {"partner": "[red]x\x1b[2J\n", "partner_id": 2, "is_bot": False, "clicks": 0, "cr": None, "epc": None, "payout": 0, "median_ctit": None},
    ],
    "totals": {"clicks": 12345, "cr": 0.0421, "epc": 0.0375, "payout": 1234.5, "median_ctit": 2.5},
    "meta": {
        "dimensions": ["partner", "is_bot"],
        "metrics": ["clicks", "cr", "epc", "payout", "median_ctit"],
        "columns": [
            named("partner", "id"), {**named("partner_id", "number"), "role": "id"}, named("is_bot", "bool"),
            measured("clicks", "count"), measured("cr", "ratio"), measured("epc", "money"),
            measured("payout", "money"), measured("median_ctit", "seconds"),
        ],
        "from": "2026-11-01T00:00:00.000+05:30",
        "to": "2026-11-08T12:30:00.000+05:30",
        "timezone": "Asia/Kolkata",
        "money": "earned",
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
    assert ["Ann", "yes", "12,345", "4.21%", "0.0375", "1,234.50", "2.50s"] in table
    assert ["total", "", "12,345", "4.21%", "0.0375", "1,234.50", "2.50s"] in table


def test_a_text_from_outside_is_neither_markup_nor_a_control_sequence():
    assert ["[red]x\\x1b[2J\\n", "no", "0", "-", "-", "0.00", "-"] in lines(ANSWER)


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
    meta = {**ANSWER["meta"], "dimensions": [], "metrics": ["clicks"], "columns": [measured("clicks", "count")]}
    write_csv({"rows": [], "meta": meta, "totals": {"clicks": 0}}, out)
    assert out.getvalue() == "clicks\n0\n"


def test_notes_say_what_the_table_does_not_show():
    more, money = notes(ANSWER)
    assert "2 rows" in more
    assert "USD" in money
    assert "3 in EUR" in money
    quiet = {**ANSWER["meta"], "truncated": False, "other_currencies": {}}
    assert notes({"meta": quiet}) == []
    assert notes({"meta": {**quiet, "row_count": 0}}) == [
        "There are no rows: nothing in this range fits the filters."
    ]


def test_a_spreadsheet_runs_nothing_of_a_csv_unless_asked_for():
    meta = {
        **ANSWER["meta"],
        "dimensions": ["sub1"],
        "columns": [named("sub1", "text"), measured("payout", "money")],
    }
    answer = {"rows": [{"sub1": "=1+1", "payout": -1.5}], "meta": meta}
    guarded, raw = io.StringIO(), io.StringIO()
    write_csv(answer, guarded)
    write_csv(answer, raw, raw=True)
    assert guarded.getvalue() == "sub1,payout\n'=1+1,-1.5\n"
    assert raw.getvalue() == "sub1,payout\n=1+1,-1.5\n"


def test_about_says_range_money_and_what_is_compared():
    assert about(ANSWER) == "2026-11-01 to 2026-11-08 12:30 Asia/Kolkata; money in USD, earned."
    compare = {"from": "2026-10-25T00:00:00.000+05:30", "to": "2026-11-01T00:00:00.000+05:30"}
    meta = {**ANSWER["meta"], "columns": [measured("clicks", "count")], "compare": compare}
    assert about({"meta": meta}) == (
        "2026-11-01 to 2026-11-08 12:30 Asia/Kolkata, compared with 2026-10-25 to 2026-11-01."
    )


COMPARED = {
    "rows": [
        {"partner": "Ann", "partner_id": 1, "clicks": 150, "clicks_before": 100, "clicks_change": 0.5},
        {"partner": "Bob", "partner_id": 2, "clicks": 7, "clicks_before": 0, "clicks_change": None},
        {"partner": "Cy", "partner_id": 3, "clicks": 0, "clicks_before": 0, "clicks_change": None},
    ],
    "meta": {
        **ANSWER["meta"],
        "dimensions": ["partner"],
        "metrics": ["clicks"],
        "columns": [
            named("partner", "id"), {**named("partner_id", "number"), "role": "id"}, measured("clicks", "count"),
            measured("clicks_before", "count", "before"), measured("clicks_change", "ratio", "change"),
        ],
        "compare": {},
    },
}  # fmt: skip


def test_a_comparison_shows_what_was_before_and_the_growth():
    table = lines(COMPARED)
    assert ["Ann", "150", "100", "+50.0%"] in table
    assert ["Bob", "7", "0", "new"] in table
    assert ["Cy", "0", "0", "-"] in table
    out = io.StringIO()
    write_csv(COMPARED, out)
    assert out.getvalue().splitlines()[:2] == [
        "partner,partner_id,clicks,clicks_before,clicks_change",
        "Ann,1,150,100,0.5",
    ]


def pivot(dimension, *keys, **more):
    columns = [named("partner", "id"), measured("clicks", "count"), measured("payout", "money")]
    row = {"partner": "Ann", "clicks": {key: n for n, key in enumerate(keys)}, "payout": dict.fromkeys(keys, 1.5)}
    meta = {"columns": columns, "dimensions": ["partner"], "metrics": ["clicks", "payout"], **more}
    described = {"dimension": dimension, "columns": [{"key": key} for key in keys]}
    totals = {name: row[name] for name in ("clicks", "payout")}
    return {"rows": [row], "totals": totals, "meta": {**ANSWER["meta"], **meta, "pivot": described}}


def test_a_pivot_has_its_keys_above_its_columns_and_flat_ones_in_csv():
    answer = pivot("country", "DE", "\x1b[2J", "(other)")
    table = lines(answer)
    assert ["", "DE", "DE", "\\x1b[2J", "\\x1b[2J", "(other)", "(other)"] in table
    assert ["partner", "clicks", "payout", "clicks", "payout", "clicks", "payout"] in table
    assert ["Ann", "0", "1.50", "1", "1.50", "2", "1.50"] in table
    assert ["total", "0", "1.50", "1", "1.50", "2", "1.50"] in table
    out = io.StringIO()
    write_csv(pivot("country", "DE", "=x"), out)
    assert out.getvalue().splitlines() == [
        "partner,clicks: DE,payout: DE,clicks: =x,payout: =x",
        "Ann,0,1.5,1,1.5",
        "total,0,1.5,1,1.5",
    ]


def text(answer, **look) -> str:
    out = io.StringIO()
    chosen = Look(**{"width": 80, **look})
    Console(file=out, width=chosen.width).print(drawn(answer, chosen))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_what_is_drawn_fits_and_no_number_is_cut(width):
    row = {**ANSWER["rows"][0], "partner": "A very long name of a partner that somebody gave"}
    wide = text({**ANSWER, "rows": [row] * 3}, width=width, chart="clicks")
    assert max(map(len, wide.splitlines())) <= width
    for number in ("12,345", "4.21%", "0.0375", "1,234.50", "2.50s"):
        assert wide.count(number) == 4, "three rows and the totals"
    assert "…" not in wide


def test_compared_columns_stay_together_where_there_are_several_tables():
    many = pivot("country", "DE", "FR", "IT", "ES")
    assert [line.count("clicks") for line in text(many, width=50).splitlines() if "partner" in line] == [2, 2]


@pytest.mark.parametrize("width", [20, 30, 60, 100])
def test_many_dimensions_on_a_narrow_terminal_are_a_list_of_values(width):
    names = [f"sub{n}" for n in range(1, 11)]
    row = {name: f"label of {name}" for name in names} | {"clicks": 12_345}
    columns = [*(named(name, "text") for name in names), measured("clicks", "count")]
    answer = {"rows": [row, row], "totals": {"clicks": 24_690}, "meta": {**ANSWER["meta"], "columns": columns}}
    shown = text(answer, width=width)
    assert max(map(len, shown.splitlines())) <= width
    assert (shown.count("12,345"), shown.count("24,690")) == (2, 1)
    if width <= 60:
        listed = [*names, "clicks"]
        assert re.findall(r"^(sub\d+|clicks|total) ", shown, re.MULTILINE) == [*listed, *listed, "total", "clicks"]
        assert "".join(shown.split()).count("labelofsub10") == 2


def test_bars_show_sizes_beside_each_other():
    rows = [
        {"partner": name, "clicks": n}
        for name, n in (("Ann", 80), ("Bob", 40), ("Cy", 1), ("Di", 0), ("Ed", None))
    ]
    meta = {
        **ANSWER["meta"],
        "dimensions": ["partner"],
        "columns": [named("partner", "id"), measured("clicks", "count")],
    }
    drawn_lines = text({"rows": rows, "meta": meta}, chart="clicks", width=100).splitlines()
    bars = [re.sub("[^█▏▎▍▌▋▊▉]", "", line) for line in drawn_lines if line.startswith("│")]
    assert bars == ["█" * 24, "█" * 12, "▎", "", ""]
    assert "█" not in text({"rows": rows, "meta": meta}, chart="", width=100)
    plain = text({"rows": rows, "meta": meta}, chart="clicks", plain=True)
    assert [line.count("#") for line in plain.splitlines() if line.startswith("│")] == [24, 12, 1, 0, 0]


def test_a_pivot_by_time_has_a_sparkline_with_gaps_for_missing_times():
    drawn_text = text(
        pivot("day", "2026-11-01", "2026-11-02", "2026-11-04", metrics=["clicks"]), chart="clicks", width=120
    )
    assert "clicks by day" in drawn_text
    assert "▁▅ █" in drawn_text
    assert "▁▅" not in text(pivot("country", "DE", "FR", "IT"), chart="clicks", width=120)


def daily(days, **more):
    rows = [{"day": f"2026-11-{day:02}", "clicks": n} for day, n in days.items()]
    meta = {
        "dimensions": ["day"],
        "metrics": ["clicks"],
        "columns": [named("day", "time"), measured("clicks", "count")],
    }
    return {"rows": rows, "meta": {**ANSWER["meta"], **meta, **more}}


def test_a_course_over_time_has_a_chart_below_with_gaps_where_days_are_missing():
    chart = text(daily({1: 8, 2: 4, 4: 8}), chart="clicks").split("clicks by day\n")[1].splitlines()
    assert chart[0].startswith("      8 │█████")
    assert chart[0].split("│")[1] == "█████" + " " * 13 + "█████"
    assert chart[4].split("│")[1] == "█████ █████" + " " * 7 + "█████"
    assert chart[8] == "      0 ┼" + "─" * 24
    assert chart[9].split() == ["2026-11-01", "2026-11-04"]


def test_a_screen_has_the_newest_rows_of_a_course_and_the_first_of_everything_else():
    shown = text(daily({day: day for day in range(1, 21)}), chart="clicks", most_rows=3)
    assert re.findall(r"│ (2026-11-\d\d) ", shown) == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert "17 earlier rows" in shown
    shown = text(daily({20 - day: day for day in range(1, 20)}), chart="clicks", most_rows=3)
    assert re.findall(r"│ (2026-11-\d\d) ", shown) == ["2026-11-19", "2026-11-18", "2026-11-17"]
    assert "16 more rows" in shown
