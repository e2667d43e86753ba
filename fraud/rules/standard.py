"""The rules: facts of a batch of clicks in, reason codes per click out.

Invariants: a rule reads columns and names the rows it concerns, so its cost is one pass over a list; it
never raises and never looks anything up; ``RULES_VERSION`` changes whenever the same facts could be
judged differently, because it is stored with every verdict.

Most clicks have no reason at all, so what comes out is sparse: only rows with reasons are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fraud.agents import AgentFinding
from fraud.reasons import REASONS
from fraud.rules.book import RULES_VERSION


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the rules know of a batch of clicks: one list per fact, all of the same length."""

    agents: Sequence[AgentFinding]
    methods: Sequence[str]
    purposes: Sequence[str]
    """What the browser says it loads the link for (Sec-Purpose and its forerunners), lower case."""
    is_datacenter: Sequence[bool]
    is_proxy: Sequence[bool]
    is_private: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason and how to find the rows it applies to."""

    code: str
    find: Callable[[Traffic], Iterable[int]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force, and the version that is stored with what they find."""

    rules: Sequence[Rule]
    version: str

    @classmethod
    def standard(cls) -> RuleSet:
        """Return the built-in rules."""
        return cls(STANDARD_RULES, RULES_VERSION)

    def examine(self, traffic: Traffic) -> dict[int, tuple[str, ...]]:
        """Return the reason codes found, by row; rows without any are absent."""
        found: dict[int, tuple[str, ...]] = {}
        for rule in self.rules:
            for row in rule.find(traffic):
                found[row] = (*found.get(row, ()), rule.code)
        return found


def _agent_rule(code: str) -> Rule:
    """Return the rule for a reason that is read off the user agent; see ``fraud.agents``."""

    def find(traffic: Traffic) -> Iterable[int]:
        return [row for row, agent in enumerate(traffic.agents) if agent.reason == code]

    return Rule(code, find)


def _flagged(column: Sequence[bool]) -> list[int]:
    return [row for row, flag in enumerate(column) if flag]


def _non_get(traffic: Traffic) -> Iterable[int]:
    return [row for row, method in enumerate(traffic.methods) if method != "GET"]


def _prefetch(traffic: Traffic) -> Iterable[int]:
    return [row for row, purpose in enumerate(traffic.purposes) if purpose and "prefetch" in purpose]


STANDARD_RULES: tuple[Rule, ...] = (
    _agent_rule("bot_user_agent"),
    _agent_rule("http_library"),
    _agent_rule("headless_browser"),
    _agent_rule("empty_user_agent"),
    _agent_rule("malformed_user_agent"),
    Rule("datacenter_ip", lambda traffic: _flagged(traffic.is_datacenter)),
    Rule("prefetch", _prefetch),
    Rule("non_get_method", _non_get),
    Rule("anonymous_proxy", lambda traffic: _flagged(traffic.is_proxy)),
    Rule("private_ip", lambda traffic: _flagged(traffic.is_private)),
)

if not {rule.code for rule in STANDARD_RULES} <= REASONS.keys():
    raise LookupError("a rule gives a reason that is not in the table of reasons")
