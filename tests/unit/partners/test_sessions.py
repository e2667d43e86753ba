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
    """Tell of each attempt (e-mail, address) whether it may go on; two a minute for each e-mail address."""

    async def one(email, address):
        try:
            await sessions.count_attempt(limiter, 2, email, address)
        except ClickledgerError as why:
            return why
        return None

    async def run():
        return [await one(email, address) for email, address in tries]

    refusals = asyncio.run(run())
    assert {why.kind.code for why in refusals if why} <= {"too_many_attempts"}
    assert all(why.details["retry_after_s"] >= 1 for why in refusals if why)
    return [why is None for why in refusals]


def test_one_e_mail_address_is_limited_from_wherever_it_is_tried():
    tries = [("nora@example.com", f"192.0.2.{n}") for n in range(3)]
    other = ("bob@example.com", "192.0.2.9")
    assert attempts(RateLimiter(clock=lambda: 1.0), *tries, other) == [True, True, False, True]


def test_one_network_address_may_try_three_times_as_many():
    tries = [(f"user{n}@example.com", "192.0.2.1") for n in range(7)]
    other = ("user9@example.com", "192.0.2.2")
    assert attempts(RateLimiter(clock=lambda: 1.0), *tries, other) == [True] * 6 + [False, True]
