"""A service in this process that a simulation can run against: web role, snapshot, and the pipeline in a thread."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client
from pydantic import SecretStr
from starlette.testclient import TestClient

from clickledger.roles.pipeline import running
from clickledger.roles.web import web_app
from clickledger.service import Service
from kernel.clickhouse.client import EMBEDDED_DIRECTORY
from kernel.settings import Settings

ADMIN_KEY = "cl_an-admin-key-made-up-for-simulations"


class InProcess(Service):
    """The admin API of an app in this process, with the errors a command sees."""

    def __init__(self, client: TestClient) -> None:
        self.url = "http://testserver"
        self._client = client


@contextmanager
def simulating(
    store: Client, store_settings: Settings, directory: Path, **chosen: Any
) -> Iterator[tuple[Settings, Service]]:
    """Run a service over the test process's event store; yield its settings and its admin API."""
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
    with (
        running(settings, store) as pipeline,
        web_app(settings, pipeline.status, pipeline.between_rounds) as app,
        TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client,
    ):
        yield settings, InProcess(client)
