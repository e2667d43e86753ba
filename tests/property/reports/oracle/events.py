"""Random events as the pipeline would have stored them: clicks, impressions, conversions and their history.

They lie close around the days the clocks change in half a dozen zones, on both sides of local and UTC
midnights. A conversion has one to four states that arrive in any order, in several batches; some batches
arrive twice. Invariant: one seed makes the same events in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd

from tests.property.reports.oracle import clocks, program

Row = dict[str, Any]

HOUR = 3_600_000
DAY = 24 * HOUR


def at(text: str) -> int:
    """Milliseconds since 1970 of a UTC moment."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


CHANGES = tuple(
    at(text)
    for text in (
        "2012-10-28T01:00",  # a year before: back in Berlin
        "2013-10-05T15:30",  # half an hour forward on Lord Howe
        "2013-10-27T01:00",  # back in Berlin
        "2013-11-03T04:30",  # back in St. John's
        "2014-03-30T01:00",  # forward in Berlin
        "2014-04-05T15:00",  # half an hour back on Lord Howe
    )
)
"""When the clocks change; events crowd around these. No other test has events of these years, so that whoever sees
everything sees these alone."""

EDGES = clocks.edges()
"""Where ranges begin and end: some events lie just there, some a millisecond before."""

SEASONS = (
    (at("2012-02-27T00:00"), at("2012-03-02T00:00")),
    (at("2012-10-20T00:00"), at("2012-11-08T00:00")),
    (at("2013-10-01T00:00"), at("2013-11-10T00:00")),
    (at("2014-03-26T00:00"), at("2014-04-10T00:00")),
)
"""What lies in between: other days, a leap day among them."""

VOCABULARY: dict[str, tuple[Any, ...]] = {
    "landing_id": ("", "", "1", "7", "01", "shop"),
    "creative_id": ("", "1", "2", "banner"),
    "coupon": ("", "", "", "SAVE10"),
    "source": ("", "google", "Google", "news letter"),
    **{f"sub{n}": ("", "a", "b", "A", "'", "\\", "ü", "10", "9") for n in range(1, 11)},
    **{f"ext{n}": ("", "x", "{from:String}", "%") for n in range(1, 6)},
    "partner_click_id": ("", "pc-1", "pc-2", "pc-10"),
    "ip": tuple(f"198.51.100.{n}" for n in range(1, 24)),
    "ip_prefix": ("198.51.100.0/24", "2001:db8::/48", ""),
    "continent": ("EU", "NA", ""),
    "country": ("DE", "FR", "US", "CA", ""),
    "region": ("BE", "NY", ""),
    "city": ("Berlin", "St. John's", "Köln", ""),
    "postal_area": ("10115", "A1A", ""),
    "timezone": ("Europe/Berlin", "America/St_Johns", ""),
    "asn": (0, 64_500, 64_501, 4_200_000_000),
    "isp": ("", "Example Net", "example net"),
    "connection_type": ("", "Cellular", "Cable/DSL"),
    "is_datacenter": (False, False, True),
    "is_proxy": (False, False, True),
    "user_agent": ("Mozilla/5.0 (X11)", "curl/8", ""),
    "device_type": ("mobile", "desktop", "tablet", "bot"),
    "device_brand": ("", "Apple", "Fairphone"),
    "device_model": ("", "iPhone", "5"),
    "os": ("iOS", "Android", "Linux", ""),
    "os_version": ("", "17.1", "9"),
    "browser": ("Firefox", "Chrome", "Safari"),
    "browser_version": ("", "119.0", "99.9"),
    "language": ("de", "en", ""),
    "screen": ("", "1920x1080"),
    "click_source": ("redirect", "js", "server"),
    "referrer_host": ("", "example.com", "example.org"),
    "referrer_url": ("", "https://example.com/?a=1&b=%20"),
    **{f"utm_{name}": ("", "one", "two") for name in ("source", "medium", "campaign", "term", "content")},
    "is_in_app": (False, True),
    "verdict": ("valid", "valid", "valid", "duplicate", "suspect", "invalid"),
    "fraud_category": ("", "", "GIVT", "SIVT"),
    "fraud_score": (0, 0, 5, 9, 10, 19, 50, 77, 90, 99, 100),
    "is_bot": (False, False, False, True),
    "bot_family": ("", "", "Googlebot"),
    "is_unique": (True, True, False),
    "is_test": (False,) * 9 + (True,),
}
"""What a click's columns hold, each value as often as it stands here."""

REASONS = ((), (), ("bot_user_agent",), ("ip_velocity",), ("bot_user_agent", "datacenter_ip"), ("ip_velocity", "bot_user_agent", "proxy"), ("proxy", "proxy"))  # fmt: skip
REFUSED = ("", "", "", "", "offer_paused", "unknown_offer", "geo")
CURRENCIES = ("USD", "USD", "USD", "EUR", "EUR", "BAM", "BAM", "INR", "JPY", "CHF")
STATUSES = ("approved", "approved", "pending", "hold", "rejected")
SOURCES = ("postback", "pixel", "script", "upload", "api", "hold")
MODELS = ("CPA", "CPL", "revshare", "hybrid")
ADVERTISER_LABELS = ("", "", "gold", "Gold", "0")


@dataclass(frozen=True)
class Events:
    """All events as frames, one row each; ``history`` has every state of a conversion, ``conversions`` the last."""

    clicks: pd.DataFrame
    impressions: pd.DataFrame
    history: pd.DataFrame

    @property
    def conversions(self) -> pd.DataFrame:
        """The present state of every conversion."""
        return self.history.sort_values("change_seq").drop_duplicates("conversion_id", keep="last")


class Maker:
    """Makes events of one seed; ``name`` and how many days ``earlier`` they are keep sets of events apart."""

    def __init__(self, seed: int, name: str = "oracle", earlier: int = 0) -> None:
        self.rng, self.name, self.earlier = Random(seed), name, earlier * DAY
        self.made = 0

    def events(self, clicks: int, impressions: int, conversions: int) -> Events:
        """Make events, and as many conversions, of some of the clicks and impressions or of none."""
        clicked = [self._event("c") for _ in range(clicks)]
        seen = [self._event("i") for _ in range(impressions)]
        history = [state for _ in range(conversions) for state in self.conversion(clicked, seen)]
        return Events(_frame(clicked), _frame(seen), _frame(history))

    def conversion(self, clicked: list[Row], seen: list[Row]) -> list[Row]:
        """Make all states of one conversion, oldest first."""
        made_by = self._one(("click",) * 7 + ("view",) * 2 + ("coupon", "adjustment"))
        ctit = 0
        if made_by in {"click", "view"}:
            of = self._one(clicked if made_by == "click" else seen)
            ctit = int(
                self._one((self.rng.randrange(90_000), self.rng.expovariate(1 / (30 * HOUR)), 10_000, 7 * DAY))
            )
            carried = {name: of[name] for name in of if name not in _OF_EVENTS}
            carried |= {"click_id": of["click_id"], "click_ts": of["ts"]}
        else:
            moment = self._moment()
            carried = {
                "click_id": "",
                "click_ts": moment,
                "partner_id": self._one(program.PARTNERS),
                "coupon": "SAVE10" if made_by == "coupon" else "",
                "is_test": False,
            } | self._sold()
        first = self._state(made_by)
        first |= {
            **carried,
            "conversion_id": self._id("v"),
            "ts": carried["click_ts"] + ctit,
            "ctit_ms": ctit,
            "attribution": made_by,
            "goal": "" if made_by == "adjustment" else self._one(("", "", "sale", "Lead")),
            "txn_id": self._one(("", "t-1", "t-2", "T-1")),
            "payout_model": "" if made_by == "adjustment" else self._one(MODELS),
            "change_seq": int((carried["click_ts"] + ctit) * 1000),
        }
        states = [first]
        for _ in range(self.rng.randrange(4) if made_by != "adjustment" else 0):
            later = self.rng.randrange(1, 20 * DAY * 1000)
            states.append({**states[-1], **self._state(made_by), "change_seq": states[-1]["change_seq"] + later})
        for state in states:
            state["changed_at"] = state["change_seq"] // 1000
        return states

    def _event(self, kind: str) -> Row:
        row = {name: self._one(values) for name, values in VOCABULARY.items()}
        refused = self._one(REFUSED)
        rerouted = bool(refused) and self.rng.random() < 0.5
        row |= {
            "click_id": self._id(kind),
            "ts": self._moment(),
            "partner_id": self._one(program.PARTNERS),
            "link_id": self._one(program.LINKS),
            "smart_link_id": self._one(program.SMART_LINKS),
            "fraud_reasons": list(self._one(REASONS)),
            "trafficback_reason": refused,
            "is_rerouted": rerouted,
            **self._sold(),
            "requested_offer_id": self._one(program.OFFERS) if rerouted else 0,
            "cost": self._money(),
            "cost_currency": self._one(CURRENCIES),
            "payout": self._money(often=0.4),
            "revenue": self._money(often=0.4),
            "currency": self._one(CURRENCIES),
        }
        if refused == "unknown_offer" and not rerouted:
            row |= {"offer_id": 0, "advertiser_id": 0}
        return row

    def _state(self, made_by: str) -> Row:
        status = "approved" if made_by == "adjustment" else self._one(STATUSES)
        sign = -1 if made_by == "adjustment" and self.rng.random() < 0.5 else 1
        return {
            "status": status,
            "reject_reason": self._one(("fraud", "duplicate")) if status == "rejected" else "",
            "amount": Decimal(0) if made_by == "adjustment" else self._money(),
            "amount_currency": self._one(CURRENCIES),
            "payout": sign * self._money(),
            "revenue": sign * self._money(),
            "currency": self._one(CURRENCIES),
            "conversion_source": self._one(SOURCES),
            **{f"adv{n}": self._one(ADVERTISER_LABELS) for n in range(1, 6)},
        }

    def _sold(self) -> Row:
        """An offer and whose it is."""
        number = self.rng.randrange(len(program.OFFERS))
        return {
            "offer_id": program.OFFERS[number],
            "advertiser_id": program.ADVERTISERS[number % len(program.ADVERTISERS)],
        }

    def _moment(self) -> int:
        drawn = self.rng.random()
        if drawn < 0.15:
            return self._one(EDGES) - self.rng.randrange(2) - self.earlier
        if drawn < 0.6:
            return self._one(CHANGES) + self.rng.randrange(-30 * HOUR, 30 * HOUR) - self.earlier
        first, last = self._one(SEASONS)
        moment = self.rng.randrange(first, last) - self.earlier
        # On the very edge of a UTC hour, or of a local one in a zone off by a half.
        return moment if drawn < 0.9 else moment // (HOUR // 2) * (HOUR // 2) - self.rng.randrange(2)

    def _money(self, often: float = 0.8) -> Decimal:
        digits = self.rng.randrange(1, 9_000_000) if self.rng.random() < often else 0
        # Cents mostly, and the smallest amount there is now and then.
        return Decimal(digits).scaleb(-6) if self.rng.random() < 0.3 else Decimal(digits // 10_000).scaleb(-2)

    def _id(self, kind: str) -> str:
        self.made += 1
        return f"{self.name}-{kind}{self.made}"

    def _one(self, values: Sequence[Any]) -> Any:
        return self.rng.choice(values)


def _frame(rows: list[Row]) -> pd.DataFrame:
    """Return rows as a frame; what a row doesn't have is empty, as in the store."""
    empty: dict[str, Any] = {}
    for row in rows:
        empty.update((name, type(value)()) for name, value in row.items() if name not in empty)
    # Columns of objects: amounts stay decimals and flags stay flags.
    frame = pd.DataFrame([{**empty, **row} for row in rows], columns=list(empty), dtype=object)
    times = [name for name in ("ts", "click_ts", "changed_at") if name in frame]
    return frame.assign(
        **{name: pd.to_datetime(frame[name].astype("int64"), unit="ms", utc=True) for name in times}
    )


_OF_EVENTS = frozenset({"click_id", "ts", "cost", "cost_currency", "payout", "revenue", "currency"})
"""What a click has for itself; all else its conversions have too."""
