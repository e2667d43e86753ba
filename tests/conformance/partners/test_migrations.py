from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, update
from sqlalchemy.exc import DBAPIError

import partners
from kernel import sql
from kernel.errors import CANNOT_START, ClickledgerError
from partners.models import Advertiser, Link, Offer, Partner, Program, SmartLink, Table
from tests.support.program import open_program

TABLES = {"alembic_version", *Table.metadata.tables}

OLD_ROWS = (
    "INSERT INTO advertisers VALUES (1, 'Acme', 'token', true, '2026-01-02 03:04:05.000006', '2026-01-02 03:04:05')",
    "INSERT INTO partners SELECT 1, 'p1', 'active', '', created_at, created_at FROM advertisers",
    "INSERT INTO partners SELECT 2, 'p2', 'pending', '', created_at, created_at FROM advertisers",
    "INSERT INTO partners SELECT 3, 'p3', 'suspended', '', created_at, created_at FROM advertisers",
    (
        "INSERT INTO offers SELECT 7, 'Shoes', 1, 'paused', 'https://a.example', 'EUR', 1500000, 2, NULL, 5, 'hold',"
        """ '["a.example"]', true, 30, '', created_at, created_at FROM advertisers"""
    ),
    """INSERT INTO links SELECT 9, 'shoes', 1, 7, '{"sub1": "x"}', created_at, created_at FROM advertisers""",
)
"""Of the first version, in both databases' SQL."""


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


def test_migrations_go_down_to_nothing_and_up_again(chosen):
    sessions = open_program(chosen)
    sql.downgrade(sessions.engine, partners.MIGRATIONS, "base")
    assert tables(sessions) == {"alembic_version"}
    partners.migrate(sessions)
    assert tables(sessions) == TABLES
    sessions.close()


def test_what_an_older_version_stored_is_kept_up_and_down(chosen):
    sessions = sql.connect(chosen)
    with sql._migration(sessions.engine, partners.MIGRATIONS) as config:
        command.upgrade(config, "0001")
    with sessions.engine.begin() as connection:
        for statement in OLD_ROWS:
            connection.exec_driver_sql(statement)

    partners.migrate(sessions)
    with sessions.reading() as session:
        offer, link = session.get_one(Offer, 7), session.get_one(Link, 9)
        statuses = session.scalars(select(Partner.status).order_by(Partner.id)).all()
        advertiser = session.get_one(Advertiser, 1)
    assert statuses == ["approved", "pending", "suspended"]
    assert (offer.payout, offer.revenue_percent, offer.payout_percent) == (
        Decimal("1.5"),
        Decimal("0.000005"),
        None,
    )
    assert (offer.deep_link_hosts, offer.targeting, offer.model, offer.revision) == (["a.example"], {}, "CPA", 1)
    assert (link.offer_id, link.smart_link_id, link.parameters, link.revision) == (7, None, {"sub1": "x"}, 1)
    assert (advertiser.status, advertiser.tags, advertiser.previous_token) == ("active", [], "")
    assert offer.created_at == advertiser.created_at == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

    with sessions.writing() as session:
        best = SmartLink(name="best", strategy="weight", members=[{"offer_id": 7, "weight": 1}])
        session.add(Link(code="best", partner_id=1, smart_link=best, parameters={}))
        session.get_one(Partner, 3).status = "banned"
    sql.downgrade(sessions.engine, partners.MIGRATIONS, "0001")
    with sessions.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, status FROM partners ORDER BY id").all() == [
            (1, "active"),
            (2, "pending"),
            (3, "suspended"),
        ]
        assert connection.exec_driver_sql("SELECT id, code, offer_id FROM links").all() == [(9, "shoes", 7)]
        assert connection.exec_driver_sql("SELECT payout, default_status FROM offers").all() == [(1500000, "hold")]
    partners.migrate(sessions)
    with sessions.writing() as session:
        session.add(Link(code="new", partner_id=1, offer_id=7, parameters={}))
        session.flush()
    assert tables(sessions) == TABLES
    sessions.close()


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


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(chosen):
    sessions = open_program(chosen)
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ClickledgerError, match="A newer clickledger") as refused:
        partners.migrate(sessions)
    assert refused.value.kind is CANNOT_START
    sessions.close()
