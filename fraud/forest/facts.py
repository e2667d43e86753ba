"""A batch of traffic as arrays: what features are computed from, and what training keeps of each click.

Invariants: a row's facts depend on the click and its counts alone, whatever else is in the batch; no text raises;
nothing here depends on what a model has learnt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fraud.counts import Counted
from fraud.forest.vocabulary import Keys, Numbers, Vocabulary, keys_of_numbers, mixed
from fraud.traffic import Traffic

HOUR_MS: Final = 3_600_000

_MOST_MAJOR: Final = 9_999
"""Higher first parts of a version are builds or nonsense."""
_MAJOR = re.compile(r"\d{1,9}", re.ASCII)
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Facts:
    """Arrays of one length; keys stand for texts and ids."""

    hours: npt.NDArray[np.int64]
    """Hours since 1970."""
    partners: Keys
    agents: Keys
    countries: Keys
    systems: Keys
    """Device type, operating system and browser together."""
    languages: Keys
    referrers: Keys
    sources: Keys
    networks: Keys
    """Autonomous systems."""
    browsers: Keys
    majors: Numbers
    """First part of the browser's version, -1 when unknown."""
    agent_length: Numbers
    """Characters of the user agent."""
    agent_digits: Numbers
    """Share of them that are digits."""
    is_in_app: npt.NDArray[np.bool_]
    is_datacenter: npt.NDArray[np.bool_]
    is_proxy: npt.NDArray[np.bool_]
    address_minute: npt.NDArray[np.int32]
    address_hour: npt.NDArray[np.int32]
    prefix_minute: npt.NDArray[np.int32]
    agent_minute: npt.NDArray[np.int32]
    identical_minute: npt.NDArray[np.int32]
    partner_minute: npt.NDArray[np.int32]
    source_minute: npt.NDArray[np.int32]

    def __len__(self) -> int:
        """Return how many clicks there are."""
        return len(self.hours)

    def take(self, rows: npt.NDArray[Any]) -> Facts:
        """Return the facts of some rows, by number or mask."""
        return Facts(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Facts]) -> Facts:
        """Return the rows of all parts, in order; there is at least one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class FactReader:
    """Reads facts off traffic; remembers texts across batches. Safe for several threads, one at a time."""

    def __init__(self) -> None:
        """Begin with no text remembered."""
        self._turn = Lock()
        self._lengths = Vocabulary(len)
        self._digits = Vocabulary(_share_of_digits)
        self._majors = Vocabulary(_major)
        self._texts = {
            name: Vocabulary()
            for name in (
                *("device_types", "oses", "browsers", "languages", "countries"),
                *("referrer_hosts", "sources"),
            )
        }

    def read(self, traffic: Traffic, counted: Counted) -> Facts:
        """Return the facts of a batch and its counts."""
        with self._turn:
            return self._read(traffic, counted)

    def _read(self, traffic: Traffic, counted: Counted) -> Facts:
        count = len(traffic)
        text = {name: known.look_up(getattr(traffic, name), count)[0] for name, known in self._texts.items()}
        agents, lengths = self._lengths.look_up(traffic.user_agents, count)
        _, digits = self._digits.look_up(traffic.user_agents, count)
        _, majors = self._majors.look_up(traffic.browser_versions, count)
        return Facts(
            hours=np.fromiter(traffic.ts, np.int64, count) // HOUR_MS,
            partners=keys_of_numbers(traffic.partner_ids, count),
            agents=agents,
            countries=text["countries"],
            systems=mixed(mixed(text["device_types"], text["oses"]), text["browsers"]),
            languages=text["languages"],
            referrers=text["referrer_hosts"],
            sources=text["sources"],
            networks=keys_of_numbers(traffic.asns, count),
            browsers=text["browsers"],
            majors=majors,
            agent_length=lengths,
            agent_digits=digits,
            is_in_app=np.fromiter(traffic.is_in_app, np.bool_, count),
            is_datacenter=np.fromiter(traffic.is_datacenter, np.bool_, count),
            is_proxy=np.fromiter(traffic.is_proxy, np.bool_, count),
            address_minute=_count(counted["address_minute"]),
            address_hour=_count(counted["address_hour"]),
            prefix_minute=_count(counted["prefix_minute"]),
            agent_minute=_count(counted["agent_minute"]),
            identical_minute=_count(counted["identical_minute"]),
            partner_minute=_count(counted["partner_minute"]),
            source_minute=_count(counted["source_minute"]),
        )


def _count(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return counts of at least one: impressions aren't counted, and are scored like a click that comes alone."""
    return np.maximum(counts, 1)


def _share_of_digits(text: str) -> float:
    return len(_DIGIT.findall(text)) / max(1, len(text))


def _major(version: str) -> float:
    """Return the first number of a version, -1 when there is none that a browser could have."""
    match = _MAJOR.match(version)
    number = int(match[0]) if match else -1
    return float(number) if number <= _MOST_MAJOR else -1.0
