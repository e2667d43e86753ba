"""From an anomaly to a percentile of the training window, so that 95 means the same under every model.

Invariants: 0 to 100; a greater anomaly never has a smaller score; clicks alike share one score, the middle of
their ranks; 100 is reserved for what is beyond everything the window held.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fraud.forest.vocabulary import Numbers

STEPS: Final = 4_000
"""Quantiles kept: forty within each percent, so that a score's rounding is the only one."""


def scale_of(anomalies: Numbers) -> Numbers:
    """Return the quantiles of a window's anomalies: ``STEPS`` + 1 numbers from smallest to greatest."""
    return np.asarray(np.quantile(anomalies, np.linspace(0, 1, STEPS + 1), method="inverted_cdf"), np.float64)


def fine_percentiles(anomalies: Numbers, scale: Numbers) -> npt.NDArray[np.float32]:
    """Return the percentile of each anomaly; one step is a fortieth of a percent."""
    below = np.searchsorted(scale, anomalies, "left")
    upto = np.searchsorted(scale, anomalies, "right")
    return np.asarray(50 * (below + upto) / len(scale), np.float32)


def percentiles(anomalies: Numbers, scale: Numbers) -> npt.NDArray[np.uint8]:
    """Return the percentile of each anomaly, rounded down: 99 is the last hundredth of the window."""
    return fine_percentiles(anomalies, scale).astype(np.uint8)
