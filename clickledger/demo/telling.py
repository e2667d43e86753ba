"""What ``up`` tells the person who started it."""

from __future__ import annotations

from rich.console import Console

from clickledger.demo.program import NORA, SHOES
from clickledger.demo.state import Demo
from kernel.auth import ADMIN_KEY_FILE
from kernel.settings import Settings


def tell(console: Console, chosen: Settings, demo: Demo | None) -> None:
    """Say what runs where and what to try."""
    console.print(f"\n[bold]clickledger is running.[/bold]  Data in {chosen.data_dir}")
    console.print(f"  web        {chosen.web_url}")
    console.print(f"  edge       {chosen.edge_url}")
    console.print(f"  admin key  {chosen.data_dir / ADMIN_KEY_FILE}")
    if demo is not None:
        offer, partner = demo.offers[SHOES], demo.partners[NORA]
        link = f"{chosen.edge_url}/click?offer_id={offer}&partner_id={partner}&sub1=hello"
        console.print(
            "\nIt shows a made-up program, and goes on filling itself; 'clickledger demo remove' ends that."
        )
        console.print(
            f"  look at it              {chosen.web_url}/  (sign in with a key: the admin key, printed by"
        )
        console.print(f"                          cat {chosen.data_dir / ADMIN_KEY_FILE})")
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
