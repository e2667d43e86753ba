"""How long after its redirect a click is in a report, at a steady rate through the whole service.

Clicks are sent evenly paced; meanwhile a report of the total is asked again and again. The k-th
acknowledged click is visible when a report first counts k clicks: its freshness is that moment (the
answer's arrival) minus its acknowledgement. Only loopback; ends by itself.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from typing import Any

import aiohttp

AGENT = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Mobile Safari/537.36"
)
TARGET_P99_SECONDS = 2.0
_CONNECTIONS = 64
_SLICE_SECONDS = 0.02


async def measure(
    edge_url: str, web_url: str, key: str, path: str, *, rate: int = 1_000, seconds: float = 20.0
) -> dict[str, Any]:
    """Send ``rate`` clicks a second for ``seconds`` and watch the report.

    Args:
        edge_url: The edge.
        web_url: The web role.
        key: Admin key.
        path: The tracking link's path and query.
        rate: Clicks per second.
        seconds: How long to send.

    """
    acknowledged: list[float] = []
    seen: list[tuple[int, float]] = []
    body = {"from": "2020-01-01", "to": "2099-01-01", "metrics": ["gross_clicks"]}
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS + 4)
    async with aiohttp.ClientSession(connector=connector, headers={"User-Agent": AGENT}) as session:

        async def click() -> None:
            async with session.get(edge_url + path, allow_redirects=False) as answer:
                if answer.status == 302:
                    acknowledged.append(time.perf_counter())

        async def count() -> int:
            headers = {"Authorization": f"Bearer {key}"}
            async with session.post(f"{web_url}/api/v1/reports/query", json=body, headers=headers) as answer:
                return int((await answer.json())["rows"][0]["gross_clicks"])

        before = await count()

        async def watch() -> None:
            while True:
                number = await count() - before
                seen.append((number, time.perf_counter()))
                if sending.done() and number >= len(acknowledged):
                    return
                await asyncio.sleep(_SLICE_SECONDS)

        async def send() -> None:
            begin = time.perf_counter()
            tasks: set[asyncio.Task[None]] = set()
            sent = 0
            while (now := time.perf_counter() - begin) < seconds:
                while sent < now * rate:
                    task = asyncio.create_task(click())
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    sent += 1
                await asyncio.sleep(0.002)
            await asyncio.gather(*tasks)

        sending = asyncio.create_task(send())
        await asyncio.wait_for(watch(), seconds + 60)
    return _summary(acknowledged, seen, rate, seconds)


def _summary(
    acknowledged: list[float], seen: list[tuple[int, float]], rate: int, seconds: float
) -> dict[str, Any]:
    acknowledged.sort()
    numbers, highest = [], 0
    for number, _ in seen:
        highest = max(highest, number)
        numbers.append(highest)
    waits = sorted(
        seen[bisect_left(numbers, position)][1] - moment for position, moment in enumerate(acknowledged, 1)
    )
    p99 = waits[int(len(waits) * 0.99)]
    return {
        "rate": rate,
        "reached_rate": round(len(acknowledged) / seconds),
        "clicks": len(acknowledged),
        "p50_s": round(waits[len(waits) // 2], 3),
        "p99_s": round(p99, 3),
        "max_s": round(waits[-1], 3),
        "target_p99_s": TARGET_P99_SECONDS,
        "holds": p99 <= TARGET_P99_SECONDS,
    }
