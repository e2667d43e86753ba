"""The server path: DSNs, users, refusals, lost answers, hangs and deaths of a ClickHouse server.

The server is a front over chDB that speaks ClickHouse's HTTP interface; see tests/support.
"""

import threading
import time
import traceback
from itertools import count

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.exceptions import Error as DriverError
from pydantic import SecretStr

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tests.support.clickhouse_front_server import LOSE_INSERT_ANSWERS, REFUSE, REFUSE_INSERTS
from tests.support.waiting import join

NOVEMBER = 1_762_000_000_123
AWAY = (DriverError, OSError)
"""What ``insert`` raises when nothing is known to be stored."""

partners = count(920_000)


def settings(front, database="clickledger", options=""):
    return Settings(clickhouse_url=SecretStr(front.dsn(database, options=options)))


@pytest.fixture
def store(clickhouse_front):
    client = clickhouse.connect(settings(clickhouse_front))
    clickhouse.migrate(client)
    yield client
    client.close()


def batch(partner, how_many=50):
    columns = {
        "click_id": [f"{partner}-{n}" for n in range(how_many)],
        "ts": [NOVEMBER] * how_many,
        "partner_id": [partner] * how_many,
    }
    return arrow_table("clicks", columns, how_many)


def stored(client, partner):
    """Rows in the table, rows by the materialized view."""
    where = {"parameters": {"partner": partner}}
    table = client.query("SELECT count() FROM clicks WHERE partner_id = {partner:UInt32}", **where)
    rollup = client.query(
        "SELECT sum(click_count) FROM clicks_hourly WHERE partner_id = {partner:UInt32}", **where
    )
    return table.first_row[0], rollup.first_row[0]


# --- addresses and users


def test_connecting_makes_the_dsns_database_when_it_is_missing(clickhouse_front):
    name = "click-ledger 2"
    chosen = settings(clickhouse_front, database="click-ledger%202")
    for _time in range(2):
        client = clickhouse.connect(chosen)
        assert client.query("SELECT currentDatabase()").first_row == (name,)
        client.close()


def test_a_database_that_is_not_there_yet_is_away_for_readers_and_for_those_who_may_not_make_it(clickhouse_front):
    chosen = settings(clickhouse_front, database="not_made_yet")
    for opening in (clickhouse.connect_reader, lambda c: clickhouse.connect(c, create=False)):
        with pytest.raises(ClickledgerError, match="isn't there yet") as caught:
            opening(chosen)
        assert caught.value.kind.code == "store_away"


def test_a_wrong_password_is_told_with_the_settings_name_and_without_the_password(clickhouse_front):
    url = f"clickhouse://clickledger:wr0ng-secret@127.0.0.1:{clickhouse_front.port}/clickledger"
    with pytest.raises(ClickledgerError) as caught:
        clickhouse.connect(Settings(clickhouse_url=SecretStr(url)))
    assert caught.value.kind.code == "store_away"
    assert "AUTHENTICATION_FAILED" in caught.value.message
    assert "CLICKLEDGER_CLICKHOUSE_URL" in caught.value.message
    assert "wr0ng-secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse.internal:8123",
        "postgres://u:s3cret@host/db",
        "clickhouse://u:s3cret@:8123/db",
        "clickhouse://u:s3cret@host:not-a-port/db",
        "clickhouse://u:s3cret/with-slash@host:8123/db",
        "clickhouse://u:s3cret@127.0.0.1:1/db?no_such_option=1",
        "clickhouse://u:s3cret@127.0.0.1:1/db?connect_timeout=soon",
    ],
)
def test_a_dsn_that_cant_work_is_refused_with_an_example_and_without_its_password(url):
    with pytest.raises(ClickledgerError) as caught:
        clickhouse.connect(Settings(clickhouse_url=SecretStr(url)))
    assert caught.value.kind.code == "cannot_start"
    assert "clickhouse://user:password@host:8123/database" in caught.value.message
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_secure_dsn_never_falls_back_to_plain_http(clickhouse_front):
    plain = clickhouse_front.dsn("default")
    for url in (plain.replace("clickhouse://", "clickhouses://"), plain + "?secure=true"):
        with pytest.raises(ClickledgerError) as caught:
            clickhouse.connect(Settings(clickhouse_url=SecretStr(url)))
        assert caught.value.kind.code == "store_away"


def test_nobody_listening_is_told_as_away_at_once():
    begin = time.monotonic()
    with pytest.raises(ClickledgerError) as caught:
        clickhouse.connect(Settings(clickhouse_url=SecretStr("clickhouse://u:p@127.0.0.1:1/db")))
    assert caught.value.kind.code == "store_away"
    assert time.monotonic() - begin < clickhouse.CONNECT_SECONDS


def test_reports_can_read_with_a_user_of_their_own_whose_profile_is_read_only(clickhouse_front, store):
    partner = next(partners)
    clickhouse.insert(store, "clicks", batch(partner), f"reader:{partner}")
    chosen = Settings(
        clickhouse_url=SecretStr(clickhouse_front.dsn()),
        clickhouse_reader_url=SecretStr(clickhouse_front.dsn(reader=True)),
        report_max_seconds=30,
    )
    reader = clickhouse.connect_reader(chosen)
    assert reader.query("SELECT currentUser()").row_count == 1
    assert stored(reader, partner) == (50, 50)
    with pytest.raises(DatabaseError) as caught:
        reader.command("INSERT INTO rejected (rejected_id) VALUES ('by a reader')")
    assert caught.value.code == 164  # READONLY
    # The profile's limit of 2 seconds stands; ours of 30 can't be set over it.
    assert reader.query("SELECT getSetting('max_execution_time')").first_row == (2,)
    reader.close()


def test_a_server_refuses_files_of_the_client(store):
    for statement in (
        "SELECT 1 INTO OUTFILE '/tmp/clickledger-out'",
        "INSERT INTO clicks FROM INFILE '/etc/passwd' FORMAT CSV",
    ):
        with pytest.raises(DatabaseError):
            store.command(statement)


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", "false"])
def test_batches_and_answers_cross_the_wire_with_any_compression(clickhouse_front, store, compress):
    partner = next(partners)
    client = clickhouse.connect(settings(clickhouse_front, options=f"?compress={compress}"))
    clickhouse.insert(client, "clicks", batch(partner, 5000), f"compressed:{partner}")
    answer = client.query(
        "SELECT click_id FROM clicks WHERE partner_id = {partner:UInt32}", parameters={"partner": partner}
    )
    assert {row[0] for row in answer.result_rows} == {f"{partner}-{n}" for n in range(5000)}
    client.close()


def test_one_client_serves_many_threads_at_once(store):
    partner = next(partners)
    failures = []

    def work(n):
        try:
            clickhouse.insert(store, "clicks", batch(partner, 10), f"thread-{n}:{partner}")
            assert store.query("SELECT {n:UInt8}", parameters={"n": n}).first_row == (n,)
        except BaseException as why:  # noqa: BLE001 - carried to the test's thread
            failures.append(why)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert failures == []
    assert stored(store, partner) == (80, 80)


# --- failures: the same batch with the same token is tried until it is acknowledged


@pytest.mark.parametrize("mode", [REFUSE, REFUSE_INSERTS])
def test_a_refused_batch_stores_nothing_and_can_be_sent_again(clickhouse_front, store, mode):
    partner = next(partners)
    with clickhouse_front.behaving(mode), pytest.raises(AWAY):
        clickhouse.insert(store, "clicks", batch(partner), f"refused:{partner}")
    assert stored(store, partner) == (0, 0)
    clickhouse.insert(store, "clicks", batch(partner), f"refused:{partner}")
    assert stored(store, partner) == (50, 50)


def test_a_batch_whose_acknowledgement_was_lost_is_stored_once_however_often_it_is_sent(clickhouse_front, store):
    partner = next(partners)
    with clickhouse_front.behaving(LOSE_INSERT_ANSWERS), pytest.raises(AWAY):
        clickhouse.insert(store, "clicks", batch(partner), f"lost:{partner}")
    assert stored(store, partner) == (50, 50)
    clickhouse.insert(store, "clicks", batch(partner), f"lost:{partner}")
    assert stored(store, partner) == (50, 50)


def test_a_hanging_server_ends_the_try_and_the_batch_is_stored_once_when_it_wakes(clickhouse_front, store):
    partner = next(partners)
    assert stored(store, partner) == (0, 0)
    impatient = clickhouse.connect(settings(clickhouse_front, options="?send_receive_timeout=2"))
    begin = time.monotonic()
    with clickhouse_front.hanging(), pytest.raises(AWAY):
        clickhouse.insert(impatient, "clicks", batch(partner), f"hung:{partner}")
    assert time.monotonic() - begin < clickhouse.INSERT_SECONDS
    impatient.close()
    # The abandoned request may be executed now, before, during or after the second try.
    clickhouse.insert(store, "clicks", batch(partner), f"hung:{partner}")
    assert stored(store, partner) == (50, 50)


def test_a_hanging_server_is_told_as_away_when_connecting(clickhouse_front):
    with clickhouse_front.hanging(), pytest.raises(ClickledgerError) as caught:
        clickhouse.connect(settings(clickhouse_front, options="?send_receive_timeout=1"))
    assert caught.value.kind.code == "store_away"


def test_a_server_that_died_has_every_acknowledged_row_when_it_is_back(clickhouse_front, store):
    before, during = next(partners), next(partners)
    clickhouse.insert(store, "clicks", batch(before), f"before:{before}")
    with clickhouse_front.away():
        with pytest.raises(AWAY):
            clickhouse.insert(store, "clicks", batch(during), f"during:{during}")
        with pytest.raises(ClickledgerError, match="can't be reached"):
            clickhouse.connect(settings(clickhouse_front))
    clickhouse.insert(store, "clicks", batch(before), f"before:{before}")
    clickhouse.insert(store, "clicks", batch(during), f"during:{during}")
    assert stored(store, before) == (50, 50)
    assert stored(store, during) == (50, 50)


def test_a_reader_pool_outlives_its_server(clickhouse_front, store):
    pool = clickhouse.ReaderPool(settings(clickhouse_front), size=1)
    with pool.reader() as reader:
        assert reader.query("SELECT 1").first_row == (1,)
    with clickhouse_front.away(), pool.reader() as reader, pytest.raises(AWAY):
        reader.query("SELECT 1")
    with pool.reader() as reader:
        assert reader.query("SELECT 1").first_row == (1,)
    pool.close()


def test_a_pool_that_found_no_server_opens_its_readers_later(clickhouse_front):
    pool = clickhouse.ReaderPool(settings(clickhouse_front), size=1)
    with clickhouse_front.away():
        for _time in range(3):
            with pytest.raises(ClickledgerError, match="can't be reached"), pool.reader():
                pass
    with pool.reader() as reader:
        assert reader.query("SELECT 1").first_row == (1,)
    pool.close()


def test_kills_while_batches_flow_lose_and_double_nothing(clickhouse_front, store):
    partner = next(partners)
    batches, done = 40, threading.Event()
    kills_wanted = 3

    def ship():
        for n in range(batches):
            while True:
                try:
                    clickhouse.insert(store, "clicks", batch(partner, 100), f"flow-{n}:{partner}")
                    break
                except AWAY:
                    time.sleep(0.02)
        done.set()

    shipper = threading.Thread(target=ship, daemon=True)
    shipper.start()
    kills = 0
    while kills < kills_wanted and not done.is_set():
        # Let some batches pass between two kills, whatever the machine's speed.
        target = (kills + 1) * 6
        deadline = time.monotonic() + 60
        while not done.is_set() and stored(store, partner)[0] < target * 100:
            assert time.monotonic() < deadline, f"{target} batches were not stored within 60 s"
        with clickhouse_front.away():
            kills += 1
    assert done.wait(60), "the batches were not all acknowledged within 60 s"
    assert kills == kills_wanted
    assert stored(store, partner) == (batches * 100, batches * 100)
