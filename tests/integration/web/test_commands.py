"""``clickledger keys`` and ``clickledger user`` against the whole web role."""

from __future__ import annotations

import json

import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from clickledger.commands import keys, user
from clickledger.service import Service
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from partners.models import Partner
from tests.support.web import ADMIN_KEY, PASSWORD
from tracker.click_id import load_keys


@pytest.fixture
def run(web, monkeypatch):
    """Run a command against the role and return its stdout; a failure raises as it does for ``main``."""
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    for module in (keys, user):
        module.register(app)

    def run(*words, given=None):
        with capture_logs():
            done = CliRunner().invoke(app, words, input=given, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    return run


def made(run, *words, **options):
    return json.loads(run(*words, "--json", **options))


def test_a_key_is_made_listed_rotated_and_revoked(run, web):
    key = made(
        run,
        "keys",
        "create",
        "Nightly",
        "--role",
        "analyst",
        "--scope",
        "reports:read",
        "--days",
        "30",
        "--rate",
        "50",
    )
    me = web.holding(key["key"])
    assert me.made("GET", "/api/v1/me")["scopes"] == ["reports:read"]
    assert me.ask("GET", "/api/v1/me").headers["ratelimit-policy"] == '"key";q=50;w=60'
    table = run("keys", "list")
    assert key["prefix"] in table
    assert key["key"] not in table
    new = made(run, "keys", "rotate", key["prefix"], "--overlap-hours", "0")
    assert me.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    renewed = web.holding(new["key"])
    assert renewed.ask("GET", "/api/v1/me").status_code == 200
    assert made(run, "keys", "revoke", str(new["id"]))["revoked_at"] is not None
    assert renewed.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    assert new["prefix"] not in run("keys", "list")
    assert new["prefix"] in run("keys", "list", "--all")
    with pytest.raises(ClickledgerError, match="There is no API key 'nonesuch'"):
        run("keys", "revoke", "nonesuch")


def test_without_a_key_the_keys_of_click_ids_are_renewed_as_ever(run, monkeypatch, tmp_path):
    load_keys(Settings(data_dir=tmp_path), create=True)
    monkeypatch.setattr(keys, "settings", lambda: Settings(data_dir=tmp_path))
    assert "New click ids will be signed with key" in run("keys", "rotate")
    assert len((tmp_path / "click.keys").read_text().split()) == 2
    monkeypatch.setattr(keys, "settings", lambda: Settings(data_dir=tmp_path, click_keys="1:00"))
    with pytest.raises(ClickledgerError, match="CLICKLEDGER_CLICK_KEYS"):
        run("keys", "rotate")


def test_a_user_is_made_for_a_partner_listed_disabled_and_given_a_password(run, web):
    partner = web.partner()
    with web.app.state.programs.reading() as session:
        name = session.get_one(Partner, partner).name
    email = f"cli{partner}@example.com"
    nora = made(run, "user", "create", email, "--partner", name)
    assert (nora["role"], nora["partner_id"], nora["name"]) == ("partner", partner, email)
    assert web.session(nora, nora["password"])
    again = made(run, "user", "password", email, "--password-stdin", given=f"{PASSWORD}\n")
    assert again["password"] is None
    session = web.holding(web.session(nora))
    key = made(run, "keys", "create", "Own", "--user", email)
    assert (key["user_id"], key["role"], key["partner_id"]) == (nora["id"], "partner", partner)
    assert [one["id"] for one in made(run, "keys", "list", "--user", email)] == [key["id"]]
    assert run("user", "disable", str(nora["id"])) == f"{email} can't sign in any more.\n"
    assert session.refused("GET", "/api/v1/me") == (401, "unauthenticated")
    disabled = made(run, "user", "list", "--role", "partner", "--status", "disabled")
    assert nora["id"] in [one["id"] for one in disabled]
    assert email in run("user", "list")
    with pytest.raises(ClickledgerError, match="There is no user 'nobody'"):
        run("user", "disable", "nobody")


def test_a_user_is_a_manager_unless_said_otherwise(run, web):
    assert made(run, "user", "create", f"m{web.number()}@example.com")["role"] == "manager"
    advertiser = made(run, "user", "create", f"a{web.number()}@example.com", "--advertiser", str(web.advertiser()))
    assert advertiser["role"] == "advertiser"
