"""Webhooks are signed as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from tests.support.outbound import SECRET, hook
from tracker.outbound.signing import signed_headers, signing_secrets

OLDER = "whsec_" + base64.b64encode(b"the secret before the last rotation").decode()


def test_the_example_known_from_the_reference_libraries_has_its_signature():
    headers = signed_headers((SECRET,), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_can_check_it_with_what_it_knows():
    headers = signed_headers((SECRET,), "1_c_2", 7, '{"name":"Übung"}'.encode())
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.digest(key, '1_c_2.7.{"name":"Übung"}'.encode(), hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_while_a_secret_is_replaced_each_of_the_two_signs():
    both = signed_headers((SECRET, OLDER), "1_c_2", 7, b"{}")["webhook-signature"].split(" ")
    assert both == [signed_headers((one,), "1_c_2", 7, b"{}")["webhook-signature"] for one in (SECRET, OLDER)]


def test_the_older_secret_signs_until_its_overlap_ends():
    rotated = hook(kind="webhook", secret=SECRET, previous_secret=OLDER, previous_secret_until=1_000)
    assert signing_secrets(rotated, 999) == (SECRET, OLDER)
    assert signing_secrets(rotated, 1_000) == (SECRET,)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "whsec_äöü"])
def test_a_secret_that_is_none_is_refused_without_being_told(secret):
    with pytest.raises(ValueError, match="whsec_ and base64") as why:
        signed_headers((secret,), "1", 1, b"")
    assert "not base64!" not in str(why.value)
