"""What can be refused or go wrong about models."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

TOO_FEW_CLICKS = ErrorKind(
    "model_too_few_clicks", 409, "info", "There are too few clicks yet to learn what is usual; train later."
)
TRAINING_RUNS = ErrorKind(
    "model_training_runs", 409, "info", "A model is being trained already; wait until that has ended."
)
MODEL_UNKNOWN = ErrorKind(
    "model_unknown", 404, "info", "There is no such model; 'clickledger fraud models' lists those there are."
)
NO_EARLIER_MODEL = ErrorKind(
    "model_no_earlier", 409, "info", "There is no earlier model to go back to; name one or train another."
)
MODEL_BROKEN = ErrorKind(
    "model_broken",
    409,
    "error",
    "The model's file can't be used, so verdicts come from rules alone; roll back to another model or train one.",
)
SHELF_AWAY = ErrorKind(
    "model_shelf_away",
    503,
    "error",
    "The models' directory can't be read or written; check CLICKLEDGER_MODEL_DIR and its owner.",
)
ERRORS = table(TOO_FEW_CLICKS, TRAINING_RUNS, MODEL_UNKNOWN, NO_EARLIER_MODEL, MODEL_BROKEN, SHELF_AWAY)
