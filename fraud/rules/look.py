"""What rules look at: a batch of clicks, what is counted around them, lists, and what is usual.

Invariants: nothing here raises for any traffic; what several rules need is made once per batch; the rows of
impressions and self-tests are looked at for what the request shows, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud.counts.port import Counted
from fraud.findings import Finding
from fraud.lists import NOWHERE, Flags, Lists
from fraud.rules.book import Rulebook
from fraud.traffic import Traffic
from fraud.usual.clicks import UsualClicks

Found = Iterable[tuple[int, str]]
"""Row and facts of each event that a rule found something on."""
Findings = dict[int, tuple[Finding, ...]]
"""Findings by row; rows without any are absent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason and how to find the rows it applies to."""

    code: str
    find: Callable[[Look, Any], Found]
    """Takes the batch and the rule's own settings; returns each row at most once."""


@dataclass(frozen=True)
class Look:
    """One batch, looked at by the rules."""

    traffic: Traffic
    lists: Lists
    usual: UsualClicks
    counts: Counted | None = None
    """None while only the requests are looked at."""

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Partner and offer of each row."""
        return list(zip(self.traffic.partner_ids, self.traffic.offer_ids, strict=True))

    @cached_property
    def odd_agents(self) -> dict[str, list[int]]:
        """Rows by what their user agent gives away; ordinary ones are absent."""
        rows: dict[str, list[int]] = {}
        for row, agent in enumerate(self.traffic.agents):
            if agent.reason:
                rows.setdefault(agent.reason, []).append(row)
        return rows

    @cached_property
    def flags(self) -> Sequence[Flags]:
        """On which lists each address is; empty when there are no lists of addresses."""
        if not self.lists.has_addresses:
            return ()
        known = {ip: self.lists.flags(ip) for ip in dict.fromkeys(self.traffic.ips)}
        if all(flags is NOWHERE or flags == NOWHERE for flags in known.values()):
            return ()
        return [known[ip] for ip in self.traffic.ips]

    @cached_property
    def public(self) -> NDArray[np.bool_]:
        """Whether each address is a visitor's own: a private one is that of a proxy which hides many."""
        return ~np.asarray(self.traffic.is_private, np.bool_)

    def counted(self, name: str) -> NDArray[np.int32]:
        """Return a count of each row, 0 for all while nothing is counted."""
        if self.counts is None:
            return np.zeros(len(self.traffic), np.int32)
        return self.counts[name]


def examine(
    rules: Iterable[Rule], look: Look, book: Rulebook, failed: Callable[[str, Exception], None] | None = None
) -> Findings:
    """Return what the rules find, as the rulebook sets them for each event's partner and offer.

    Args:
        rules: Looked at in this order.
        look: The batch.
        book: How the rules are set.
        failed: Told the code of a rule that broke, which is left out then; None to let it break.

    """
    found: Findings = {}
    for rule in rules:
        try:
            rows = list(_found(rule, look, book))
        except Exception as why:
            if failed is None:
                raise
            failed(rule.code, why)
            continue
        for row, facts in rows:
            found[row] = (*found.get(row, ()), Finding(rule.code, facts))
    return found


def _found(rule: Rule, look: Look, book: Rulebook) -> Found:
    if book.is_everywhere_alike(rule.code):
        resolved = book.resolve(rule.code)
        return rule.find(look, resolved.settings) if resolved.enabled else ()
    places = look.places
    settings = {
        place: resolved.settings if (resolved := book.resolve(rule.code, *place)).enabled else None
        for place in dict.fromkeys(places)
    }
    return [
        (row, facts)
        for one in set(settings.values()) - {None}
        for row, facts in rule.find(look, one)
        if settings[places[row]] == one
    ]
