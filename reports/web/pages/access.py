"""Signing in and out."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from kernel.api import ANYBODY, PUBLIC
from kernel.auth import ADMIN
from kernel.errors import UNAUTHENTICATED, ClickledgerError
from kernel.http import client_address, principal
from partners.identity import sessions
from partners.identity.errors import LOGIN_REFUSED
from partners.identity.handlers.working import reading
from partners.identity.users import Actor
from partners.models import User
from reports.web import cookies
from reports.web.page import SIGN_IN, Act, Page
from reports.web.rendering import SECURITY_HEADERS
from reports.web.visit import Visit, own_address

FIRST_USER = "/users"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


async def _show(visit: Visit) -> dict[str, Any] | Response:
    try:
        principal(visit.request)
    except ClickledgerError:
        pass
    else:
        return visit.go(visit.query("next", "/"))
    url = visit.request.url
    forwarded = visit.request.headers.get("x-forwarded-proto", url.scheme)
    terms, has_users = await asyncio.gather(visit.api.get("/api/v1/signup"), reading(visit.request, _has_users))
    return {
        "next": own_address(visit.form.get("next") or visit.query("next", "/")),
        "plain_http": forwarded == "http" and url.hostname not in _LOCAL,
        "signup_open": terms["open"],
        "is_first": not has_users,
        "by_key": visit.form.get("do") == "key" or not has_users,
    }


def _has_users(session: Session) -> bool:
    """Return whether anybody has an account yet."""
    return session.scalar(select(User.id).limit(1)) is not None


async def _sign_in(visit: Visit) -> Response:
    given = {name: visit.form.get(name, "") for name in ("email", "password")}
    made = await visit.api.send("POST", "/api/v1/sessions", given)
    answer = visit.go(visit.form.get("next", "/"))
    cookies.keep(answer, made["key"], int(sessions.SESSION_LIFE.total_seconds()))
    return answer


async def _sign_in_by_key(visit: Visit) -> Response:
    """Keep a session for the holder of a key.

    An API key is its own session, and ends with it. The administrator's, which never ends, is exchanged for one
    that does.
    """
    state, address = visit.request.app.state, client_address(visit.request)
    await sessions.count_address(state.limiter, state.settings.login_rate_per_minute, address)
    key = visit.form.get("key", "").strip()
    try:
        who = await state.authenticator.authenticate(f"Bearer {key}")
    except ClickledgerError as why:
        if why.kind is not UNAUTHENTICATED:
            raise
        raise LOGIN_REFUSED.error("Nobody has this key, or it has ended.", field="key") from why
    to, lasts = visit.form.get("next", "/"), None
    if who is ADMIN:

        def begin() -> tuple[str, bool]:
            with state.programs.writing() as session:
                has_users = _has_users(session)
                return sessions.begin_admin(session, Actor(who, address)), has_users

        (key, has_users), lasts = await run_in_threadpool(begin), int(sessions.SESSION_LIFE.total_seconds())
        # On the first day the next thing to do is a user of one's own.
        to = to if has_users or to != "/" else FIRST_USER
    answer = visit.go(to)
    cookies.keep(answer, key, lasts)
    return answer


async def _signed_out(visit: Visit) -> dict[str, Any] | Response:
    return visit.go(SIGN_IN)


async def _sign_out(visit: Visit) -> Response:
    """End the session; a key that stood for one is only forgotten by this browser."""
    try:
        await visit.api.send("DELETE", "/api/v1/sessions/current")
    except ClickledgerError as why:
        if why.kind.status >= 500:
            raise
    answer = RedirectResponse(SIGN_IN, 303, SECURITY_HEADERS)
    cookies.forget(answer)
    return answer


PAGES = (
    Page(
        SIGN_IN,
        "Sign in",
        "sign_in.html",
        _show,
        PUBLIC,
        acts=(Act("sign-in", _sign_in, PUBLIC), Act("key", _sign_in_by_key, PUBLIC)),
    ),
    Page("/sign-out", "Sign out", "failed.html", _signed_out, PUBLIC, acts=(Act("sign-out", _sign_out, ANYBODY),)),
)
