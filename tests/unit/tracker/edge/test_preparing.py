"""What a worker loads before its first visitor needs it."""

import asyncio

import msgspec
import pytest

from tests.support.offers import offer
from tracker import snapshot
from tracker.edge import preparing
from tracker.edge.preparing import asks_about_visitors, keep_prepared, prepare
from tracker.edge.program import Program
from tracker.routes import BlockRoute, LandingRoute, TargetingRoute
from tracker.snapshot import Snapshot

PLAIN = Snapshot(1, offers={1: offer(), 2: offer(id=2, destination="https://shop.example/{sub1}/{language}")})


def published(**changes):
    """As an edge reads it: encoded and decoded."""
    return Program(snapshot.decode(snapshot.encode(msgspec.structs.replace(PLAIN, **changes))))


def with_offer(**changes):
    return published(offers={**PLAIN.offers, 3: offer(id=3, **changes)})


def test_a_program_without_rules_or_such_macros_asks_for_nothing():
    assert not asks_about_visitors(published())
    assert not asks_about_visitors(Program(snapshot.EMPTY))


@pytest.mark.parametrize(
    "program",
    [
        with_offer(targeting=TargetingRoute(device=(("mobile",), ()))),
        with_offer(destination="https://shop.example/?c={country}"),
        with_offer(fallback_url="https://shop.example/{os}"),
        with_offer(landings=(LandingRoute(1, "https://shop.example/{city}"),)),
        published(blocks=(BlockRoute(1, "asn", "64500"),)),
    ],
    ids=["targeting", "destination", "fallback", "landing page", "blocklist"],
)
def test_a_rule_or_a_macro_about_visitors_is_found(program):
    assert asks_about_visitors(program)


def test_looking_keeps_nothing_decoded():
    program = published()
    assert not asks_about_visitors(program)
    assert program.offers._routes._known == {}


class Facts:
    def __init__(self):
        self.is_loaded = False

    async def load(self):
        self.is_loaded = True


class Holder:
    def __init__(self, program):
        self.program = program


def test_what_is_asked_for_is_loaded_before_the_start():
    for program, loaded in ((published(), False), (with_offer(destination="https://shop.example/{device}"), True)):
        facts = Facts()
        asyncio.run(prepare(Holder(program), facts))
        assert facts.is_loaded is loaded


def test_a_program_that_begins_to_ask_is_prepared_for_and_the_watch_ends(monkeypatch):
    monkeypatch.setattr(preparing, "LOOK_SECONDS", 0.001)
    holder, facts = Holder(published()), Facts()

    async def watch():
        watching = asyncio.create_task(keep_prepared(holder, facts))
        await asyncio.sleep(0.01)
        assert not facts.is_loaded
        holder.program = published(version=2, offers={1: offer(targeting=TargetingRoute(country=(("DE",), ())))})
        await asyncio.wait_for(watching, 60)

    asyncio.run(watch())
    assert facts.is_loaded
