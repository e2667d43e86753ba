"""What stands in each column of an answer, so that whoever shows it needs no list of metrics of their own.

Invariant: the columns are named, and come in the order, that ``reports.present`` gives the fields of a row.
"""

from __future__ import annotations

from typing import Any

from reports.validate import Asked

Heading = dict[str, Any]


def headings(asked: Asked) -> list[Heading]:
    """Return the columns of a report's rows.

    Each has ``name``, ``label`` and ``role``: dimension and id have the ``kind`` of a dimension; metric, before
    and change the ``unit`` of a metric. Of a pivot those of metrics are there once, not once for each column.
    """
    found: list[Heading] = []
    for dimension in asked.dimensions:
        found.append(_heading(dimension.name, dimension.label, "dimension", kind=dimension.kind))
        if dimension.kind == "id":
            found.append(_heading(f"{dimension.name}_id", f"{dimension.label}, id", "id", kind="number"))
    for metric in asked.metrics:
        found.append(_heading(metric.name, metric.label, "metric", unit=metric.unit))
        if asked.before is not None:
            found.append(_heading(f"{metric.name}_before", f"{metric.label}, before", "before", unit=metric.unit))
            found.append(_heading(f"{metric.name}_change", f"{metric.label}, change", "change", unit="ratio"))
    return found


def _heading(name: str, label: str, role: str, **more: str) -> Heading:
    return {"name": name, "label": label, "role": role, **more}
