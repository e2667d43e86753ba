"""What can stop a replay or an import."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

EDGE_AWAY = ErrorKind(
    "edge_away",
    503,
    "error",
    "The edge can't be reached; start it, or set CLICKLEDGER_EDGE_PUBLIC_URL to its URL.",
)
EDGE_UNKNOWN = ErrorKind(
    "edge_unknown",
    400,
    "info",
    "Where the edge is isn't known: set CLICKLEDGER_DATA_DIR to the service's data directory, "
    "or CLICKLEDGER_EDGE_PUBLIC_URL to the edge's URL.",
)
EDGE_BEHIND = ErrorKind(
    "edge_behind",
    503,
    "error",
    "The edge does not learn of the new partners and offers; 'clickledger doctor' says what is away.",
)
RATE_INVALID = ErrorKind("rate_invalid", 400, "info", "Give --rate as max or as clicks per second, such as 200.")
DATA_DIR_MISSING = ErrorKind(
    "data_dir_missing",
    400,
    "info",
    "An import writes into the service's data directory: run it on the service's machine with "
    "CLICKLEDGER_DATA_DIR set to that directory.",
)
ALREADY_IMPORTED = ErrorKind(
    "already_imported",
    409,
    "info",
    "This file was imported before; importing it again would count it twice. Add --again if you mean that.",
)
IMPORT_RUNNING = ErrorKind(
    "import_running", 409, "info", "Another import into this data directory is running; wait for its end."
)
IMPORT_FAILED = ErrorKind(
    "import_failed", 500, "error", "Nothing was imported: the journal can't be written; is the disk full?"
)
IMPORT_UNSEEN = ErrorKind(
    "import_unseen",
    503,
    "error",
    "The file is journalled and safe, but no pipeline took it up; is the service running on this data directory?",
)

ERRORS = table(
    EDGE_AWAY,
    EDGE_UNKNOWN,
    EDGE_BEHIND,
    RATE_INVALID,
    DATA_DIR_MISSING,
    ALREADY_IMPORTED,
    IMPORT_RUNNING,
    IMPORT_FAILED,
    IMPORT_UNSEEN,
)
