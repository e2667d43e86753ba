"""Fraud rules whose action is ``fallback``: whether one sends a visit elsewhere while the visitor waits.

Only what a request shows by itself is judged here (``fraud.entries.AT_THE_EDGE``), by the same patterns and
headers as the pipeline, which stores the reason beside the click and knows a few bots more (ua-parser's, which
edges don't load). Invariants: a program without such an entry has no ``Fallbacks`` at all, so that a redirect pays
nothing for them; entries speak from everywhere to the one place, the nearest last (``fraud.rules.book``); no visit
raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kernel.purposes import is_ahead, purpose
from tracker.edge.visit import Visit
from tracker.routes import FraudRuleRoute

REMEMBERED_AGENTS: Final = 8_192
"""User agents whose answer is kept: a check costs microseconds, and the same browsers come again and again."""
REMEMBERED_PLACES: Final = 16_384
"""Pairs of partner and offer whose rules are kept; each is a few words."""

_Place: TypeAlias = tuple[int, int]
"""Partner, offer; 0 for all."""


class Fallbacks:
    """The rules that send visits elsewhere, by where they do."""

    __slots__ = ("_by_code", "_in_force")

    def __init__(self, entries: Iterable[FraudRuleRoute]) -> None:
        """Take the entries of at least one rule that sends visits elsewhere; see ``of``."""
        self._by_code: dict[str, dict[_Place, FraudRuleRoute]] = {}
        for entry in entries:
            self._by_code.setdefault(entry.code, {})[entry.partner_id, entry.offer_id] = entry
        self._in_force = lru_cache(maxsize=REMEMBERED_PLACES)(self._find)
        if not _AGENT_CODES.isdisjoint(self._by_code):
            # The patterns take a fifth of a second to make: here, on a thread, not under the first visitor.
            _agent_reason("")

    @classmethod
    def of(cls, entries: Iterable[FraudRuleRoute]) -> Fallbacks | None:
        """Return the rules that send visits elsewhere; None when there are none."""
        known = [entry for entry in entries if entry.code in JUDGED]
        wanted = {entry.code for entry in known if entry.action == "fallback"}
        return cls(entry for entry in known if entry.code in wanted) if wanted else None

    def hit(self, visit: Visit, offer_id: int, partner_id: int) -> str:
        """Return the rule that sends this visit elsewhere, '' for none."""
        for code, reasons in self._in_force(partner_id, offer_id):
            if JUDGED[code](visit, reasons):
                return code
        return ""

    def _find(self, partner_id: int, offer_id: int) -> tuple[tuple[str, frozenset[str]], ...]:
        road = dict.fromkeys(((0, 0), (0, offer_id), (partner_id, 0), (partner_id, offer_id)))
        found = []
        for code, places in self._by_code.items():
            enabled, action = True, ""
            settings: dict[str, Any] = {}
            for entry in filter(None, map(places.get, road)):
                enabled = enabled if entry.enabled is None else entry.enabled
                action = entry.action or action
                settings |= entry.settings
            if enabled and action == "fallback":
                found.append((code, _reasons(code, settings)))
        return tuple(found)


@lru_cache(maxsize=REMEMBERED_AGENTS)
def _agent_reason(user_agent: str) -> str:
    # The patterns take megabytes, and only edges that are asked to judge by them need them.
    from fraud.agents import inspect_agent

    return inspect_agent(user_agent).reason


def _reasons(code: str, settings: Mapping[str, Any]) -> frozenset[str]:
    """Return what a user agent may give away for a rule to be about it."""
    if code != "bot_user_agent":
        return frozenset((code,))
    left_out = {reason for reason, setting in _KINDS.items() if not settings.get(setting, True)}
    return _PROGRAMS - left_out


def _by_agent(visit: Visit, reasons: frozenset[str]) -> bool:
    return _agent_reason(visit.user_agent) in reasons


def _prefetch(visit: Visit, _reasons: frozenset[str]) -> bool:
    return is_ahead(purpose(visit.headers))


def _non_get(visit: Visit, _reasons: frozenset[str]) -> bool:
    return visit.method != "GET"


_PROGRAMS: Final = frozenset({"bot_user_agent", "http_library", "headless_browser"})
"""Reasons of user agents that name a program; the rule ``bot_user_agent`` is about all of them, unless it is set
otherwise."""
_KINDS: Final = {"http_library": "libraries", "headless_browser": "steered_browsers"}
"""Settings of ``fraud.rules.settings.BotAgent``, which edges don't load."""
_AGENT_CODES: Final = _PROGRAMS | {"empty_user_agent", "malformed_user_agent"}
JUDGED: Final[dict[str, Callable[[Visit, frozenset[str]], bool]]] = {
    "prefetch": _prefetch,
    "non_get_method": _non_get,
    **dict.fromkeys(sorted(_AGENT_CODES), _by_agent),
}
"""How each rule is judged; the codes are ``fraud.entries.AT_THE_EDGE``."""
