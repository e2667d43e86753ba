"""Simulated traffic whose truth is known: it proves that a rule works, and never that a model is good.

Pure generation: a plan of clicks and conversions from a seed, and the count of what was caught and harmed. Who
sends or journals them, and reads the verdicts back, is ``clickledger.simulation``.
"""

from fraud.simulation.browsers import FileBrowsers, TemplateBrowsers
from fraud.simulation.events import (
    ORDINARY,
    Impression,
    Plan,
    SimulatedClick,
    SimulatedConversion,
    SimulatedEvent,
    Visitor,
    by_time,
)
from fraud.simulation.measured import Count, Judged, Measured
from fraud.simulation.planning import ALL, Wanted, make_plan, scenario_names
from fraud.simulation.scenarios import SCENARIOS, Scenario

__all__ = [
    "ALL",
    "ORDINARY",
    "SCENARIOS",
    "Count",
    "FileBrowsers",
    "Impression",
    "Judged",
    "Measured",
    "Plan",
    "Scenario",
    "SimulatedClick",
    "SimulatedConversion",
    "SimulatedEvent",
    "TemplateBrowsers",
    "Visitor",
    "Wanted",
    "by_time",
    "make_plan",
    "scenario_names",
]
