"""The control plane as a test needs it: a migrated program database, and the admin API over it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.testclient import TestClient

import partners
from kernel import sql
from kernel.auth import ADMIN, ROLE_SCOPES, Authenticator, Principal
from kernel.http import EXCEPTION_HANDLERS
from kernel.settings import Settings
from partners.resources import Caller, Resource, work
from tracker.publish import Publisher

KEY = "cl_a-key-made-up-for-tests"
CALLER = Caller(ADMIN, Settings(currency="EUR"), "203.0.113.9")
"""Who makes things in sessions: an administrator."""


def make(session: Session, resource: Resource, caller: Caller = CALLER, **fields: Any) -> Any:
    """Create an entry as a request with these fields would."""
    return work.create(session, resource, resource.creating.model_validate(fields), caller)


def alter(session: Session, resource: Resource, entry_id: int, caller: Caller = CALLER, **fields: Any) -> Any:
    """Change an entry as a request with these fields would."""
    return work.change(session, resource, entry_id, resource.changing.model_validate(fields), caller)


def person(role: str, **whose: int) -> Principal:
    """Return somebody with all that a role may do."""
    return Principal(role, actor=f"{role} for tests", scopes=ROLE_SCOPES[role], **whose)


@cache
def _migrated() -> bytes:
    """Return a migrated SQLite file: to copy one takes a tenth of the time that making one does."""
    with tempfile.TemporaryDirectory() as directory:
        sessions = sql.connect(Settings(data_dir=Path(directory)))
        partners.migrate(sessions)
        with sessions.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        sessions.close()
        return (Path(directory) / sql.EMBEDDED_FILE).read_bytes()


class KnownKeys(Authenticator):
    """Knows the admin key, and the keys it is told about."""

    def __init__(self) -> None:
        super().__init__(KEY)
        self.people: dict[str, Principal] = {}

    def principal(self, authorization: str) -> Principal:
        """Return who holds the bearer key."""
        return self.people.get(authorization.removeprefix("Bearer ")) or super().principal(authorization)


def open_program(chosen: Settings) -> sql.Sessions:
    """Return sessions over a migrated program database."""
    file = chosen.data_dir / sql.EMBEDDED_FILE
    if not chosen.sql_url.get_secret_value() and not file.exists():
        file.write_bytes(_migrated())
    sessions = sql.connect(chosen)
    partners.migrate(sessions)
    return sessions


def program_app(chosen: Settings, sessions: sql.Sessions, publish=None) -> Starlette:
    """Return an app with the admin API alone; ``publish`` replaces the real publisher."""
    app = Starlette(routes=partners.routes(), exception_handlers=EXCEPTION_HANDLERS)
    app.state.authenticator = KnownKeys()
    app.state.settings = chosen
    app.state.programs = sessions
    app.state.publish = publish or Publisher(chosen, sessions, None).publish
    return app


def program_client(app: Starlette) -> TestClient:
    """Return a client that holds the admin key and sees a 5xx as an answer, as people do."""
    return TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {KEY}"})


def asking_as(app: Starlette, who: Principal) -> TestClient:
    """Return a client that asks as somebody."""
    key = f"cl_{who.role}-{who.partner_id or who.advertiser_id}"
    app.state.authenticator.people[key] = who
    return TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {key}"})
