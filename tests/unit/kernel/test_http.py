from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from kernel.auth import Authenticator
from kernel.errors import CONFLICT
from kernel.http import EXCEPTION_HANDLERS, MAX_BODY_BYTES, answer, principal, read_body


class Offer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1)
    payout: Decimal = Decimal(0)
    countries: list[str] = []


async def make(request):
    offer = await read_body(request, Offer)
    return answer({"name": offer.name, "payout": offer.payout}, 201)


async def own(request):
    return answer({"role": principal(request).role})


async def fail(request):
    raise {
        "conflict": CONFLICT.error("Taken.", field="name"),
        "bug": ZeroDivisionError("a secret"),
        "teapot": HTTPException(418, "Short and stout.", {"X-Tea": "yes"}),
    }[request.path_params["how"]]


@pytest.fixture
def client():
    routes = [
        Route("/offers", make, methods=["POST"]),
        Route("/own", own),
        Route("/fail/{how}", fail),
    ]
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    app.state.authenticator = Authenticator("right")
    return TestClient(app, raise_server_exceptions=False)


def code(response):
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    return response.status_code, response.json()["error"]["code"]


def test_a_body_of_the_right_shape_is_read_and_decimals_answered_as_exact_numbers(client):
    response = client.post("/offers", content=b'{"name": "Shoes", "payout": "1234567890.123456"}')
    assert response.status_code == 201
    assert response.content == b'{"name":"Shoes","payout":1234567890.123456}'


def test_a_wrong_body_names_each_field_and_what_is_wrong(client):
    response = client.post("/offers", json={"name": "", "payout": "much", "countries": ["DE", 5], "colour": "red"})
    assert code(response) == (400, "body_invalid")
    problems = {p["field"]: p["problem"] for p in response.json()["error"]["details"]["problems"]}
    assert set(problems) == {"name", "payout", "countries.1", "colour"}
    assert all(problems.values())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"name": NaN}',
        b"[" * 100_000,
        b'{"name": "\xed\xa0\x80"}',
        b"\x00",
    ],
    ids=["empty", "cut", "list", "text", "null", "not utf-8", "nan", "deep", "surrogate", "nul"],
)
def test_no_body_makes_a_5xx(client, body):
    assert code(client.post("/offers", content=body)) == (400, "body_invalid")


def test_a_refused_value_is_not_repeated_in_the_answer(client):
    response = client.post("/offers", json={"name": "x", "payout": "my-s3cret"})
    assert "my-s3cret" not in response.text


def test_a_body_over_the_limit_is_refused_with_413(client):
    assert code(client.post("/offers", content=b" " * (MAX_BODY_BYTES + 1))) == (413, "body_too_large")


def test_a_body_at_the_limit_is_read(client):
    body = b'{"name": "x"}'.ljust(MAX_BODY_BYTES)
    assert client.post("/offers", content=body).status_code == 201


def test_the_holder_of_the_key_is_known_and_everybody_else_refused_with_a_challenge(client):
    assert client.get("/own", headers={"Authorization": "Bearer right"}).json() == {"role": "admin"}
    response = client.get("/own")
    assert code(response) == (401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"


def test_an_expected_failure_answers_its_status_and_details(client):
    response = client.get("/fail/conflict")
    assert code(response) == (409, "conflict")
    assert response.json()["error"]["details"] == {"field": "name"}


def test_an_unexpected_failure_says_nothing_but_internal_error(client):
    with capture_logs() as logged:
        response = client.get("/fail/bug")
    assert code(response) == (500, "internal_error")
    assert "secret" not in response.text
    assert "ZeroDivision" not in response.text
    assert [line["event"] for line in logged] == ["request_failed"]


def test_an_unknown_address_a_wrong_method_and_any_other_http_error_have_the_same_shape(client):
    assert code(client.get("/nowhere")) == (404, "not_found")
    wrong = client.get("/offers")
    assert code(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"
    other = client.get("/fail/teapot")
    assert code(other) == (418, "http_error")
    assert other.json()["error"]["message"] == "Short and stout."
    assert other.headers["x-tea"] == "yes"
