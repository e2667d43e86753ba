"""Which money a role doesn't see, by column of the event tables: what others agreed on through the network.

A partner sees what it earns and not what the advertiser pays; an advertiser sees what it pays and not what the
partner earns or spent on its traffic; whoever works for the network sees all. Reports, exports, conversions and
what hooks send follow this one table. Invariant: a role that isn't named here is one of the network's.
"""

from __future__ import annotations

from typing import Final

HIDDEN_MONEY: Final[dict[str, frozenset[str]]] = {
    "partner": frozenset({"revenue"}),
    "advertiser": frozenset({"payout", "cost", "cost_currency"}),
}


def hidden_money(role: str) -> frozenset[str]:
    """Return the columns of money that a role doesn't see."""
    return HIDDEN_MONEY.get(role, frozenset())
