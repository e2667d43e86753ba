"""What the rules and the model know of a batch of clicks or impressions: columns, all of the same length.

Invariants: a row's facts are the click's own; what depends on other clicks is counted by ``fraud.counts``. The
same facts are read off events in the pipeline and off stored rows in training and re-scoring; what isn't stored is
'' in those, and a rule that needs it finds nothing then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fraud.agents import AgentFinding


@dataclass(frozen=True, slots=True)
class Traffic:
    """Facts of a batch, one list per fact."""

    ts: Sequence[int]
    """When each was received, milliseconds since 1970."""
    partner_ids: Sequence[int]
    offer_ids: Sequence[int]
    ips: Sequence[str]
    prefixes: Sequence[str]
    """Networks: /24 of IPv4, /48 of IPv6."""
    asns: Sequence[int]
    user_agents: Sequence[str]
    agents: Sequence[AgentFinding]
    """What each user agent gives away."""
    device_types: Sequence[str]
    oses: Sequence[str]
    browsers: Sequence[str]
    browser_versions: Sequence[str]
    languages: Sequence[str]
    """First language the browser asks for."""
    countries: Sequence[str]
    timezones: Sequence[str]
    """IANA zone of the address, '' when unknown."""
    referrer_hosts: Sequence[str]
    sources: Sequence[str]
    sub1s: Sequence[str]
    trafficback_reasons: Sequence[str]
    is_datacenter: Sequence[bool]
    is_proxy: Sequence[bool]
    is_private: Sequence[bool]
    is_in_app: Sequence[bool]
    is_impression: Sequence[bool]
    is_test: Sequence[bool]
    methods: Sequence[str]
    purposes: Sequence[str]
    """What the browser says it loads the link for (Sec-Purpose and its forerunners), lower case; not stored."""
    hint_mobiles: Sequence[str]
    """Sec-CH-UA-Mobile: '?1', '?0' or ''; not stored."""
    hint_platforms: Sequence[str]
    """Sec-CH-UA-Platform without quotes, '' for none; not stored."""
    client_zones: Sequence[str]
    """Zone the page's script told, '' for none; not stored."""
    impression_ages: Sequence[int]
    """Milliseconds from the impression that the click names to the click, -1 for none; not stored."""

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.ts)
