"""Waits until a running service has counted anew what is usual, as it does every few minutes.

Rules that compare with what is usual know of simulated days only then. How old the count is, the service says in
its metrics, so both must be on machines whose clocks agree.
"""

from __future__ import annotations

import re
import time
from typing import Final

from clickledger.service import Service
from clickledger.simulation.errors import NOT_LEARNED
from fraud.usual.keeper import EVERY_SECONDS

METRIC: Final = "clickledger_fraud_usual_age_seconds"
PATIENCE_S: Final = EVERY_SECONDS + 60
PAUSE_S: Final = 1.0
_LINE = re.compile(rf"^{METRIC}(?:{{[^}}]*}})? (\S+)$", re.MULTILINE)


def wait_until_counted(service: Service) -> None:
    """Return when what is usual was counted after this call began.

    Raises:
        ClickledgerError: ``simulation_not_learned`` when that takes too long.

    """
    begin = time.time()
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        age = counted_ago_s(service)
        if age is not None and time.time() - age > begin:
            return
        time.sleep(PAUSE_S)
    raise NOT_LEARNED.error()


def counted_ago_s(service: Service) -> float | None:
    """Return how many seconds ago the service counted what is usual, None when it doesn't say."""
    with service.stream("/metrics") as answer:
        ages = [float(text) for text in _LINE.findall(answer.read().decode())]
    # 0 before the first count.
    return min((age for age in ages if age > 0), default=None)
