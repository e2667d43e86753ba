"""A simulation's result as a table."""

from __future__ import annotations

import io
from datetime import date

from rich.console import Console

from clickledger.simulation.running import Result
from clickledger.simulation.showing import show
from fraud.simulation import ORDINARY, Judged, Measured


def shown(events, **other):
    result = Result(Measured.of(events), **({"missing": 0, "left_out": 0, "refusals": {}} | other), **WHEN)
    text = io.StringIO()
    show(result, Console(file=text, width=80))
    return text.getvalue()


WHEN = {"first_day": date(2026, 1, 5), "elapsed_s": 1.0}
CAUGHT = Judged("link-checkers", "link-checkers", "clicks", "invalid", ("non_get_method",))
MISSED = Judged("link-checkers", "link-checkers", "clicks", "valid", ())
PERSON = Judged(ORDINARY, "ordinary 1", "clicks", "suspect", ("ip_velocity",))


def test_each_scenario_and_everybody_harmed_has_a_row():
    told = shown([CAUGHT, MISSED, PERSON])
    row = next(line for line in told.splitlines() if "link-checkers" in line)
    assert row.split() == ["link-checkers", "clicks", "2", "50.0%", "50.0%", "0.0%", "50.0%"]
    assert "link-checkers  non_get_method 1" in told
    assert "ip_velocity 1" in told
    assert "proves that a rule works, and never that the model is good" in told


def test_what_was_left_out_or_refused_is_said():
    told = shown([MISSED], left_out=1_234, refusals={"click 404": 5}, lacking={"hosted-bots": "A_LIST"})
    assert "hosted-bots can't be found by rules: A_LIST names no list." in told
    assert "1,234 conversions would come later" in told
    assert "click 404: 5 times" in told
    assert "Ordinary visitors harmed" not in told
