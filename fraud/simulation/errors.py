"""What a simulation refuses."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

SCENARIO_UNKNOWN = ErrorKind(
    "scenario_unknown", 400, "info", "Name scenarios that --list shows, 'ordinary', or 'all'."
)
SIMULATION_SIZE = ErrorKind(
    "simulation_size", 400, "info", "Ask for as many clicks, visitors and hours as a simulation may have."
)
AGENTS_UNREADABLE = ErrorKind(
    "user_agents_unreadable",
    400,
    "info",
    "Give --user-agents a text file with a user agent a line, or JSON with userAgent and weight, gzipped or not.",
)

ERRORS = table(SCENARIO_UNKNOWN, SIMULATION_SIZE, AGENTS_UNREADABLE)
