"""What the clients sent and what was acknowledged: the truth the stored rows are held against.

Nothing here uses the product's code: what a conversion must look like is folded by rules written down a
second time, so that a mistake in the product's own can't excuse itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class Click:
    """A click that was sent; its mark is its sub1."""

    cost: Decimal
    click_id: str = ""
    """Empty until the answer arrived."""


@dataclass(slots=True)
class Postback:
    """A postback that was sent."""

    amount: Decimal | None
    status: str | None
    acknowledged: bool = False


State = tuple[Decimal, str] | None
"""Amount and status of a conversion; None: there is none."""


@dataclass(slots=True)
class Conversion:
    """All postbacks sent for one click and transaction, in the order they were sent, one after the other."""

    click_id: str
    txn_id: str
    usual_status: str
    """What the offer gives to a postback that names no status."""
    postbacks: list[Postback] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """Whether at least one postback was answered with 200."""
        return any(p.acknowledged for p in self.postbacks)

    @property
    def settled(self) -> bool:
        """Whether the last postback was answered; until then only the same one may be sent again."""
        return self.postbacks[-1].acknowledged

    @property
    def final(self) -> bool:
        """Whether nothing may follow."""
        return self.postbacks[-1].status == "rejected"

    def possible(self) -> set[State]:
        """Return every state the conversion may end in: what was not answered may have arrived or not."""
        states: set[State] = {None}
        for postback in self.postbacks:
            after = {self._after(state, postback) for state in states}
            states = after if postback.acknowledged else states | after
        return states

    def _after(self, state: State, postback: Postback) -> State:
        if state is None:
            return postback.amount or Decimal(0), postback.status or self.usual_status
        amount, status = state
        if status == "rejected":
            return state
        return amount if postback.amount is None else postback.amount, postback.status or status


@dataclass(slots=True)
class Sent:
    """Everything sent in one run."""

    clicks: dict[str, Click] = field(default_factory=dict)
    """By mark."""
    conversions: dict[tuple[str, str], Conversion] = field(default_factory=dict)
    """By click id and transaction id."""
    refusals: dict[str, bool] = field(default_factory=dict)
    """Bad postbacks by mark; True once answered with 4xx."""
    strange: list[str] = field(default_factory=list)
    """Answers nobody should ever get."""
    unanswered: int = 0
    not_stored: int = 0
    """Answers 503: the service said itself that it did not keep the event."""
