"""Counting what was caught and harmed."""

from __future__ import annotations

from fraud.simulation import ORDINARY, Judged, Measured


def event(scenario, verdict, *reasons, partner="crawlers", kind="clicks"):
    return Judged(scenario, partner, kind, verdict, reasons)


def test_suspect_and_invalid_are_caught_and_a_duplicate_is_not():
    measured = Measured.of(
        [
            event("crawlers", "invalid", "bot_user_agent", "non_get_method"),
            event("crawlers", "suspect", "ip_velocity"),
            event("crawlers", "duplicate", "duplicate_click"),
            event("crawlers", "valid"),
        ]
    )
    count = measured.of_scenario("crawlers")
    assert count.as_json() == {
        "events": 4,
        "caught": 0.5,
        "invalid": 0.25,
        "duplicate": 0.25,
        "named": 0.25,
        "reasons": {"bot_user_agent": 1, "non_get_method": 1, "ip_velocity": 1, "duplicate_click": 1},
    }


def test_conversions_are_judged_where_the_scenario_is_about_them():
    measured = Measured.of(
        [
            event("injection", "valid", partner="injection"),
            event("injection", "suspect", "ctit_too_fast", partner="injection", kind="conversions"),
        ]
    )
    assert measured.of_scenario("injection").caught == 1
    assert measured.as_json()["scenarios"]["injection"]["all"]["clicks"]["caught"] == 0


def test_ordinary_people_beside_fraud_are_counted_apart():
    measured = Measured.of(
        [
            event(ORDINARY, "valid", partner="ordinary 1"),
            event(ORDINARY, "suspect", "ctit_flat", partner="flooding"),
        ]
    )
    assert (measured.ordinary["clicks"].caught, measured.beside["clicks"].caught) == (0, 1)
    assert measured.scenarios == {}


def test_a_scenario_nobody_simulated_has_caught_nothing():
    assert Measured.of([]).of_scenario("flooding").as_json()["caught"] == 0
