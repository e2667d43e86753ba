from __future__ import annotations

import pytest
from pydantic import ValidationError

from partners import conditions
from partners.schemas import DuplicatePolicy, OfferChange, PriceRules, Targeting


@pytest.mark.parametrize(
    ("check", "given", "stored"),
    [
        (conditions.check_country, " de ", "DE"),
        (conditions.check_country, "xk", "XK"),
        (conditions.check_region, "us: New York ", "US:New York"),
        (conditions.check_system, "iOS", "iOS"),
        (conditions.check_system, "Android >= 12", "Android>=12"),
        (conditions.check_system, "Windows=10.0.1", "Windows=10.0.1"),
        (conditions.check_system, "Mac OS X<11", "Mac OS X<11"),
        (conditions.check_language, "EN", "en"),
        (conditions.check_language, "en_gb", "en-GB"),
        (conditions.check_timezone, "Europe/Berlin", "Europe/Berlin"),
        (conditions.check_network, "10.1.2.3/8", "10.0.0.0/8"),
        (conditions.check_network, "203.0.113.7", "203.0.113.7/32"),
        (conditions.check_network, "2001:DB8::1/32", "2001:db8::/32"),
        (conditions.check_asn, "as64496", "64496"),
        (conditions.check_asn, "4294967295", "4294967295"),
        (conditions.check_referrer_host, "*.Spam.example", "spam.example"),
    ],
)
def test_a_condition_is_stored_in_the_form_the_edge_compares(check, given, stored):
    assert check(given) == stored
    assert check(stored) == stored


@pytest.mark.parametrize(
    ("check", "given", "sentence"),
    [
        (conditions.check_country, "USA", "ISO 3166-1"),
        (conditions.check_country, "ß", "ISO 3166-1"),
        (conditions.check_region, "California", "as in US:California"),
        (conditions.check_region, "ZZ:x", "ISO 3166-1"),
        (conditions.check_region, "US:a\x00", "control characters"),
        (conditions.check_system, "", "Android>=12"),
        (conditions.check_system, ">=12", "Android>=12"),
        (conditions.check_system, "Android>=", "Android>=12"),
        (conditions.check_system, "Android>=1.x", "Android>=12"),
        (conditions.check_system, "Android>=\u0661", "Android>=12"),
        (conditions.check_language, "english", "en-GB"),
        (conditions.check_timezone, "Berlin", "Europe/Berlin"),
        (conditions.check_timezone, "../../etc/passwd", "Europe/Berlin"),
        (conditions.check_network, "10.0.0.0/33", "isn't a network"),
        (conditions.check_network, "shop.example", "isn't a network"),
        (conditions.check_asn, "0", "AS64496"),
        (conditions.check_asn, "4294967296", "AS64496"),
        (conditions.check_asn, "\u0661", "AS64496"),
        (conditions.check_referrer_host, "localhost", "isn't a host name"),
    ],
)
def test_what_isnt_a_condition_is_refused_with_a_sentence(check, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        check(given)


@pytest.mark.parametrize(
    ("model", "given", "stored"),
    [
        (Targeting, {}, {}),
        (Targeting, {"country": {}, "timezone": "UTC", "hours": []}, {}),
        (
            Targeting,
            {"country": {"allow": ["us", "US", "de"]}, "os": {"deny": ["Android < 9"]}, "hours": [167, 0, 0]},
            {"country": {"allow": ["US", "DE"]}, "os": {"deny": ["Android<9"]}, "hours": [0, 167]},
        ),
        (PriceRules, {}, {}),
        (
            PriceRules,
            {"countries": {"us": {"fixed": 1.5}}, "steps": [{"from": 10, "percent": "5"}, {"from": "2.50"}]},
            {"countries": {"US": {"fixed": "1.5"}}, "steps": [{"from": "2.50"}, {"from": "10", "percent": "5"}]},
        ),
        (
            PriceRules,
            {"steps_by": "amount", "steps_period": "day", "steps": [{"from": "0", "fixed": "0"}]},
            {"steps_by": "amount", "steps_period": "day", "steps": [{"from": "0"}]},
        ),
        (
            DuplicatePolicy,
            {"action": "mark", "by": "ip", "window_s": 60, "each_partner": False},
            {"action": "mark", "by": "ip", "window_s": 60},
        ),
    ],
)
def test_a_rule_is_stored_without_what_is_at_its_default_and_read_back_as_it_was(model, given, stored):
    rule = model.model_validate(given)
    assert rule.stored() == stored
    assert model.model_validate(stored) == rule


@pytest.mark.parametrize(
    ("model", "given", "where"),
    [
        (Targeting, {"country": {"allow": ["USA"]}}, ("country", "allow", 0)),
        (Targeting, {"device": {"allow": ["phone"]}}, ("device", "allow", 0)),
        (Targeting, {"hours": [168]}, ("hours", 0)),
        (Targeting, {"planet": {}}, ("planet",)),
        (Targeting, {"connection": {"allow": ["x"] * 1001}}, ("connection", "allow")),
        (PriceRules, {"steps": [{"from": "1"}, {"from": "1.0"}]}, ("steps",)),
        (PriceRules, {"steps": [{"fixed": "1"}]}, ("steps", 0, "from")),
        (PriceRules, {"countries": {"US": {"percent": "1001"}}}, ("countries", "US", "percent")),
        (DuplicatePolicy, {"action": "mark", "by": "ip", "window_s": 0}, ("window_s",)),
        (DuplicatePolicy, {}, ("action",)),
    ],
)
def test_a_rule_that_cant_be_meant_is_refused_where_it_is_wrong(model, given, where):
    with pytest.raises(ValidationError) as refused:
        model.model_validate(given)
    assert refused.value.errors()[0]["loc"] == where


def test_a_change_gives_the_fields_it_names_as_they_are_stored():
    change = OfferChange.model_validate({"targeting": {}, "duplicates": None, "payout": "1", "starts_at": None})
    assert change.given() == {"targeting": {}, "duplicates": None, "payout": 1, "starts_at": None}
