"""A pivot's rows as a table has them: a column for each metric of each key.

Invariant: a flat column's name is its metric's, a colon and the key, so that no two are the same: no metric's name
has a colon, and keys are told apart already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def flat_columns(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns of a report's flat rows, as ``meta.columns`` describes them.

    Those of a pivot have the ``key`` they are of and, as ``of``, the name that rows have them under.
    """
    if "pivot" not in meta:
        return list(meta["columns"])
    keys = [column["key"] for column in meta["pivot"]["columns"]]
    found = [column for column in meta["columns"] if "kind" in column]
    measured = [column for column in meta["columns"] if "kind" not in column]
    return found + [
        {**column, "name": f"{column['name']}: {key}", "of": column["name"], "key": key}
        for key in keys
        for column in measured
    ]


def flat_row(row: Row, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a row, or totals, with what it has of these columns."""
    found: dict[str, Any] = {}
    for column in columns:
        name = column.get("of", column["name"])
        if name in row:
            found[column["name"]] = row[name][column["key"]] if "key" in column else row[name]
    return found
