"""The doctor against servers that answer: the ClickHouse front and a real Valkey."""

import pytest
from pydantic import SecretStr

from clickledger.doctor import stores
from kernel.clickhouse import client as clickhouse
from kernel.settings import Settings
from tests.support.clickhouse_front_server import REFUSE
from tests.support.valkey import valkey_on_a_port


def test_a_clickhouse_server_is_shown_with_version_clock_and_reader(clickhouse_front):
    chosen = Settings(clickhouse_url=SecretStr(clickhouse_front.dsn("doctor_known")))
    clickhouse.connect(chosen).close()
    found = list(stores.clickhouse(chosen))
    assert [(f.check, f.level) for f in found] == [
        ("clickhouse", "ok"),
        ("clickhouse clock", "ok"),
        ("clickhouse reader", "ok"),
    ]
    assert found[0].message.startswith("server 2")


def test_a_database_that_is_not_there_yet_is_ok_and_not_made_by_looking(clickhouse_front):
    chosen = Settings(clickhouse_url=SecretStr(clickhouse_front.dsn("doctor_unknown")))
    for _time in range(2):
        (found,) = stores.clickhouse(chosen)
        assert (found.level, "will make the database" in found.message) == ("ok", True)


@pytest.mark.parametrize("wrong", ["password", "refusing"])
def test_a_clickhouse_server_that_refuses_is_a_problem(clickhouse_front, wrong):
    if wrong == "password":
        url = f"clickhouse://clickledger:s3cret@127.0.0.1:{clickhouse_front.port}/default"
        (found,) = stores.clickhouse(Settings(clickhouse_url=SecretStr(url)))
    else:
        with clickhouse_front.behaving(REFUSE):
            (found,) = stores.clickhouse(Settings(clickhouse_url=SecretStr(clickhouse_front.dsn("default"))))
    assert found.level == "problem"
    assert "s3cret" not in str(found)


def test_a_reports_user_that_cant_be_used_is_a_problem_of_its_own(clickhouse_front):
    chosen = Settings(
        clickhouse_url=SecretStr(clickhouse_front.dsn("default")),
        clickhouse_reader_url=SecretStr(f"clickhouse://nobody:s3cret@127.0.0.1:{clickhouse_front.port}/default"),
    )
    found = {f.check: f for f in stores.clickhouse(chosen)}
    assert found["clickhouse"].level == "ok"
    assert found["clickhouse reader"].level == "problem"
    assert "CLICKLEDGER_CLICKHOUSE_READER_URL" in found["clickhouse reader"].message


def test_a_valkey_server_is_shown_with_its_version_and_a_replica_is_a_problem():
    with valkey_on_a_port() as server:
        chosen = Settings(redis_url=SecretStr(f"redis://127.0.0.1:{server.port}/0"))
        (found,) = stores.redis(chosen)
        assert found.level == "ok"
        assert found.message.startswith("valkey ")
        with server.client() as client:
            client.replicaof("127.0.0.1", 1)
        assert [(f.check, f.level) for f in stores.redis(chosen)] == [("redis", "ok"), ("redis role", "problem")]
