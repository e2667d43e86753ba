"""The addresses and user agents that stand for codes."""

from __future__ import annotations

import math
from ipaddress import ip_address

from user_agents import parse

from tracker.intake.addresses import _RANGES, PUBLIC_ADDRESSES, STRIDE, public_address
from tracker.intake.agents import _BROWSERS, mobile_user_agent


def test_every_range_of_stand_in_addresses_is_public():
    for numbers in _RANGES:
        for number in (numbers[0], numbers[-1], numbers[len(numbers) // 2]):
            address = ip_address(number)
            assert address.is_global, address
            assert not address.is_multicast, address


def test_different_codes_have_different_addresses_up_to_the_last():
    assert math.gcd(STRIDE, PUBLIC_ADDRESSES) == 1
    addresses = {public_address(code) for code in range(100_000)}
    assert len(addresses) == 100_000
    assert PUBLIC_ADDRESSES > 999_999_999


def test_the_same_code_gives_the_same_address_in_every_version():
    assert [public_address(code) for code in (0, 1, 124_936)] == ["1.0.0.0", "139.161.244.239", "156.124.47.120"]


def test_user_agents_are_mobile_browsers_and_stable():
    assert sum(browser.share for browser in _BROWSERS) == 100
    agents = {mobile_user_agent(device, system) for device in range(40) for system in range(60)}
    assert len(agents) >= 15
    for agent in agents:
        parsed = parse(agent)
        assert parsed.is_mobile or parsed.is_tablet, agent
        assert not parsed.is_bot, agent
    assert mobile_user_agent(1, 13) == mobile_user_agent(1, 13)


def test_one_system_code_is_one_kind_of_system():
    for system in range(60):
        assert len({parse(mobile_user_agent(device, system)).os.family for device in range(30)}) == 1
