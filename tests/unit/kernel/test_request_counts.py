"""Requests are counted by the pattern of their route and by status."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.testclient import TestClient

from kernel.errors import NOT_FOUND
from kernel.http import EXCEPTION_HANDLERS, answer
from kernel.metrics import counter
from kernel.request_counts import NO_ROUTE, RequestCounts


async def found(request):
    return answer({"id": request.path_params["id"]})


async def refused(_request):
    raise NOT_FOUND.error()


async def broken(_request):
    raise ZeroDivisionError


@pytest.fixture
def web():
    routes = [Route("/counted/{id}", found), Route("/refused", refused), Route("/broken", broken)]
    app = Starlette(routes=routes, middleware=[Middleware(RequestCounts)], exception_handlers=EXCEPTION_HANDLERS)
    return TestClient(app, raise_server_exceptions=False)


def count(route, status):
    return counter("clickledger_http_requests_total", route=route, status=str(status)).n


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/counted/7", "/counted/{id}", 200),
        ("HEAD", "/counted/7", "/counted/{id}", 200),
        ("DELETE", "/counted/7", "/counted/{id}", 405),
        ("GET", "/refused", "/refused", 404),
        ("GET", "/broken", "/broken", 500),
        ("GET", "/nobody-has/this?x=1", NO_ROUTE, 404),
    ],
)
def test_a_request_counts_under_its_routes_pattern_and_its_status(web, method, path, route, status):
    before = count(route, status)
    assert web.request(method, path).status_code == status
    assert count(route, status) == before + 1


def test_however_many_paths_somebody_tries_they_make_no_new_series(web):
    before = count("/counted/{id}", 200), count(NO_ROUTE, 404)
    for number in range(20):
        web.get(f"/counted/{number}")
        web.get(f"/{number}")
    assert (count("/counted/{id}", 200), count(NO_ROUTE, 404)) == (before[0] + 20, before[1] + 20)
