"""Made-up but lifelike traffic: few partners make most clicks, user agents and addresses repeat."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tracker.click_id import ClickIdKeys
from tracker.events import Click, Postback, PostbackFields

_CHROME = (
    "Mozilla/5.0 (Linux; Android {a}; {m}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{c}.0.0.0 Mobile Safari/537.36"
)
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {i}_{n} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{i}.{n} Mobile/15E148 Safari/604.1"
)
_DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{c}.0.0.0 Safari/537.36"
)
_MODELS = ("SM-S921B", "SM-A546B", "Pixel 8", "Pixel 9", "2312DRA50G", "CPH2581", "moto g84 5G", "K")
_LANGUAGES = (
    "en-US,en;q=0.9",
    "de-DE,de;q=0.9,en;q=0.8",
    "pt-BR,pt;q=0.9",
    "hi-IN,hi;q=0.9,en;q=0.7",
    "es-ES,es;q=0.9",
)
_REFERRERS = ("", "", "https://www.google.com/", "https://news.example/article/17", "https://m.facebook.com/")
FIRST_OCTETS = (5, 31, 46, 62, 77, 80, 85, 91, 103, 117, 152, 177, 186, 189, 200, 203)

PARTNERS, OFFERS = 200, 50


def agents(random: Random) -> list[str]:
    """Return some three hundred user agents."""
    made = {
        _CHROME.format(a=random.randint(10, 16), m=random.choice(_MODELS), c=random.randint(120, 142))
        for _ in range(220)
    }
    made |= {_IPHONE.format(i=random.randint(16, 19), n=random.randint(0, 7)) for _ in range(60)}
    made |= {_DESKTOP.format(c=c) for c in range(120, 143)}
    return sorted(made)


def clicks(keys: ClickIdKeys, count: int, first_ts: int, seed: int = 1) -> Iterator[Click]:
    """Yield clicks a millisecond apart from ``first_ts`` on."""
    random = Random(seed)
    known = agents(random)
    for number in range(count):
        # A Pareto draw: the first few partners and offers get most of the traffic.
        partner = min(int(random.paretovariate(1.1)), PARTNERS)
        offer = min(int(random.paretovariate(1.2)), OFFERS)
        ts = first_ts + number
        click_id = keys.mint(ts, offer)
        street = min(int(random.paretovariate(0.6)), 255)
        address = f"{random.choice(FIRST_OCTETS)}.{random.randint(0, 255)}.{street}.{random.randint(1, 254)}"
        query = (
            f"offer_id={offer}&partner_id={partner}&sub1=c{random.randint(1, 400)}&sub2={random.randint(1, 40)}"
            f"&source=s{random.randint(1, 25)}&partner_click_id={random.getrandbits(64):x}"
        )
        agent = known[min(int(random.paretovariate(0.7)), len(known)) - 1]
        yield Click(
            click_id=click_id,
            ts=ts,
            offer_id=offer,
            partner_id=partner,
            advertiser_id=1,
            link_id=0,
            trafficback_reason="",
            destination=f"https://shop.example/?cid={click_id}",
            method="GET",
            query=query.encode(),
            preset="",
            ip=address,
            user_agent=agent,
            accept_language=random.choice(_LANGUAGES),
            referrer=random.choice(_REFERRERS),
            headers={"sec-ch-ua-mobile": "?1", "sec-ch-ua-platform": '"Android"'},
        )


def sale(click: Click, number: int) -> Postback:
    """Return the postback of a sale a minute after its click."""
    fields = PostbackFields(click.click_id, txn_id=f"order-{number}", amount="49.9")
    return Postback(click.ts + 60_000, fields, click.offer_id, "GET", b"click_id=...", "198.51.100.7", "shop/1.0")
