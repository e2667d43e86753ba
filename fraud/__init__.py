"""Verdicts with reasons: rules over events. Imports only the kernel.

The way through: facts of a batch of clicks (``Traffic``) ▸ rules find reasons (``RuleSet``) ▸ the reasons
of one click become its verdict, category and score (``judge``). The names below are all that other rooms
may import.
"""

from __future__ import annotations

from fraud.agents import ORDINARY, AgentFinding, inspect_agent
from fraud.reasons import DUPLICATE_CLICK, REASONS, Reason
from fraud.rules import RULES_VERSION, Rule, RuleSet, Traffic
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
    "Rule",
    "RuleSet",
    "Traffic",
    "inspect_agent",
    "judge",
]
