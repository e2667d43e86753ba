"""What training learns of how often things are: per network, within a partner, for a country.

Invariants: a value never seen is as likely as smoothing says, never impossible, so nothing is extreme merely
because the window was short; what little is known of a partner is drawn towards the network. In training each
click is left out of its own counts (``own=1``): otherwise no click there would ever be new, and every new one
later an outlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fraud.forest.facts import Facts
from fraud.forest.vocabulary import Keys, Numbers, mixed

NETWORK_COLUMNS: Final = ("agents", "countries", "systems", "languages", "referrers", "networks")
"""Facts whose frequency in the whole network is learnt."""
PARTNER_COLUMNS: Final = ("agents", "countries", "languages", "referrers", "sources")
"""Facts whose frequency within each partner is learnt."""

MOST_VALUES: Final = 200_000
"""Values kept per table, the most frequent; what is dropped was seen once or twice among a million clicks."""

UNSEEN_CLICKS: Final = 2.0
"""Clicks added to each value's own: a value never seen is then only 1.5 times rarer than one seen once."""
PRIOR_CLICKS: Final = 50.0
"""Weight of the network's frequency within a partner: a partner with 50 clicks is half known by its own."""
PRIOR_SHARE: Final = 1 / PRIOR_CLICKS
"""Share of a new source among its partner's clicks before anything is known: sources have no network's
frequency.
"""
NEW_BROWSER_SHARE: Final = 0.01
"""Share of a browser's clicks that must have a version before it counts as out: invented versions are rarer."""

Stored: TypeAlias = dict[str, npt.NDArray[np.generic]]


class Keyed:
    """Numbers by key: an open hash table over arrays, since a binary search misses the cache at every step."""

    def __init__(self, keys: Keys, values: Numbers) -> None:
        """Index distinct keys with their values."""
        self.keys, self.values = keys, values
        slots = 1 << max(4, int(4 * len(keys)).bit_length())
        self._mask = np.uint64(slots - 1)
        self._slots = np.full(slots, -1, np.int32)
        # What isn't found has place -1: the entry after the last.
        self._probed = np.append(keys, np.uint64(0))
        self._found = np.append(values, 0.0)
        waiting = np.arange(len(keys), dtype=np.int32)
        places = (keys & self._mask).astype(np.int64)
        while len(waiting):
            free = self._slots[places] < 0
            self._slots[places[free]] = waiting[free]
            lost = self._slots[places] != waiting
            waiting, places = waiting[lost], (places[lost] + 1) & (slots - 1)

    def find(self, keys: Keys) -> Numbers:
        """Return the value of each key, 0 for unknown ones."""
        places = (keys & self._mask).astype(np.int64)
        entries = self._slots[places]
        astray = np.flatnonzero((entries >= 0) & (self._probed[entries] != keys))
        while len(astray):
            places[astray] = (places[astray] + 1) & int(self._mask)
            entries[astray] = self._slots[places[astray]]
            wrong = (entries[astray] >= 0) & (self._probed[entries[astray]] != keys[astray])
            astray = astray[wrong]
        return self._found[entries]


def counted_keys(keys: Keys, most: int = MOST_VALUES) -> Keyed:
    """Count keys; the most frequent are kept."""
    distinct, counts = np.unique(keys, return_counts=True)
    if len(distinct) > most:
        kept = np.sort(np.argsort(-counts, kind="stable")[:most])
        distinct, counts = distinct[kept], counts[kept]
    return Keyed(distinct, counts.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything learnt of frequencies."""

    clicks: float
    """Clicks learnt from."""
    network: dict[str, Keyed]
    partner: dict[str, Keyed]
    """By partner and value."""
    partner_clicks: Keyed
    country_languages: Keyed
    """By country and language."""
    country_hours: Keyed
    """By country and hour of the day: bits of information that hour is worth."""
    hours: Numbers
    """The same of all countries together, for those never seen: 24 numbers."""
    paces: Keyed
    """Mean log2 of the partner's clicks in a minute, plus one."""
    pace: float
    """That of a partner never seen."""
    newest: Keyed
    """Newest version of each browser, plus one."""

    @classmethod
    def learnt(cls, facts: Facts) -> Tables:
        """Learn from a window of clicks, at least one."""
        hours_of_day = facts.hours % 24
        covered = np.bincount(np.unique(facts.hours) % 24, minlength=24).astype(np.float64)
        everywhere = np.zeros(len(facts), np.uint64)
        hours = _hour_bits(everywhere, hours_of_day, covered)[1][0]
        paces, pace = _paces(facts)
        return cls(
            clicks=float(len(facts)),
            network={name: counted_keys(getattr(facts, name)) for name in NETWORK_COLUMNS},
            partner={name: counted_keys(mixed(facts.partners, getattr(facts, name))) for name in PARTNER_COLUMNS},
            partner_clicks=counted_keys(facts.partners),
            country_languages=counted_keys(mixed(facts.countries, facts.languages)),
            country_hours=_hours_by_country(facts, hours_of_day, covered, hours),
            hours=hours,
            paces=paces,
            pace=pace,
            newest=_newest(facts),
        )

    def network_share(self, name: str, keys: Keys, own: float = 0.0) -> Numbers:
        """Return the smoothed share of the network's clicks that have each value."""
        table = self.network[name]
        seen = np.maximum(table.find(keys) - own, 0.0)
        return (seen + UNSEEN_CLICKS) / (self.clicks + UNSEEN_CLICKS * (len(table.keys) + 1))

    def partner_share(self, name: str, partners: Keys, keys: Keys, own: float = 0.0) -> Numbers:
        """Return the share of the partner's clicks that have each value, drawn towards the network's."""
        prior = self.network_share(name, keys, own) if name in self.network else np.full(len(keys), PRIOR_SHARE)
        seen = np.maximum(self.partner[name].find(mixed(partners, keys)) - own, 0.0)
        clicks = np.maximum(self.partner_clicks.find(partners) - own, 0.0)
        return (seen + PRIOR_CLICKS * prior) / (clicks + PRIOR_CLICKS)

    def language_share(self, countries: Keys, languages: Keys, own: float = 0.0) -> Numbers:
        """Return the share of the country's clicks that ask for each language, drawn towards the network's."""
        prior = self.network_share("languages", languages, own)
        seen = np.maximum(self.country_languages.find(mixed(countries, languages)) - own, 0.0)
        clicks = np.maximum(self.network["countries"].find(countries) - own, 0.0)
        return (seen + PRIOR_CLICKS * prior) / (clicks + PRIOR_CLICKS)

    def hour_bits(self, countries: Keys, hours: npt.NDArray[np.int64]) -> Numbers:
        """Return how many bits below the country's mean hour each click's hour of the day is."""
        of_day = hours % 24
        found = self.country_hours.find(mixed(countries, of_day.astype(np.uint64)))
        known = self.country_hours.find(mixed(countries, np.full(len(countries), 24, np.uint64)))
        return np.where(known > 0, found, self.hours[of_day])

    def usual_pace(self, partners: Keys) -> Numbers:
        """Return the usual log2 of the partner's clicks in a minute."""
        found = self.paces.find(partners)
        return np.where(found > 0, found - 1, self.pace)

    def releases_behind(self, browsers: Keys, majors: Numbers) -> Numbers:
        """Return how many releases each browser is behind its newest, negative ahead, 0 when unknown."""
        newest = self.newest.find(browsers)
        return np.where((newest > 0) & (majors >= 0), newest - 1 - majors, 0.0)

    def stored(self) -> Stored:
        """Return everything as arrays by name."""
        arrays: Stored = {"clicks": np.array([self.clicks]), "hours": self.hours, "pace": np.array([self.pace])}
        for name, table in self._keyed().items():
            arrays[f"{name}.keys"], arrays[f"{name}.values"] = table.keys, table.values
        return arrays

    def _keyed(self) -> dict[str, Keyed]:
        return {
            **{f"network.{name}": table for name, table in self.network.items()},
            **{f"partner.{name}": table for name, table in self.partner.items()},
            **{name: getattr(self, name) for name in _SINGLE},
        }

    @classmethod
    def read(cls, stored: Stored) -> Tables:
        """Return what ``stored`` wrote.

        Raises:
            KeyError, TypeError, ValueError: it isn't that.

        """

        def keyed(name: str) -> Keyed:
            keys, values = stored[f"{name}.keys"], stored[f"{name}.values"]
            if keys.dtype != np.uint64 or keys.shape != values.shape or keys.ndim != 1:
                raise ValueError(f"the table {name} isn't one")
            return Keyed(keys.astype(np.uint64), values.astype(np.float64))

        hours = stored["hours"].astype(np.float64)
        if hours.shape != (24,):
            raise ValueError("the hours aren't 24")
        return cls(
            clicks=float(stored["clicks"][0]),
            network={name: keyed(f"network.{name}") for name in NETWORK_COLUMNS},
            partner={name: keyed(f"partner.{name}") for name in PARTNER_COLUMNS},
            partner_clicks=keyed("partner_clicks"),
            country_languages=keyed("country_languages"),
            country_hours=keyed("country_hours"),
            hours=hours,
            paces=keyed("paces"),
            pace=float(stored["pace"][0]),
            newest=keyed("newest"),
        )


_SINGLE: Final = ("partner_clicks", "country_languages", "country_hours", "paces", "newest")


def _hour_bits(
    groups: Keys, hours_of_day: npt.NDArray[np.int64], covered: Numbers
) -> tuple[Keys, npt.NDArray[np.float64]]:
    """Return for each group how many bits rarer than its mean each hour of the day is: groups x 24.

    Clicks are divided by how often the window met the hour; hours it never met count as the mean, since nothing
    is known of them. Neighbouring hours share their clicks (1/4, 1/2, 1/4), around midnight too.
    """
    names, inverse = np.unique(groups, return_inverse=True)
    clicks = np.bincount(inverse * 24 + hours_of_day, minlength=24 * len(names)).reshape(len(names), 24)
    met = covered > 0
    rates = np.where(met, clicks / np.maximum(covered, 1), 0.0)
    mean = rates[:, met].mean(axis=1, keepdims=True)
    rates = np.where(met, rates, mean)
    smooth = rates / 2 + np.roll(rates, 1, axis=1) / 4 + np.roll(rates, -1, axis=1) / 4
    # A country's hour needs some clicks to differ from the mean.
    weight = PRIOR_CLICKS / np.maximum(clicks.sum(axis=1, keepdims=True), 1)
    relative = (smooth / np.maximum(mean, 1e-12) + weight) / (1 + weight)
    return names, -np.log2(np.maximum(relative, 1e-3))


def _hours_by_country(
    facts: Facts, hours_of_day: npt.NDArray[np.int64], covered: Numbers, hours: Numbers
) -> Keyed:
    countries, bits = _hour_bits(facts.countries, hours_of_day, covered)
    hour_numbers = np.arange(25, dtype=np.uint64)
    keys = mixed(np.repeat(countries, 25), np.tile(hour_numbers, len(countries)))
    # The entry of hour 24 says that the country is known.
    values = np.concatenate([bits, np.ones((len(countries), 1))], axis=1).ravel()
    return Keyed(keys, values) if len(keys) else Keyed(np.empty(0, np.uint64), hours[:0])


def _paces(facts: Facts) -> tuple[Keyed, float]:
    """Return each partner's mean log2 of clicks in a minute, plus one, drawn towards that of all partners."""
    logs = np.log2(facts.partner_minute.astype(np.float64))
    partners, inverse, clicks = np.unique(facts.partners, return_inverse=True, return_counts=True)
    sums = np.bincount(inverse, weights=logs)
    typical = float(np.median(sums / clicks))
    paces = (sums + PRIOR_CLICKS * typical) / (clicks + PRIOR_CLICKS)
    return Keyed(partners, paces + 1), typical


def _newest(facts: Facts) -> Keyed:
    """Return the newest version of each browser that a hundredth of its clicks have or exceed, plus one."""
    known = facts.majors >= 0
    browsers, majors = facts.browsers[known], facts.majors[known]
    order = np.lexsort((majors, browsers))
    browsers, majors = browsers[order], majors[order]
    names, first, clicks = np.unique(browsers, return_index=True, return_counts=True)
    newest = first + ((clicks - 1) * (1 - NEW_BROWSER_SHARE)).astype(np.int64)
    return Keyed(names, majors[newest] + 1)
