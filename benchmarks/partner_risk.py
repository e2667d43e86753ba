"""Seconds until a day of a large network is scored: measured in SQL, ranked, reasons found, kept.

The store is made of hashes of a row's number inside the engine, all on one UTC day, the busiest a range can be.
Partners' volumes fall off with the square of a uniform draw: the largest has a hundred times the smallest's
clicks. Only the rollup that partner risk reads is kept while the store is filled; the others cost minutes and
change nothing here. ``python -m benchmarks.partner_risk CLICKS`` measures another size.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from clickledger.bench.lines import Line

TARGET_SECONDS = 20.0
CLICKS = 20_000_000
PARTNERS = 5_000
CLICKS_PER_CONVERSION = 50
DAY = date(2026, 11, 1)
_PIECE = 1_000_000


def measure() -> dict[str, Any]:
    """Measure in a process of its own, so that memory and engine are fresh."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.partner_risk", str(CLICKS)],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    if done.returncode:
        return {"failed": done.stderr.strip()[-2000:]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's line of the table."""
    what = f"partner risk: {found['clicks'] // 1_000_000} million clicks, {found['partners']:,} partners"
    return [Line(what, f"{found['seconds']} s", f"<= {found['target']:g} s", found["holds"])]


def _draw(salt: int) -> str:
    return f"(cityHash64(n, {salt}) % 1000003) / 1000003"


def _few(salt: int, ranks: int) -> str:
    """Return a rank that comes up in inverse proportion to itself."""
    return f"toUInt32(pow({ranks}, {_draw(salt)}))"


def _fill(store: Any, clicks: int) -> None:
    from kernel.clickhouse.columns import ROLLUPS

    for rollup in ROLLUPS:
        if rollup.name != "clicks_daily_verdicts":
            store.command(f"DROP VIEW {rollup.name}_mv SYNC")
    made = {
        "click_id": "concat(leftPad(hex(n), 16, '0'), leftPad(hex(cityHash64(n, 1)), 16, '0'))",
        "ts": f"toDateTime64('{DAY} 00:00:00', 3, 'UTC') + toIntervalMillisecond(intDiv(n * 86400000, {clicks}))",
        "partner_id": f"toUInt32(1 + {PARTNERS - 1} * pow({_draw(2)}, 2))",
        "offer_id": f"toUInt32(1 + cityHash64(partner_id, {_few(3, 8)}) % 300)",
        "visitor": _few(4, 3_000_000),
        "ip": "IPv4NumToString(toUInt32(1073741824 + visitor * 37))",
        "ip_prefix": "concat(IPv4NumToString(toUInt32(bitAnd(1073741824 + visitor * 37, 4294967040))), '/24')",
        "country": f"substring('USDEINBRGBFRESPLMXIDITTRNLCAJPTH', 1 + 2 * ({_few(5, 16)} - 1), 2)",
        "user_agent": f"concat('Mozilla/5.0 (Linux; Android ', toString(8 + {_few(6, 9)}), '; K) "
        "AppleWebKit/537.36 "
        f"(KHTML, like Gecko) Chrome/', toString(142 - {_few(7, 90)}), '.0.0.0 Mobile Safari/537.36')",
        "referrer_host": f"concat('site', toString({_few(8, 3000)}), '.example')",
        "sub1": f"concat('c', toString(partner_id % 97), '-', toString({_few(9, 400)}))",
        "kind": _draw(10),
        "verdict": "multiIf(kind < 0.05, 'invalid', kind < 0.07, 'suspect', kind < 0.16, 'duplicate', 'valid')",
    }
    names = ", ".join(name for name in made if name not in {"visitor", "kind"})
    values = ", ".join(f"{expression} AS {name}" for name, expression in made.items())
    for begin in range(0, clicks, _PIECE):
        many = min(_PIECE, clicks - begin)
        rows = f"SELECT number AS n, {values} FROM numbers({begin}, {many})"  # noqa: S608 - our own constants
        store.command(f"INSERT INTO clicks ({names}) SELECT {names} FROM ({rows})")  # noqa: S608 - our own constants
    store.command(
        "INSERT INTO conversions "  # noqa: S608 - our own constants
        "(conversion_id, click_id, partner_id, click_ts, ts, ctit_ms, attribution) "
        "SELECT concat(click_id, '-sale'), click_id, partner_id, addMilliseconds(ts, -wait), ts, wait, 'click' "
        "FROM "
        "(SELECT *, toInt64(2000 + exp(cityHash64(click_id, 3) % 1000 / 55)) AS wait FROM clicks "
        f"WHERE cityHash64(click_id) % {CLICKS_PER_CONVERSION} = 0)",
        settings={"max_partitions_per_insert_block": 0},
    )


def _run(clicks: int) -> dict[str, Any]:
    from fraud.risk import READER_SETTINGS, RiskRuns
    from kernel.clickhouse import client as clickhouse
    from kernel.settings import Settings

    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        chosen = Settings(data_dir=Path(place))
        store = clickhouse.connect(chosen)
        clickhouse.migrate(store)
        _fill(store, clicks)
        readers = clickhouse.ReaderPool(chosen, size=1, settings=READER_SETTINGS)
        began, cpu = time.perf_counter(), time.process_time()
        run = RiskRuns(chosen, readers, dict).run(DAY, DAY)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        readers.close()
        store.close()
    return {
        "clicks": run.clicks,
        "partners": run.judged,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "target": TARGET_SECONDS,
        "holds": seconds <= TARGET_SECONDS,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run(int(sys.argv[1]))) + "\n")
