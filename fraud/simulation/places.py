"""Addresses and languages of ordinary visitors: an address of the country, a language spoken in it.

Invariants: addresses are public ones of networks that the offline country database (iptocc) places in the country,
so that a simulation needs no file; nothing is ever sent to them. The same seed gives the same addresses with the
same version of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Address
from random import Random
from typing import Final

import iptocc

from fraud.simulation.shape import COUNTRIES, ENGLISH_ELSEWHERE, TRAVELLERS, Shares

LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    code: tuple(tags.split())
    for code, tags in (
        line.split(": ")
        for line in """\
US: en-US
DE: de-DE
FR: fr-FR
GB: en-GB
CN: zh-CN
IN: en-IN hi-IN
RU: ru-RU
ES: es-ES ca-ES
CA: en-CA fr-CA
PL: pl-PL
NL: nl-NL
UA: uk-UA ru-UA
AU: en-AU
BR: pt-BR
IT: it-IT
SE: sv-SE
AT: de-AT
RO: ro-RO
JP: ja-JP
BE: nl-BE fr-BE""".splitlines()
    )
}
"""What browsers ask for first, by country: the languages spoken there, the most frequent first."""
FAR_LANGUAGES: Final = ("vi-VN", "th-TH", "id-ID", "tr-TR", "ar-EG", "ko-KR", "bn-BD", "fa-IR")
"""Spoken in none of the countries above by many."""

_SAMPLED = 120_000
"""Random addresses that are looked up to find networks; the smallest country gets some hundred."""
_SPECIAL = (0, 10, 100, 127, 169, 172, 192, 198, 203)
"""First octets with special-purpose networks in them; whole, because losing some public ones costs nothing."""
_NOBODY_AT_HOME = (3, 6, 7, 11, 13, 18, 19, 21, 22, 26, 28, 29, 30, 33, 34, 35, 44, 48, 52, 53, 54, 55, 56)
"""First octets that belong to clouds, the military or one company: no people browse from there."""

HOSTED: Final = (
    *(("US", "3.208"), ("US", "52.4"), ("US", "34.72"), ("US", "104.131"), ("US", "45.33")),
    *(("DE", "88.198"), ("DE", "5.9"), ("FR", "51.75"), ("DE", "159.69"), ("GB", "178.62")),
)
"""Networks of large hosting providers, as /16, with their country: where simulated servers stand. No rule
reads them."""

PROXIES: Final = (("US", "23.95"), ("NL", "185.107"))
"""Networks of simulated public proxies, written like ``HOSTED``; the same for ``TOR_EXITS``."""
TOR_EXITS: Final = (("DE", "185.220"), ("US", "204.8"))

_COUNTRIES = Shares(COUNTRIES)


@cache
def _networks() -> dict[str, list[int]]:
    """Return numbers of /24 networks by country, the same for everybody with the same database."""
    random = Random(1)  # noqa: S311 - a fixed sample, not a secret
    firsts = [octet for octet in range(1, 224) if octet not in (*_SPECIAL, *_NOBODY_AT_HOME)]
    numbers = [random.choice(firsts) << 24 | random.getrandbits(16) << 8 for _ in range(_SAMPLED)]
    found: dict[str, list[int]] = {}
    hosted = {network for _, network in (*HOSTED, *PROXIES, *TOR_EXITS)}
    texts = _texts(numbers)
    for number, text, code in zip(numbers, texts, iptocc.country_code(texts), strict=True):
        if ".".join(text.split(".")[:2]) not in hosted:
            found.setdefault(code or "", []).append(number)
    return found


def _texts(numbers: list[int]) -> list[str]:
    return [str(IPv4Address(number + 1)) for number in numbers]


def country(random: Random) -> str:
    """Draw a country by the share of its visitors."""
    return _COUNTRIES.draw(random)


def network(random: Random, code: str) -> str:
    """Draw a /24 network of a country, written as its first three octets."""
    return str(IPv4Address(random.choice(_networks()[code]))).rpartition(".")[0]


def address(random: Random, code: str) -> str:
    """Draw an address of a country."""
    return f"{network(random, code)}.{random.randrange(1, 255)}"


def accept_language(random: Random, code: str) -> str:
    """Draw an Accept-Language header of somebody in a country."""
    drawn, spoken = random.random(), LANGUAGES[code]
    if drawn < TRAVELLERS:
        first = random.choice([langs[0] for other, langs in LANGUAGES.items() if other != code])
    elif drawn < TRAVELLERS + ENGLISH_ELSEWHERE:
        first = spoken[0] if spoken[0].startswith("en") else "en-US"
    else:
        first = spoken[0] if random.random() < 0.8 else random.choice(spoken)
    return header_of(first)


def header_of(first: str) -> str:
    """Return the header of a browser whose first language this is."""
    short = first.partition("-")[0]
    return f"{first},{short};q=0.9" + ("" if short == "en" else ",en;q=0.8")
