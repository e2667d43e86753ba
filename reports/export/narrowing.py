"""An export of the rows that meet filters: those of the log of the same table, with the same words.

Invariant: a filter means what it means in the log, also who may use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from kernel.auth import Principal
from reports.errors import UNKNOWN_DIMENSION
from reports.export.request import Export
from reports.logs.asked import conditions_of
from reports.logs.log import LOGS, LogName
from reports.names import Names
from reports.visibility import seen_by

_LOGS: Final[Mapping[str, LogName]] = {
    "clicks": "clicks",
    "impressions": "impressions",
    "conversions": "conversions",
    "conversion_changes": "conversions",
    "rejected": "rejected",
}
"""Whose filters an export takes; a state of a conversion has its columns."""


def narrowed(export: Export, filters: Sequence[str], who: Principal, names: Names) -> Export:
    """Return an export with filters.

    Args:
        export: Of which rows.
        filters: As a log takes them: country=DE, or JSON.
        who: The caller.
        names: The directory.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors`` about filters.

    """
    if not filters:
        return export
    log = _LOGS.get(export.table)
    if log is None:
        raise UNKNOWN_DIMENSION.error(f"An export of {export.table} has no filters; leave them out.")
    known = seen_by(who, names)
    return replace(export, where=conditions_of(LOGS[log], filters, who, known), names=known)
