"""How many messages each receiver may have under way, so that a slow or dead one never delays the others.

Invariants: a receiver that answers quickly has up to eight under way, one that doesn't, or isn't known yet, two;
all receivers known not to answer quickly have together at most half of the connections, with those not yet known
three quarters, so the rest is always there for those that do answer; who has the fewest under way is served
first. A receiver that gave no answer three times running rests for a while, at most a minute, instead of having
its whole backlog tried in vain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

MOST_QUICK = 8
MOST_OTHERS = 2
QUICK_SECONDS = 2.0
"""An answer within this, whatever it says, shows that more can be sent at once."""
SILENCES_BEFORE_REST = 3
LONGEST_REST_SECONDS = 60.0
_DOUBLINGS = 10
FORGOTTEN_SECONDS = 3_600.0
"""After this without a message a receiver is as good as new."""

Pace: TypeAlias = Literal["quick", "unknown", "slow"]
_PARTS: dict[Pace, tuple[Pace, ...]] = {
    "quick": ("quick",),
    "unknown": ("quick", "unknown"),
    "slow": ("quick", "unknown", "slow"),
}
"""Whose parts of the connections a receiver's messages count against."""


@dataclass(slots=True)
class _Receiver:
    pace: Pace = "unknown"
    under_way: int = 0
    silences: int = 0
    rests_until: float = 0.0
    seen: float = 0.0


class Receivers:
    """What is known of each receiver. Moments are seconds of one clock."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._known: dict[str, _Receiver] = {}

    def began(self, host: str, now: float) -> None:
        """Note that a message is under way."""
        receiver = self._known.setdefault(host, _Receiver())
        receiver.under_way += 1
        receiver.seen = now

    def ended(self, host: str, seconds: float, now: float, *, answered: bool) -> None:
        """Note what a try told of its receiver.

        Args:
            host: The receiver.
            seconds: How long the try took.
            now: The moment.
            answered: Whether there was an answer, of any status.

        """
        receiver = self._known[host]
        receiver.under_way -= 1
        receiver.pace = "quick" if answered and seconds <= QUICK_SECONDS else "slow"
        receiver.silences = 0 if answered else receiver.silences + 1
        if receiver.silences >= SILENCES_BEFORE_REST:
            doublings = min(receiver.silences - SILENCES_BEFORE_REST, _DOUBLINGS)
            receiver.rests_until = now + min(2.0**doublings, LONGEST_REST_SECONDS)
        else:
            receiver.rests_until = 0.0

    def shares(self, due: Mapping[str, float], now: float) -> dict[str, int]:
        """Return how many more messages may be begun, by receiver.

        Args:
            due: Receivers with a message that is due, and since when.
            now: The moment.

        """
        free = {
            "quick": self._connections - self._all_under_way("quick", "unknown", "slow"),
            "unknown": self._connections * 3 // 4 - self._all_under_way("unknown", "slow"),
            "slow": self._connections // 2 - self._all_under_way("slow"),
        }
        wanted: dict[str, int] = {}
        turns = sorted(due, key=lambda host: (self._under_way(host), due[host]))
        waiting = [host for host in turns if self._room(host, now) > 0]
        while waiting:
            again = []
            for host in waiting:
                # What a slow one takes is also taken from the unknown ones' part, and from the whole.
                parts = _PARTS[self._pace(host)]
                if min(free[part] for part in parts) <= 0:
                    continue
                for part in parts:
                    free[part] -= 1
                wanted[host] = wanted.get(host, 0) + 1
                if wanted[host] < self._room(host, now):
                    again.append(host)
            waiting = again
        return wanted

    def wakes_at(self, host: str) -> float:
        """Return when a receiver's rest ends; a moment in the past when it doesn't rest."""
        known = self._known.get(host)
        return known.rests_until if known else 0.0

    def forget(self, now: float) -> None:
        """Forget receivers that had no message for long."""
        for host, receiver in list(self._known.items()):
            if receiver.under_way == 0 and now - receiver.seen > FORGOTTEN_SECONDS:
                del self._known[host]

    def _room(self, host: str, now: float) -> int:
        known = self._known.get(host)
        if known is None:
            return MOST_OTHERS
        if known.rests_until > now:
            return 0
        # After a rest one message finds out whether it is there again.
        most = (
            MOST_QUICK if known.pace == "quick" else 1 if known.silences >= SILENCES_BEFORE_REST else MOST_OTHERS
        )
        return most - known.under_way

    def _all_under_way(self, *paces: str) -> int:
        return sum(r.under_way for r in self._known.values() if r.pace in paces)

    def _under_way(self, host: str) -> int:
        known = self._known.get(host)
        return known.under_way if known else 0

    def _pace(self, host: str) -> Pace:
        known = self._known.get(host)
        return known.pace if known else "unknown"
