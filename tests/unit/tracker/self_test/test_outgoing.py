"""The self-test says which of the partner's hooks a conversion would be reported to."""

from __future__ import annotations

from tests.support.offers import offer
from tests.support.outbound import hook
from tracker.routes import LinkRoute
from tracker.self_test.outgoing import would_tell
from tracker.snapshot import Snapshot

LINK = LinkRoute(1, "shoes", 3, 1)


def said(*hooks):
    return would_tell(Snapshot(1, hooks=hooks), LINK, offer(), "", "conversion", "click", b"key")


def test_only_the_partners_own_hooks_that_want_such_a_conversion_are_named_by_host():
    found = said(
        hook(id=1, partner_id=3, url="https://mine.example/?secret=1"),
        hook(id=2, partner_id=4, url="https://another.example/"),
        hook(id=3, url="https://network.example/"),
        hook(id=4, partner_id=3, url="https://rejections.example/", statuses=("rejected",)),
    )
    assert found == ("1 of the partner's hooks would be told: mine.example", "")


def test_a_partner_without_hooks_has_none():
    assert said() == ("the partner has none", "")


def test_a_hook_whose_url_cant_be_sent_is_told_by_its_number():
    assert said(hook(id=7, partner_id=3, url="{sub1}.example/")).advice == "Correct the URL of hook 7."
