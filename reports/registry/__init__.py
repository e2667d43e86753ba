"""What a report can show, declared once: dimensions, metrics and operators.

The compiler, the schema answer, the docs tables, the command line and the golden tests all read these
tables, so that adding a dimension or a metric is one entry. Invariants: all SQL fragments of reports
stand in these entries or in a ``sql.py``, none of them holds a value that came from outside.
"""

from reports.registry.custom import custom
from reports.registry.dimension import DimensionKind
from reports.registry.dimensions import DIMENSIONS, Dimension
from reports.registry.metrics import METRICS, Metric
from reports.registry.operators import METRIC_OPERATORS, OPERATORS, Operator
from reports.registry.parts import PARTS, Part

__all__ = [
    "DIMENSIONS",
    "METRICS",
    "METRIC_OPERATORS",
    "OPERATORS",
    "PARTS",
    "Dimension",
    "DimensionKind",
    "Metric",
    "Operator",
    "Part",
    "custom",
]
