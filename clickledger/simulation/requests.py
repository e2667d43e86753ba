"""A simulated event as the visitor's and the advertiser's requests; the edge is sent them, the journal holds them.

Invariant: nothing in them says that the event is simulated, or what it truly is.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from clickledger.simulation.program import CURRENCY, Program
from fraud.simulation import SimulatedClick, SimulatedConversion
from tracker.events import PostbackFields


def click_query(click: SimulatedClick, program: Program) -> str:
    """Return the query string of a click."""
    ids = (("offer_id", program.offers[click.offer]), ("partner_id", program.partners[click.partner]))
    return urlencode((*ids, *click.labels), quote_via=quote)


def click_headers(click: SimulatedClick) -> dict[str, str]:
    """Return the headers of a click."""
    visitor = click.visitor
    headers = {"X-Forwarded-For": visitor.ip, **visitor.headers}
    if visitor.user_agent:
        headers["User-Agent"] = visitor.user_agent
    if visitor.accept_language:
        headers["Accept-Language"] = visitor.accept_language
    if click.referrer:
        headers["Referer"] = click.referrer
    return headers


def postback_query(conversion: SimulatedConversion, click_id: str) -> str:
    """Return the query string of a conversion's postback."""
    given = {
        "click_id": click_id,
        "txn_id": conversion.txn_id,
        "amount": conversion.amount,
        "currency": CURRENCY,
        "customer_id": conversion.customer_id,
        "ip": conversion.conversion_ip,
        "coupon": conversion.coupon,
    }
    return urlencode({name: value for name, value in given.items() if value}, quote_via=quote)


def postback_fields(conversion: SimulatedConversion, click_id: str) -> PostbackFields:
    """Return the same postback's fields, as the edge reads them."""
    return PostbackFields(
        click_id=click_id,
        txn_id=conversion.txn_id,
        amount=conversion.amount,
        currency=CURRENCY,
        coupon=conversion.coupon,
        customer_id=conversion.customer_id,
        conversion_ip=conversion.conversion_ip,
    )
