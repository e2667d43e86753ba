"""The control plane as a test needs it: a migrated program database, and the admin API over it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

import partners
from kernel import sql
from kernel.auth import Authenticator
from kernel.http import EXCEPTION_HANDLERS
from kernel.settings import Settings
from tracker.publish import Publisher

KEY = "cl_a-key-made-up-for-tests"


def open_program(chosen: Settings) -> sql.Sessions:
    """Return sessions over a migrated program database."""
    sessions = sql.connect(chosen)
    partners.migrate(sessions)
    return sessions


def program_app(chosen: Settings, sessions: sql.Sessions, publish=None) -> Starlette:
    """Return an app with the admin API alone; ``publish`` replaces the real publisher."""
    app = Starlette(routes=partners.routes(), exception_handlers=EXCEPTION_HANDLERS)
    app.state.authenticator = Authenticator(KEY)
    app.state.settings = chosen
    app.state.programs = sessions
    app.state.publish = publish or Publisher(chosen, sessions, None).publish
    return app


def program_client(app: Starlette) -> TestClient:
    """Return a client that holds the admin key and sees a 5xx as an answer, as people do."""
    return TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {KEY}"})
