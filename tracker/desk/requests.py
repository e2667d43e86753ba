"""What the desk's routes read off a request: who sends it, and the desk itself."""

from __future__ import annotations

from starlette.requests import Request

from kernel.http import client_address, principal
from tracker.desk.desk import Caller, Desk


def caller_of(request: Request) -> Caller:
    """Return who works at the desk, and from where."""
    return Caller(principal(request), client_address(request))


def desk_of(request: Request) -> Desk:
    """Return the desk of the app that serves a request."""
    desk: Desk = request.app.state.desk
    return desk
