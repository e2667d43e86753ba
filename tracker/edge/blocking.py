"""Blocked sources: whether the blocklist turns a visit away.

Invariants: a kind that has no entries is neither asked nor found out, so that nobody's place is looked up for a
list of referrers; an entry for one offer or partner, or one that has expired, blocks nothing else (see
``tracker.edge.blocklist``). What isn't known about a visitor is never blocked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from tracker.edge.blocklist import Blocklist
from tracker.edge.facts import VisitorFacts
from tracker.edge.visit import Visit

PLACE_KINDS: Final = frozenset({"country", "asn"})
"""Kinds for which a visitor's place is looked up."""

Ask: TypeAlias = Callable[[Visit, Mapping[str, str], VisitorFacts], tuple[str, ...]]
"""A visit's values of one kind, given its link's parameters."""


def is_blocked(
    blocks: Blocklist,
    visit: Visit,
    parameters: Mapping[str, str],
    facts: VisitorFacts,
    offer_id: int,
    partner_id: int,
) -> bool:
    """Return whether an entry turns this visit away from this offer."""
    present = blocks.kinds
    if "partner" in present and blocks.hit("partner", str(partner_id), offer_id, partner_id, visit.ts):
        return True
    for kind, values_of in _VALUES.items():
        if kind in present and any(
            blocks.hit(kind, value, offer_id, partner_id, visit.ts)
            for value in values_of(visit, parameters, facts)
        ):
            return True
    return False


def referrer_host(referrer: str) -> str:
    """Return the host of a Referer header, '' when it names none; no text raises."""
    _, found, rest = referrer.partition("://")
    if not found:
        return ""
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].rstrip(".")


def _asn(visit: Visit, _parameters: Mapping[str, str], facts: VisitorFacts) -> tuple[str, ...]:
    number = facts.place(visit.ip).asn
    return (str(number),) if number else ()


_VALUES: Final[dict[str, Ask]] = {
    "network": lambda visit, _parameters, _facts: (visit.ip,),
    "user_agent": lambda visit, _parameters, _facts: (visit.user_agent,),
    "referrer_host": lambda visit, _parameters, _facts: (referrer_host(visit.referrer),),
    "source": lambda _visit, parameters, _facts: (parameters.get("source", ""),),
    "sub1": lambda _visit, parameters, _facts: (parameters.get("sub1", ""),),
    "device_id": lambda _visit, parameters, _facts: (parameters.get("idfa", ""), parameters.get("gaid", "")),
    "country": lambda visit, _parameters, facts: (facts.place(visit.ip).country,),
    "asn": _asn,
}
"""How each kind is found out, the cheap ones first."""
