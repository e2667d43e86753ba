"""The registry of dimensions. One entry is all a new dimension needs.

Invariant: a name never changes its meaning; saved reports and scripts hold on to it.
"""

from __future__ import annotations

from reports.registry.attribute import attribute, attribute_of_clicks
from reports.registry.dimension import Dimension, column, moment, named, numbered, on_conversions

__all__ = ["DIMENSIONS", "Dimension"]

_REASONS = "if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))"

_SEVERAL = (
    "with two counts under both, so rows may add up to more than the totals, and one without is under ''; "
    "a filter keeps those that have the tag, with all their tags"
)

_QUARTER_HOUR = "toStartOfFifteenMinutes($t, 'UTC')"
"""Local hours are gathered from these: every zone is off UTC by whole quarters of an hour, and ClickHouse's own
start of a local hour is wrong where a zone's offset changes by half an hour (Lord Howe)."""

_CTIT_BUCKETS = (
    "under 10 s",
    "10 s to 1 min",
    "1 to 10 min",
    "10 min to 1 h",
    "1 to 24 h",
    "1 to 7 d",
    "over 7 d",
)
"""Injected installs convert within seconds, flooded ones spread flat over days: the edges tell them apart."""

_CTIT = (
    "multiIf(attribution NOT IN ('click', 'view'), '', ctit_ms < 10000, '{}', ctit_ms < 60000, '{}', "
    "ctit_ms < 600000, '{}', ctit_ms < 3600000, '{}', ctit_ms < 86400000, '{}', ctit_ms < 604800000, '{}', '{}')"
).format(*_CTIT_BUCKETS)
_CTIT_ORDER = f"indexOf([{', '.join(repr(bucket) for bucket in _CTIT_BUCKETS)}], $x)"

_BAND = "toUInt8(intDiv(least(fraud_score, 99), 10))"
_BAND_SHOWN = "concat(toString($x * 10), '-', toString(if($x = 9, 100, $x * 10 + 9)))"


def _utm(part: str) -> Dimension:
    return column(f"utm_{part}", f"UTM {part}", f"The link's utm_{part}", "origin")


_ENTRIES: tuple[Dimension, ...] = (
    # time: of the click for click metrics, of the conversion for conversion metrics
    moment(
        "minute",
        "Minute",
        "YYYY-MM-DD HH:MM in the report's zone",
        "toStartOfMinute($t, {tz:String})",
        "formatDateTime($x, '%Y-%m-%d %H:%i', {tz:String})",
        hourly=False,
    ),
    moment(
        "hour",
        "Hour",
        "YYYY-MM-DD HH:00 in the report's zone; the hour the clocks repeat in autumn is one row",
        _QUARTER_HOUR,
        "formatDateTime($x, '%Y-%m-%d %H:00', {tz:String})",
    ),
    moment("day", "Day", "YYYY-MM-DD", "toDate($t, {tz:String})", "toString($x)"),
    moment("week", "Week", "The week's Monday, YYYY-MM-DD", "toMonday($t, {tz:String})", "toString($x)"),
    moment("month", "Month", "YYYY-MM", "toStartOfMonth($t, {tz:String})", "formatDateTime($x, '%Y-%m')"),
    moment(
        "quarter",
        "Quarter",
        "YYYY-Q1 to YYYY-Q4",
        "toStartOfQuarter($t, {tz:String})",
        "concat(toString(toYear($x)), '-Q', toString(toQuarter($x)))",
    ),
    moment("year", "Year", "The year", "toYear($t, {tz:String})", kind="number"),
    moment("hour_of_day", "Hour of day", "0 to 23", "toHour($t, {tz:String})", kind="number"),
    moment(
        "day_of_week", "Day of week", "1 (Monday) to 7 (Sunday)", "toDayOfWeek($t, 0, {tz:String})", kind="number"
    ),
    # who and what
    named("partner", "Partner", "Partner whose link was clicked, with partner_id beside it", "who"),
    attribute(
        "partner_manager",
        "Partner manager",
        "Who of the network looks after the partner today, empty for nobody",
        "who",
        "partner_id",
    ),
    attribute(
        "partner_tier",
        "Partner tier",
        "Class of partners the partner is in today, empty for none",
        "who",
        "partner_id",
    ),
    attribute(
        "partner_tag",
        "Partner tag",
        f"Tag the partner has today; a partner {_SEVERAL}",
        "who",
        "partner_id",
        many=True,
    ),
    named("advertiser", "Advertiser", "Advertiser of the offer, with advertiser_id beside it", "who"),
    attribute(
        "advertiser_manager",
        "Advertiser manager",
        "Who of the network looks after the offer's advertiser today, empty for nobody",
        "who",
        "advertiser_id",
    ),
    attribute(
        "account_manager",
        "Account manager",
        "The advertiser manager, under the name other trackers' reports have for it",
        "who",
        "advertiser_id",
        kind="advertiser_manager",
    ),
    named("offer", "Offer", "Offer the visitor was sent to, with offer_id beside it", "what"),
    attribute(
        "offer_category", "Offer category", "The offer's category today, empty for none", "what", "offer_id"
    ),
    attribute(
        "offer_tag", "Offer tag", f"Tag the offer has today; an offer {_SEVERAL}", "what", "offer_id", many=True
    ),
    attribute_of_clicks(
        "payout_model",
        "Payout model",
        "CPA, CPL, CPS, CPC, CPM, revshare or hybrid: of a conversion the one it was paid by, of clicks and "
        "impressions the one of their offer's base goal today",
        "what",
        "offer_id",
        kind="offer_payout_model",
        recorded="payout_model",
    ),
    named(
        "link", "Link", "Saved link that was clicked, with link_id beside it; (none) if written by hand", "what"
    ),
    named(
        "requested_offer",
        "Requested offer",
        "Offer the link named, where the click went to an alternative one; (none) where it didn't",
        "what",
        names="offer",
    ),
    named("smart_link", "Smart link", "Smart link that chose the offer, with smart_link_id beside it", "what"),
    column("landing", "Landing page", "Landing page chosen, or named in the link", "what", source="landing_id"),
    attribute(
        "landing_name",
        "Landing page's name",
        "Today's name of the landing page, empty where the link named one that isn't the offer's",
        "what",
        "landing_id",
    ),
    column("creative", "Creative", "Creative or banner named in the link", "what", source="creative_id"),
    attribute(
        "creative_name",
        "Creative's name",
        "Today's name of the creative, empty where the link named none of the program's",
        "what",
        "creative_id",
    ),
    column("coupon", "Coupon", "Coupon or promotion code", "what"),
    # labels
    column("source", "Source", "Traffic source named by the partner", "labels"),
    *numbered("sub", 10, "Sub id", "The partner's own label"),
    *numbered("ext", 5, "Extra parameter", "Anything else the link carried"),
    *numbered("adv", 5, "Advertiser label", "The advertiser's own label, from the postback", clicks=False),
    column("partner_click_id", "Partner's click id", "The partner's own id of the click", "labels"),
    # where
    column("continent", "Continent", "Continent, two letters", "where"),
    column("country", "Country", "Country, ISO 3166-1 alpha-2", "where"),
    column("region", "Region", "First-level subdivision", "where"),
    column("city", "City", "City", "where"),
    column("postal_area", "Postal area", "Postal code as far as the database knows it", "where"),
    column("timezone", "Visitor's time zone", "IANA time zone of the address", "where"),
    # network
    column("ip", "IP address", "Client address", "network"),
    column("ip_prefix", "Network", "Client network: /24 for IPv4, /48 for IPv6", "network"),
    column("asn", "AS number", "Autonomous system number, 0 when unknown", "network", "number"),
    column("isp", "Provider", "Provider or network name", "network"),
    column("connection_type", "Connection", "Cable/DSL, Cellular, Corporate, Satellite", "network"),
    column("is_datacenter", "Data centre", "The address belongs to a hosting provider", "network", "bool"),
    column("is_proxy", "Proxy", "The address is a public proxy, VPN or Tor exit", "network", "bool"),
    # device
    column("device_type", "Device type", "mobile, tablet, desktop, bot or other", "device"),
    column("device_brand", "Device brand", "Device brand", "device"),
    column("device_model", "Device model", "Device model", "device"),
    column("os", "Operating system", "Operating system", "device"),
    column("os_version", "OS version", "Operating system version", "device"),
    column("browser", "Browser", "Browser", "device"),
    column("browser_version", "Browser version", "Browser version", "device"),
    column("language", "Language", "First language the browser asks for", "device"),
    column("screen", "Screen", "Screen in pixels such as 1920x1080, where the page's script told it", "device"),
    column("user_agent", "User agent", "User-Agent header", "device"),
    # origin
    column("referrer_host", "Referring host", "Host of the referring page", "origin"),
    column("referrer_url", "Referring page", "Address of the referring page", "origin"),
    *(_utm(part) for part in ("source", "medium", "campaign", "term", "content")),
    column("click_source", "Click source", "redirect, js (the page's script) or server (the API)", "origin"),
    column("is_in_app", "In app", "Clicked inside an app's own browser", "origin", "bool"),
    # quality
    column("verdict", "Verdict", "valid, duplicate, suspect or invalid", "quality"),
    Dimension(
        "fraud_reason",
        "Fraud reason",
        "Reason code; a click with two reasons appears under both, so rows may add up to more than the totals; "
        "a filter keeps the clicks that have the reason, with all their reasons",
        "quality",
        "labels",
        ("fraud_reasons",),
        f"arrayJoin({_REASONS})",
        f"arrayJoin({_REASONS})",
        None,
        array=_REASONS,
    ),
    column(
        "fraud_category",
        "Fraud category",
        "GIVT (general invalid traffic), SIVT (sophisticated) or empty",
        "quality",
    ),
    Dimension(
        "fraud_score_band",
        "Fraud score band",
        "Fraud score in steps of ten: 0-9 to 90-100",
        "quality",
        "text",
        ("fraud_score",),
        _BAND,
        _BAND,
        None,
        show=_BAND_SHOWN,
    ),
    column("is_bot", "Bot", "The user agent names a bot", "quality", "bool"),
    column("bot_family", "Bot family", "Which bot", "quality"),
    column(
        "trafficback_reason",
        "Trafficback reason",
        "Why the click did not reach the offer its link names; empty when it did",
        "quality",
    ),
    column("is_rerouted", "Rerouted", "The click went to its offer's alternative", "quality", "bool"),
    column("is_unique", "Unique", "The visitor's first click on the offer within the window", "quality", "bool"),
    # conversion
    Dimension(
        "goal",
        "Goal",
        "Goal reached, empty for the offer's base goal",
        "conversion",
        "text",
        ("goal",),
        None,
        "goal",
        None,
    ),
    on_conversions("conversion_status", "Status", "approved, pending, hold or rejected", source="status"),
    on_conversions("reject_reason", "Reject reason", "Why the conversion was rejected"),
    on_conversions(
        "ctit_bucket",
        "Time to conversion",
        f"Time from click or impression to conversion: {', '.join(_CTIT_BUCKETS)}; empty where there was neither",
        source="ctit_ms",
        also="attribution",
        expression=_CTIT,
        order=_CTIT_ORDER,
    ),
    on_conversions("txn_id", "Transaction id", "The advertiser's transaction id"),
    on_conversions("currency", "Currency", "Currency of payout and revenue"),
    on_conversions("attribution", "Attribution", "click, view, coupon or adjustment"),
    on_conversions(
        "conversion_source",
        "Conversion source",
        "What brought the present state: postback, pixel, script, upload, api, hold (the end of a hold) or rate "
        "(a missing exchange rate that came)",
    ),
)

DIMENSIONS: dict[str, Dimension] = {entry.name: entry for entry in _ENTRIES}
"""Every dimension by its name."""
