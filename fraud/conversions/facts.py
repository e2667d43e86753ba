"""What the rules know of a conversion, apart from what is usual.

Invariants: ``Conversion`` holds its own facts and its click's, ``Shared`` what it has in common with others.
Without a click its facts are '' and 0, and a rule that needs them finds nothing. Self-tests and adjustments are
never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

GoalKind: TypeAlias = Literal["install", "lead", "sale", "action"]
"""What has to be done for a conversion: install an app, fill a form in, pay, or anything else."""


class Conversion(NamedTuple):
    """Facts of one conversion."""

    key: str
    """Its conversion id."""
    ts: int
    """When it was first received, milliseconds since 1970."""
    partner_id: int
    offer_id: int
    advertiser_id: int
    goal: str
    kind: GoalKind = "action"
    attribution: str = "click"
    """click, view or coupon."""
    is_live: bool = True
    """Reported as it happened: not by a file and not by hand."""
    is_stored: bool = False
    """Counted by the store already: a later postback changes it."""
    click_id: str = ""
    click_ms: int = 0
    txn_id: str = ""
    customer_id: str = ""
    coupon: str = ""
    """As the program writes it."""
    coupon_partner_id: int = 0
    """Whose coupon it is on the offer, 0 for nobody's."""
    path_partner_id: int = 0
    """Whose link the visitor clicked last, where a coupon gave the sale to a partner; 0 when nobody knows."""
    amount: float = 0.0
    """Sale amount; as a float, because rules look at its size and nobody is paid by it."""
    currency: str = ""
    ip: str = ""
    """The click's address."""
    country: str = ""
    """The click's country."""
    conversion_ip: str = ""
    """The customer's address as the advertiser gave it."""
    prefix: str = ""
    """Network of the click's address: /24 of IPv4, /48 of IPv6."""
    conversion_prefix: str = ""
    conversion_country: str = ""
    """Country of the customer's address, '' when unknown."""

    @property
    def ctit_ms(self) -> int:
        """Milliseconds from its click."""
        return self.ts - self.click_ms

    @property
    def source(self) -> str:
        """What tells two conversions of one event from two reports of it: the click, without one the partner."""
        return self.click_id or f"partner {self.partner_id}"


class Shared(NamedTuple):
    """What a conversion shares with others: those stored in the last ``DAYS`` days and those of its batch."""

    of_click: int = 1
    """Conversions of its click on its goal so far, itself included."""
    in_second: int = 1
    """Conversions of its partner on its offer in the same second, itself included."""
    txn_on_offer: int = 0
    """Other clicks that had its transaction id on its offer before."""
    txn_at_advertiser: int = 0
    """The same over all offers of its advertiser."""
    customer: int = 0
    """Other clicks by which its customer reached its goal before; ``MOST_SOURCES`` at most."""
    coupon_today: int = 1
    """Sales that its coupon gave its partner that UTC day so far, itself included."""


ALONE = Shared()

DAYS = 60
"""How old the click of a conversion may be that something is shared with."""
MOST_SOURCES = 50
"""Clicks that are told apart for one customer or transaction."""

Batch: TypeAlias = Sequence[Conversion]
