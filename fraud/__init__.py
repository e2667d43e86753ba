"""Verdicts with reasons: rules and a model over events. Imports only the kernel.

The way through: facts of a batch of clicks (``Traffic``) ▸ rules about each request ▸ counts of the clicks around
it ▸ rules about its behaviour ▸ the model ▸ all reasons of one click become its verdict, category and score
(``judge``). ``fraud.engine.Engine`` holds what is in force of each. The names below are what a role without numpy
may import, the edge above all; the others are imported from their rooms.
"""

from __future__ import annotations

from fraud.agents import ORDINARY, AgentFinding, inspect_agent
from fraud.reasons import DUPLICATE_CLICK, REASONS, Reason
from fraud.rules import RULES_VERSION, RuleAction, Rulebook, check_entry
from fraud.traffic import Traffic
from fraud.verdicts import ACCEPTED, Judgement, judge

__all__ = [
    "ACCEPTED",
    "DUPLICATE_CLICK",
    "ORDINARY",
    "REASONS",
    "RULES_VERSION",
    "AgentFinding",
    "Judgement",
    "Reason",
    "RuleAction",
    "Rulebook",
    "Traffic",
    "check_entry",
    "inspect_agent",
    "judge",
]
