"""The webhook of a schedule as a receiver gets it, and what is never dialled for one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac

import pytest

from clickledger.roles.jobs import SignedWebhooks
from kernel.settings import Settings
from tests.support.outbound import LOOPBACK, SECRET, receiving, status
from tracker.outbound.guard import Guard


def sent(url, guard=LOOPBACK, body='{"type":"report.ready"}'):
    return asyncio.run(SignedWebhooks(guard).send("report_1_5", url, SECRET, body))


def test_a_receiver_can_check_who_sent_it():
    with receiving() as receiver:
        assert sent(f"{receiver.url}/hook") == ""
    (request,) = receiver.got
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert (request.method, request.path, headers["webhook-id"]) == ("POST", "/hook", "report_1_5")
    signed = f"report_1_5.{headers['webhook-timestamp']}.".encode() + request.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize("code", [302, 404, 500])
def test_any_other_answer_than_a_success_is_a_failure(code):
    with receiving(status(code)) as receiver:
        assert sent(receiver.url) == f"The receiver answered {code}."


def test_what_only_this_host_can_reach_is_not_dialled():
    with receiving() as receiver:
        why = sent(receiver.url, Guard.of(Settings()))
    assert "may not be dialled" in why
    assert receiver.got == []
