"""The desk's questions to the event store. Values travel as typed parameters; the owner's condition in each."""

from __future__ import annotations

from kernel.auth import Principal
from kernel.clickhouse.columns import CONVERSIONS

_COLUMNS = ", ".join(f"`{c.name}`" for c in CONVERSIONS)
_OWNERS = (
    "({partner:UInt32} = 0 OR partner_id = {partner:UInt32}) "
    "AND ({advertiser:UInt32} = 0 OR advertiser_id = {advertiser:UInt32})"
)

CONVERSION = (
    f"SELECT {_COLUMNS} FROM conversions "  # noqa: S608 - column names
    f"WHERE conversion_id = {{id:String}} AND {_OWNERS} ORDER BY change_seq DESC LIMIT 1"
)
"""The newest state of one conversion, merged or not."""

HISTORY = (
    f"SELECT {_COLUMNS} FROM conversion_changes "  # noqa: S608 - column names
    "WHERE changed_at >= {since:DateTime64(3, 'UTC')} AND conversion_id = {id:String} "
    f"AND {_OWNERS} ORDER BY change_seq LIMIT 1 BY change_seq LIMIT 1000"
)
"""Every state a conversion had, oldest first."""

TAKEN = (
    "SELECT ts, changed_at, conversion_source, is_test, offer_id, click_id, conversion_id, goal, txn_id, status, "
    "reject_reason, amount, amount_currency, revenue, currency FROM conversion_changes "
    "WHERE changed_at >= {since:DateTime64(3, 'UTC')} AND conversion_source IN ('postback', 'pixel', 'script') "
    "AND ({advertiser:UInt32} = 0 OR advertiser_id = {advertiser:UInt32}) "
    "ORDER BY changed_at DESC, change_seq DESC LIMIT 1 BY conversion_id, change_seq LIMIT {most:UInt32}"
)
"""What postbacks, pixels and scripts made or changed, newest first."""

REFUSED = (
    "SELECT ts, kind, reason, detail, click_id, ip, raw FROM rejected "
    "WHERE ts >= {since:DateTime64(3, 'UTC')} AND kind IN ('postback', 'pixel') "
    "ORDER BY ts DESC LIMIT {most:UInt32}"
)
"""Postbacks and pixels that were refused, newest first."""


def owner(who: Principal) -> dict[str, int]:
    """Return the parameters that keep a statement within the caller's rows; 0 for everybody's.

    Raises:
        ValueError: a partner's or advertiser's principal without its id, which must never read anything.

    """
    if who.role in {"partner", "advertiser"} and who.partner_id is None and who.advertiser_id is None:
        raise ValueError(f"a {who.role}'s principal names nobody")
    return {"partner": who.partner_id or 0, "advertiser": who.advertiser_id or 0}
