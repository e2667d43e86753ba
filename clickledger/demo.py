"""The demo program of ``--demo``, and what ``up`` tells the person who started it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from clickledger.service import Service
from kernel.auth import ADMIN_KEY_FILE
from kernel.settings import Settings

_ADVERTISER = "Demo Shop (demo)"
_PARTNERS = ("Newsletter Nora (demo)", "Blog Bruno (demo)")
_OFFERS: tuple[dict[str, Any], ...] = (
    {
        "name": "Running shoes, 8 % per sale (demo)",
        "advertiser": _ADVERTISER,
        "destination": "https://example.com/shoes?cid={click_id}&partner={partner_id_hash}",
        "payout_percent": "8",
        "revenue_percent": "10",
        "currency": "USD",
    },
    {
        "name": "Sign-up, 2.50 per lead (demo)",
        "advertiser": _ADVERTISER,
        "destination": "https://example.com/signup?cid={click_id}",
        "payout": "2.50",
        "revenue": "4.00",
        "currency": "USD",
        "default_status": "pending",
    },
)
_LINK = {"code": "demo", "partner": _PARTNERS[0], "offer": _OFFERS[0]["name"], "parameters": {"sub1": "spring"}}


@dataclass(frozen=True, slots=True)
class Demo:
    """Ids of the demo program."""

    partner_id: int
    offer_id: int
    code: str


def make(chosen: Settings) -> Demo:
    """Make the demo program, or find it if it is there.

    Raises:
        ClickledgerError: the service refused.

    """
    made = Service.find(chosen).post(
        "/api/v1/programs/ensure",
        {
            "advertisers": [{"name": _ADVERTISER}],
            "partners": [{"name": name} for name in _PARTNERS],
            "offers": list(_OFFERS),
            "links": [_LINK],
        },
    )
    return Demo(made["partners"][_PARTNERS[0]], made["offers"][_OFFERS[0]["name"]], _LINK["code"])


def tell(console: Console, chosen: Settings, demo: Demo | None) -> None:
    """Say what runs where and what to try."""
    console.print(f"\n[bold]clickledger is running.[/bold]  Data in {chosen.data_dir}")
    console.print(f"  web        {chosen.web_url}")
    console.print(f"  edge       {chosen.edge_url}")
    console.print(f"  admin key  {chosen.data_dir / ADMIN_KEY_FILE}")
    if demo is not None:
        link = f"{chosen.edge_url}/click?offer_id={demo.offer_id}&partner_id={demo.partner_id}&sub1=hello"
        console.print("\nTry it:")
        console.print(f"  click a tracking link   {link}")
        console.print(f"  or the short one        {chosen.edge_url}/c/{demo.code}")
        console.print("  (the address it leads to holds the click id as cid=…)")
        postback = f"{chosen.edge_url}/postback?click_id=CLICK_ID&txn_id=order-1&amount=49.90"
        console.print(f"  fire its postback       curl '{postback}'")
        console.print("  ask for a report:\n")
        console.print(_CURL.format(web=chosen.web_url, key=chosen.data_dir / ADMIN_KEY_FILE), markup=False)
    console.print("\nCtrl-C ends it.")


_CURL = """\
  curl -s {web}/api/v1/reports/query -H "Authorization: Bearer $(cat {key})" \\
    -d '{{"from": "2026-01-01", "to": "2027-01-01", "dimensions": ["partner", "offer"],
         "metrics": ["gross_clicks", "clicks", "total_conversions", "revenue", "payout"]}}'"""
