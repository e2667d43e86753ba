import pytest

from fraud import ORDINARY, REASONS, RULES_VERSION, RuleSet, Traffic, inspect_agent
from fraud.rules import STANDARD_RULES


def examine(**facts):
    length = max(len(column) for column in facts.values())
    ordinary = {
        "agents": [ORDINARY] * length,
        "methods": ["GET"] * length,
        "purposes": [""] * length,
        "is_datacenter": [False] * length,
        "is_proxy": [False] * length,
        "is_private": [False] * length,
    }
    return RuleSet.standard().examine(Traffic(**(ordinary | facts)))


def test_ordinary_traffic_has_no_reasons():
    assert examine(methods=["GET"] * 3) == {}


@pytest.mark.parametrize(
    ("user_agent", "code"),
    [
        ("Googlebot/2.1", "bot_user_agent"),
        ("curl/8", "http_library"),
        ("HeadlessChrome/1", "headless_browser"),
        ("", "empty_user_agent"),
        ("null", "malformed_user_agent"),
    ],
)
def test_what_an_agent_gives_away_becomes_its_row_s_reason(user_agent, code):
    assert examine(agents=[ORDINARY, inspect_agent(user_agent)]) == {1: (code,)}


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
def test_a_prefetch_is_found(purpose):
    assert examine(purposes=["", purpose]) == {1: ("prefetch",)}


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "get"])
def test_any_method_but_get_is_found(method):
    assert examine(methods=[method, "GET"]) == {0: ("non_get_method",)}


def test_flags_of_the_address_become_reasons():
    found = examine(
        is_datacenter=[True, False, False], is_proxy=[False, True, False], is_private=[False, False, True]
    )
    assert found == {0: ("datacenter_ip",), 1: ("anonymous_proxy",), 2: ("private_ip",)}


def test_a_row_collects_all_its_reasons():
    found = examine(agents=[inspect_agent("curl/8")], methods=["HEAD"], is_proxy=[True])
    assert set(found[0]) == {"http_library", "non_get_method", "anonymous_proxy"}


def test_every_rule_gives_a_known_reason_once():
    codes = [rule.code for rule in STANDARD_RULES]
    assert len(codes) == len(set(codes))
    assert set(codes) == REASONS.keys() - {"duplicate_click"}
    assert RuleSet.standard().version == RULES_VERSION
