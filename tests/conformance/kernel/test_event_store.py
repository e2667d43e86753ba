"""What every event store must do: chDB in this process, and a server over HTTP (a front over chDB)."""

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from pydantic import SecretStr

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse import schema_rollups
from kernel.clickhouse.arrow import arrow_schema, arrow_table, rows_table
from kernel.clickhouse.columns import ROLLUPS, TABLES
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.settings import Settings
from tests.support.waiting import PATIENCE_SECONDS

NOVEMBER = 1_762_000_000_123
"""2025-11-01T12:26:40.123Z"""
DECEMBER = NOVEMBER + 40 * 24 * 3600 * 1000
HOUR = 3_600_000

partners = count(910_000)
"""Every test writes rows of a partner of its own: the stores are shared."""


@dataclass(frozen=True)
class Store:
    settings: Settings
    client: Client


@pytest.fixture(params=["embedded", "server"])
def store(request):
    if request.param == "embedded":
        return Store(request.getfixturevalue("store_settings"), request.getfixturevalue("event_store"))
    return request.getfixturevalue("server_store")


@pytest.fixture(scope="session")
def server_store(clickhouse_front):
    settings = Settings(clickhouse_url=SecretStr(clickhouse_front.dsn("conformance")))
    client = clickhouse.connect(settings)
    clickhouse.migrate(client)
    yield Store(settings, client)
    client.close()


@pytest.fixture
def pool(store):
    readers = clickhouse.ReaderPool(store.settings, size=2)
    yield readers
    readers.close()


def clicks(partner, how_many, *, ts=NOVEMBER, **columns):
    return arrow_table(
        "clicks",
        {
            "click_id": [f"click-{partner}-{n}" for n in range(how_many)],
            "ts": [ts] * how_many,
            "partner_id": [partner] * how_many,
            **{name: [value] * how_many for name, value in columns.items()},
        },
        how_many,
    )


def stored(store, partner):
    """Rows in the table, rows by the materialized view."""
    where = {"parameters": {"partner": partner}}
    table = store.client.query("SELECT count() FROM clicks WHERE partner_id = {partner:UInt32}", **where)
    rollup = store.client.query(
        "SELECT sum(click_count) FROM clicks_hourly WHERE partner_id = {partner:UInt32}", **where
    )
    return table.first_row[0], rollup.first_row[0]


def test_migrating_again_changes_nothing_and_keeps_the_rows(store):
    def tables():
        return store.client.query(
            "SELECT name, engine, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
        ).result_rows

    partner = next(partners)
    before = tables()
    assert {row[0] for row in before} >= {*TABLES, "clicks_hourly", "clicks_hourly_mv"}
    clickhouse.insert(store.client, "clicks", clicks(partner, 3), f"migrate-{partner}")
    clickhouse.migrate(store.client)
    clickhouse.migrate(store.client)
    assert tables() == before
    assert stored(store, partner) == (3, 3)


def test_migrating_gives_an_older_table_the_columns_it_lacks(store):
    store.client.command("ALTER TABLE conversion_changes DROP COLUMN adv5")
    clickhouse.migrate(store.client)
    made = rows_table("conversion_changes", [{"conversion_id": "older-table", "adv5": "five", "ts": NOVEMBER}])
    clickhouse.insert(store.client, "conversion_changes", made, "older-table")
    found = store.client.query("SELECT adv5 FROM conversion_changes WHERE conversion_id = 'older-table'")
    assert found.result_rows == [("five",)]


def test_a_rollup_of_an_older_shape_is_made_anew_from_the_clicks(store):
    partner = next(partners)
    clickhouse.insert(
        store.client, "clicks", clicks(partner, 3, currency="EUR", payout=Decimal("0.25")), f"old-{partner}"
    )
    before = store.client.query(
        "SELECT partner_id, sum(click_count) FROM clicks_hourly GROUP BY 1 ORDER BY 1"
    ).result_rows
    store.client.command("DROP VIEW clicks_hourly_mv SYNC")
    store.client.command("ALTER TABLE clicks_hourly DROP COLUMN payout_sum")
    clickhouse.migrate(store.client)
    after = store.client.query(
        "SELECT partner_id, sum(click_count) FROM clicks_hourly GROUP BY 1 ORDER BY 1"
    ).result_rows
    assert after == before
    clickhouse.insert(
        store.client, "clicks", clicks(partner, 2, currency="EUR", payout=Decimal("0.25")), f"new-{partner}"
    )
    paid = "SELECT sum(payout_sum) FROM clicks_hourly WHERE partner_id = {partner:UInt32} AND currency = 'EUR'"
    assert store.client.query(paid, parameters={"partner": partner}).first_row == (Decimal("1.25"),)


def test_a_rebuilding_that_was_interrupted_is_finished_by_the_next_start(store):
    partner = next(partners)
    clickhouse.insert(store.client, "clicks", clicks(partner, 4), f"interrupted-{partner}")
    hourly = ROLLUPS[-1]
    for statement in (*schema_rollups.begin_successor(hourly), *schema_rollups.succeed(hourly)[:-3]):
        store.client.command(statement)
    clickhouse.migrate(store.client)
    assert stored(store, partner) == (4, 4)


def test_a_rollup_kept_in_other_partitions_is_made_anew(store):
    partner = next(partners)
    clickhouse.insert(store.client, "clicks", clicks(partner, 3), f"monthly-{partner}")
    by_month = schema_rollups.table(ROLLUPS[-1]).replace("toMonday(hour)", "toYYYYMM(hour)")
    for statement in (
        "DROP VIEW clicks_hourly_mv SYNC",
        "DROP TABLE clicks_hourly SYNC",
        by_month.rpartition("COMMENT")[0],
    ):
        store.client.command(statement)
    clickhouse.migrate(store.client)
    key = "SELECT partition_key FROM system.tables WHERE database = currentDatabase() AND name = 'clicks_hourly'"
    assert store.client.command(key) == "toMonday(hour)"
    assert stored(store, partner) == (3, 3)


def test_a_batch_that_spans_years_is_taken(store):
    partner, how_many = next(partners), 120  # a batch may have 100 partitions, unless told otherwise
    weeks = arrow_table(
        "clicks",
        {
            "click_id": [f"years-{partner}-{n}" for n in range(how_many)],
            "ts": [NOVEMBER - n * 7 * 24 * HOUR for n in range(how_many)],
            "partner_id": [partner] * how_many,
        },
        how_many,
    )
    clickhouse.insert(store.client, "clicks", weeks, f"years-{partner}")
    clickhouse.insert(store.client, "clicks", weeks, f"years-{partner}")
    assert stored(store, partner) == (how_many, how_many)


@pytest.mark.parametrize("table", TABLES)
def test_every_declared_column_exists_with_its_type(store, table):
    found = [row[:2] for row in store.client.query(f"DESCRIBE TABLE {table}").result_rows]
    assert found == [(column.name, column.type) for column in TABLES[table]]


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.name)
def test_a_rollup_has_the_declared_columns(store, rollup):
    found = [row[:2] for row in store.client.query(f"DESCRIBE TABLE {rollup.name}").result_rows]
    assert found == [(column.name, column.type) for column in rollup.columns]


def test_a_batch_sent_again_with_its_token_is_in_the_table_and_the_rollup_once(store):
    partner = next(partners)
    batch = clicks(partner, 500)
    for _try in range(3):
        clickhouse.insert(store.client, "clicks", batch, f"journal-1:1-500:{partner}")
    assert stored(store, partner) == (500, 500)


def test_other_content_with_a_known_token_changes_nothing(store):
    partner = next(partners)
    clickhouse.insert(store.client, "clicks", clicks(partner, 2), f"journal-1:501-502:{partner}")
    clickhouse.insert(store.client, "clicks", clicks(partner, 7, country="DE"), f"journal-1:501-502:{partner}")
    assert stored(store, partner) == (2, 2)


def test_the_same_content_with_another_token_is_another_batch(store):
    partner = next(partners)
    for token in ("a", "b"):
        clickhouse.insert(store.client, "clicks", clicks(partner, 2), f"{token}:{partner}")
    assert stored(store, partner) == (4, 4)


def test_a_batch_over_two_months_is_deduplicated_in_both_partitions(store):
    partner = next(partners)
    columns = {
        "click_id": ["n", "d", "d2"],
        "ts": [NOVEMBER, DECEMBER, DECEMBER + HOUR],
        "partner_id": [partner] * 3,
    }
    for _try in range(2):
        clickhouse.insert(store.client, "clicks", arrow_table("clicks", columns, 3), f"two-months:{partner}")
    assert stored(store, partner) == (3, 3)
    hours = store.client.query(
        "SELECT toUnixTimestamp(hour), sum(click_count) FROM clicks_hourly WHERE partner_id = {partner:UInt32} GROUP BY hour ORDER BY hour",
        parameters={"partner": partner},
    )
    assert hours.result_rows == [(ts // HOUR * 3600, 1) for ts in (NOVEMBER, DECEMBER, DECEMBER + HOUR)]


def test_many_batches_between_two_tries_do_not_push_a_token_out(store):
    partner = next(partners)
    clickhouse.insert(store.client, "clicks", clicks(partner, 1), f"first:{partner}")
    for n in range(120):  # more than the 100 blocks that a table remembers unless told otherwise
        clickhouse.insert(store.client, "clicks", clicks(partner, 1), f"more-{n}:{partner}")
    clickhouse.insert(store.client, "clicks", clicks(partner, 1), f"first:{partner}")
    assert stored(store, partner) == (121, 121)


def test_every_type_comes_back_as_it_went_in(store):
    partner = next(partners)
    row = {
        "click_id": "0" * 32,
        "ts": NOVEMBER,
        "partner_id": partner,
        "offer_id": 2**32 - 1,
        "sub1": "quote ' backslash \\ brace {x:String} tab \t line \n nul \x00 emoji 😀",
        "country": "DE",
        "fraud_reasons": ["known_bot", "it's", ""],
        "fraud_score": 100,
        "is_bot": True,
        "is_unique": False,
        "cost": Decimal("-123456789012.654321"),
        "cost_currency": "EUR",
    }
    clickhouse.insert(store.client, "clicks", rows_table("clicks", [row]), f"types:{partner}")
    answer = store.client.query(
        "SELECT click_id, ts, partner_id, offer_id, sub1, country, fraud_reasons, fraud_score, is_bot, is_unique, "
        "cost, cost_currency, toUnixTimestamp64Milli(ts) FROM clicks WHERE partner_id = {partner:UInt32}",
        parameters={"partner": partner},
    )
    *values, milliseconds = answer.first_row
    expected = {**row, "ts": dt.datetime(2025, 11, 1, 12, 26, 40, 123_000)}  # noqa: DTZ001 - the driver's UTC is naive
    assert dict(zip(row, values, strict=True)) == expected
    assert milliseconds == NOVEMBER


def test_a_batch_read_back_as_arrow_equals_the_batch_written(store):
    partner = next(partners)
    batch = clicks(
        partner, 3, cost=Decimal("0.000001"), fraud_reasons=["a", "b"], is_test=True, user_agent="Ünïcødé"
    )
    clickhouse.insert(store.client, "clicks", batch, f"arrow:{partner}")
    answer = store.client.query_arrow(
        "SELECT * FROM clicks WHERE partner_id = {partner:UInt32} ORDER BY click_id",
        parameters={"partner": partner},
        settings={"output_format_arrow_low_cardinality_as_dictionary": 0},
    )
    assert answer.column_names == batch.column_names
    assert answer.cast(arrow_schema("clicks")).to_pylist() == batch.to_pylist()


def test_rejected_bytes_come_back_untouched(store):
    partner = next(partners)
    raw = bytes(range(256)) * 4
    row = {"rejected_id": f"raw-{partner}", "ts": NOVEMBER, "kind": "click", "reason": "not_utf8", "raw": raw}
    clickhouse.insert(store.client, "rejected", rows_table("rejected", [row]), f"raw:{partner}")
    answer = store.client.query(
        "SELECT raw FROM rejected WHERE rejected_id = {id:String}",
        parameters={"id": f"raw-{partner}"},
        query_formats={"String": "bytes"},
    )
    assert answer.result_rows == [(raw,)]


def test_the_latest_change_is_a_conversions_state(store):
    partner = next(partners)
    for seq, status, payout in ((1, "pending", "1.5"), (3, "rejected", "0"), (2, "approved", "1.5")):
        row = {
            "conversion_id": f"conversion-{partner}",
            "change_seq": seq,
            "click_ts": NOVEMBER,
            "partner_id": partner,
            "status": status,
            "payout": Decimal(payout),
        }
        clickhouse.insert(store.client, "conversions", rows_table("conversions", [row]), f"{seq}:{partner}")
    answer = store.client.query(
        "SELECT status, payout, change_seq FROM conversions FINAL WHERE partner_id = {partner:UInt32}",
        parameters={"partner": partner},
    )
    assert answer.result_rows == [("rejected", Decimal(0), 3)]


HOSTILE = (
    "' OR 1=1 --",
    "'; DROP TABLE clicks; --",
    '"',
    "\\",
    "\\'",
    "\\\\' OR 1=1 --",
    "{partner:UInt32}",
    "}{",
    "%s %(x)s %d",
    "a\x00b",
    "tab\tline\nreturn\r",
    "😀 Ünïcødé \u202e",
    "`backtick`",
    "\\N",
    "NULL",
    "",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_parameter_is_a_value_and_never_a_piece_of_sql(store, value):
    answer = store.client.query(
        "SELECT {value:String} AS value, length({value:String})", parameters={"value": value}
    )
    assert answer.result_rows == [(value, len(value.encode()))]


def test_a_list_parameter_keeps_every_hostile_member(store):
    answer = store.client.query("SELECT {values:Array(String)}", parameters={"values": list(HOSTILE)})
    assert list(answer.first_row[0]) == list(HOSTILE)


def test_a_time_zone_parameter_cant_carry_sql(store):
    query = "SELECT toStartOfHour(toDateTime64(0, 3, 'UTC'), {tz:String})"
    assert store.client.query(query, parameters={"tz": "Asia/Kolkata"}).row_count == 1
    with pytest.raises(DatabaseError):
        store.client.query(query, parameters={"tz": "UTC') UNION ALL SELECT 1 --"})


def test_a_parameter_of_a_megabyte_arrives_whole(store):
    value = "x'" * 500_000
    answer = store.client.query("SELECT length({value:String})", parameters={"value": value})
    assert answer.result_rows == [(1_000_000,)]


FORBIDDEN_TO_READERS = {
    "insert": "INSERT INTO rejected (rejected_id) VALUES ('by a reader')",
    "read a file": "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "read a url": "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
    "set": "SET max_threads = 64",
    "raise a limit": "SELECT 1 SETTINGS max_execution_time = 0",
    "leave readonly": "SELECT 1 SETTINGS readonly = 0",
    "set readonly": "SET readonly = 0",
    "create": "CREATE TABLE by_a_reader (x UInt8) ENGINE = Memory",
    "create a temporary table": "CREATE TEMPORARY TABLE by_a_reader (x UInt8)",
    "alter": "ALTER TABLE clicks DELETE WHERE 1",
    "delete": "DELETE FROM clicks WHERE 1",
    "drop": "DROP TABLE clicks",
    "truncate": "TRUNCATE TABLE clicks",
}


@pytest.mark.parametrize("statement", FORBIDDEN_TO_READERS.values(), ids=FORBIDDEN_TO_READERS)
def test_a_reader_can_only_read(pool, statement):
    with pool.reader() as reader, pytest.raises(DatabaseError):
        reader.command(statement)


def test_a_reader_sees_what_the_writer_wrote(store, pool):
    partner = next(partners)
    with pool.reader() as reader:
        clickhouse.insert(store.client, "clicks", clicks(partner, 4), f"seen:{partner}")
        assert stored(Store(store.settings, reader), partner) == (4, 4)


def test_a_report_that_takes_too_long_is_ended_and_its_reader_serves_the_next(store):
    pool = clickhouse.ReaderPool(store.settings.model_copy(update={"report_max_seconds": 1}), size=1)
    begin = time.monotonic()
    with pool.reader() as reader, pytest.raises(DatabaseError) as caught:
        reader.query("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
    assert caught.value.code == 159  # TIMEOUT_EXCEEDED
    assert time.monotonic() - begin < 30, "the statement would take hours"
    with pool.reader() as reader:
        assert reader.query("SELECT 1").first_row == (1,)
    pool.close()


def test_a_report_that_takes_too_much_memory_is_refused(store):
    pool = clickhouse.ReaderPool(store.settings.model_copy(update={"report_max_memory_mib": 64}), size=1)
    with pool.reader() as reader, pytest.raises(DatabaseError) as caught:
        reader.query("SELECT length(groupArray(number)) FROM numbers(100000000)")
    assert caught.value.code == 241  # MEMORY_LIMIT_EXCEEDED
    pool.close()


def test_the_pool_lends_each_reader_to_one_at_a_time(pool):
    with pool.reader() as first, pool.reader() as second:
        assert first is not second
        assert first.query("SELECT 1").first_row == second.query("SELECT 1").first_row == (1,)
    with pool.reader() as again:
        assert again in {first, second}


def test_who_waits_for_a_reader_that_could_not_be_opened_opens_it(store, monkeypatch):
    pool = clickhouse.ReaderPool(store.settings, size=1)
    opening, asked = threading.Event(), threading.Event()
    connect, tries = clickhouse.connect_reader, count(1)

    def fail_at_first(*given):
        if next(tries) > 1:
            return connect(*given)
        opening.set()
        assert asked.wait(PATIENCE_SECONDS)
        time.sleep(0.05)  # the other one begins to wait
        raise STORE_AWAY.error()

    monkeypatch.setattr(clickhouse, "connect_reader", fail_at_first)

    def ask():
        with pool.reader() as reader:
            return reader.query("SELECT 1").first_row

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ask)
        assert opening.wait(PATIENCE_SECONDS)
        second = threads.submit(lambda: (asked.set(), ask())[1])
        with pytest.raises(ClickledgerError):
            first.result(PATIENCE_SECONDS)
        assert second.result(PATIENCE_SECONDS) == (1,)
    pool.close()


def test_when_all_readers_stay_out_that_is_said(store, monkeypatch):
    pool = clickhouse.ReaderPool(store.settings.model_copy(update={"report_max_seconds": 1}), size=1)
    with pool.reader():
        monkeypatch.setattr(clickhouse, "READ_GRACE_SECONDS", -0.9)
        with pytest.raises(ClickledgerError, match="busy") as caught, pool.reader():
            pass
    assert caught.value.kind is STORE_AWAY
    pool.close()


def test_an_error_names_its_code_and_leaves_the_client_usable(store):
    with pytest.raises(DatabaseError) as caught:
        store.client.query("SELECT * FROM no_such_table")
    assert caught.value.code == 60
    assert store.client.query("SELECT 1").first_row == (1,)


def test_an_insert_of_unknown_columns_stores_nothing(store):
    partner = next(partners)
    batch = clicks(partner, 1).rename_columns(
        ["no_such_column" if n == "country" else n for n in arrow_schema("clicks").names]
    )
    with pytest.raises(DatabaseError):
        clickhouse.insert(store.client, "clicks", batch, f"unknown:{partner}")
    assert stored(store, partner) == (0, 0)


def test_a_reader_that_could_write_is_never_handed_out(store, monkeypatch):
    monkeypatch.setattr(clickhouse.sql, "READONLY_LEVEL", "SELECT 0")
    pool = clickhouse.ReaderPool(store.settings, size=1)
    with pytest.raises(ClickledgerError, match="readonly = 1"), pool.reader():
        pass
