from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from kernel import sql
from kernel.settings import Settings
from partners.models import THE_PROGRAM, Program, Table
from tests.support.postgres import own_schema, postgres_url  # noqa: F401 - a fixture
from tests.support.program import open_program


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """Each kind of database in turn."""
    return request.param


def settings(directory, url=""):
    return Settings(data_dir=directory, sql_url=SecretStr(url), currency="EUR")


@pytest.fixture
def chosen(request, database, tmp_path):
    """Settings over an empty database."""
    if database == "sqlite":
        yield settings(tmp_path)
        return
    with own_schema(request.getfixturevalue("postgres_url")) as url:
        yield settings(tmp_path, url)


@pytest.fixture(scope="session")
def migrated_schema(postgres_url, tmp_path_factory):  # noqa: F811 - the fixture
    """The URL of a migrated PostgreSQL schema, which each test empties first: DDL takes much longer."""
    with own_schema(postgres_url) as url:
        open_program(settings(tmp_path_factory.mktemp("migrated"), url)).close()
        yield url


@pytest.fixture
def sessions(request, database, tmp_path):
    """Sessions over a migrated, empty program."""
    if database == "sqlite":
        opened = open_program(settings(tmp_path))
    else:
        opened = sql.connect(settings(tmp_path, request.getfixturevalue("migrated_schema")))
        with opened.writing() as session:
            tables = ", ".join(Table.metadata.tables)
            session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
            session.add(Program(id=THE_PROGRAM, version=1, fallback_url=""))
    yield opened
    opened.close()
