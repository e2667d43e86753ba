"""How values are written in answers: money, and URLs ready to be copied.

Invariant: money is a decimal string with all its digits.
"""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlencode

from kernel.settings import Settings
from kernel.sql_types import MONEY_DIGITS

SMALLEST = Decimal(1).scaleb(-MONEY_DIGITS)
CUTTABLE = MONEY_DIGITS - 2
"""Digits after the point that are left out while they are zero."""

_POSTBACK = "click_id={click_id}&txn_id={order_id}&amount={amount}"
"""What an advertiser fills in; the braces are for their system, so they stay as they are."""


def money_text(amount: Decimal | None) -> str | None:
    """Return an amount as a decimal string: two digits after the point, more where it has more; None for none."""
    if amount is None:
        return None
    text = format(amount.quantize(SMALLEST), "f")
    return text[:-CUTTABLE] + text[-CUTTABLE:].rstrip("0")


def preset_query(parameters: dict[str, str]) -> str:
    """Return a link's preset parameters as a query string."""
    return urlencode(parameters, quote_via=quote)


def tracking_url(chosen: Settings, code: str) -> str:
    """Return the URL of a saved link."""
    return f"{chosen.edge_url}/c/{code}"


def postback_url(chosen: Settings, token: str) -> str:
    """Return an example of the URL an advertiser fires."""
    return f"{chosen.edge_url}/postback?{_POSTBACK}&token={quote(token, safe='')}"
