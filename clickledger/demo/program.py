"""The demo's program: who pays, who promotes, what is promoted, and what it costs.

Invariants: every name ends with "(demo)", every address is one that is reserved for examples; made in one request
before anybody is told that the service runs, so that ids are known and nothing is there by half.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from clickledger.demo import state
from clickledger.demo.state import Demo
from clickledger.service import Service
from kernel.settings import Settings

_SHOP, _TRAVEL = "Demo Shop (demo)", "Far Away Travel (demo)"
NORA, BRUNO = "Newsletter Nora (demo)", "Blog Bruno (demo)"
CARLA, VIKTOR, TOM = "Coupon Carla (demo)", "Video Viktor (demo)", "Traffic Tom (demo)"
WAITING: Final = "Podcast Petra (demo)"
SHOES, SIGN_UP = "Running shoes, 8 % per sale (demo)", "Sign-up, 2.50 per lead (demo)"
HOTELS, APP = "Hotel bookings, 5 % per sale (demo)", "Travel app, 1.20 per install (demo)"

CODE: Final = "demo"
_PARTNERS: tuple[dict[str, Any], ...] = (
    {"name": NORA, "country": "DE", "website": "https://nora.example/", "tags": ["newsletter"]},
    {"name": BRUNO, "country": "FR", "website": "https://bruno.example/", "tags": ["content"]},
    {"name": CARLA, "country": "US", "website": "https://carla.example/", "tags": ["coupons"]},
    {"name": VIKTOR, "country": "GB", "website": "https://viktor.example/", "tags": ["video"]},
    {"name": TOM, "country": "US", "website": "https://tom.example/", "tags": ["bought traffic"]},
    {
        "name": WAITING,
        "status": "pending",
        "country": "AT",
        "website": "https://petra.example/",
        "notes": "Signed up for the demo; waits to be approved or rejected.",
    },
)
_OFFERS: tuple[dict[str, Any], ...] = (
    {
        "name": SHOES,
        "advertiser": _SHOP,
        "destination": "https://example.com/shoes?cid={click_id}&partner={partner_id_hash}",
        "payout_percent": "8",
        "revenue_percent": "10",
        "category": "Retail",
    },
    {
        "name": SIGN_UP,
        "advertiser": _SHOP,
        "destination": "https://example.com/signup?cid={click_id}",
        "payout": "2.50",
        "revenue": "4.00",
        "default_status": "pending",
        "category": "Leads",
    },
    {
        "name": HOTELS,
        "advertiser": _TRAVEL,
        "destination": "https://example.com/hotels?cid={click_id}",
        "payout_percent": "5",
        "revenue_percent": "6.5",
        "hold_days": 2,
        "category": "Travel",
    },
    {
        "name": APP,
        "advertiser": _TRAVEL,
        "destination": "https://example.com/app?cid={click_id}",
        "payout": "1.20",
        "revenue": "1.90",
        "category": "Travel",
    },
)
_LINKS: tuple[dict[str, Any], ...] = (
    {"code": CODE, "partner": NORA, "offer": SHOES, "parameters": {"sub1": "spring"}},
    {"code": "demo-blog", "partner": BRUNO, "offer": HOTELS, "parameters": {"sub1": "review"}},
)
_ENSURE: Final = "/api/v1/programs/ensure"


def linked(demo: Demo) -> dict[tuple[str, str], int]:
    """Return the demo's links by the partner whose they are and the offer they lead to."""
    ids = demo.entries.get("links", ())
    return {(link["partner"], link["offer"]): id_ for link, id_ in zip(_LINKS, ids, strict=False)}


def make(chosen: Settings) -> Demo | None:
    """Make the demo's program, or find it as it was made; None when somebody removed it.

    Raises:
        ClickledgerError: the service refused.

    """
    known = state.read(chosen.data_dir)
    if known is not None:
        return known if known.state == "there" else None
    service, currency = Service.find(chosen), chosen.currency
    offers = [{**offer, "currency": currency} for offer in _OFFERS]
    made = service.post(
        _ENSURE,
        {
            "advertisers": [{"name": _SHOP}, {"name": _TRAVEL}],
            "partners": list(_PARTNERS),
            "offers": offers,
            "links": list(_LINKS),
        },
    )
    cap = service.post(
        "/api/v1/caps",
        # What fills it is known when the history is stored; its amount is set then.
        {
            "offer_id": made["offers"][SHOES],
            "kind": "click",
            "period": "total",
            "amount": "100000",
            "hard": False,
        },
    )
    with state.changing(chosen.data_dir) as demo:
        demo.made_at = datetime.now(UTC)
        demo.entries = {
            "advertisers": list(made["advertisers"].values()),
            "partners": list(made["partners"].values()),
            "offers": list(made["offers"].values()),
            "links": [link["id"] for link in made["links"]],
            "caps": [cap["id"]],
        }
        demo.partners, demo.offers = made["partners"], made["offers"]
        demo.advertisers = {offer["name"]: made["advertisers"][offer["advertiser"]] for offer in _OFFERS}
        demo.currency, demo.code, demo.version = currency, CODE, made["snapshot_version"]
    return demo
