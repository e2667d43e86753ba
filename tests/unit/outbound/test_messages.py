"""Which hooks are told of a change, and what they are told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from kernel.macro_names import HOOK_MACROS
from tests.support.offers import offer
from tests.support.outbound import NOON, SECRET, change, hook
from tracker.macros import keyed_hash
from tracker.outbound.messages import messages, sample_row, wants
from tracker.snapshot import Snapshot

KEY = b"k" * 32


def told(rows, *hooks):
    snapshot = Snapshot(version=1, hooks=hooks, offers={7: offer(id=7, name="Red & blue")})
    return list(messages(rows, snapshot, KEY))


def url(template, row=None, **changes):
    (made,) = told([row or change()], hook(url=template, **changes))
    return made.url


@pytest.mark.parametrize(
    ("limits", "is_told"),
    [
        ({}, True),
        ({"partner_id": 3}, True),
        ({"partner_id": 4}, False),
        ({"advertiser_id": 2}, True),
        ({"advertiser_id": 5}, False),
        ({"offer_id": 7}, True),
        ({"offer_id": 8}, False),
        ({"goal": None}, True),
        ({"goal": ""}, True),
        ({"goal": "deposit"}, False),
        ({"statuses": ("pending", "approved")}, True),
        ({"statuses": ("rejected",)}, False),
        ({"statuses": ()}, False),
        ({"partner_id": 3, "advertiser_id": 2, "offer_id": 7, "goal": ""}, True),
        ({"partner_id": 3, "advertiser_id": 2, "offer_id": 8, "goal": ""}, False),
    ],
)
def test_a_hook_is_told_of_what_meets_all_its_limits(limits, is_told):
    assert wants(hook(**limits), change()) is is_told
    assert bool(told([change()], hook(**limits))) is is_told


def test_a_goal_of_its_own_is_told_apart_from_the_base_goal():
    deposit = change(goal="deposit")
    assert [m.hook_id for m in told([deposit], hook(id=1, goal="deposit"), hook(id=2, goal=""), hook(id=3))] == [
        1,
        3,
    ]


def test_nobody_is_told_of_test_conversions_and_of_money_moved_by_hand():
    assert told([change(is_test=True), change(attribution="adjustment")], hook()) == []


def test_each_change_and_hook_has_one_id_for_ever():
    rows = [change(), change(change_seq=NOON * 1000 + 5, status="rejected")]
    hooks = (hook(id=1, statuses=("approved", "rejected")), hook(id=2))
    first, again = told(rows, *hooks), told(rows, *hooks)
    assert [m.id for m in first] == [
        "1_conv-1_1760000000000000",
        "2_conv-1_1760000000000000",
        "1_conv-1_1760000000000005",
    ]
    assert first == again


def test_the_macros_of_a_conversion_are_filled_in_and_encoded():
    row = change(
        partner_click_id="a&b=c",
        sub1="ü 1",
        adv1="x/y",
        reject_reason="no money?",
        device_type="mobile",
        ip="8.8.8.8",
        goal="deposit",
        amount=Decimal("1234.500000"),
        payout=Decimal("0.123450"),
    )
    assert (
        url("https://p.example/pb?c={partner_click_id}&s={sub1}&a={adv1}&r={reject_reason}&d={device}", row)
        == "https://p.example/pb?c=a%26b%3Dc&s=%C3%BC%201&a=x%2Fy&r=no%20money%3F&d=mobile"
    )
    assert (
        url(
            "https://p.example/{goal}/{amount}/{payout}/{currency}/{status}/{txn_id}/{conversion_id}/{click_id}",
            row,
        )
        == "https://p.example/deposit/1234.50/0.12345/USD/approved/t%201/conv-1/click-1"
    )
    assert (
        url(
            "https://p.example/?o={offer_id}&n={offer_name}&p={partner_id}&v={advertiser_id}&t={timestamp}&i={ip}",
            row,
        )
        == "https://p.example/?o=7&n=Red%20%26%20blue&p=3&v=2&t=1760000000&i=8.8.8.8"
    )


def test_every_macro_that_may_be_written_is_replaced():
    template = "https://p.example/?" + "&".join(f"{name}={{{name}}}" for name in HOOK_MACROS)
    rendered = url(template)
    assert "{" not in rendered
    assert "%7B" not in rendered


def test_hashes_are_keyed_as_those_of_destinations_are():
    row = change(sub1="x")
    assert url("https://p.example/?h={sub1_hash}", row) == f"https://p.example/?h={keyed_hash(KEY, 'sub1', 'x')}"
    assert url("https://p.example/?h={sub2_hash}", row) == "https://p.example/?h="


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("5.000000", "5.00"),
        ("2.500000", "2.50"),
        ("0.000001", "0.000001"),
        ("1000000.000000", "1000000.00"),
        ("-3.100000", "-3.10"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
def test_money_is_written_without_exponent_and_with_two_places_at_least(amount, text):
    assert url("https://p.example/?p={payout}", change(payout=Decimal(amount))) == f"https://p.example/?p={text}"


def test_a_partner_is_not_told_what_the_advertiser_pays_and_an_advertiser_not_what_the_partner_earns():
    template = "https://p.example/?p={payout}&r={revenue}"
    assert url(template) == "https://p.example/?p=2.50&r=4.00"
    assert url(template, partner_id=3) == "https://p.example/?p=2.50&r="
    assert url(template, partner_id=3, advertiser_id=2) == "https://p.example/?p=2.50&r="
    assert url(template, advertiser_id=2) == "https://p.example/?p=&r=4.00"
    bodies = {
        m.hook_id: msgspec.json.decode(m.body)["data"]
        for m in told(
            [change()],
            hook(id=1, kind="webhook"),
            hook(id=2, kind="webhook", partner_id=3),
            hook(id=3, kind="webhook", advertiser_id=2),
        )
    }
    assert {key: ("payout" in body, "revenue" in body) for key, body in bodies.items()} == {
        1: (True, True),
        2: (True, False),
        3: (False, True),
    }


def test_a_post_carries_the_query_as_a_form():
    (made,) = told([change()], hook(method="POST", url="https://p.example/pb?a={amount}&s={txn_id}#part"))
    assert (made.method, made.url, made.body) == ("POST", "https://p.example/pb", "a=100.00&s=t%201")


def test_a_fragment_is_not_sent():
    assert url("https://p.example/pb?a=1#{txn_id}") == "https://p.example/pb?a=1"


def test_a_webhook_tells_the_conversion_as_json_and_holds_no_secret():
    row = change(
        status="rejected",
        outcome="updated",
        changed_at=datetime(2025, 11, 1, 12, 0, 0, 5000, UTC),
        sub1="ü",
        reject_reason="fraud",
    )
    (made,) = told([row], hook(kind="webhook", method="GET", statuses=("rejected",), secret=SECRET))
    assert made.method == "POST"
    body = msgspec.json.decode(made.body)
    assert body["type"] == "conversion.updated"
    assert body["timestamp"] == "2025-11-01T12:00:00.005Z"
    data = body["data"]
    assert data["amount"] == "100.00"
    assert (data["sub1"], data["reject_reason"], data["status"]) == ("ü", "fraud", "rejected")
    assert (data["ts"], data["click_ts"]) == ("2025-10-09T08:53:20.000Z", "2025-10-09T08:52:20.000Z")
    assert SECRET not in msgspec.json.encode(made).decode()


def test_a_new_conversion_and_a_changed_one_are_of_two_types():
    (made,) = told([change()], hook(kind="webhook"))
    assert msgspec.json.decode(made.body)["type"] == "conversion.created"


def test_a_hook_whose_url_can_not_be_used_keeps_no_other_from_being_told():
    made = told([change()], hook(id=1, url="https://{sub1}.example/"), hook(id=2, url="ftp://x"), hook(id=3))
    assert [m.hook_id for m in made] == [3]


def test_a_conversion_nobody_foresaw_keeps_no_other_from_being_told():
    broken = change(conversion_id="broken", ts=None)
    made = told([broken, change()], hook(url="https://p.example/?t={timestamp}"))
    assert [m.conversion_id for m in made] == ["conv-1"]


def test_a_sample_is_something_the_hook_would_be_told_of():
    for wanted in (
        hook(),
        hook(partner_id=9, goal="deposit", statuses=("hold",)),
        hook(kind="webhook", offer_id=4),
    ):
        assert wants(wanted, sample_row(wanted))
