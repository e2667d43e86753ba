"""A service in this process that a simulation can run against: web role, snapshot, and the pipeline in a thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from clickhouse_connect.driver.client import Client
from pydantic import SecretStr
from starlette.testclient import TestClient

from clickledger.roles.pipeline import running
from clickledger.roles.web import web_app
from clickledger.service import Service
from fraud.usual.keeper import UsualKeeper
from kernel.clickhouse.client import EMBEDDED_DIRECTORY, connect_reader
from kernel.settings import Settings

ADMIN_KEY = "cl_an-admin-key-made-up-for-simulations"


class ToldKeeper(UsualKeeper):
    """Counts what is usual when it is told to, and not by the clock."""

    def start(self) -> None:
        """Begin nothing."""

    def count(self, chosen: Settings) -> None:
        """Count what is usual by now."""
        with closing(connect_reader(chosen)) as reader:
            self._refresh(reader)


class InProcess(Service):
    """The admin API of an app in this process, with the errors a command sees."""

    def __init__(self, client: TestClient) -> None:
        self.url = "http://testserver"
        self._client = client


@contextmanager
def simulating(
    store: Client, store_settings: Settings, directory: Path, **chosen: Any
) -> Iterator[tuple[Settings, Service, Callable[[], None]]]:
    """Run a service over the test process's event store.

    Yields its settings, its admin API, and what counts what is usual by now.

    """
    own = Path(tempfile.mkdtemp(dir=directory))
    (own / EMBEDDED_DIRECTORY).symlink_to(store_settings.data_dir / EMBEDDED_DIRECTORY)
    given = {
        "admin_key": SecretStr(ADMIN_KEY),
        "sql_url": SecretStr(f"sqlite:///{own}/program.db"),
        "click_keys": SecretStr(f"0:{'5d' * 32}"),
        "redis_url": SecretStr(f"unix://{own}/nobody.sock"),
        "api_rate_per_minute": 1_000_000,
        **chosen,
    }
    settings = Settings(data_dir=own, **given)
    keepers: list[ToldKeeper] = []

    def keeper_of(which: Settings) -> ToldKeeper:
        keepers.append(ToldKeeper(lambda: connect_reader(which)))
        return keepers[-1]

    with (
        patch("clickledger.roles.pipeline.UsualKeeper.of", keeper_of),
        # How far the journals are is looked at once a second, and a simulation waits for that after each part.
        patch("tracker.pipeline.runner.HOUSEKEEPING_SECONDS", 0.1),
        running(settings, store) as pipeline,
        web_app(settings, pipeline.status, pipeline.between_rounds) as app,
        TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client,
    ):
        yield settings, InProcess(client), lambda: keepers[-1].count(settings)
