"""No secret reaches a log: what people send and what they are given, fired through the app at every level."""

from __future__ import annotations

import io
import sys

import pytest
import structlog

from kernel import keys, logging
from kernel.settings import Settings
from tests.support.web import ADMIN_KEY, PASSWORD, running_web


@pytest.fixture(params=["json", "console"])
def logged(request, event_store, store_settings, tmp_path, monkeypatch):
    """A web role, and the text that its logs of every level are written to."""
    before, text = structlog.get_config(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)
    logging.configure(Settings(log_level="debug", log_format=request.param), "web")
    monkeypatch.undo()
    try:
        with running_web(store_settings, tmp_path, login_rate_per_minute=4) as web:
            yield web, text
    finally:
        structlog.configure(**before)


def test_no_key_password_or_token_is_in_any_log(logged):
    (web, text), secrets = logged, [ADMIN_KEY, PASSWORD]
    user = web.user("admin")
    session = web.session(user)
    key = web.key(role="manager")
    secrets += [session, key, keys.make().text, "a wrong password", "clk_malformed_secret"]
    web.holding(secrets[-3]).ask("GET", "/api/v1/me")
    web.holding(secrets[-1]).ask("GET", "/api/v1/me")
    for _ in range(6):
        web.holding(None).ask("POST", "/api/v1/sessions", {"email": user["email"], "password": "a wrong password"})
    generated = web.admin.made("POST", f"/api/v1/users/{user['id']}/password", {})["password"]
    advertiser = web.admin.made("POST", "/api/v1/advertisers", {"name": "Shop"})
    secrets += [generated, advertiser["postback_token"]]
    for holder in (web.admin, web.holding(key), web.holding(session)):
        holder.ask("POST", "/api/v1/keys", {"name": 5, "secret": key})
        holder.ask("GET", f"/api/v1/users?token={key}")
        holder.ask("GET", f"/api/v1/{key}")
        holder.ask("POST", "/api/v1/me/password", {"current": PASSWORD, "new": PASSWORD})
        holder.ask("POST", "/api/v1/me/password", content=b'{"current": "' + PASSWORD.encode())

    def failing(*_args, **_options):
        raise ZeroDivisionError

    programs = web.app.state.programs
    web.app.state.programs = type("Broken", (), {"reading": failing, "writing": failing})()
    body = {"email": user["email"], "password": PASSWORD}
    assert web.holding(key).ask("GET", f"/api/v1/users?email={user['email']}").status_code == 500
    assert web.admin.ask("POST", "/api/v1/users", body | {"name": "N", "role": "analyst"}).status_code == 500
    web.app.state.programs = programs
    told = text.getvalue()
    assert "request_failed" in told
    assert "refused" in told
    assert [secret for secret in secrets if secret in told] == []
