"""``python -m benchmarks.stored DIRECTORY CLICKS``: fill an embedded store with made-up clicks."""

from __future__ import annotations

import sys
from pathlib import Path

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.columns import CLICKS
from kernel.settings import Settings

PIECE = 500_000
"""Clicks per insert: what the engine holds in memory at once."""
DAYS = 30

_SECONDS = DAYS * 86_400
_EXPRESSIONS = {
    "click_id": "substring(translate(base64Encode(randomString(24)), '+/', '-_'), 1, 32)",
    "ts": f"now64(3, 'UTC') - toIntervalMillisecond(rand64(1) % {_SECONDS * 1000})",
    # Squared and cubed draws: the first ids get most of the traffic.
    "partner_id": "toUInt32(1 + 200 * pow(rand(2) / 4294967296, 3))",
    "advertiser_id": "toUInt32(1)",
    "offer_id": "toUInt32(1 + 50 * pow(rand(3) / 4294967296, 2))",
    "source": "concat('s', toString(rand(4) % 25))",
    "sub1": "concat('c', toString(rand(5) % 400))",
    "sub2": "toString(rand(6) % 40)",
    "partner_click_id": "hex(rand64(7))",
    "ip": "IPv4NumToString(toUInt32(1073741824 + 2000000 * pow(rand(8) / 4294967296, 2)))",
    "country": "['US', 'DE', 'IN', 'BR', 'FR', 'GB', 'ES', 'PL'][1 + toUInt32(8 * pow(rand(9) / 4294967296, 2))]",
    "continent": "'EU'",
    "user_agent": "concat('Mozilla/5.0 (Linux; Android 16; SM-', toString(rand(10) % 300), ') Chrome/141.0.0.0')",
    "device_type": "if(rand(11) % 4 = 0, 'desktop', 'mobile')",
    "os": "['Android', 'iOS', 'Windows', 'Mac OS X'][1 + rand(12) % 4]",
    "browser": "['Chrome Mobile', 'Mobile Safari', 'Chrome', 'Edge', 'Firefox'][1 + rand(13) % 5]",
    "language": "['en-US', 'de-DE', 'hi-IN', 'pt-BR'][1 + rand(14) % 4]",
    "verdict": "if(rand(15) % 100 < 4, 'invalid', if(rand(16) % 100 < 15, 'duplicate', 'valid'))",
    "is_unique": "verdict = 'valid'",
    "is_bot": "verdict = 'invalid'",
    "method": "'GET'",
    "destination": "concat('https://shop.example/?cid=', click_id)",
    "query": "concat('offer_id=', toString(offer_id), '&partner_id=', toString(partner_id), '&sub1=', sub1)",
    "edge": "'edge0'",
}


def fill(directory: Path, count: int) -> None:
    """Make the store and ``count`` clicks over the last days in it."""
    directory.mkdir(parents=True, exist_ok=True)
    store = clickhouse.connect(Settings(data_dir=directory))
    clickhouse.migrate(store)
    names = [c.name for c in CLICKS if c.name in _EXPRESSIONS]
    columns = ", ".join(names)
    values = ", ".join(f"{_EXPRESSIONS[name]} AS {name}" for name in names)
    for begin in range(0, count, PIECE):
        store.command(
            f"INSERT INTO clicks ({columns}) SELECT {values} FROM numbers({begin}, {min(PIECE, count - begin)})"  # noqa: S608 - our own constants
        )
    store.close()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
