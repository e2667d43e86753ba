"""Tables of partners with planted fraud: few sources behind many clicks, as no ordinary partner of that size has."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fraud.ranking import supervised, unsupervised

NAMES = ("clicks", "unique_addresses", "unique_agents", "max_clicks_per_minute", "entropy_agents", "hour_of_first")


@pytest.fixture(scope="module")
def few_trees() -> Iterator[None]:
    """Grow a tenth of the trees: enough to find what was planted, where no figure of a table is the point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervised, "EXTRA_TREES", 40)
        patch.setattr(supervised, "FOREST_TREES", 30)
        patch.setattr(supervised, "STAGES", 40)
        patch.setattr(unsupervised, "TREES", 40)
        yield


def planted(partners: int = 600, fraud: int = 30, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix with the columns NAMES, and which rows are fraud."""
    dice = np.random.default_rng(seed)
    clicks = np.round(np.exp(dice.normal(4.5, 1.8, partners))) + 1
    positive = np.zeros(partners, dtype=bool)
    # Fraud is of every size but the smallest; tiny partners prove nothing either way.
    large = np.flatnonzero(clicks > 60)
    positive[dice.choice(large, fraud, replace=False)] = True
    few = np.where(positive, 0.15, 1.0)
    addresses = np.ceil(clicks * few * dice.uniform(0.4, 0.9, partners))
    agents = np.ceil(clicks**0.7 * few * dice.uniform(0.5, 1.0, partners))
    burst = np.ceil(clicks**0.3 / few * dice.uniform(0.6, 1.2, partners))
    entropy = np.log2(agents + 1) * dice.uniform(0.7, 1.0, partners)
    hour = dice.integers(0, 24, partners).astype(float)
    return np.column_stack([clicks, addresses, agents, burst, entropy, hour]), positive


def write_table(path: Path, matrix: np.ndarray, labels: list[str], names: tuple[str, ...] = NAMES) -> Path:
    """Write partners as ``clickledger fraud evaluate`` reads them, with the columns partner and status."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["partner", *names, "status"])
        for at, (values, label) in enumerate(zip(matrix, labels, strict=True)):
            rows.writerow([f"p{at}", *("" if np.isnan(v) else f"{v:g}" for v in values), label])
    return path
