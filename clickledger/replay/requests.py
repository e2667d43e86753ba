"""A log's row as the visitor's and the advertiser's requests.

Replay sends these and import journals them, so both say the same of a row.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from clickledger.replay.program import Ids
from tracker.intake import LogRow


def click_query(row: LogRow, ids: Ids) -> str:
    """Return the query string of a row's click."""
    parameters = (("offer_id", ids.offer_id), ("partner_id", ids.partner_id), *row.labels)
    return urlencode(parameters, quote_via=quote)


def click_headers(row: LogRow) -> dict[str, str]:
    """Return the headers of a row's click; what the log does not know is not sent."""
    headers = {"X-Forwarded-For": row.ip}
    if row.user_agent:
        headers["User-Agent"] = row.user_agent
    if row.accept_language:
        headers["Accept-Language"] = row.accept_language
    if row.referrer:
        headers["Referer"] = row.referrer
    return headers


def transaction_id(row: LogRow) -> str:
    """Return the advertiser's id of a row's conversion: the same whenever the row is read."""
    return f"line-{row.line}"


def postback_query(row: LogRow, click_id: str) -> str:
    """Return the query string of a row's postback."""
    return urlencode((("click_id", click_id), ("txn_id", transaction_id(row))))
