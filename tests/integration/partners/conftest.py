from __future__ import annotations

import pytest

from kernel.settings import Settings
from tests.support.program import open_program, program_app, program_client


@pytest.fixture
def chosen(tmp_path):
    return Settings(data_dir=tmp_path, edge_public_url="https://go.example/", currency="EUR")


@pytest.fixture
def sessions(chosen):
    opened = open_program(chosen)
    yield opened
    opened.close()


@pytest.fixture
def app(chosen, sessions):
    return program_app(chosen, sessions)


@pytest.fixture
def api(app):
    with program_client(app) as client:
        yield client
