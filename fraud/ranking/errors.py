"""Errors of ranking partners by a table of their features."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

TABLE_UNREADABLE = ErrorKind(
    "table_unreadable", 400, "info", "Give a CSV file in UTF-8 whose first line names the columns."
)
TABLE_EMPTY = ErrorKind("table_empty", 400, "info", "The table has no partners: a line each, below the names.")
COLUMN_MISSING = ErrorKind(
    "table_column_missing", 400, "info", "The table has no such column; name one of its first line."
)
COLUMN_NOT_NUMERIC = ErrorKind(
    "table_column_not_numeric",
    400,
    "info",
    "Every column but the id and the label holds numbers (12, 0.5, 1e3; below 1e30), or nothing.",
)
COLUMNS_DIFFER = ErrorKind(
    "table_columns_differ", 400, "info", "Both tables need the same columns; their order doesn't matter."
)
ID_REPEATED = ErrorKind("table_id_repeated", 400, "info", "Every partner has one line, and an id.")
LABELS_ONE_CLASS = ErrorKind(
    "labels_one_class", 400, "info", "Measuring needs partners with the positive label and partners without."
)
LABELS_TOO_FEW = ErrorKind(
    "labels_too_few", 400, "info", "Learning needs more marked partners of both kinds; the message says how many."
)
EVALUATION_UNFIT = ErrorKind(
    "evaluation_unfit", 400, "info", "These options don't go together; the message says why."
)

ERRORS = table(
    TABLE_UNREADABLE,
    TABLE_EMPTY,
    COLUMN_MISSING,
    COLUMN_NOT_NUMERIC,
    COLUMNS_DIFFER,
    ID_REPEATED,
    LABELS_ONE_CLASS,
    LABELS_TOO_FEW,
    EVALUATION_UNFIT,
)
