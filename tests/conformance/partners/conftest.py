from __future__ import annotations

import pytest
from pydantic import SecretStr

from kernel.settings import Settings
from tests.support.postgres import postgres_schema, postgres_url  # noqa: F401 - fixtures
from tests.support.program import open_program


@pytest.fixture(params=["sqlite", "postgresql"])
def chosen(request, tmp_path):
    """Settings over an empty database of each kind."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path, currency="EUR")
    url = SecretStr(request.getfixturevalue("postgres_schema"))
    return Settings(data_dir=tmp_path, sql_url=url, currency="EUR")


@pytest.fixture
def sessions(chosen):
    """Sessions over a migrated, empty program."""
    opened = open_program(chosen)
    yield opened
    opened.close()
