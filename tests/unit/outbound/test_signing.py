"""Webhooks are signed as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from tests.support.outbound import SECRET
from tracker.outbound.signing import signed_headers


def test_the_example_known_from_the_reference_libraries_has_its_signature():
    headers = signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_can_check_it_with_what_it_knows():
    headers = signed_headers(SECRET, "1_c_2", 7, '{"name":"Übung"}'.encode())
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.digest(key, '1_c_2.7.{"name":"Übung"}'.encode(), hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "whsec_äöü"])
def test_a_secret_that_is_none_is_refused_without_being_told(secret):
    with pytest.raises(ValueError, match="whsec_ and base64") as why:
        signed_headers(secret, "1", 1, b"")
    assert "not base64!" not in str(why.value)
