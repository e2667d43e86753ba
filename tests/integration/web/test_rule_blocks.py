"""Blocks that rules make: found in the event store, put into the blocklist once, extended, and taken back."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from fraud.entries import RuleEntry
from fraud.rules import Rulebook
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from partners.models import BlocklistEntry
from tracker.fraud_blocks import RuleBlocks
from tracker.fraud_blocks.finding import find

START = datetime(2017, 5, 9, 12, tzinfo=UTC)
ENTRIES = "/api/v1/fraud/rule-entries"
_numbers = itertools.count(1)


class Scene:
    """A partner of its own, a clock, events and rules that concern nobody else."""

    def __init__(self, web, store, start):
        self.web, self.store, self.now = web, store, start
        self.partner_id = web.partner()
        state = web.app.state
        self.blocks = RuleBlocks(state.programs, state.readers, state.settings, clock=lambda: self.now)

    def click(self, *reasons, table="clicks", **changes):
        """Store an event of this moment."""
        ms = int(self.now.timestamp() * 1000)
        name = f"block-{self.partner_id}-{next(_numbers)}"
        row = {
            **({"click_id": name} if table == "clicks" else {"conversion_id": name, "changed_at": ms}),
            "ts": ms,
            "partner_id": self.partner_id,
            "offer_id": 7,
            "source": "farm",
            "sub1": "row 1",
            "ip": "8.8.4.7",
            "ip_prefix": "8.8.4.0/24",
            "fraud_reasons": list(reasons),
            **changes,
        }
        insert(self.store, table, rows_table(table, [row]), name)

    def rule(self, code="ip_velocity", block="source", minutes=60, **more):
        """Set a rule of this partner that blocks."""
        body = {"code": code, "action": "block", "block": block, "block_minutes": minutes} | more
        return self.web.admin.made("POST", ENTRIES, {"partner_id": self.partner_id} | body)

    def blocked(self, **filters):
        """Return what is in the blocklist for this partner: kind, value, end."""
        params = {"partner_id": self.partner_id, "limit": 1000} | filters
        found = self.web.admin.made("GET", "/api/v1/blocklist", params=params)["items"]
        return [(one["kind"], one["value"], datetime.fromisoformat(one["expires_at"])) for one in found]

    def later(self, **time):
        """Move the clock."""
        self.now += timedelta(**time)


@pytest.fixture
def scene(web, event_store, request):
    """Days apart, so that no scene sees another's events."""
    made = Scene(web, event_store, START + timedelta(days=10 * next(_numbers)))
    yield made
    for one in web.admin.made("GET", ENTRIES, params={"limit": 1000})["items"]:
        web.admin.made("DELETE", f"{ENTRIES}/{one['id']}")


def test_a_source_is_blocked_once_and_for_its_partner_alone(scene, web):
    scene.rule()
    scene.click("ip_velocity", "outdated_browser")
    scene.click("ip_velocity", source="garden", ts=int(scene.now.timestamp() * 1000))
    scene.click("outdated_browser", source="good")
    scene.click("ip_velocity", source="test", is_test=True)
    scene.click("ip_velocity", source="")
    ends = scene.now + timedelta(minutes=60)
    scene.later(seconds=10)
    assert scene.blocks.look() == 2
    assert sorted(scene.blocked()) == [("source", "farm", ends), ("source", "garden", ends)]
    assert scene.blocks.look() == 0
    told = web.admin.made("GET", "/api/v1/audit", params={"actor": "fraud", "sort": "-id", "limit": 1})["items"][0]
    assert (told["kind"], told["action"], told["role"]) == ("blocklist entry", "create", "service")
    listed = web.admin.made("GET", "/api/v1/blocklist", params={"partner_id": scene.partner_id})["items"][0]
    assert listed["reason"].startswith("Fraud rule ip_velocity: 1 event, the last on ")


def test_it_is_extended_while_the_reason_goes_on_and_else_left_to_expire(scene):
    scene.rule()
    scene.click("ip_velocity")
    scene.blocks.look()
    scene.later(minutes=10)
    scene.click("ip_velocity")
    assert scene.blocks.look() == 0, "most of the hour is left"
    scene.later(minutes=25)
    scene.click("ip_velocity")
    assert scene.blocks.look() == 1
    assert scene.blocked() == [("source", "farm", scene.now + timedelta(minutes=60))]
    ends = scene.now + timedelta(minutes=60)
    scene.later(minutes=61)
    assert (scene.blocks.look(), scene.blocked()) == (0, [("source", "farm", ends)])
    scene.click("ip_velocity")
    assert scene.blocks.look() == 1
    assert scene.blocked() == [("source", "farm", scene.now + timedelta(minutes=60))]


def test_what_somebody_took_back_or_changed_is_theirs_until_the_period_is_over(scene, web):
    scene.rule(minutes=30)
    scene.click("ip_velocity")
    scene.blocks.look()
    entry = web.admin.made("GET", "/api/v1/blocklist", params={"partner_id": scene.partner_id})["items"][0]
    web.admin.made("DELETE", f"/api/v1/blocklist/{entry['id']}")
    scene.later(minutes=20)
    scene.click("ip_velocity")
    assert (scene.blocks.look(), scene.blocked()) == (0, [])
    scene.later(minutes=11)
    assert scene.blocks.look() == 0, "nothing has come since"
    scene.click("ip_velocity")
    assert scene.blocks.look() == 1
    body = {"kind": "source", "value": "by hand", "partner_id": scene.partner_id}
    web.admin.made("POST", "/api/v1/blocklist", body)
    scene.click("ip_velocity", source="by hand")
    assert scene.blocks.look() == 0


@pytest.mark.parametrize(
    ("what", "kind", "value"),
    [
        ("sub1", "sub1", "row 1"),
        ("prefix", "network", "8.8.4.0/24"),
        ("address", "network", "8.8.4.7/32"),
    ],
)
def test_labels_networks_and_addresses_are_blocked_where_the_entry_says(scene, what, kind, value):
    scene.rule(block=what)
    scene.click("ip_velocity")
    scene.blocks.look()
    assert [one[:2] for one in scene.blocked()] == [(kind, value)]


def test_a_partner_is_blocked_by_an_entry_that_names_it(scene, web):
    scene.rule(block="partner")
    scene.click("ip_velocity")
    scene.blocks.look()
    found = web.admin.made("GET", "/api/v1/blocklist", params={"kind": "partner", "value": str(scene.partner_id)})
    assert [(one["partner_id"], one["offer_id"]) for one in found["items"]] == [(None, None)]


def test_conversions_and_scores_block_too(scene):
    scene.rule(code="ctit_too_fast")
    scene.rule(code="score", block="sub1", settings={"threshold": 80})
    scene.click("ctit_too_fast", table="conversions")
    scene.click("ctit_too_fast", source="no conversion")
    scene.click(fraud_score=79, verdict="suspect", sub1="below")
    scene.click(fraud_score=80, verdict="suspect", sub1="above")
    scene.click(fraud_score=99, verdict="valid", sub1="nobody's suspect")
    scene.blocks.look()
    assert sorted(one[:2] for one in scene.blocked()) == [("source", "farm"), ("sub1", "above")]


def test_the_nearest_entry_says_whether_and_where(scene, web):
    advertiser = {"name": f"A{web.number()}"}
    web.admin.made("POST", "/api/v1/advertisers", advertiser)
    offer = {"name": f"O{web.number()}", "advertiser_id": web.advertiser(), "destination": "https://shop.example/"}
    offer_id = web.admin.made("POST", "/api/v1/offers", offer)["id"]
    scene.rule()
    scene.rule(offer_id=offer_id, action="mark", block=None, block_minutes=None)
    scene.click("ip_velocity", offer_id=offer_id, source="marked")
    scene.click("ip_velocity", source="blocked")
    scene.blocks.look()
    assert [one[:2] for one in scene.blocked()] == [("source", "blocked")]


def test_private_addresses_and_trusted_proxies_are_never_blocked(scene, web):
    book = Rulebook.of([RuleEntry("ip_velocity", 0, scene.partner_id, None, {}, "block", "prefix", 60)])
    for prefix in ("127.0.0.0/24", "10.1.2.0/24", "fd00:1::/48", "9.9.9.0/24", "nonsense", "8.8.4.0/24"):
        scene.click("ip_velocity", ip_prefix=prefix)
    found = find(web.app.state.readers, book, scene.now - timedelta(minutes=1), (ip_network("9.9.9.9/32"),))
    assert [one.thing.value for one in found if one.thing.partner_id == scene.partner_id] == ["8.8.4.0/24"]


def test_expired_blocks_of_rules_are_cleared_away_after_a_week_and_nobody_elses(scene, web):
    scene.rule()
    scene.click("ip_velocity")
    scene.click("ip_velocity", source="prolonged")
    scene.blocks.look()
    with web.app.state.programs.writing() as session:
        kept = session.query(BlocklistEntry).filter_by(value="prolonged", partner_id=scene.partner_id).one()
        kept.expires_at = scene.now + timedelta(days=1)
    scene.later(days=7, hours=2)
    scene.blocks.look()
    assert [one[1] for one in scene.blocked()] == ["prolonged"]


def test_a_store_that_is_away_loses_no_block(scene, web):
    class Away:
        def reader(self):
            raise OSError("the event store is away")

    scene.rule()
    scene.blocks.look()
    state = web.app.state
    readers, scene.blocks._readers = scene.blocks._readers, Away()
    scene.click("ip_velocity")
    for _ in range(3):
        scene.later(minutes=5)
        with pytest.raises(OSError, match="away"):
            scene.blocks.look()
    scene.blocks._readers = readers
    assert scene.blocks.look() == 1
    assert state.readers is readers


def test_a_store_that_cant_answer_in_time_is_asked_about_less(scene):
    asked = []

    class Slow:
        @contextmanager
        def reader(self):
            yield self

        def query(self, _statement, parameters):
            asked.append(scene.now - parameters["since"])
            raise DatabaseError("TIMEOUT_EXCEEDED")

    scene.rule(minutes=100_000)
    readers, scene.blocks._readers = scene.blocks._readers, Slow()
    for _ in range(9):
        with pytest.raises(DatabaseError):
            scene.blocks.look()
    assert [asked[0], asked[1], asked[-1]] == [timedelta(hours=24), timedelta(hours=12), timedelta(minutes=10)]
    scene.blocks._readers = readers
    scene.click("ip_velocity")
    assert scene.blocks.look() == 1


def test_without_a_rule_that_blocks_the_event_store_isnt_asked(scene, web):
    scene.blocks._readers = None
    scene.web.admin.made(
        "POST", ENTRIES, {"code": "ip_velocity", "partner_id": scene.partner_id, "action": "hold"}
    )
    assert scene.blocks.look() == 0
