"""A simulated event as the visitor's and the advertiser's requests; the edge is sent them, the journal holds them.

Invariant: nothing in them says that the event is simulated, or what it truly is.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from clickledger.simulation.program import Program
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


def transaction_id(conversion: SimulatedConversion, program: Program) -> str:
    """Return the advertiser's id of a conversion, of this run alone."""
    return program.run + conversion.txn_id


def postback_query(conversion: SimulatedConversion, click_id: str, program: Program) -> str:
    """Return the query string of a conversion's postback."""
    given = {
        "click_id": click_id,
        "txn_id": transaction_id(conversion, program),
        "amount": conversion.amount,
        "currency": program.currency,
        "customer_id": program.run + conversion.customer_id,
        "ip": conversion.conversion_ip,
        "coupon": conversion.coupon,
    }
    return urlencode({name: value for name, value in given.items() if value}, quote_via=quote)


def postback_fields(conversion: SimulatedConversion, click_id: str, program: Program) -> PostbackFields:
    """Return the same postback's fields, as the edge reads them."""
    return PostbackFields(
        click_id=click_id,
        txn_id=transaction_id(conversion, program),
        amount=conversion.amount,
        currency=program.currency,
        coupon=conversion.coupon,
        customer_id=program.run + conversion.customer_id,
        conversion_ip=conversion.conversion_ip,
    )
