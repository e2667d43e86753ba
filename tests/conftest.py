"""Fixtures that are expensive enough to share: one event store per test process."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, settings

from kernel.clickhouse import client as clickhouse
from kernel.settings import Settings
from tests.support.hanging import pytest_exception_interact, pytest_sessionfinish, pytest_xdist_make_scheduler

__all__ = ["pytest_exception_interact", "pytest_sessionfinish", "pytest_xdist_make_scheduler"]

# What is collected stays until the end: looking through it for cycles took a quarter of collecting, and a little of
# every test.
gc.disable()

# An example that takes long says something of the machine, not of what it proves; what fails can be tried again.
settings.register_profile(
    "patient", settings(), deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

# Services run beside commands in this process, and what a service logs meanwhile is no command's output: click's runner
# and capsys replace sys.stderr for a while, so this one is pytest's, which shows it with the test that failed.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))


def pytest_collection_finish() -> None:
    """Leave what was collected out of the garbage collector's sight, and let it look less often, as services do."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()


REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def store_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings over one temporary data directory for the whole test process."""
    return Settings(data_dir=tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def event_store(store_settings: Settings) -> Iterator[Client]:
    """A migrated event store. chDB holds one path per process, so everybody shares it: use ids of your own."""
    client = clickhouse.connect(store_settings)
    clickhouse.migrate(client)
    yield client
    client.close()


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The directory of real logs; skips where it is absent, as on a user's machine."""
    place = Path(os.environ.get("CLICKLEDGER_REALDATA", REPOSITORY.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"real data is not at {place}; set CLICKLEDGER_REALDATA to run this test")
    return place
