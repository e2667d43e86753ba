"""What can be asked, for machines: the answer of ``GET /api/v1/reports/schema``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernel.auth import Principal
from kernel.settings import Settings
from reports.execute import Readers
from reports.measures import MAX_FORMULAS
from reports.names import Names
from reports.pickers.present import values
from reports.registry import DIMENSIONS, METRIC_OPERATORS, METRICS, OPERATORS, PARTS, Metric
from reports.registry.custom import UNITS
from reports.registry.formula import MAX_DEPTH, MAX_LENGTH
from reports.validate import DEFAULT_LIMIT, MAX_BUCKETS, MAX_COLUMNS, MAX_DIMENSIONS, MAX_FILTERS
from reports.visibility import sees_dimension, sees_metric, sees_part


def schema(
    chosen: Settings,
    who: Principal,
    *,
    names: Names,
    readers: Readers,
    custom: Sequence[Metric] = (),
    has_values: bool = True,
) -> dict[str, Any]:
    """Return everything the caller may ask for with its meaning, and a query's limits.

    An attribute's ``values`` are those it has at present in the caller's own rows. Blocks.

    Args:
        chosen: The settings: limits and the default currency.
        who: The caller.
        names: The program's names.
        readers: Read-only handles of the event store.
        custom: The metrics somebody made that the caller may use.
        has_values: Whether to look which values attributes have.

    Raises:
        ClickledgerError: ``store_away``, when the program was never read.

    """
    dimensions = [d for d in DIMENSIONS.values() if sees_dimension(who, d)]
    present = values(dimensions, who, names=names, readers=readers, chosen=chosen) if has_values else {}
    base, rates = names.rates()
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
                **({"values": present[d.name]} if d.name in present else {}),
            }
            for d in dimensions
        ],
        "metrics": [
            {
                "name": m.name,
                "label": m.label,
                "help": m.help,
                "group": m.group,
                "unit": m.unit,
                "formula": m.formula,
                "custom": m.group == "custom",
                "operators": [o.name for o in METRIC_OPERATORS.values() if m.unit != "time" or o.arity == "none"],
            }
            for m in (*METRICS.values(), *custom)
            if sees_metric(who, m)
        ],
        "operators": [
            {"name": o.name, "label": o.label, "values": o.arity, "symbol": o.symbol} for o in OPERATORS.values()
        ],
        "formulas": {
            "operators": ["+", "-", "*", "/", "(", ")"],
            "units": list(UNITS),
            "parts": [
                {"name": p.name, "help": p.help}
                for p in PARTS.values()
                if p.name not in METRICS and sees_part(who, p.name)
            ],
            "max_length": MAX_LENGTH,
            "max_depth": MAX_DEPTH,
        },
        "limits": {
            "dimensions": MAX_DIMENSIONS,
            "filters": MAX_FILTERS,
            "formulas": MAX_FORMULAS,
            "pivot_columns": MAX_COLUMNS,
            "filled_values": MAX_BUCKETS,
            "rows": chosen.report_max_rows,
            "default_rows": min(DEFAULT_LIMIT, chosen.report_max_rows),
            "seconds": chosen.report_max_seconds,
            "memory_mib": chosen.report_max_memory_mib,
        },
        "currency": chosen.currency,
        "currencies": sorted({chosen.currency, base or chosen.currency, *rates}),
    }
