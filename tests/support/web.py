"""The whole web role in this process, over the shared event store and a program database of its own."""

from __future__ import annotations

import itertools
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from clickledger.roles import jobs
from clickledger.roles.web import web_app
from kernel.clickhouse.client import EMBEDDED_DIRECTORY
from kernel.settings import Settings
from partners.models import Advertiser, Partner, Program

ADMIN_KEY = "cl_an-admin-key-made-up-for-tests"
PASSWORD = "correct horse battery staple"

_ids = itertools.count(2_000_001, 1_000)
"""Of partners and advertisers: the event store is shared, and no other test's events are theirs. The program itself
counts on from the highest there is, so that those between are for what tests make over the API."""


async def _idle(_: object) -> None:
    """Be a job that has nothing to do."""


class Web:
    """A running web role and ways to ask it as somebody."""

    def __init__(self, app: Starlette, client: TestClient) -> None:
        self.app = app
        self.client = client
        self.admin = self.holding(ADMIN_KEY)
        self._count = 0

    def holding(self, key: str | None) -> Asker:
        """Ask with a key, or without one."""
        return Asker(self.client, {} if key is None else {"Authorization": f"Bearer {key}"})

    def number(self) -> int:
        """Return a number nobody else in this role was given, for names."""
        self._count += 1
        return self._count

    def key(self, **wanted: Any) -> str:
        """Make a key as the administrator and return its text."""
        return self.admin.made("POST", "/api/v1/keys", {"name": "test", "rate_per_minute": 1_000_000, **wanted})[
            "key"
        ]

    def advertiser(self) -> int:
        """Make an advertiser and return its id."""
        name = f"Advertiser {self.number()}"
        return self._stored(
            Advertiser(id=next(_ids), name=name, postback_token=secrets.token_urlsafe(), require_token=False)
        )

    def partner(self, status: str = "approved", **columns: Any) -> int:
        """Make a partner and return its id."""
        given = {"id": next(_ids), "name": f"Partner {self.number()}", "fallback_url": "", **columns}
        return self._stored(Partner(status=status, **given))

    def change(self, kind: type[Any], entry_id: int, **columns: Any) -> None:
        """Change an entry behind the API's back."""
        with self.app.state.programs.writing() as session:
            entry = session.get_one(kind, entry_id)
            for name, value in columns.items():
                setattr(entry, name, value)
        self.app.state.authenticator.forget()

    def _stored(self, entry: Any) -> int:
        with self.app.state.programs.writing() as session:
            session.add(entry)
            session.flush()
            return entry.id

    def user(self, role: str = "manager", **wanted: Any) -> dict[str, Any]:
        """Make a user whose password is ``PASSWORD``."""
        body = {"email": f"user{self.number()}@example.com", "name": "Nora", "role": role, "password": PASSWORD}
        return self.admin.made("POST", "/api/v1/users", body | wanted)

    def session(self, user: dict[str, Any], password: str = PASSWORD) -> str:
        """Sign a user in and return the session's key."""
        body = {"email": user["email"], "password": password}
        return self.holding(None).made("POST", "/api/v1/sessions", body)["key"]

    def set_signup(self, **state: Any) -> None:
        """Open or close sign-up, as the program's row says it."""
        with self.app.state.programs.writing() as session:
            session.scalars(select(Program)).one().signup = state


class Asker:
    """Somebody with a key."""

    def __init__(self, client: TestClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    def ask(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """Return the answer, whatever it is."""
        headers = self._headers | options.pop("headers", {})
        given = {} if json is None else {"json": json}
        return self._client.request(method, path, headers=headers, **given, **options)

    def made(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """Return the body of an answer that must be a success."""
        answer = self.ask(method, path, json, **options)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, json: Any = None, **options: Any) -> tuple[int, str]:
        """Return status and code of an answer that must be a refusal."""
        answer = self.ask(method, path, json, **options)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"]


@contextmanager
def running_web(store: Settings, directory: Path, **chosen: Any) -> Iterator[Web]:
    """Run a web role over the test process's event store.

    Args:
        store: The settings of the shared event store.
        directory: Where the program database goes.
        chosen: Settings that differ from the defaults.

    """
    given = {
        "admin_key": SecretStr(ADMIN_KEY),
        "sql_url": SecretStr(f"sqlite:///{directory}/program.db"),
        "click_keys": SecretStr(f"0:{'5c' * 32}"),
        "redis_url": SecretStr(f"unix://{directory}/nobody.sock"),
        "login_rate_per_minute": 10_000,
        **chosen,
    }
    # A data directory of its own, with the shared event store in it: what is published there is its alone.
    own = Path(tempfile.mkdtemp(dir=directory))
    (own / EMBEDDED_DIRECTORY).symlink_to(store.data_dir / EMBEDDED_DIRECTORY)
    settings = Settings(data_dir=own, **given)
    # By today's clock it would clear away what tests block on days of their own.
    unasked = patch.object(jobs, "keep_rules_blocking", _idle)
    with unasked, web_app(settings, None) as app, TestClient(app, raise_server_exceptions=False) as client:
        yield Web(app, client)
