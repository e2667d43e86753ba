"""``python -m benchmarks.visitor_shape DIRECTORY``: measure the aggregates that ``fraud.simulation.shape`` holds.

The directory holds ``weblogs/elastic_apache_logs.log.gz``, ``clicks/talkingdata_train_sample.csv.gz`` and
``ua/user_agents_weighted.json.gz``. Nothing but aggregates is printed.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import iptocc
import numpy as np

from fraud.agents import inspect_agent
from tracker.intake import LogRow, read_log
from tracker.visitor import Devices

WEB_LOG = Path("weblogs/elastic_apache_logs.log.gz")
INSTALL_LOG = Path("clicks/talkingdata_train_sample.csv.gz")
BROWSER_LOG = Path("ua/user_agents_weighted.json.gz")
PARTS = (0, 0.01, 0.02, 0.05, *(n / 10 for n in range(1, 10)), 0.95, 0.99, 1)
_HOUR_MS = 3_600_000
_ASSET = re.compile(r"\.(css|js|png|jpg|jpeg|gif|ico|txt|xml|svg|woff|ttf)(\?|$)", re.IGNORECASE)


def pages(directory: Path) -> list[LogRow]:
    """Return the web log's pages that no program which names itself asked for."""
    rows = (row for row in read_log(directory / WEB_LOG, "access-log") if isinstance(row, LogRow))
    return [
        row
        for row in rows
        if not inspect_agent(row.user_agent).reason and not _ASSET.search(dict(row.labels)["sub1"])
    ]


def visits(rows: Iterable[LogRow]) -> list[list[int]]:
    """Return each visitor's times, milliseconds since 1970, in order."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        found[row.ip, row.user_agent].append(row.ts)
    return [sorted(times) for times in found.values()]


def gaps_s(times: Iterable[list[int]]) -> list[float]:
    """Return the seconds between each two clicks of a visitor that follow each other."""
    return [(later - earlier) / 1000 for one in times for earlier, later in pairwise(one)]


def hours(rows: Iterable[LogRow]) -> list[float]:
    """Return the share of clicks by hour, UTC."""
    return _shares(Counter(row.ts // _HOUR_MS % 24 for row in rows), range(24))


def countries(rows: Iterable[LogRow]) -> Counter[str]:
    """Return the number of addresses by country."""
    return Counter(iptocc.country_code(ip) or "" for ip in {row.ip for row in rows})


def delays_s(directory: Path) -> list[float]:
    """Return the install log's seconds from click to install."""
    rows = read_log(directory / INSTALL_LOG, "talkingdata")
    return [
        (row.conversion_ts - row.ts) / 1000
        for row in rows
        if isinstance(row, LogRow) and row.conversion_ts is not None
    ]


def profiles(directory: Path) -> list[dict[str, Any]]:
    """Return the browser log."""
    with gzip.open(directory / BROWSER_LOG) as file:
        found: list[dict[str, Any]] = json.load(file)
    return found


def browsers(directory: Path) -> Counter[tuple[str, str]]:
    """Return the weight of each kind of device and browser."""
    devices, found = Devices(), Counter[tuple[str, str]]()
    for profile in profiles(directory):
        device = devices.find(profile["userAgent"])
        found[device.os, device.browser] += profile["weight"]
    return found


def measure(directory: Path) -> dict[str, Any]:
    """Return every aggregate."""
    rows = pages(directory)
    times = visits(rows)
    sizes = Counter(map(len, times))
    agents: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        agents[row.ip].add(row.user_agent)
    return {
        "pages": len(rows),
        "visitors": len(times),
        "clicks_per_visitor": {size: round(count / len(times), 4) for size, count in sorted(sizes.items())},
        "gaps_s": _quantiles(gaps_s(times)),
        "hours": [round(share, 4) for share in hours(rows)],
        "countries": {code: round(n / len(agents), 4) for code, n in countries(rows).most_common(20)},
        "shared_addresses": round(sum(len(known) > 1 for known in agents.values()) / len(agents), 4),
        "delays_s": _quantiles(delays_s(directory)),
        "browsers": {" / ".join(kind): round(weight, 4) for kind, weight in browsers(directory).most_common(20)},
    }


def _quantiles(values: list[float]) -> dict[float, float]:
    return {part: round(float(found), 1) for part, found in zip(PARTS, np.quantile(values, PARTS), strict=True)}


def _shares(counts: Counter[int], keys: Iterable[int]) -> list[float]:
    total = counts.total()
    return [counts[key] / total for key in keys]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=1))
