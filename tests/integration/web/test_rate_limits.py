"""Rates over several processes: counted together in Valkey, and apart while it is away."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from tests.support.valkey import running_valkey
from tests.support.web import running_web


@pytest.fixture
def two(event_store, store_settings, tmp_path):
    """Two web roles over one program database and one Valkey, and how to stop the Valkey."""
    with ExitStack() as stack, ExitStack() as store:
        socket = store.enter_context(running_valkey())
        chosen = {"redis_url": SecretStr(f"unix://{socket}"), "login_rate_per_minute": 3}
        roles = [stack.enter_context(running_web(store_settings, tmp_path, **chosen)) for _ in range(2)]
        yield *roles, store.close


def test_roles_count_a_keys_requests_together_and_apart_without_valkey(two):
    one, other, stop = two
    key = one.key(role="analyst", rate_per_minute=4)
    holders = [role.holding(key) for role in (one, other)]
    statuses = [holders[n % 2].ask("GET", "/api/v1/me").status_code for n in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    stop()
    apart = [[holder.ask("GET", "/api/v1/me").status_code for _ in range(5)] for holder in holders]
    assert apart == [[200, 200, 200, 200, 429]] * 2


def test_attempts_to_sign_in_are_counted_together(two):
    one, other, _ = two
    body = {"email": "nora@example.com", "password": "wrong"}
    statuses = [role.holding(None).ask("POST", "/api/v1/sessions", body).status_code for role in (one, other) * 2]
    assert statuses == [401, 401, 401, 429]


def test_attempts_to_come_in_by_a_key_are_counted_by_address(two):
    one, _, _ = two
    headers = {"Sec-Fetch-Site": "same-origin"}
    fields = {"do": "key", "key": "clk_nobodys_key"}
    statuses = [one.client.post("/sign-in", data=fields, headers=headers).status_code for _ in range(10)]
    assert statuses == [401] * 9 + [429]
