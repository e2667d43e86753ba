"""What can be asked, for machines: the answer of ``GET /api/v1/reports/schema``."""

from __future__ import annotations

from typing import Any

from kernel.auth import Principal
from kernel.settings import Settings
from reports.registry import DIMENSIONS, METRIC_OPERATORS, METRICS, OPERATORS
from reports.validate import DEFAULT_LIMIT, MAX_DIMENSIONS, MAX_FILTERS
from reports.visibility import sees_metric


def schema(chosen: Settings, who: Principal) -> dict[str, Any]:
    """Return every dimension, metric and operator the caller may use with its meaning, and a query's limits."""
    return {
        "dimensions": [
            {
                "name": d.name,
                "label": d.label,
                "help": d.help,
                "group": d.group,
                "kind": d.kind,
                "conversions_only": d.on_conversions_only,
                "rollup": d.rollup is not None,
                "operators": [o.name for o in OPERATORS.values() if d.kind in o.kinds],
            }
            for d in DIMENSIONS.values()
        ],
        "metrics": [
            {
                "name": m.name,
                "label": m.label,
                "help": m.help,
                "group": m.group,
                "unit": m.unit,
                "formula": m.formula,
                "operators": [o.name for o in METRIC_OPERATORS.values() if m.unit != "time" or o.arity == "none"],
            }
            for m in METRICS.values()
            if sees_metric(who, m)
        ],
        "operators": [
            {"name": o.name, "label": o.label, "values": o.arity, "symbol": o.symbol} for o in OPERATORS.values()
        ],
        "limits": {
            "dimensions": MAX_DIMENSIONS,
            "filters": MAX_FILTERS,
            "rows": chosen.report_max_rows,
            "default_rows": min(DEFAULT_LIMIT, chosen.report_max_rows),
            "seconds": chosen.report_max_seconds,
            "memory_mib": chosen.report_max_memory_mib,
        },
        "currency": chosen.currency,
    }
