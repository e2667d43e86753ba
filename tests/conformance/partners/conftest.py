from __future__ import annotations

import os
import uuid

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from kernel.settings import Settings
from tests.support.program import open_program

POSTGRES = "CLICKLEDGER_TEST_POSTGRES_URL"


@pytest.fixture
def own_postgres_schema():
    """The URL of a schema made for this test alone in the PostgreSQL database the environment names."""
    given = os.environ.get(POSTGRES)
    if not given:
        pytest.skip(f"set {POSTGRES} to postgresql+psycopg://user:password@host/database to test PostgreSQL too")
    schema = f"clickledger_test_{uuid.uuid4().hex}"
    engine = create_engine(given, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(CreateSchema(schema))
    yield (
        make_url(given)
        .update_query_dict({"options": f"-csearch_path={schema}"})
        .render_as_string(hide_password=False)
    )
    with engine.connect() as connection:
        connection.execute(DropSchema(schema, cascade=True))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def chosen(request, tmp_path):
    """Settings over an empty database of each kind."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    return Settings(data_dir=tmp_path, sql_url=SecretStr(request.getfixturevalue("own_postgres_schema")))


@pytest.fixture
def sessions(chosen):
    """Sessions over a migrated, empty program."""
    opened = open_program(chosen)
    yield opened
    opened.close()
