"""What can stop a simulation."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

SPAN_INVALID = ErrorKind(
    "simulation_span_invalid",
    400,
    "info",
    "Give --over as a number with s, m, h or d, such as 90s, 30m, 6h or 3d.",
)
DAY_INVALID = ErrorKind(
    "simulation_day_invalid",
    400,
    "info",
    "Give --from as a day like 2026-11-01, so long ago that all of the simulation is in the past.",
)
SIMULATION_UNSTORED = ErrorKind(
    "simulation_unstored",
    503,
    "error",
    "The simulated events were taken but not all were stored in time; is a pipeline running?",
)
NOT_LEARNED = ErrorKind(
    "simulation_not_learned",
    503,
    "error",
    "The service did not count what is usual in time: its log says why; give --no-learn to go on without.",
)

ERRORS = table(SPAN_INVALID, DAY_INVALID, SIMULATION_UNSTORED, NOT_LEARNED)
