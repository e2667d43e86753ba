from __future__ import annotations

import pytest

from tests.support.offers import offer
from tests.support.routers import PARTNER, snapshot_of
from tests.support.visits import BROWSER
from tracker.routes import FraudRuleRoute, LinkRoute, SmartLinkRoute
from tracker.self_test.expected import fallback_rule

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
OF_OFFER = LinkRoute(1, "shoes", PARTNER, 7)
OF_SMART_LINK = LinkRoute(2, "best", PARTNER, 0, smart_link_id=4)


def program(*rules):
    smart = SmartLinkRoute(4, "Best", "weight", ((8, 1), (7, 1)))
    return snapshot_of(offer(id=7), offer(id=8), smart_links={4: smart}, fraud_rules=rules)


@pytest.mark.parametrize("link", [OF_OFFER, OF_SMART_LINK])
def test_a_link_test_knows_the_rule_that_sends_its_click_to_the_fallback(link):
    held = program(FraudRuleRoute("bot_user_agent", offer_id=7, action="fallback"))
    assert fallback_rule(held, link, BOT) == "bot_user_agent"
    assert fallback_rule(held, link, BROWSER) == ""
    assert fallback_rule(program(), link, BOT) == ""
    assert fallback_rule(program(FraudRuleRoute("bot_user_agent", action="reject")), link, BOT) == ""
