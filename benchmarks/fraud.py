"""Clicks per second that rules, counts and model judge on one core, a batch at a time.

Each measurement is a function in ``PARTS`` that returns its figures; a target in its line is the promise of
docs/benchmarks.md. The traffic is drawn before the clock starts, and told as the pipeline tells it: device, place
and network are looked up already. Enrichment and storage with everything on are measured by ``pipeline``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from clickledger.bench.lines import Line

BATCH = 20_000
BATCHES = 20
WARM_UP = 3
TARGET_CLICKS_PER_SECOND = 50_000

Figures: TypeAlias = dict[str, Any]


def measure() -> Figures:
    """Measure in a process of its own, bound to one core and one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fraud"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env=os.environ | threads,
    )
    if done.returncode:
        return {"failed": done.stderr.strip()[-2000:], "holds": False}
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def lines(found: Figures) -> list[Line]:
    """Return the measurements' lines of the table."""
    return [Line(*line) for line in found["lines"]]


def _judging() -> Figures:
    """Judge batches with counts, rules and a model."""
    from benchmarks import forest
    from benchmarks.fraud_traffic import batches
    from fraud.engine import Engine

    given = batches(BATCH, BATCHES + WARM_UP)
    engine = Engine(model=forest.learnt())
    spent = dict.fromkeys(("requests", "behaviour", "model", "verdicts"), 0.0)
    for number, batch in enumerate(given):
        assessment = engine.begin(batch)
        steps = {
            "requests": assessment.look_at_requests,
            "behaviour": assessment.look_at_behaviour,
            "model": assessment.ask_model,
            "verdicts": assessment.verdicts,
        }
        for name, step in steps.items():
            begin = time.process_time()
            step()
            spent[name] += time.process_time() - begin if number >= WARM_UP else 0.0
    clicks = BATCH * BATCHES
    rate = clicks / sum(spent.values())
    holds = rate >= TARGET_CLICKS_PER_SECOND
    return {
        "clicks": clicks,
        "microseconds": {name: round(seconds / clicks * 1e6, 2) for name, seconds in spent.items()},
        "clicks_per_second": round(rate),
        "holds": holds,
        "line": ("counts, rules and model", f"{rate:,.0f} clicks/s", f">= {TARGET_CLICKS_PER_SECOND:,}", holds),
    }


def _rescoring() -> Figures:
    from benchmarks import rescoring

    return rescoring.measure()


def _scoring() -> Figures:
    from benchmarks import forest

    return forest.scoring()


def _training() -> Figures:
    from benchmarks import forest

    return forest.training()


PARTS: dict[str, Callable[[], Figures]] = {
    "judging": _judging,
    "scoring": _scoring,
    "training": _training,
    "rescoring": _rescoring,
}
"""Each returns its figures, a ``line`` of the table among them, and whether it ``holds``."""


def _run() -> Figures:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found: Figures = {name: part() for name, part in PARTS.items()}
    shown = [figures.pop("line") for figures in found.values()]
    return found | {"lines": shown, "holds": all(figures["holds"] for figures in found.values())}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_run()) + "\n")
