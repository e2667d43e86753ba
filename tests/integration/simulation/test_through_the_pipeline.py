"""Every scenario through the real pipeline with fixed seeds: the floors and ceilings of docs/fraud-simulation.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clickledger.replay.showing import Screen
from clickledger.simulation.running import simulate
from fraud.simulation import SCENARIOS, Wanted
from fraud.simulation.places import HOSTED, PROXIES, TOR_EXITS
from fraud.simulation.scenarios.masks import SPAM_HOSTS
from tests.support.simulating import simulating

PAGE = Path(__file__).resolve().parents[3] / "docs" / "fraud-simulation.md"
WANTED = Wanted(tuple(SCENARIOS), 20_261_101, 200, 4_000, 5 * 86_400)
_FLOOR = re.compile(
    r"^\| `([\w-]+)` \| (?:clicks|conversions) \| (caught|duplicate|named) \| \d+ % \| (\d+) % \|", re.MULTILINE
)
_CEILING = re.compile(r"^\| (ordinary|beside) \| (clicks|conversions) \| [\d.]+ % \| ([\d.]+) % \|", re.MULTILINE)

FLOORS = {name: (what, int(floor) / 100) for name, what, floor in _FLOOR.findall(PAGE.read_text())}
CEILINGS = {(whose, kind): float(most) / 100 for whose, kind, most in _CEILING.findall(PAGE.read_text())}


def write_lists(directory):
    """Write the lists an operator would configure; return the settings that name them."""
    lines = {
        "fraud_datacenter_list": [f"{network}.0.0/16" for _, network in HOSTED],
        "fraud_proxy_list": [f"{network}.0.0/16" for _, network in PROXIES],
        "fraud_tor_list": [f"{network}.0.0/16" for _, network in TOR_EXITS],
        "fraud_referrer_list": list(SPAM_HOSTS),
    }
    for name, entries in lines.items():
        (directory / name).write_text("\n".join(entries))
    return {name: directory / name for name in lines}


@pytest.fixture(scope="module")
def result(event_store, store_settings, tmp_path_factory):
    directory = tmp_path_factory.mktemp("simulation")
    lists = write_lists(directory)
    with simulating(event_store, store_settings, directory, **lists) as (
        chosen,
        service,
        count,
    ):
        return simulate(
            WANTED, "pipeline", service, chosen, Screen(quiet=True), edge_url=lambda: "", slices=4, between=count
        )


def test_the_page_has_a_floor_for_every_scenario():
    assert list(FLOORS) == list(SCENARIOS)
    assert len(CEILINGS) == 4


def test_every_event_was_stored_and_judged(result):
    assert (result.missing, result.left_out, result.refusals) == (0, 0, {})
    assert list(result.measured.scenarios) == list(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_found_at_least_as_often_as_promised(result, name):
    what, floor = FLOORS[name]
    found = result.measured.of_scenario(name).as_json()
    assert found[what] >= floor, found


@pytest.mark.parametrize(("whose", "kind"), CEILINGS)
def test_ordinary_visitors_are_harmed_at_most_as_often_as_promised(result, whose, kind):
    counted = {"ordinary": result.measured.ordinary, "beside": result.measured.beside}[whose][kind]
    assert counted.events > 100
    assert counted.caught <= CEILINGS[whose, kind], counted.as_json()


def test_of_all_that_ordinary_visitors_do_hardly_anything_is_harmed(result):
    counts = [*result.measured.ordinary.values(), *result.measured.beside.values()]
    harmed = sum(count.suspect + count.invalid for count in counts)
    assert harmed / sum(count.events for count in counts) < 0.005
    assert sum(count.invalid for count in counts) == 0
