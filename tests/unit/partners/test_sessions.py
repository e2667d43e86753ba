from __future__ import annotations

import asyncio

import pytest

from kernel.errors import ClickledgerError
from kernel.rate_limits import RateLimiter
from partners.identity import sessions


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_addresses_of_one_customer_are_counted_together(address, counted):
    assert sessions.neighbourhood(address) == counted


def attempts(limiter, *tries):
    """Return which of these attempts (e-mail, address) may go on, two a minute for each e-mail address."""

    async def run():
        passed = []
        for email, address in tries:
            try:
                await sessions.count_attempt(limiter, 2, email, address)
                passed.append(True)
            except ClickledgerError as why:
                assert why.kind.code == "too_many_attempts"
                assert why.details["retry_after_s"] >= 1
                passed.append(False)
        return passed

    return asyncio.run(run())


def test_one_e_mail_address_is_limited_from_wherever_it_is_tried():
    tries = [("nora@example.com", f"192.0.2.{n}") for n in range(3)]
    other = ("bob@example.com", "192.0.2.9")
    assert attempts(RateLimiter(clock=lambda: 1.0), *tries, other) == [True, True, False, True]


def test_one_network_address_may_try_three_times_as_many():
    tries = [(f"user{n}@example.com", "192.0.2.1") for n in range(7)]
    other = ("user9@example.com", "192.0.2.2")
    assert attempts(RateLimiter(clock=lambda: 1.0), *tries, other) == [True] * 6 + [False, True]
