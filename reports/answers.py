"""What a report and the schema answer, as the API documents it."""

from __future__ import annotations

from typing import Any, get_args

from reports.registry.dimension import DimensionKind
from reports.registry.metrics import Unit

_CELL = {
    "type": ["string", "number", "boolean", "null", "array", "object"],
    "items": {"type": "string"},
    "additionalProperties": {"type": ["string", "number", "null"]},
    "description": "Of a pivot a metric's values by column.",
}
_ROW = {"type": "object", "additionalProperties": _CELL}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_MOMENT = {"type": "string", "format": "date-time"}
_META: dict[str, Any] = {
    "row_count": {"type": "integer"},
    "truncated": {"type": "boolean", "description": "There are more rows than the limit."},
    "source": {"type": "string", "description": "What the rows were read from."},
    "elapsed_ms": {"type": "number"},
    "rows_read": {"type": ["integer", "null"]},
    "dimensions": _TEXTS,
    "metrics": _TEXTS,
    "columns": {
        "type": "array",
        "description": "The columns of a row, in order: dimensions with their kind, metrics with their unit.",
        "items": {
            "type": "object",
            "required": ["name", "label", "role"],
            "properties": {
                "role": {"type": "string", "enum": ["dimension", "id", "metric", "before", "change"]},
                "kind": {"type": "string", "enum": list(get_args(DimensionKind))},
                "unit": {"type": "string", "enum": list(get_args(Unit))},
            },
        },
    },
    "drill": {
        **_TEXTS,
        "description": "Columns that are names of filters, too: eq on each keeps what a row is made of.",
    },
    "from": _MOMENT,
    "to": _MOMENT,
    "timezone": {"type": "string"},
    "currency": {"type": "string"},
    "money": {"type": "string", "description": "expected (approved and pending) or earned (approved)."},
    "compare": {
        "type": "object",
        "required": ["from", "to"],
        "properties": {"from": _MOMENT, "to": _MOMENT},
        "description": "The range that <metric>_before and <metric>_change are about.",
    },
    "pivot": {
        "type": "object",
        "required": ["dimension", "columns"],
        "properties": {
            "dimension": {"type": "string"},
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["key"],
                    "properties": {
                        "filters": {
                            "type": "array",
                            "items": {"type": "object"},
                            "description": "What keeps what the column is made of.",
                        },
                    },
                },
            },
        },
        "description": "The columns, in order, by the key that rows have them under.",
    },
    "other_currencies": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Conversions left out of the money for lack of a rate, by their currency.",
    },
}
REPORT_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["rows", "meta"],
    "additionalProperties": False,
    "properties": {
        "rows": {"type": "array", "items": _ROW},
        "totals": _ROW,
        "meta": {
            "type": "object",
            "required": [name for name in _META if name not in {"compare", "pivot", "other_currencies"}],
            "additionalProperties": False,
            "properties": _META,
        },
    },
    "examples": [
        {
            "rows": [{"partner": "Nora", "partner_id": 1, "clicks": 2, "payout": 1.5}],
            "meta": {
                "row_count": 1,
                "truncated": False,
                "source": "rollup",
                "elapsed_ms": 4.2,
                "rows_read": 3,
                "dimensions": ["partner"],
                "metrics": ["clicks", "payout"],
                "columns": [
                    {"name": "partner", "label": "Partner", "role": "dimension", "kind": "id"},
                    {"name": "partner_id", "label": "Partner, id", "role": "id", "kind": "number"},
                    {"name": "clicks", "label": "Clicks", "role": "metric", "unit": "count"},
                    {"name": "payout", "label": "Payout", "role": "metric", "unit": "money"},
                ],
                "drill": ["partner_id"],
                "from": "2026-11-01T00:00:00.000+00:00",
                "to": "2026-11-08T00:00:00.000+00:00",
                "timezone": "UTC",
                "currency": "USD",
                "money": "expected",
            },
        }
    ],
}
_ENTRIES = {"type": "array", "items": {"type": "object", "required": ["name"]}}
SCHEMA_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["dimensions", "metrics", "operators", "formulas", "limits", "currency", "currencies"],
    "properties": {
        "dimensions": _ENTRIES,
        "metrics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "label", "help", "group", "unit", "formula", "custom", "operators"],
                "properties": {
                    "custom": {"type": "boolean", "description": "Somebody made it; it may change or go away."},
                    "unit": {"type": "string", "enum": list(get_args(Unit))},
                },
            },
        },
        "operators": _ENTRIES,
        "formulas": {"type": "object", "description": "What a custom metric may be made of."},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
        "currency": {"type": "string"},
        "currencies": {**_TEXTS, "description": "What amounts can be converted into."},
    },
}
