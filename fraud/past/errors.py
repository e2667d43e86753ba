"""What judging the past and its evidence can refuse."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

RANGE_INVALID = ErrorKind(
    "range_invalid", 400, "info", "Name 1 to 400 UTC days; the range ends before the day 'to'."
)
RESCORING_RUNS = ErrorKind(
    "rescoring_runs", 409, "info", "Another range is being judged again; wait until it is done, or cancel it."
)
RESCORING_UNKNOWN = ErrorKind(
    "rescoring_unknown", 404, "info", "There is no such re-scoring; list them to see which there are."
)
RESCORING_NOT_READY = ErrorKind(
    "rescoring_not_ready", 409, "info", "Only what is proposed can be applied, and only until then cancelled."
)
RESCORING_STALE = ErrorKind(
    "rescoring_stale",
    409,
    "info",
    "Rules, model or verdicts have changed since this was proposed; ask for a new proposal.",
)
EVIDENCE_UNKNOWN = ErrorKind(
    "evidence_unknown",
    404,
    "info",
    "There is no such conversion, or it isn't yours, or it wasn't rejected.",
)
EVIDENCE_UNREADABLE = ErrorKind(
    "evidence_unreadable", 400, "info", "This isn't an evidence pack; give the .json file as it was handed out."
)
EVIDENCE_FORGED = ErrorKind(
    "evidence_forged",
    409,
    "error",
    "The signature doesn't belong to this content: it was changed or made elsewhere.",
)

ERRORS = table(
    RANGE_INVALID,
    RESCORING_RUNS,
    RESCORING_UNKNOWN,
    RESCORING_NOT_READY,
    RESCORING_STALE,
    EVIDENCE_UNKNOWN,
    EVIDENCE_UNREADABLE,
    EVIDENCE_FORGED,
)
