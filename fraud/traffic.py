"""What the rules and the model know of a batch of clicks or impressions: columns, all of the same length.

Invariants: a row's facts are the click's own; what depends on other clicks is counted by ``fraud.counts``. The
same facts are read off events in the pipeline and off stored rows in training and re-scoring; what isn't stored is
'' in those, and a rule that needs it finds nothing then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fraud.agents import ORDINARY, AgentFinding, inspect_agent

if TYPE_CHECKING:
    import pyarrow as pa

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

STORED_COLUMNS: Final = (
    *(
        "ts",
        "partner_id",
        "offer_id",
        "ip",
        "ip_prefix",
        "asn",
        "user_agent",
        "is_bot",
        "bot_family",
        "device_type",
    ),
    *("os", "browser", "browser_version", "language", "country", "timezone", "referrer_host", "source", "sub1"),
    *("trafficback_reason", "is_rerouted", "is_datacenter", "is_proxy", "is_in_app", "is_test", "method"),
    "click_source",
)
"""Columns of ``clicks`` and ``impressions`` that ``Traffic.stored`` reads."""
_REMEMBERED: Final = 65_536
"""Addresses whose kind is kept."""
_ORDINARY: Final = frozenset(map(str, range(1, 224))) - {"10", "100", "127", "169", "172", "192", "198", "203"}
"""How IPv4 addresses begin that can't be reserved: no network of IANA's Special-Purpose Address Registry does."""


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

    @classmethod
    def stored(cls, table: pa.Table, *, impressions: bool = False, for_rules: bool = True) -> Traffic:
        """Return what is known of stored events.

        Args:
            table: At least ``STORED_COLUMNS`` of ``clicks`` or ``impressions``.
            impressions: Whether they are impressions.
            for_rules: False leaves out what rules alone look at and what takes longest to find: what user agents
                give away, and whether addresses are private.

        Raises:
            KeyError: a column is missing.

        """
        length = table.num_rows

        def column(name: str) -> list[Any]:
            values: list[Any] = table.column(name).to_pylist()
            return values

        ips, user_agents = column("ip"), column("user_agent")
        bots = zip(column("is_bot"), column("bot_family"), strict=True)
        agents = [
            (text, family if is_bot else "") for text, (is_bot, family) in zip(user_agents, bots, strict=True)
        ]
        turned_away = zip(column("trafficback_reason"), column("is_rerouted"), strict=True)
        made = zip(column("method"), column("click_source"), strict=True)
        unknown = [""] * length
        return cls(
            ts=table.column("ts").cast("timestamp[ms]").cast("int64").to_pylist(),
            partner_ids=column("partner_id"),
            offer_ids=column("offer_id"),
            ips=ips,
            prefixes=column("ip_prefix"),
            asns=column("asn"),
            user_agents=user_agents,
            agents=_each(agents, lambda agent: inspect_agent(*agent)) if for_rules else [ORDINARY] * length,
            device_types=column("device_type"),
            oses=column("os"),
            browsers=column("browser"),
            browser_versions=column("browser_version"),
            languages=column("language"),
            countries=column("country"),
            timezones=column("timezone"),
            referrer_hosts=column("referrer_host"),
            sources=column("source"),
            sub1s=column("sub1"),
            # A click that an alternative offer took did reach one.
            trafficback_reasons=["" if rerouted else reason for reason, rerouted in turned_away],
            is_datacenter=column("is_datacenter"),
            is_proxy=column("is_proxy"),
            is_private=_each(ips, is_private) if for_rules else [False] * length,
            is_in_app=column("is_in_app"),
            is_impression=[impressions] * length,
            is_test=column("is_test"),
            # A script and a server record a visitor's click with whatever method their call has.
            methods=[method if source in {"redirect", ""} else "GET" for method, source in made],
            purposes=unknown,
            hint_mobiles=unknown,
            hint_platforms=unknown,
            client_zones=unknown,
            impression_ages=[-1] * length,
        )


def _each(keys: Sequence[_Key], find: Callable[[_Key], _Value]) -> list[_Value]:
    """Return ``find(key)`` for every key, asking once for each distinct one."""
    found = {key: find(key) for key in dict.fromkeys(keys)}
    return [found[key] for key in keys]


@lru_cache(maxsize=_REMEMBERED)
def is_private(ip: str) -> bool:
    """Return whether an address is a private, loopback or otherwise reserved one; False when it is none."""
    if ip.partition(".")[0] in _ORDINARY:
        return False
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    address = (address.version == 6 and address.ipv4_mapped) or address
    return not address.is_global and not address.is_multicast
