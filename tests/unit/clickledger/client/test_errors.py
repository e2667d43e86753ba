"""Refusals become exceptions that a script can tell apart."""

from __future__ import annotations

import json

import httpx2
import pytest

from clickledger import client as api
from clickledger.client import Client


def refusing(status, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, content=content, headers=headers))
    return Client("http://service.test", "key", transport=transport)


def told(code, message="Do something else.", **details):
    return {"error": {"code": code, "message": message, "details": details}}


@pytest.mark.parametrize(
    ("status", "code", "details", "kind"),
    [
        (400, "unknown_metric", {"nearest": ["clicks"]}, api.UnknownNameError),
        (400, "unknown_timezone", {}, api.UnknownNameError),
        (400, "empty_range", {}, api.RefusedError),
        (400, "report_too_slow", {"limit": 30}, api.TooLargeError),
        (400, "export_too_large", {}, api.TooLargeError),
        (409, "report_cancelled", {}, api.CancelledError),
        (401, "unauthenticated", {}, api.UnauthenticatedError),
        (403, "metric_hidden", {}, api.ForbiddenError),
        (404, "not_found", {}, api.NotFoundError),
        (429, "rate_limited", {"retry_after_s": 3}, api.RateLimitedError),
        (503, "store_away", {}, api.ServiceFailedError),
        (500, "internal_error", {}, api.ServiceFailedError),
    ],
)
def test_every_refusal_has_its_kind_and_the_service_s_own_words(status, code, details, kind):
    with pytest.raises(api.ClientError) as caught:
        refusing(status, told(code, **details)).schema()
    why = caught.value
    assert type(why) is kind
    assert (why.code, why.message, str(why), why.status) == (
        code,
        "Do something else.",
        "Do something else.",
        status,
    )
    assert why.details == details
    assert why.nearest == details.get("nearest", [])


def test_how_long_to_wait_is_told_by_the_header_too():
    with pytest.raises(api.RateLimitedError) as caught:
        refusing(429, told("rate_limited"), **{"Retry-After": "7"}).schema()
    assert caught.value.retry_after_s == 7


@pytest.mark.parametrize(("status", "kind"), [(502, api.ServiceFailedError), (418, api.RefusedError)])
def test_what_isn_t_the_service_s_own_answer_is_quoted(status, kind):
    with pytest.raises(kind) as caught:
        refusing(status, b"<html>Bad gateway</html>").schema()
    assert caught.value.code == "unexpected_answer"
    assert "Bad gateway" in caught.value.message


def test_a_service_that_can_t_be_reached_is_named():
    def fail(request):
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(api.ServiceSilentError, match=r"http://service\.test does not answer: refused"):
        Client("http://service.test", "key", transport=httpx2.MockTransport(fail)).schema()
