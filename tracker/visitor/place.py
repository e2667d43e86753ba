"""The place and network of a click: from its address to continent, country, city, provider and flags.

Without any database the country still resolves, offline, from iptocc (the registries' own allocation
files). Invariants: no text raises; private, reserved and invalid addresses have no country; an IPv4
address inside an IPv6 one (::ffff:8.8.8.8) is looked up as the IPv4 address it is.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

import iptocc

from tracker.visitor.geoip import GeoDatabases

PLACES_KEPT = 65_536
"""Addresses remembered across batches: about 50 MB, and most of a day's returning visitors."""

_V4_PREFIX, _V6_PREFIX = 24, 48
"""Bits that name a network: what providers usually hand to one customer or one neighbourhood."""

_COUNTRIES = {
    "AF": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR "
    "MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    "AN": "AQ BV GS HM TF",
    "AS": "AE AF AM AZ BD BH BN BT CC CN GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO "
    "MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
    "EU": "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU "
    "LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    "NA": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM "
    "PR SV SX TC TT US VC VG VI",
    "OC": "AS AU CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
    "SA": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}

CONTINENTS: dict[str, str] = {
    country: continent for continent, countries in _COUNTRIES.items() for country in countries.split()
}
"""Country -> continent.

Source: the continent column of GeoNames' countryInfo.txt (CC BY 4.0, www.geonames.org), which is also
what MaxMind's databases follow. Codes: AF Africa, AN Antarctica, AS Asia, EU Europe, NA North America
with Central America and the Caribbean, OC Oceania, SA South America. Countries are ISO 3166-1 alpha-2,
with XK for Kosovo.
"""


class Place(NamedTuple):
    """The columns of a click that its address fills, in the table's order, and ``is_private``."""

    ip_prefix: str = ""
    continent: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    postal_area: str = ""
    timezone: str = ""
    asn: int = 0
    isp: str = ""
    connection_type: str = ""
    is_datacenter: bool = False
    is_proxy: bool = False
    is_private: bool = False
    """A private, loopback or otherwise reserved address."""


class Places:
    """Finds places and remembers the latest."""

    def __init__(self, databases: GeoDatabases) -> None:
        self._databases = databases
        self.find = lru_cache(maxsize=PLACES_KEPT)(self._find)

    def close(self) -> None:
        """Close the databases."""
        self._databases.close()

    def _find(self, ip: str) -> Place:
        country = iptocc.country_code(ip)
        prefix, is_private = "", False
        if country and ip.count(".") == 3 and ":" not in ip:
            # Only public IPv4 comes here; parsing it properly takes thirty times as long.
            prefix = f"{ip.rpartition('.')[0]}.0/{_V4_PREFIX}"
        else:
            address = _address(ip)
            if address is None:
                return Place()
            ip = str(address)
            country = country or iptocc.country_code(ip)
            bits = _V4_PREFIX if address.version == 4 else _V6_PREFIX
            prefix = str(ip_network((address.packed, bits), strict=False))
            is_private = not address.is_global and not address.is_multicast
            if is_private:
                return Place(prefix, is_private=True)
        where = self._databases.where(ip)
        country = where.country or (country if country in CONTINENTS else "") or ""
        continent = where.continent or CONTINENTS.get(country, "")
        return Place._make((prefix, continent, country, *where[2:], *self._databases.network(ip), is_private))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
