"""The model's features: what each measures, why it is there, and how a person reads its value.

Invariants: the list is closed and ordered, and stored with each model, which is refused when it was trained on
another one; every feature of every traffic is a finite number; none names a partner: what depends on a partner's
size or habits is measured against that partner's own past. Counts enter as logarithms, since the step from 1 to
2 clicks a minute says as much as the one from 100 to 200; shares as bits of information, ``-log2(share)``.

Left out on purpose: the time since the address's previous click (its clicks in a minute and in an hour say the
same without another shared memory), the referrer's frequency in the network and the absolute number of a
partner's clicks (both name partners), the time zone (it comes from the same database as the country), and what
isn't stored, such as client hints, because training could not learn it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fraud.forest.facts import Facts
from fraud.forest.tables import Tables
from fraud.forest.vocabulary import Numbers

Matrix: TypeAlias = npt.NDArray[np.float32]
"""Clicks x features, in the order of ``FEATURES``."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the matrix."""

    name: str
    """Stored in rows for years: never renamed or reused."""
    label: str
    """What it is, for a partner manager; its value follows after a colon."""
    why: str
    """Why it tells fraud from ordinary traffic."""
    compute: Callable[[Facts, Tables, float], Numbers]
    """From facts, tables and the clicks to leave out of each one's own counts (1 in training, else 0)."""
    read: Callable[[float], str]
    """Write a value for a person."""
    two_sided: bool = False
    """Whether too little of it is as odd as too much."""

    def told(self, value: float, usual: float) -> str:
        """Return the value beside the usual one: "clicks from this address in a minute: 214, usual 1"."""
        return f"{self.label}: {self.read(value)}, usual {self.read(usual)}"


def _log(counts: npt.NDArray[np.int32]) -> Numbers:
    return np.log2(counts.astype(np.float64))


def _bits(shares: Numbers) -> Numbers:
    return -np.log2(shares)


def _surge(facts: Facts, clicks: npt.NDArray[np.int32], shares: Numbers) -> Numbers:
    """Return how many times (log2) more clicks than their share of the partner's other clicks of the minute."""
    return np.log2(clicks / (1 + np.maximum(facts.partner_minute - 1, 0) * shares))


def _count(value: float) -> str:
    return f"{2**value:,.0f}"


def _rarity(value: float) -> str:
    return f"1 in {max(1.0, 2**value):,.0f}" if value >= 1 else f"{100 * 2**-value:.0f} %"


def _times(value: float) -> str:
    return f"{2**value:,.1f} times its share"


def _paced(value: float) -> str:
    return f"{2**value:,.1f} times the partner's own"


def _hour(value: float) -> str:
    return f"{100 * 2**-value:,.0f} % of its mean hour"


def _behind(value: float) -> str:
    releases = round(value)
    return f"{abs(releases):,} {'behind' if releases >= 0 else 'ahead'}"


def _characters(value: float) -> str:
    return f"{2**value - 1:,.0f}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _yes(value: float) -> str:
    return "yes" if value >= 0.5 else "no"


def _network(column: str) -> Callable[[Facts, Tables, float], Numbers]:
    return lambda facts, tables, own: _bits(tables.network_share(column, getattr(facts, column), own))


def _partner(column: str) -> Callable[[Facts, Tables, float], Numbers]:
    return lambda facts, tables, own: _bits(
        tables.partner_share(column, facts.partners, getattr(facts, column), own)
    )


FEATURES: Final[tuple[Feature, ...]] = (
    Feature(
        "address_minute",
        "clicks from this address in a minute",
        "A person clicks once or twice; a script as often as it can.",
        lambda facts, _tables, _own: _log(facts.address_minute),
        _count,
    ),
    Feature(
        "address_hour",
        "clicks from this address in an hour",
        "A script that keeps below the limit of a minute does not keep below that of an hour.",
        lambda facts, _tables, _own: _log(facts.address_hour),
        _count,
    ),
    Feature(
        "prefix_minute",
        "clicks from this network (/24 or /48) in a minute",
        "A farm changes addresses within the range it rents.",
        lambda facts, _tables, _own: _log(facts.prefix_minute),
        _count,
    ),
    Feature(
        "identical_minute",
        "clicks alike in agent, country, address and referrer in a minute",
        "The strongest sign of repetition in the labelled data of FDMA 2012.",
        lambda facts, _tables, _own: _log(facts.identical_minute),
        _count,
    ),
    Feature(
        "agent_surge",
        "clicks of this user agent at this partner in a minute",
        "One agent far above its share of the partner's clicks is one machine behind many addresses.",
        lambda facts, tables, own: _surge(
            facts, facts.agent_minute, tables.partner_share("agents", facts.partners, facts.agents, own)
        ),
        _times,
    ),
    Feature(
        "source_surge",
        "clicks of this source in a minute",
        "Bought bursts come through one source of a partner.",
        lambda facts, tables, own: _surge(
            facts, facts.source_minute, tables.partner_share("sources", facts.partners, facts.sources, own)
        ),
        _times,
    ),
    Feature(
        "partner_surge",
        "clicks of this partner in a minute",
        "Incentivised and made traffic comes in bursts; measured against the partner's own minute.",
        lambda facts, tables, _own: _log(facts.partner_minute) - tables.usual_pace(facts.partners),
        _paced,
    ),
    Feature(
        "agent_rarity",
        "clicks of the network with this user agent",
        "Invented and outdated user agents are those that nobody else has.",
        _network("agents"),
        _rarity,
    ),
    Feature(
        "system_rarity",
        "clicks of the network with this device, system and browser",
        "Combinations that hardly exist are made up.",
        _network("systems"),
        _rarity,
    ),
    Feature(
        "country_rarity",
        "clicks of the network from this country",
        "Offers are for some countries; clicks from others were sent at random.",
        _network("countries"),
        _rarity,
    ),
    Feature(
        "network_rarity",
        "clicks of the network from this provider",
        "People come through a few hundred providers, machines through any. Needs the ASN database.",
        _network("networks"),
        _rarity,
    ),
    Feature(
        "agent_in_partner",
        "this partner's clicks with this user agent",
        "A partner's visitors change slowly; another traffic mixed in has other devices.",
        _partner("agents"),
        _rarity,
    ),
    Feature(
        "country_in_partner",
        "this partner's clicks from this country",
        "A partner's audience lives somewhere; bought traffic comes from elsewhere.",
        _partner("countries"),
        _rarity,
    ),
    Feature(
        "language_in_partner",
        "this partner's clicks with this language",
        "A partner's pages are in some language, and so are its visitors' browsers.",
        _partner("languages"),
        _rarity,
    ),
    Feature(
        "referrer_in_partner",
        "this partner's clicks from this referring page",
        "Clicks from pages that the partner never had, or from none where there always is one.",
        _partner("referrers"),
        _rarity,
    ),
    Feature(
        "source_in_partner",
        "this partner's clicks with this source",
        "Sources made up for each click hide which of them is bad.",
        _partner("sources"),
        _rarity,
    ),
    Feature(
        "language_in_country",
        "clicks from this country with this language",
        "A proxy moves the address to the offer's country, and leaves the browser's language.",
        lambda facts, tables, own: _bits(tables.language_share(facts.countries, facts.languages, own)),
        _rarity,
    ),
    Feature(
        "hour_in_country",
        "clicks from this country at this hour of the day",
        "People sleep; clicks in a country's night were not made there. Cyclic: 23 and 0 o'clock are neighbours.",
        lambda facts, tables, _own: tables.hour_bits(facts.countries, facts.hours),
        _hour,
    ),
    Feature(
        "browser_age",
        "releases between this browser and its newest",
        "Browsers update themselves; scripts keep the user agent they were written with.",
        lambda facts, tables, _own: _signed_log(tables.releases_behind(facts.browsers, facts.majors)),
        lambda value: _behind(np.sign(value) * (2 ** abs(value) - 1)),
        two_sided=True,
    ),
    Feature(
        "agent_length",
        "characters of the user agent",
        "Browsers' own are of about one length; handwritten ones are shorter, stuffed ones longer.",
        lambda facts, _tables, _own: np.log2(1 + facts.agent_length),
        _characters,
        two_sided=True,
    ),
    Feature(
        "agent_digits",
        "digits among the user agent's characters",
        "Random versions and ids give it another shape.",
        lambda facts, _tables, _own: facts.agent_digits,
        _percent,
        two_sided=True,
    ),
    Feature(
        "in_app",
        "clicked inside an app's own browser",
        "Where hardly anybody comes from apps, a burst from one is worth a look.",
        lambda facts, _tables, _own: facts.is_in_app.astype(np.float64),
        _yes,
    ),
    Feature(
        "datacenter",
        "address of a hosting provider",
        "People browse from homes and phones. Needs the Anonymous-IP database.",
        lambda facts, _tables, _own: facts.is_datacenter.astype(np.float64),
        _yes,
    ),
    Feature(
        "proxy",
        "address of a proxy, VPN or Tor exit",
        "Rare among ordinary visitors, and where made traffic hides. Needs the Anonymous-IP database.",
        lambda facts, _tables, _own: facts.is_proxy.astype(np.float64),
        _yes,
    ),
)

TAIL: Final = 0.05
"""Share of clicks in a feature's tail."""
LEAST_UNIT: Final = 0.05
"""A feature whose tail begins closer to the median than this is all but constant: a twentieth of a doubling."""

NAMES: Final = tuple(feature.name for feature in FEATURES)
BY_NAME: Final = {feature.name: feature for feature in FEATURES}


def _signed_log(numbers: Numbers) -> Numbers:
    return np.asarray(np.sign(numbers) * np.log2(1 + np.abs(numbers)), np.float64)


def matrix(facts: Facts, tables: Tables, own: float = 0.0) -> Matrix:
    """Return the features of each click.

    Args:
        facts: The clicks.
        tables: What was learnt.
        own: 1 for clicks that the tables were learnt from, which then are left out of their own counts.

    """
    found = np.empty((len(facts), len(FEATURES)), np.float32)
    for place, feature in enumerate(FEATURES):
        found[:, place] = feature.compute(facts, tables, own)
    return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """How far each feature sticks out: its distance from the median, in units of its tail's, to the fourth power.

    Trees ask at random, as often near the middle of a range as at its ends. Where every click differs in
    something harmless, such as the length of its user agent, they would spend their questions on that. Stretched
    so, most of a range is tail: what is ordinary lies close together near 0 and is rarely asked about, what
    sticks out is found at once. A hard border between the two would do more (planted causes scored 95 instead of
    89 on average), but turn a click's score around when it crosses the border in the next model: two models'
    scores correlated with 0.80 instead of 0.94, and the first power alone gave 0.96 and 78.
    """

    centre: Numbers
    """One number per feature."""
    above: Numbers
    below: Numbers
    """Units; infinite below the median of a feature of which there can't be too little."""

    @classmethod
    def learnt(cls, rows: Matrix) -> Stretch:
        """Learn from a window's features."""
        low, centre, high = np.quantile(rows, [TAIL, 0.5, 1 - TAIL], axis=0)
        one_sided = np.array([not feature.two_sided for feature in FEATURES])
        # A feature that hardly ever differs from its median is measured in doublings, bits and flags as it is.
        above = np.where(high > centre, np.maximum(high - centre, LEAST_UNIT), 1.0)
        below = np.where(low < centre, np.maximum(centre - low, LEAST_UNIT), 1.0)
        return cls(centre, above, np.where(one_sided, np.inf, below))

    def of(self, rows: Matrix) -> Matrix:
        """Return how far each feature of each row sticks out, 1 where its tail begins."""
        apart = rows - self.centre.astype(np.float32)
        out = np.maximum(apart / self.above.astype(np.float32), -apart / self.below.astype(np.float32))
        square = out * out
        return np.asarray(np.where(out > 0, square * square, 0.0), np.float32)
