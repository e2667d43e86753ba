"""What is counted around each click, and what a counter promises.

A count is the number of clicks with the same key in the trailing window that ends with the click, itself included:
never more than there were, and short by at most one step of the window (a second in a minute, a minute in an
hour). Impressions and self-tests are not counted, and have counts of 0.

Invariants, which the conformance suite runs against every form:

- nothing that a click says raises; events out of order are counted in their own time, and see no later ones;
- how clicks are cut into batches changes no count, as long as they come in the order of time;
- a batch that is asked for again under the same name is not counted again;
- memory is bounded: beyond that the oldest counts are forgotten first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fraud.traffic import Traffic

Whole: TypeAlias = NDArray[np.int32]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Count:
    """One thing that is counted."""

    name: str
    facts: tuple[str, ...]
    """Facts of ``Traffic`` that make up the key."""
    window_ms: int
    help: str
    distinct: str = ""
    """A fact whose different values are counted instead of clicks; '' for clicks."""

    @property
    def step_ms(self) -> int:
        """How finely the window slides."""
        return self.window_ms // 60


COUNTS: Final = (
    Count("address_minute", ("ips",), MINUTE_MS, "clicks of the address in a minute"),
    Count("address_hour", ("ips",), HOUR_MS, "clicks of the address in an hour"),
    Count("prefix_minute", ("prefixes",), MINUTE_MS, "clicks of the network in a minute"),
    Count(
        "agent_minute", ("user_agents", "partner_ids"), MINUTE_MS, "partner's clicks with the user agent, minute"
    ),
    Count(
        "identical_minute",
        ("user_agents", "countries", "ips", "referrer_hosts"),
        MINUTE_MS,
        "clicks of the same user agent, country, address and referring site in a minute",
    ),
    Count("partner_minute", ("partner_ids",), MINUTE_MS, "partner's clicks in a minute"),
    Count("partner_hour", ("partner_ids",), HOUR_MS, "partner's clicks in an hour"),
    Count("source_minute", ("partner_ids", "sources"), MINUTE_MS, "clicks of the partner's source in a minute"),
    Count(
        "labels_hour",
        ("ips", "user_agents", "partner_ids"),
        HOUR_MS,
        "different sub1 of the address and user agent at the partner in an hour",
        distinct="sub1s",
    ),
)

COUNT_NAMES: Final = tuple(count.name for count in COUNTS)


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a batch: an array per name, each as long as the batch."""

    values: Mapping[str, Whole]

    def __getitem__(self, name: str) -> Whole:
        """Return one count of every click."""
        return self.values[name]

    def __len__(self) -> int:
        """Return how many clicks there are."""
        return len(next(iter(self.values.values())))

    @classmethod
    def nothing(cls, length: int) -> Counted:
        """Return counts as of clicks that come alone: what is known when counting fails."""
        ones = np.ones(length, np.int32)
        return cls(dict.fromkeys(COUNT_NAMES, ones))


class Counts(Protocol):
    """Counts clicks around each click."""

    def count(self, traffic: Traffic, name: str = "") -> Counted:
        """Count a batch and return every click's counts.

        Args:
            traffic: The clicks, in the order they came in.
            name: The batch's own, the same whenever it is tried again; '' to count it in any case.

        """
        ...
