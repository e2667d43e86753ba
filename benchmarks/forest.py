"""The model of unusual clicks: clicks scored per second on one core, seconds to train on a million stored clicks.

Scoring is features, trees and percentiles over batches of clicks that the model did not learn from, with the
explanation of those it flags; training reads an embedded store and writes a model's file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fraud_traffic import batches

if TYPE_CHECKING:
    from fraud.forest import Model

BATCH = 20_000
LEARNT = 10
"""Batches learnt from, the first of those that are judged: another draw has other visitors."""
SCORED = 8
TARGET_CLICKS_PER_SECOND = 100_000
TARGET_TRAINING_SECONDS = 30
TRAINING_CLICKS = 1_000_000


def learnt() -> Model:
    """Return a model of such traffic as the others judge."""
    import numpy as np

    from fraud.counts import MemoryCounts
    from fraud.forest.facts import FactReader, Facts
    from fraud.forest.training import Window, train

    counts, reader = MemoryCounts(), FactReader()
    facts = Facts.joined([reader.read(batch, counts.count(batch)) for batch in batches(BATCH, LEARNT)])
    verdicts = np.full(len(facts), "valid")
    now = datetime.now(UTC)
    return train(Window(facts, verdicts, np.full(len(facts), ""), now, now, len(facts)))[0]


def scoring() -> dict[str, Any]:
    """Measure scoring, in CPU seconds of this process."""
    import numpy as np

    from fraud.counts import MemoryCounts
    from fraud.forest.training import FLAG_AT

    model, counts, spent = learnt(), MemoryCounts(), 0.0
    for number, traffic in enumerate(batches(BATCH, LEARNT + SCORED + 1)[LEARNT:]):
        counted = counts.count(traffic)
        begin = time.process_time()
        scores = model.score(traffic, counted)
        model.explain(traffic, counted, np.flatnonzero(scores >= FLAG_AT).tolist())
        spent += time.process_time() - begin if number else 0.0
    rate = SCORED * BATCH / spent
    holds = rate >= TARGET_CLICKS_PER_SECOND
    line = ("features and forest", f"{rate:,.0f} clicks/s", f">= {TARGET_CLICKS_PER_SECOND:,}", holds)
    return {"clicks_per_second": round(rate), "holds": holds, "line": line}


def training() -> dict[str, Any]:
    """Measure training, on the clock."""
    from fraud.forest.training import train
    from fraud.forest.window import read_window
    from kernel.settings import Settings

    with tempfile.TemporaryDirectory(prefix="cl-bench-") as place:
        # In a process of its own: two handles of the embedded engine in one would share its settings.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.stored", place, str(TRAINING_CLICKS)], check=True, timeout=600
        )
        chosen = Settings(data_dir=Path(place), model_window_days=31, model_training_clicks=TRAINING_CLICKS)
        begin, cpu = time.perf_counter(), time.process_time()
        _, stored, card = train(read_window(chosen, datetime.now(UTC), lambda *_: None))
        seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    holds = seconds <= TARGET_TRAINING_SECONDS
    line = (f"training on {card.clicks_read:,} clicks", f"{seconds:.1f} s", f"<= {TARGET_TRAINING_SECONDS}", holds)
    return {
        "clicks": card.clicks_read,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "model_bytes": len(stored),
        "holds": holds,
        "line": line,
    }
