"""``clickledger simulate`` as a person runs it, against a whole running service."""

from __future__ import annotations

import json

import pytest

from tests.support.running_service import RunningService

pytestmark = pytest.mark.service

ASKED = ("--scenario", "crawlers,link-checkers,prefetches", "--clicks", 20, "--visitors", 60)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("simulate") / "data", edge_workers=1)
    running.start()
    yield running
    running.close()


def test_requests_through_the_edge_are_judged(service):
    told = service.command("simulate", *ASKED, "--seed", 7, "--through", "edge", "--over", "2s", "--json")
    found = json.loads(told.stdout)
    assert told.stderr == ""
    assert (found["missing"], found["refusals"]) == (0, {})
    for name, reason in (("crawlers", "bot_user_agent"), ("link-checkers", "non_get_method")):
        measured = found["scenarios"][name]
        assert (measured["events"], measured["invalid"]) == (20, 1), name
        assert measured["reasons"][reason] == 20
    assert found["scenarios"]["prefetches"]["named"] > 0.5
    assert found["ordinary"]["clicks"]["events"] >= 60
    assert found["ordinary"]["clicks"]["caught"] == 0


def test_its_partners_and_offers_are_named_as_what_they_are(service):
    for kind in ("partners", "offers", "advertisers"):
        names = [entry["name"] for entry in service.api().get(f"/api/v1/{kind}")["items"]]
        assert names
        assert all(name.startswith("simulated ") for name in names)
