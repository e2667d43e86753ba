"""A process that counts clicks like an edge worker: ``python -m tests.support.counting_worker socket rounds``.

Each round asks for 20 clicks of the same 20 visitors at one moment, then for 20 of nobody's visitors; it prints
how many the capped offer admitted, and how many of the visitors were taken for new.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.counting import SECRET, admitted, ask, ask_together, clicks, client
from tests.support.offers import offer
from tracker.edge.counting import Counting
from tracker.routes import DuplicateRoute

CAP = 500
CAPPED = offer(id=1, caps=(clicks(CAP, id=1), clicks(10_000, "total", id=2)))
WATCHED = offer(id=2, duplicates=DuplicateRoute("trafficback", "ip", 86_400))


async def _work(socket: Path, rounds: int) -> tuple[int, int]:
    redis = client(socket)
    counting = Counting(redis, SECRET)
    let_through = new = 0
    for number in range(rounds):
        visitors = [ask(counting, WATCHED, ip=f"198.51.100.{number * 20 + n}") for n in range(20)]
        capped, watched = await asyncio.gather(ask_together(counting, CAPPED, 20), asyncio.gather(*visitors))
        let_through += admitted(capped)
        new += admitted(watched)
    degraded = counting.degraded
    await counting.stop()
    await redis.aclose()
    if degraded:
        sys.exit("Redis was away")
    return let_through, new


if __name__ == "__main__":
    print(*asyncio.run(_work(Path(sys.argv[1]), int(sys.argv[2]))))
