"""What can be wrong with a whole foreign log; what is wrong with one line is a ``BadLine``."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

LOG_UNREADABLE = ErrorKind("log_unreadable", 400, "info", "Name a log file that exists and may be read.")
LOG_FORMAT_UNKNOWN = ErrorKind("log_format_unknown", 400, "info", "Name one of the known log formats.")
LOG_FORMAT_MISMATCH = ErrorKind(
    "log_format_mismatch", 400, "info", "The file is not of this format; choose the one it was written in."
)

ERRORS = table(LOG_UNREADABLE, LOG_FORMAT_UNKNOWN, LOG_FORMAT_MISMATCH)
