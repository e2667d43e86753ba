"""The columns of the event tables, declared once.

The DDL, the Arrow schema of a batch, the export's column list and the report registry's checks all read
these tuples. A conversion carries every column of ``CLICK_DIMENSIONS`` with its click's value, so no
report joins.

Conventions: ids of the program are integers, 0 when there is none; an unknown text is ''; times are UTC
with milliseconds; money is Decimal(18, 6) beside a currency.
"""

from __future__ import annotations

from dataclasses import dataclass

MONEY = "Decimal(18, 6)"
TIME = "DateTime64(3, 'UTC')"
LABEL = "LowCardinality(String)"
"""Texts with few distinct values."""
LABELS = "Array(LowCardinality(String))"
TEXTS = "Array(String)"
NUMBERS = "Array(Float32)"
"""Measured numbers; NaN: unknown."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its ClickHouse type and what it holds."""

    name: str
    type: str
    help: str


def _numbered(prefix: str, count: int, kind: str, what: str) -> tuple[Column, ...]:
    return tuple(Column(f"{prefix}{n}", kind, f"{what} {n}") for n in range(1, count + 1))


CLICK_DIMENSIONS: tuple[Column, ...] = (
    # who and what
    Column("partner_id", "UInt32", "Partner whose link was clicked"),
    Column("advertiser_id", "UInt32", "Advertiser of the offer"),
    Column("offer_id", "UInt32", "Offer the visitor was sent to"),
    Column("link_id", "UInt32", "Saved link that was clicked, 0 for a link written by hand"),
    Column(
        "requested_offer_id", "UInt32", "Offer the link named, when the click went to an alternative one; else 0"
    ),
    Column("is_rerouted", "Bool", "Sent to an alternative offer, because its own did not take it"),
    Column("smart_link_id", "UInt32", "Smart link that chose the offer, 0 for none"),
    Column("landing_id", LABEL, "Landing page chosen, or named in the link"),
    Column("creative_id", LABEL, "Creative or banner named in the link"),
    Column("coupon", LABEL, "Coupon or promotion code"),
    # labels
    Column("source", LABEL, "Traffic source named by the partner"),
    *_numbered("sub", 10, "String", "Partner's own label"),
    *_numbered("ext", 5, "String", "Extra parameter"),
    Column("partner_click_id", "String", "The partner's own click id"),
    # where
    Column("ip", "String", "Client address"),
    Column("ip_prefix", "String", "Client network: /24 for IPv4, /48 for IPv6"),
    Column("continent", LABEL, "Continent, two letters"),
    Column("country", LABEL, "Country, ISO 3166-1 alpha-2"),
    Column("region", LABEL, "First-level subdivision"),
    Column("city", LABEL, "City"),
    Column("postal_area", LABEL, "Postal code as far as the database knows it"),
    Column("timezone", LABEL, "IANA time zone of the address"),
    # network
    Column("asn", "UInt32", "Autonomous system number, 0 when unknown"),
    Column("isp", LABEL, "Provider or network name"),
    Column("connection_type", LABEL, "Cable/DSL, Cellular, Corporate, Satellite"),
    Column("is_datacenter", "Bool", "The address belongs to a hosting provider"),
    Column("is_proxy", "Bool", "The address is a public proxy, VPN or Tor exit"),
    # device
    Column("user_agent", "String", "User-Agent header"),
    Column("device_type", LABEL, "mobile, tablet, desktop, bot, other"),
    Column("device_brand", LABEL, "Device brand"),
    Column("device_model", LABEL, "Device model"),
    Column("os", LABEL, "Operating system"),
    Column("os_version", LABEL, "Operating system version"),
    Column("browser", LABEL, "Browser"),
    Column("browser_version", LABEL, "Browser version"),
    Column("language", LABEL, "First language the browser asks for"),
    Column("screen", LABEL, "Screen in pixels such as 1920x1080, where a script told it"),
    # origin
    Column("click_source", LABEL, "redirect, js or server: how it was recorded"),
    Column("referrer_host", LABEL, "Host of the referring page"),
    Column("referrer_url", "String", "Referring page"),
    *(Column(f"utm_{n}", LABEL, f"utm_{n}") for n in ("source", "medium", "campaign", "term", "content")),
    Column("is_in_app", "Bool", "Clicked inside an app's own browser"),
    # quality
    Column("verdict", LABEL, "valid, duplicate, suspect or invalid"),
    Column("fraud_reasons", LABELS, "Reason codes, most severe first"),
    Column("fraud_category", LABEL, "GIVT, SIVT or ''"),
    Column("fraud_score", "UInt8", "0 (ordinary) to 100"),
    Column("fraud_facts", TEXTS, "The numbers behind each reason, in the order of fraud_reasons"),
    Column("model_score", "UInt8", "Percentile of the model's score in its training window, 0 without a model"),
    Column("model_features", LABELS, "Features that set it apart for the model, the strongest first"),
    Column("is_bot", "Bool", "The user agent names a bot"),
    Column("bot_family", LABEL, "Which bot"),
    Column("trafficback_reason", LABEL, "Why the click did not reach its offer, '' when it did"),
    Column("is_unique", "Bool", "The visitor's first click on the offer within the window"),
    Column("is_test", "Bool", "Made by a link self-test; never counted"),
    Column("rules_version", LABEL, "Rule set that gave the verdict"),
    Column("model_version", LABEL, "Model that gave the score, '' for rules only"),
    # device ids
    Column("idfa", "String", "Apple advertising id"),
    Column("gaid", "String", "Google advertising id"),
)

CLICKS: tuple[Column, ...] = (
    Column("click_id", "String", "Click id, 32 characters"),
    Column("ts", TIME, "When the click was received"),
    *CLICK_DIMENSIONS,
    Column("cost", MONEY, "What the click cost the partner"),
    Column("cost_currency", LABEL, "Currency of cost"),
    Column("payout", MONEY, "What the partner earns by the click itself (CPC) or the impression (CPM)"),
    Column("revenue", MONEY, "What the advertiser pays for it"),
    Column("currency", LABEL, "Currency of payout and revenue"),
    Column("is_over_cap", "Bool", "Beyond a soft cap"),
    Column("method", LABEL, "HTTP method"),
    Column("destination", "String", "URL the visitor was sent to"),
    Column("link_code", "String", "Code of the saved link as asked for"),
    Column("query", "String", "The request's query string as received"),
    Column("cut", LABELS, "Parameters whose value was cut at 512 bytes"),
    Column("edge", LABEL, "Edge worker that took the click"),
)

CONVERSION_STATE: tuple[Column, ...] = (
    Column("conversion_id", "String", "Conversion id, made from click, goal and transaction id"),
    Column("click_id", "String", "Click the conversion belongs to"),
    Column("ts", TIME, "When the conversion was first received"),
    Column("change_seq", "UInt64", "Grows with every change of the conversion; microseconds since 1970"),
    Column("changed_at", TIME, "When this state was received"),
    Column("click_ts", TIME, "When the click was received"),
    Column("ctit_ms", "Int64", "Click to conversion time in milliseconds"),
    Column("goal", LABEL, "Goal reached, '' for the offer's base goal"),
    Column("status", LABEL, "approved, pending, rejected or hold"),
    Column("reject_reason", LABEL, "Why it was rejected"),
    Column("txn_id", "String", "The advertiser's transaction id"),
    Column("amount", MONEY, "Sale amount"),
    Column("amount_currency", LABEL, "Currency of amount"),
    Column("payout", MONEY, "What the partner earns"),
    Column("revenue", MONEY, "What the advertiser pays"),
    Column("currency", LABEL, "Currency of payout and revenue"),
    *_numbered("adv", 5, "String", "Advertiser's own label"),
    Column("customer_id", "String", "The advertiser's customer"),
    Column("conversion_ip", "String", "Address given for the customer"),
    Column("attribution", LABEL, "click, view, coupon or adjustment"),
    Column(
        "conversion_source",
        LABEL,
        "What brought this state: postback, pixel, script, upload, api, hold, rate, rescoring",
    ),
    Column("actor", LABEL, "Who brought this state by hand"),
    Column("change_reason", "String", "Why it was changed by hand"),
    Column("hold_until", TIME, "When its hold period ends, 1970 for none"),
    Column("rate_missing_since", TIME, "When the amount came whose exchange rate is missing, 1970 for none"),
    Column("asked_status", LABEL, "What it becomes once that rate is known, or would be but for fraud rules"),
    Column("payout_model", LABEL, "CPA, CPL, CPS, CPC, CPM, revshare or hybrid"),
    Column(
        "goal_number",
        "UInt32",
        "Which of the partner's conversions on the goal it was in its period, where its price depends on it",
    ),
    Column("payout_given", "Bool", "Payout or revenue came with the postback and no longer follow the amount"),
    Column("outcome", LABEL, "accepted or updated: what this state did"),
)

CONVERSIONS: tuple[Column, ...] = (*CONVERSION_STATE, *CLICK_DIMENSIONS)

REJECTED: tuple[Column, ...] = (
    Column("rejected_id", "String", "Where it lay: journal, frame and place"),
    Column("ts", TIME, "When it was received"),
    Column("kind", LABEL, "click, postback or frame"),
    Column("reason", LABEL, "Reason code"),
    Column("detail", "String", "What exactly was wrong"),
    Column("click_id", "String", "Click id as given"),
    Column("method", LABEL, "HTTP method"),
    Column("ip", "String", "Client address"),
    Column("raw", "String", "The bytes as received"),
)

OUTBOUND_ATTEMPTS: tuple[Column, ...] = (
    Column("message_id", "String", "Message: hook, conversion and change"),
    Column("attempt", "UInt16", "1 for the first try"),
    Column("ts", TIME, "When it was tried"),
    Column("hook_id", "UInt32", "Outgoing hook"),
    Column("hook_kind", LABEL, "postback or webhook"),
    Column("hook_partner_id", "UInt32", "Partner whose hook it is, 0 for one of the network"),
    Column("conversion_id", "String", "Conversion it tells of"),
    Column("change_seq", "UInt64", "Which of its changes"),
    Column("partner_id", "UInt32", "Partner of the conversion"),
    Column("advertiser_id", "UInt32", "Advertiser of the conversion"),
    Column("offer_id", "UInt32", "Offer of the conversion"),
    Column("method", LABEL, "GET or POST"),
    Column("url", "String", "URL as sent"),
    Column("request_body", "String", "Body as sent"),
    Column("outcome", LABEL, "delivered, failed, refused or given_up"),
    Column("error", "String", "Why it wasn't delivered"),
    Column("response_status", "UInt16", "HTTP status, 0 for no answer"),
    Column("response_body", "String", "First bytes of the answer"),
    Column("address", "String", "Address that was dialled"),
    Column("duration_ms", "UInt32", "From dialling to the end of the answer"),
    Column("next_try", TIME, "When it is tried again, 1970 for never"),
    Column("actor", LABEL, "Who had it sent again by hand"),
)

PARTNER_RISK: tuple[Column, ...] = (
    Column("day", "Date", "UTC day that was judged"),
    Column("run_at", TIME, "When it was judged; only the latest run of a day counts"),
    Column("partner_id", "UInt32", "Partner, 0 for the row that every run writes of itself"),
    Column("clicks", "UInt64", "Clicks judged"),
    Column(
        "score", "UInt8", "Percentile among the partners judged that day, 100 the riskiest; 0 when too few clicks"
    ),
    Column("place", "UInt32", "1 for the riskiest, 0 when not judged"),
    Column("judged", "UInt32", "Partners judged in this run"),
    Column("method", LABEL, "peers (no labels), marks (learnt from marks) or too_few (clicks)"),
    Column("version", LABEL, "What the numbers mean"),
    Column("note", "String", "Why this method"),
    Column("reasons", TEXTS, "What sets it apart from its peers: code and facts, the strongest first"),
    Column("names", LABELS, "Behaviours measured"),
    Column("values", NUMBERS, "Their values"),
    Column("usual", NUMBERS, "Their medians among partners of like volume"),
)

HOURLY_KEYS: tuple[str, ...] = (
    "partner_id",
    "advertiser_id",
    "offer_id",
    "link_id",
    "country",
    "device_type",
    "os",
    "browser",
    "verdict",
    "trafficback_reason",
    "is_rerouted",
    "is_bot",
    "is_test",
    "cost_currency",
    "currency",
)
"""Dimensions of the hourly rollup, beside ``hour``."""

HOURLY_MEASURES: tuple[Column, ...] = (
    Column("click_count", "SimpleAggregateFunction(sum, UInt64)", "Clicks"),
    Column("unique_count", "SimpleAggregateFunction(sum, UInt64)", "Unique clicks"),
    Column("cost_sum", "SimpleAggregateFunction(sum, Decimal(38, 6))", "Cost"),
    Column("payout_sum", "SimpleAggregateFunction(sum, Decimal(38, 6))", "Payout of the clicks themselves"),
    Column("revenue_sum", "SimpleAggregateFunction(sum, Decimal(38, 6))", "Revenue of the clicks themselves"),
    Column("score_sum", "SimpleAggregateFunction(sum, UInt64)", "Sum of fraud scores"),
    Column("first_ts", f"SimpleAggregateFunction(min, {TIME})", "First click"),
    Column("last_ts", f"SimpleAggregateFunction(max, {TIME})", "Last click"),
    Column("ips", "AggregateFunction(uniq, String)", "Distinct addresses"),
)

COUNTED = "verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)"
"""A click that counts: not filtered out as suspect or invalid, and delivered to an offer."""

COUNTS: dict[str, str] = {
    "clicks": f"countIf({COUNTED})",
    "unique_clicks": f"countIf(is_unique AND {COUNTED})",
    "duplicate_clicks": "countIf(verdict = 'duplicate')",
    "suspect_clicks": "countIf(verdict = 'suspect')",
    "invalid_clicks": "countIf(verdict = 'invalid')",
    "bot_clicks": "countIf(is_bot)",
    "trafficback_clicks": "countIf(trafficback_reason != '')",
}
"""What a summary has counted already, as reports define it over clicks; ``count_column`` names its columns."""


def count_column(name: str) -> str:
    """Return the column of a summary that holds one of ``COUNTS``."""
    return f"n_{name}"


@dataclass(frozen=True, slots=True)
class Rollup:
    """Clicks added up by the hour, or by the UTC day, and some of their dimensions.

    A summary has no dimension that says whether a click counts; it holds ``COUNTS`` in columns instead, and
    so has a fraction of the rows. Only summaries hold distinct addresses: with a row for nearly each click they
    take as long to add up as the clicks' own do, and keeping them costs each insert.
    """

    name: str
    keys: tuple[str, ...]
    is_summary: bool = True
    is_daily: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns in order; ``hour`` is where the hour or the day begins."""
        of_clicks = {column.name: column for column in CLICKS}
        hour = Column(
            "hour", "DateTime('UTC')", "Beginning of the day" if self.is_daily else "Beginning of the hour"
        )
        sums = "SimpleAggregateFunction(sum, UInt64)"
        counts = tuple(Column(count_column(name), sums, name) for name in COUNTS) if self.is_summary else ()
        lacks = "unique_count" if self.is_summary else "ips"
        measures = tuple(measure for measure in HOURLY_MEASURES if measure.name != lacks)
        return (hour, *(of_clicks[key] for key in self.keys), *measures, *counts)


_ALWAYS = ("is_test", "cost_currency", "currency")
"""Keys of every rollup: no report counts tests, and money is told apart by currency."""
_PROGRAM = ("partner_id", "advertiser_id", "offer_id", "link_id")
_JUDGED = ("verdict", "trafficback_reason", "is_rerouted", "is_bot")

ROLLUPS: tuple[Rollup, ...] = (
    Rollup("clicks_hourly_audience", ("country", "device_type", "os", "browser", *_ALWAYS)),
    Rollup("clicks_daily", ("partner_id", "advertiser_id", "offer_id", "country", *_ALWAYS), is_daily=True),
    Rollup("clicks_daily_verdicts", (*_PROGRAM, *_JUDGED, *_ALWAYS), is_summary=False, is_daily=True),
    Rollup("clicks_hourly_program", ("partner_id", "advertiser_id", "offer_id", *_ALWAYS)),
    Rollup("clicks_hourly", HOURLY_KEYS, is_summary=False),
)
"""Smallest first: the first that knows all a report asks for answers it."""

TABLES: dict[str, tuple[Column, ...]] = {
    "clicks": CLICKS,
    "impressions": CLICKS,
    "conversions": CONVERSIONS,
    "conversion_changes": CONVERSIONS,
    "rejected": REJECTED,
    "outbound_attempts": OUTBOUND_ATTEMPTS,
    "partner_risk": PARTNER_RISK,
}
"""The tables that are written, by name: by the pipeline all but the last, which partner risk writes."""
