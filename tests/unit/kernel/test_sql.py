from __future__ import annotations

import socket
import stat
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from kernel import sql, sql_types
from kernel.errors import CANNOT_START, STORE_AWAY, ClickledgerError
from kernel.settings import Settings


@pytest.fixture
def sessions(tmp_path):
    opened = sql.connect(Settings(data_dir=tmp_path))
    with opened.writing() as session:
        session.execute(text("CREATE TABLE things (name TEXT)"))
    yield opened
    opened.close()


def names(sessions):
    with sessions.reading() as session:
        return list(session.scalars(text("SELECT name FROM things")))


def run_and_fail(sessions, statement):
    with sessions.writing() as session:
        session.execute(text(statement))
        raise RuntimeError


def test_the_embedded_database_is_durable_checks_references_and_is_its_owners_alone(sessions, tmp_path):
    file = tmp_path / sql.EMBEDDED_FILE
    with sessions.reading() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": sql.LOCK_WAIT_MS,
    }
    for path in (file, file.with_name(file.name + "-wal")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_block_that_raises_leaves_nothing_and_one_that_ends_leaves_all(sessions):
    with pytest.raises(RuntimeError):
        run_and_fail(sessions, "INSERT INTO things VALUES ('half')")
    with sessions.writing() as session:
        session.execute(text("INSERT INTO things VALUES ('whole')"))
    assert names(sessions) == ["whole"]


def test_a_table_made_in_a_block_that_raises_is_gone_too(sessions):
    with pytest.raises(RuntimeError):
        run_and_fail(sessions, "CREATE TABLE others (name TEXT)")
    with sessions.writing() as session:
        session.execute(text("CREATE TABLE others (name TEXT)"))


def test_a_writer_takes_the_lock_when_it_begins_and_readers_go_on(sessions, monkeypatch, tmp_path):
    monkeypatch.setattr(sql, "LOCK_WAIT_MS", 10)
    impatient = sql.connect(Settings(data_dir=tmp_path))
    with sessions.writing() as session:
        session.execute(text("INSERT INTO things VALUES ('late')"))
        assert names(impatient) == []
        with pytest.raises(ClickledgerError) as refused, impatient.writing():
            pytest.fail("two writers at once")
    assert refused.value.kind is STORE_AWAY
    assert names(impatient) == ["late"]
    impatient.close()


def test_a_wrong_statement_is_not_called_a_database_that_is_away(sessions):
    with pytest.raises(Exception, match="no such table: missing") as raised, sessions.reading() as session:
        session.execute(text("SELECT * FROM missing"))
    assert not isinstance(raised.value, ClickledgerError)


def test_a_failing_statement_doesnt_show_its_values(sessions):
    with pytest.raises(Exception, match="no column named secret") as raised, sessions.writing() as session:
        session.execute(text("INSERT INTO things (secret) VALUES (:value)"), {"value": "a-token"})
    assert "a-token" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("what is this", "isn't a database URL"),
        ("nosuch://host/db", "CLICKLEDGER_SQL_URL"),
        ("mysql://user:hunter2@host/db", "CLICKLEDGER_SQL_URL names mysql; use PostgreSQL or SQLite"),
        ("postgresql+nosuch://user:hunter2@host/db", "isn't a database URL"),
    ],
)
def test_a_url_that_cant_work_is_refused_without_its_password(url, sentence):
    with pytest.raises(ClickledgerError) as refused:
        sql.connect(Settings(sql_url=SecretStr(url)))
    assert refused.value.kind is CANNOT_START
    assert sentence in refused.value.message
    assert "hunter2" not in refused.value.message


def test_a_sqlite_url_opens_that_file(tmp_path):
    opened = sql.connect(Settings(data_dir=tmp_path / "d", sql_url=SecretStr(f"sqlite:///{tmp_path}/other.db")))
    with opened.writing() as session:
        session.execute(text("CREATE TABLE things (name TEXT)"))
    opened.close()
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "d").exists()


def test_a_data_directory_that_cant_be_made_is_refused_with_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ClickledgerError, match=r"file/program\.db can't be written") as refused:
        sql.connect(Settings(data_dir=tmp_path / "file"))
    assert refused.value.kind is CANNOT_START


def test_a_postgresql_that_isnt_there_is_a_store_that_is_away(unused_port, capfd):
    pytest.importorskip("psycopg", reason="install 'clickledger[server]' to test against PostgreSQL's driver")
    sessions = sql.connect(Settings(sql_url=SecretStr(f"postgresql://me:hunter2@127.0.0.1:{unused_port}/nothing")))
    with pytest.raises(ClickledgerError) as refused, sessions.reading() as session:
        session.execute(text("SELECT 1"))
    assert refused.value.kind is STORE_AWAY
    assert "hunter2" not in refused.value.message + "".join(capfd.readouterr())


def test_a_moment_is_utc_whatever_zone_it_was_given_in():
    column = sql_types.Moment()
    kolkata = timezone(timedelta(hours=5, minutes=30))
    stored = column.process_bind_param(datetime(2026, 11, 1, 5, 30, tzinfo=kolkata), None)
    assert stored == datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
    assert column.process_result_value(stored.replace(tzinfo=None), None) == stored
    assert column.process_result_value(
        datetime(2026, 11, 1, 5, 30, tzinfo=kolkata), None
    ).utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(datetime(2026, 11, 1), None)  # noqa: DTZ001 - the mistake this refuses
    assert column.process_bind_param(None, None) is column.process_result_value(None, None) is None


@pytest.fixture
def unused_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
