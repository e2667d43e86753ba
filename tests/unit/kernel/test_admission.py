from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.testclient import TestClient

from kernel import keys
from kernel.admission import Admission
from kernel.auth import Authenticator, Principal
from kernel.errors import STORE_AWAY
from kernel.http import EXCEPTION_HANDLERS, answer, client_address, principal
from kernel.rate_limits import RateLimiter

KEY = keys.make()


async def own(request):
    return answer({"actor": principal(request).actor})


async def public(request):
    return answer({"address": client_address(request)})


def client(lookup, peer=("192.0.2.7", 5000)):
    middleware = Middleware(
        Admission,
        authenticator=Authenticator("admin", lookup),
        limiter=RateLimiter(),
        per_minute=2,
        resolve_address=lambda peer, forwarded: f"{peer}<{forwarded}",
    )
    app = Starlette(
        routes=[Route("/own", own), Route("/public", public)],
        middleware=[middleware],
        exception_handlers=EXCEPTION_HANDLERS,
    )
    return TestClient(app, raise_server_exceptions=False, client=peer)


def holding(key):
    return {"Authorization": f"Bearer {key}"}


def nora(_prefix, _fingerprint):
    return Principal("partner", partner_id=1, actor="key:nora", key_id=5)


def away(_prefix, _fingerprint):
    raise STORE_AWAY.error()


def test_the_handler_knows_who_asks():
    assert client(nora).get("/own", headers=holding(KEY.text)).json() == {"actor": "key:nora"}
    assert client(nora).get("/own", headers=holding("admin")).json() == {"actor": "admin key"}


def test_a_public_route_answers_whatever_key_it_is_sent():
    for headers in ({}, holding("wrong"), holding(keys.make().text), {"Authorization": "Basic eA=="}):
        assert client(away).get("/public", headers=headers).status_code == 200


def test_while_the_keys_can_not_be_read_the_store_is_away_and_the_admin_key_works():
    refused = client(away).get("/own", headers=holding(KEY.text))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "store_away")
    assert client(away).get("/own", headers=holding("admin")).status_code == 200


def test_a_key_beyond_its_rate_is_refused_where_somebody_must_be_known():
    with client(nora) as web:
        answers = [web.get("/own", headers=holding(KEY.text)) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        left = [one.headers["ratelimit"] for one in answers]
        assert left == ['"key";r=1;t=0', '"key";r=0;t=30', '"key";r=0;t=30']
        assert answers[-1].headers["retry-after"] == "30"
        assert web.get("/public", headers=holding(KEY.text)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], "192.0.2.7<"),
        ([("X-Forwarded-For", "a"), ("x-forwarded-for", "b, c")], "192.0.2.7<a,b, c"),
    ],
)
def test_the_address_is_made_of_the_peer_and_of_every_header(headers, address):
    assert client(nora).get("/public", headers=headers).json() == {"address": address}
