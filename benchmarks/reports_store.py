"""``python -m benchmarks.reports_store DIRECTORY CLICKS``: an embedded store of a quarter of a network's traffic.

Everything is made inside the engine out of hashes of a row's number, so that the same size is the same rows
every time. The skew is what networks see: partners, offers, sub ids and addresses follow Zipf's law; a partner
promotes few offers, an offer takes few countries, a device brings its own system and browsers; evenings are
busier than nights; three conversions in ten change their status later. Conversions of the months that are over lie
in one part each, as they do after an hour without new ones; the last month's in eight, as while they come.

Invariants: one conversion for each fifty clicks; times grow with the row's number, as those of real inserts do;
a store that is complete says so in a file beside the engine's directory, and is used again.
"""

from __future__ import annotations

import json
import math
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from clickhouse_connect.driver.client import Client

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.columns import CLICK_DIMENSIONS, CLICKS, CONVERSIONS
from kernel.settings import Settings

PIECE = 500_000
"""Clicks per insert: what the engine holds in memory at once."""
DAYS = 90
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)
"""A fixed quarter, so that every run reads the same rows."""
CLICKS_PER_CONVERSION = 50
MADE = "made.json"
"""Beside the engine's directory: what a complete store holds."""
EDITION = 2
"""Grows with every change of what is made."""

_MERGE_SECONDS = 300.0
_BEGIN_MS = int(BEGIN.timestamp()) * 1000


def _draw(salt: int, of: str = "n") -> str:
    """Return a uniform draw from [0, 1)."""
    return f"(cityHash64({of}, {salt}) % 1000003) / 1000003"


def _zipf(salt: int, ranks: int, of: str = "n") -> str:
    """Return a rank from 1 to ``ranks`` that comes up in inverse proportion to itself."""
    return f"toUInt32(exp({_draw(salt, of)} * {math.log(ranks):.6f}))"


_COUNTRIES = ["US", "DE", "IN", "BR", "GB", "FR", "ES", "PL", "MX", "ID", "IT", "TR", "NL", "CA", "JP", "TH",
              "AR", "ZA", "VN", "RO", "AU", "SE", "PH", "CO", "EG", "PT", "GR", "CL", "NG", "KE"]  # fmt: skip
_DEVICES = [
    ("mobile", "Android", "Chrome Mobile", "Samsung"),
    ("mobile", "iOS", "Mobile Safari", "Apple"),
    ("desktop", "Windows", "Chrome", ""),
    ("mobile", "Android", "Samsung Internet", "Samsung"),
    ("mobile", "Android", "Chrome Mobile WebView", "Xiaomi"),
    ("desktop", "Mac OS X", "Safari", "Apple"),
    ("desktop", "Windows", "Edge", ""),
    ("tablet", "iOS", "Mobile Safari", "Apple"),
    ("desktop", "Windows", "Firefox", ""),
    ("mobile", "iOS", "Facebook", "Apple"),
    ("tablet", "Android", "Chrome", "Samsung"),
    ("desktop", "Linux", "Chrome", ""),
]


def _texts(values: list[str]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def _click_columns(count: int) -> dict[str, str]:
    """Return each column's expression over ``n``, the row's number; later ones may name earlier ones."""
    day_ms = 86_400_000
    return {
        "click_id": "concat(leftPad(hex(n), 16, '0'), leftPad(hex(cityHash64(n, 1)), 16, '0'))",
        # The hour of a day bends towards the evening: sin() moves a moment by at most three hours.
        "even_ms": f"toUInt64(n * {DAYS * day_ms / count:.9f})",
        "ts": f"fromUnixTimestamp64Milli(toInt64({_BEGIN_MS} + intDiv(even_ms, {day_ms}) * {day_ms} "
        f"+ least({day_ms - 1}, greatest(0, (even_ms % {day_ms}) "
        f"+ 10800000 * sin((even_ms % {day_ms}) / {day_ms} * 2 * pi())))), 'UTC')",
        "partner_id": _zipf(2, 600),
        "promoted": _zipf(3, 8),
        "offer_id": "toUInt32(1 + cityHash64(partner_id, promoted, 4) % 300)",
        "advertiser_id": "toUInt32(1 + offer_id % 60)",
        "link_id": "toUInt32(if(cityHash64(partner_id, 5) % 3 = 0, 0, partner_id * 10 + promoted))",
        "landing_id": "toString(offer_id * 4 + cityHash64(n, 6) % 4)",
        "creative_id": f"concat('b', toString({_zipf(7, 40)}))",
        "source": f"concat('s', toString({_zipf(8, 30)}))",
        "sub1": f"concat('c', toString(partner_id % 97), '-', toString({_zipf(9, 400)}))",
        "sub2": f"toString({_zipf(10, 60)})",
        "sub3": f"toString({_zipf(11, 5000)})",
        "partner_click_id": "lower(hex(cityHash64(n, 12)))",
        "country": f"{_texts(_COUNTRIES)}[1 + cityHash64(offer_id, {_zipf(13, 6)}) % {len(_COUNTRIES)}]",
        "continent": "multiIf(country IN ('US', 'MX', 'CA'), 'NA', country IN ('BR', 'AR'), 'SA', 'EU')",
        "city": f"concat(country, ' ', toString({_zipf(14, 300)}))",
        "visitor": _zipf(15, 3_000_000),
        "ip": "IPv4NumToString(toUInt32(1073741824 + visitor * 37))",
        "ip_prefix": "IPv4NumToString(toUInt32(bitAnd(1073741824 + visitor * 37, 4294967040)))",
        "asn": f"toUInt32(1000 + {_zipf(16, 2000)})",
        "device": _zipf(17, len(_DEVICES) + 1),
        "device_type": f"{_texts([d[0] for d in _DEVICES])}[device]",
        "os": f"{_texts([d[1] for d in _DEVICES])}[device]",
        "browser": f"{_texts([d[2] for d in _DEVICES])}[device]",
        "device_brand": f"{_texts([d[3] for d in _DEVICES])}[device]",
        "os_version": f"toString(8 + {_zipf(18, 9)})",
        "browser_version": f"toString(142 - {_zipf(19, 12)})",
        "user_agent": "concat('Mozilla/5.0 (', os, ' ', os_version, '; ', device_brand, ') ', browser, '/', "
        "browser_version)",
        "language": "concat(lower(country), '-', country)",
        "click_source": "'redirect'",
        "referrer_host": f"concat('site', toString({_zipf(20, 3000)}), '.example')",
        "kind": f"{_draw(21)}",
        "verdict": "multiIf(kind < 0.05, 'invalid', kind < 0.07, 'suspect', kind < 0.16, 'duplicate', 'valid')",
        "fraud_score": "toUInt8(if(kind < 0.07, 60 + kind * 500, 20 * kind))",
        "is_bot": "kind < 0.03",
        "is_unique": "verdict = 'valid'",
        "trafficback_reason": "multiIf(kind > 0.99, 'geo', kind > 0.985, 'cap', '')",
        "cost_currency": "'USD'",
        "cost": "toDecimal64(if(cityHash64(partner_id, 22) % 4 = 0, 0.02, 0), 6)",
        "currency": "'USD'",
        "method": "'GET'",
        "destination": "concat('https://shop.example/?cid=', click_id)",
        "query": "concat('offer_id=', toString(offer_id), '&partner_id=', toString(partner_id), '&sub1=', sub1)",
        "edge": "'edge0'",
    }


_CONVERSION_COLUMNS = {
    "conversion_id": "concat(click_id, '-sale')",
    "click_ts": "ts",
    "ctit_ms": f"toInt64(5000 + exp({_draw(30, 'click_id')} * 18))",
    "goal": "if(cityHash64(click_id, 31) % 5 = 0, 'upsell', '')",
    "txn_id": "substring(click_id, 1, 16)",
    "amount": f"toDecimal64({_draw(32, 'click_id')} * 120, 6)",
    "amount_currency": "'USD'",
    "payout": "toDecimal64(2 + offer_id % 30, 6)",
    "revenue": "toDecimal64(3 + offer_id % 40, 6)",
    "currency": "'USD'",
    "attribution": "'click'",
    "conversion_source": "'postback'",
    "payout_model": "'CPA'",
    "outcome": "'accepted'",
}
"""Over the rows of clicks; what is named as in clicks is theirs."""
_FIRST_STATUS = "if(cityHash64(click_id, 33) % 10 < 6, 'approved', 'pending')"
_LATER_STATUS = "if(cityHash64(click_id, 34) % 3 = 0, 'rejected', 'approved')"
_CHANGES = "cityHash64(click_id, 33) % 10 >= 7"
_LAST_MONTH = ("2026-10-01", "2026-10-20", "2026-10-28", "2026-10-29 18:00:00", "2026-10-30")
"""Between which its conversions come, and then their changes: parts of the sizes that merging leaves."""
_NO_MERGES = (
    "ALTER TABLE conversions MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, "
    "max_bytes_to_merge_at_min_space_in_pool = 1"
)


def open_store(directory: Path, count: int) -> Client:
    """Return a store of ``count`` clicks in ``directory``, made unless a complete one lies there."""
    directory.mkdir(parents=True, exist_ok=True)
    told = directory / MADE
    wanted = {"clicks": count, "edition": EDITION}
    made = told.is_file() and json.loads(told.read_text()) == wanted
    store = clickhouse.connect(Settings(data_dir=directory))
    clickhouse.migrate(store)
    if not made:
        if store.query("SELECT count() FROM clicks").result_rows[0][0]:
            store.close()
            raise RuntimeError(f"{directory} holds another or an unfinished store; name an empty directory")
        _fill(store, count)
        told.write_text(json.dumps(wanted))
    return store


def _fill(store: Client, count: int) -> None:
    made = _click_columns(count)
    names = [column.name for column in CLICKS if column.name in made]
    values = ", ".join(f"{expression} AS {name}" for name, expression in made.items())
    for begin in range(0, count, PIECE):
        numbers = f"SELECT number AS n, {values} FROM numbers({begin}, {min(PIECE, count - begin)})"  # noqa: S608 - our own constants
        store.command(
            f"INSERT INTO clicks ({', '.join(names)}) SELECT {', '.join(names)} FROM ({numbers})",  # noqa: S608 - our own constants
            settings={"max_partitions_per_insert_block": 0},
        )
    _settle(store)
    _fill_conversions(store)


def _fill_conversions(store: Client) -> None:
    """Insert conversions and later states of them; the months that are over come to rest."""
    _insert_conversions(store, str(BEGIN.date()), _LAST_MONTH[0])
    for (month,) in store.query("SELECT DISTINCT _partition_id FROM conversions").result_rows:
        store.command("OPTIMIZE TABLE conversions PARTITION ID {month:String} FINAL", parameters={"month": month})
    store.command(_NO_MERGES)
    for begin, end in pairwise(_LAST_MONTH):
        _insert_conversions(store, begin, end)


def _insert_conversions(store: Client, begin: str, end: str) -> None:
    store.command(_conversions(_FIRST_STATUS, "0", begin, end))
    store.command(_conversions(_LATER_STATUS, "3600000", begin, end, f" AND {_CHANGES}"))


def _conversions(status: str, later_ms: str, begin: str, end: str, which: str = "") -> str:
    """Return the statement that makes conversions of the clicks between two moments, or later states of them."""
    dimensions = {column.name: column.name for column in CLICK_DIMENSIONS}
    made = {
        **{name: f"c.{name}" for name in ("click_id", *dimensions)},
        **_CONVERSION_COLUMNS,
        "status": status,
        "ts": "addMilliseconds(c.ts, ctit_ms)",
        "changed_at": f"addMilliseconds(c.ts, ctit_ms + {later_ms})",
        "change_seq": f"toUInt64(toUnixTimestamp64Milli(c.ts) + ctit_ms + {later_ms}) * 1000",
    }
    names = [column.name for column in CONVERSIONS if column.name in made]
    values = ", ".join(f"{made[name]} AS v_{name}" for name in names).replace("AS v_ctit_ms", "AS ctit_ms")
    # A row's number is the beginning of its click id.
    return (
        f"INSERT INTO conversions ({', '.join(names)}) SELECT {values} FROM clicks AS c "  # noqa: S608 - our own constants
        f"WHERE c.ts >= '{begin}' AND c.ts < '{end}' "
        f"AND reinterpretAsUInt64(reverse(unhex(substring(click_id, 1, 16)))) % {CLICKS_PER_CONVERSION} = 0{which}"
    )


def _settle(store: Client) -> None:
    """Wait until the engine has merged what it merges by itself, as it has in a store that grew over months."""
    deadline = time.monotonic() + _MERGE_SECONDS
    quiet = 0
    while quiet < 5 and time.monotonic() < deadline:
        time.sleep(0.5)
        quiet = 0 if store.query("SELECT count() FROM system.merges").result_rows[0][0] else quiet + 1


if __name__ == "__main__":
    open_store(Path(sys.argv[1]), int(sys.argv[2])).close()
