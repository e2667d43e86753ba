from kernel.clickhouse.arrow import arrow_schema
from tests.support.clicks import click, open_tools, rows
from tracker.pipeline.steps import STEPS, enrich


def test_a_batch_becomes_a_table_of_the_clicks_schema_in_order():
    clicks = [click(number, ip=f"8.8.8.{number}") for number in range(50)]
    table = enrich(clicks, "edge-3", open_tools())
    assert table.schema == arrow_schema("clicks")
    assert table["click_id"].to_pylist() == [c.click_id for c in clicks]
    assert set(table["edge"].to_pylist()) == {"edge-3"}
    assert all(column.null_count == 0 for column in table.columns)


def test_an_empty_batch_is_an_empty_table():
    table = enrich([], "edge-0", open_tools())
    assert (table.num_rows, table.schema) == (0, arrow_schema("clicks"))


def test_every_step_is_timed_once_per_batch_under_its_name():
    timed = []
    tools = open_tools(on_step=lambda name, seconds: timed.append((name, seconds)))
    enrich([click()], "edge-0", tools)
    assert [name for name, _ in timed] == [*(name for name, _ in STEPS), "table"]
    assert all(seconds >= 0 for _, seconds in timed)


def test_what_repeats_is_looked_up_once_and_remembered_across_batches():
    tools = open_tools()
    for start in (0, 100):
        enrich([click(start + number, ip=f"8.8.8.{number % 2}") for number in range(100)], "edge-0", tools)
    assert tools.places.find.cache_info().misses == 2
    assert tools.places.find.cache_info().hits == 2
    assert tools.devices.find.cache_info().misses == 1


def test_each_row_carries_the_rule_set_that_judged_it():
    (row,) = rows([click(user_agent="curl/8.5.0", method="HEAD")])
    assert row["rules_version"] == open_tools().engine.in_force().book.version
    assert (row["verdict"], row["fraud_reasons"]) == (
        "invalid",
        ["bot_user_agent", "http_library", "non_get_method"],
    )
    assert (row["fraud_category"], row["fraud_score"]) == ("GIVT", 99)


def test_prefetches_are_told_by_any_of_their_headers():
    headers = [
        {"sec-purpose": "prefetch"},
        {"purpose": "Prefetch"},
        {"x-moz": "prefetch"},
        {"x-purpose": "preview"},
    ]
    clicks = [click(number, ip=f"8.8.8.{number}", headers=h) for number, h in enumerate(headers)]
    assert [row["fraud_reasons"] for row in rows(clicks)] == [
        ["prefetch"],
        ["prefetch"],
        ["prefetch"],
        ["prefetch"],
    ]
