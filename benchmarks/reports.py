"""Times of reports over 20 million clicks and 400,000 conversions in the embedded store, beside SQL by hand.

``python -m benchmarks.reports DIRECTORY CLICKS`` measures one store in a process of its own, as JSON. What is
timed is a report's whole way, from the parsed query to rows with names. Reports and their SQL by hand are asked
in turn, round after round, on the same read-only handle with the same limits.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.reports_questions import COVERED, PARTNER, RAW, WEEK, WITH_CONVERSIONS
from benchmarks.reports_store import BEGIN, DAYS, open_store
from benchmarks.watching import watched_memory
from clickledger.bench.lines import Line

CLICKS = 20_000_000
FEWER_CLICKS = 1_000_000
EXPORTED = 5_000_000
ROUNDS = 9
COVERED_P95_MS = 100
RAW_RATIO = 1.3
COMPILE_MS = 2
LOOKUP_MS = 20
GROWTH = 3
EXPORT_MIB = 300
SECONDS = 5_400
EXPORT_COLUMNS = (
    "ts,click_id,partner_id,advertiser_id,offer_id,country,city,device_type,os,browser,source,sub1,sub2,ip,verdict,"
    "fraud_score,destination"
)


def measure(data: Path | None = None, clicks: int = CLICKS) -> dict[str, Any]:
    """Measure two stores, each in a process of its own.

    Args:
        data: Where stores are kept for the next run; None: nowhere.
        clicks: Of the big one.

    """
    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        kept = data or Path(place)
        big = _ask(kept / f"reports-{clicks}", clicks)
        small = _ask(kept / f"reports-{FEWER_CLICKS}", FEWER_CLICKS)
    growth = {name: ms / small["covered"][name] for name, ms in big["covered"].items()}
    found = {
        **big,
        "growth": {name: round(ratio, 2) for name, ratio in growth.items()},
        "growth_of_all": round(sum(big["covered"].values()) / sum(small["covered"].values()), 2),
    }
    found["holds"] = all(line.holds is not False for line in lines(found))
    return found


def lines(found: dict[str, Any]) -> list[Line]:
    """Return a measurement's lines of the table."""
    clicks, lookup, compiled = found["clicks"], found["lookup_ms"], found["compile_ms"]
    shown = [
        _slowest("rollup reports", clicks, found["covered"], found["covered_p95_ms"]),
        Line(
            "rollup reports beside conversions, p95",
            f"{found['with_conversions_p95_ms']:.0f} ms",
            f"<= {COVERED_P95_MS} ms",
            found["with_conversions_p95_ms"] <= COVERED_P95_MS,
        ),
        Line(
            f"rollup reports, {clicks:,} clicks / {FEWER_CLICKS:,}",
            f"{found['growth_of_all']} (largest {max(found['growth'].values())})",
            f"< {GROWTH}",
            found["growth_of_all"] < GROWTH,
        ),
    ]
    for name, (ours, by_hand, ratio) in found["raw"].items():
        measured = f"{ratio} ({ours:.0f} / {by_hand:.0f} ms)"
        shown.append(Line(f"raw report: {name}, ours / by hand", measured, f"<= {RAW_RATIO}", ratio <= RAW_RATIO))
    shown += [
        Line("compiling a report, median", f"{compiled:.2f} ms", f"< {COMPILE_MS} ms", compiled < COMPILE_MS),
        Line("a click by its id, median", f"{lookup:.1f} ms", f"<= {LOOKUP_MS} ms", lookup <= LOOKUP_MS),
    ]
    for name, export in found["exports"].items():
        grown = export["grown_mib"]
        shown.append(
            Line(f"{export['rows']:,} rows as {name}, memory", f"{grown} MiB in {export['seconds']} s",
                 f"< {EXPORT_MIB} MiB", grown < EXPORT_MIB)
        )  # fmt: skip
    return shown


def _slowest(what: str, clicks: int, times: dict[str, float], p95: float) -> Line:
    name = max(times, key=lambda one: times[one])
    text = f"{p95:.0f} ms; slowest: {name}, {times[name]:.0f} ms"
    return Line(f"{what}, {clicks:,} clicks, p95", text, f"<= {COVERED_P95_MS} ms", p95 <= COVERED_P95_MS)


def _ask(directory: Path, clicks: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reports", str(directory), str(clicks)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


class _Program:
    """Names for every id there is; what a report asks of the program's directory."""

    def of(self, kind: str, ids: Collection[int]) -> dict[int, str]:
        return {i: f"{kind} {i}" for i in ids}

    def ids(self, kind: str, text: str) -> list[int]:
        return [int(text.removeprefix(kind))]

    def all(self, kind: str) -> dict[int, str]:
        return {i: f"{kind} {i}" for i in range(1, 601)}

    def attributes(self, kind: str) -> dict[int, tuple[str, ...]]:  # noqa: ARG002 - there are none
        return {}

    def rates(self) -> tuple[str, dict[str, tuple[tuple[int, Decimal], ...]]]:
        return "USD", {}


def _measure(directory: Path, clicks: int) -> dict[str, Any]:
    """Measure one store; the small one is for comparison, and gets no more than that takes."""
    from kernel.auth import ADMIN, Principal
    from kernel.clickhouse.client import ReaderPool
    from kernel.settings import Settings
    from reports.query import Query
    from reports.report import report

    store = open_store(directory, clicks)
    chosen = Settings(data_dir=directory)
    readers, names = ReaderPool(chosen), _Program()
    partner = Principal("partner", partner_id=PARTNER)

    def asking(name: str, body: dict[str, Any]) -> Callable[[], Any]:
        who = partner if name.startswith("a partner's") else ADMIN
        query = Query.model_validate({"limit": 1000, **body})
        return lambda: report(query, who, names=names, readers=readers, chosen=chosen)

    covered = {name: asking(name, body) for name, body in COVERED.items()}
    for name, ask in covered.items():
        if ask()["meta"]["source"] != "rollup":
            raise RuntimeError(f"no rollup covers: {name}")
    times = _in_turn(covered)
    found = {"clicks": clicks, "covered": _medians(times), "covered_p95_ms": _p95(times)}
    if clicks > FEWER_CLICKS:
        mixed = _in_turn({name: asking(name, body) for name, body in WITH_CONVERSIONS.items()})
        found |= {"with_conversions": _medians(mixed), "with_conversions_p95_ms": _p95(mixed)}
        found["raw"] = _raw(asking, readers)
        found["lookup_ms"] = _lookup(chosen)
        found["compile_ms"] = _compile_ms()
        found["exports"] = {one: _export(one, chosen, clicks) for one in ("csv", "parquet")}
    readers.close()
    store.close()
    return found


def _raw(asking: Callable[[str, dict[str, Any]], Callable[[], Any]], readers: Any) -> dict[str, Any]:
    """Return (ours, by hand, ratio) of each raw report; ratios are of medians."""
    found = {}
    for name, question in RAW.items():
        ends = {key: f"{day} 00:00:00" for key, day in WEEK.items()}
        text = question.by_hand.format_map(ends)

        def by_hand(text: str = text) -> Any:
            with readers.reader() as client:
                return client.query(text).result_rows

        ours = asking(name, question.report)
        answer = ours()
        first = question.report["metrics"][0]
        place = len(question.report["dimensions"])
        if answer["meta"]["source"] != "raw" or [r[first] for r in answer["rows"]] != [
            r[place] for r in by_hand()
        ]:
            raise RuntimeError(f"the SQL by hand gives something else: {name}")
        taken = _medians(_in_turn({"ours": ours, "by hand": by_hand}))
        found[name] = (taken["ours"], taken["by hand"], round(taken["ours"] / taken["by hand"], 2))
    return found


def _lookup(chosen: Any) -> float:
    """Return the median milliseconds of finding a click by its id with all its columns, all over the range."""
    from kernel.auth import ADMIN
    from kernel.clickhouse.client import SINGLE_ROWS, ReaderPool
    from kernel.clickhouse.columns import CLICKS as COLUMNS
    from reports.logs.reading import Reading
    from reports.logs.road_sql import click

    readers = ReaderPool(chosen, settings=SINGLE_ROWS)
    with readers.reader() as client:
        some = client.query(
            "SELECT click_id, ts FROM clicks WHERE cityHash64(click_id) % 50000 = 7 LIMIT 60"
        ).result_rows
    reading, taken = Reading(readers, chosen), []
    for click_id, moment in some:
        at = datetime.fromisoformat(f"{moment}+00:00" if moment.tzinfo is None else str(moment))
        begin = time.perf_counter()
        rows = reading.together(click("clicks", click_id, at, ADMIN))
        taken.append((time.perf_counter() - begin) * 1000)
        if [list(row) for row in rows] != [[column.name for column in COLUMNS]]:
            raise RuntimeError(f"click {click_id} was found {len(rows)} times or in part")
    readers.close()
    return round(statistics.median(taken), 2)


def _compile_ms() -> float:
    """Return the median over all golden cases of the milliseconds from the query's body to the statement."""
    from tests.golden.reports.test_sql import FILES

    cases = [case for cases in FILES.values() for case in cases.values()]
    medians = []
    for case in cases:
        taken = []
        for _ in range(7):
            begin = time.perf_counter()
            case()
            taken.append((time.perf_counter() - begin) * 1000)
        medians.append(statistics.median(taken))
    return round(statistics.median(medians), 3)


def _export(form: str, chosen: Any, clicks: int) -> dict[str, Any]:
    """Export up to ``EXPORTED`` clicks; what counts is how much memory the process takes more than before."""
    from kernel.auth import ADMIN
    from kernel.clickhouse.client import FRUGAL, ReaderPool
    from reports.export.request import wanted
    from reports.export.stream import stream

    share = min(1.0, EXPORTED / clicks)
    begin, end = BEGIN, BEGIN + timedelta(hours=round(DAYS * 24 * share))
    asked = {"from": begin.isoformat(), "to": end.isoformat(), "timezone": "UTC", "format": form}
    export = wanted("clicks", {**asked, "columns": EXPORT_COLUMNS}, ADMIN)
    readers = ReaderPool(chosen, settings=FRUGAL)
    started, size = time.perf_counter(), 0
    with watched_memory() as memory:
        streamed = stream(export, ADMIN, readers=readers, chosen=chosen)
        for piece in streamed.pieces:
            size += len(piece)
    readers.close()
    return {
        "rows": streamed.rows,
        "bytes": size,
        "seconds": round(time.perf_counter() - started, 1),
        "grown_mib": memory["highest"] - memory["before"],
        "highest_mib": memory["highest"],
    }


def _in_turn(asked: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Return each one's milliseconds, asked in turn; the first round only warms up."""
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(ROUNDS + 1):
        for name, ask in asked.items():
            begin = time.perf_counter()
            ask()
            if number:
                taken[name].append((time.perf_counter() - begin) * 1000)
    return taken


def _medians(taken: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(statistics.median(times), 1) for name, times in taken.items()}


def _p95(taken: dict[str, list[float]]) -> float:
    """Return what 95 % of all answers took at most."""
    times = sorted(ms for each in taken.values() for ms in each)
    return round(times[math.ceil(0.95 * len(times)) - 1], 1)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
