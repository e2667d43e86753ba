"""Traffic as the rules and the model see it, drawn from the same generator as every other measurement."""

from __future__ import annotations

from clickledger.bench.traffic import clicks
from fraud.traffic import Traffic
from tracker.click_id import ClickIdKeys
from tracker.pipeline.batch import ClickBatch
from tracker.pipeline.steps import STEPS, EnrichmentTools, MemoryUniqueWindow
from tracker.pipeline.steps.quality import traffic_of

FIRST_TS = 1_790_000_000_000


def batches(size: int, number: int, seed: int = 1) -> list[Traffic]:
    """Return batches of clicks, a millisecond apart, with device, place and network looked up."""
    from kernel.settings import Settings

    tools = EnrichmentTools.open(Settings(), MemoryUniqueWindow(24))
    keys = ClickIdKeys({1: b"k" * 32}, 1)
    drawn = list(clicks(keys, size * number, FIRST_TS, seed))
    made = []
    for start in range(0, len(drawn), size):
        batch = ClickBatch(drawn[start : start + size], "bench")
        for name, step in STEPS:
            if name == "rules":
                break
            step(batch, tools)
        made.append(traffic_of(batch, tools.sightings))
    tools.close()
    return made
