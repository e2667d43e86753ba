from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, update
from sqlalchemy.exc import DBAPIError

import partners
from kernel import sql
from kernel.errors import CANNOT_START, ClickledgerError
from partners.models import Program, Table

TABLES = {"alembic_version", *Table.metadata.tables}


def tables(sessions):
    return set(inspect(sessions.engine).get_table_names())


def test_migrating_makes_exactly_the_tables_of_the_models(sessions):
    assert tables(sessions) == TABLES
    with sessions.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_a_new_program_has_version_one_and_no_fallback(sessions):
    with sessions.reading() as session:
        program = session.get_one(Program, 1)
        assert (program.version, program.fallback_url) == (1, "")


def test_migrating_again_changes_nothing(sessions):
    with sessions.writing() as session:
        session.execute(update(Program).values(version=42))
    partners.migrate(sessions)
    with sessions.reading() as session:
        assert session.get_one(Program, 1).version == 42


def test_migrations_go_down_to_nothing_and_up_again(sessions):
    sql.downgrade(sessions.engine, partners.MIGRATIONS, "base")
    assert tables(sessions) == {"alembic_version"}
    partners.migrate(sessions)
    assert tables(sessions) == TABLES


def test_two_hosts_that_start_together_migrate_once(chosen):
    opened = [sql.connect(chosen) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(partners.migrate, opened)) == [None, None, None]
    assert tables(opened[0]) == TABLES
    for sessions in opened:
        sessions.close()


def test_a_migration_that_fails_leaves_nothing_behind(chosen, tmp_path):
    scripts = tmp_path / "scripts 100%"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((partners.MIGRATIONS / "env.py").read_text())
    first = (partners.MIGRATIONS / "versions" / "r0001_program.py").read_text()
    (scripts / "versions" / "r0001_program.py").write_text(first.replace('"links",', '"partners",', 1))
    sessions = sql.connect(chosen)
    with pytest.raises(DBAPIError, match=r"partners.* already exists"):
        sql.migrate(sessions.engine, scripts)
    assert tables(sessions) <= {"alembic_version"}
    partners.migrate(sessions)
    assert tables(sessions) == TABLES
    sessions.close()


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(sessions):
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ClickledgerError, match="A newer clickledger") as refused:
        partners.migrate(sessions)
    assert refused.value.kind is CANNOT_START
