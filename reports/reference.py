"""The docs pages that list dimensions and metrics, made from the registries so that they can't be wrong."""

from __future__ import annotations

from itertools import groupby

from reports.registry import DIMENSIONS, METRICS, OPERATORS, PARTS

_MADE = "<!-- Made from the registries by reports/reference.py; a test fails when it is out of date. -->"


def pages() -> dict[str, str]:
    """Return the text of each generated page by its path in the repository."""
    return {"docs/dimensions.md": _dimensions(), "docs/metrics.md": _metrics()}


def _dimensions() -> str:
    lines = [
        "# Dimensions",
        _MADE,
        "",
        "What a report can be sliced by, up to ten at once. For clicks, time dimensions are the click's own; for",
        "conversions they are the time the conversion was first received. Everything else on a conversion is its",
        "click's. A dimension marked ✱ exists on conversions only: beside it, or filtered by it, click metrics",
        "are null. The hourly rollup answers reports whose dimensions and filters are all marked ⚡.",
    ]
    for group, entries in groupby(DIMENSIONS.values(), key=lambda d: d.group):
        lines += ["", f"## {group}", "", "| name | | shown as | kind | what it is |", "|---|---|---|---|---|"]
        for entry in entries:
            marks = ("✱" if entry.on_conversions_only else "") + ("⚡" if entry.rollup else "")
            lines.append(f"| `{entry.name}` | {marks} | {entry.label} | {entry.kind} | {entry.help} |")
    lines += [
        "",
        "## Operators of filters",
        "",
        'A filter is `{"dimension": …, "op": …, "value": …}` (or `values`), or names a `metric` instead.',
        "A partner, offer, advertiser or link is filtered by name or by id.",
        "",
        "| operator | means | values | kinds |",
        "|---|---|---|---|",
        *(f"| `{o.name}` | {o.label} | {o.arity} | {', '.join(o.kinds)} |" for o in OPERATORS.values()),
    ]
    return "\n".join(lines) + "\n"


def _metrics() -> str:
    lines = [
        "# Metrics",
        _MADE,
        "",
        "What a report can measure. Test traffic never counts. Money is that of the report's currency; the",
        "answer's `meta.other_currencies` says how many conversions were left out by currency. A ratio is a",
        "fraction (0.05 is five percent) and null when its denominator is zero.",
    ]
    for group, entries in groupby(METRICS.values(), key=lambda m: m.group):
        lines += [
            "",
            f"## {group}",
            "",
            "| name | shown as | unit | formula | what it is |",
            "|---|---|---|---|---|",
        ]
        for entry in entries:
            formula = "" if entry.formula == entry.name else f"`{entry.formula}`"
            lines.append(f"| `{entry.name}` | {entry.label} | {entry.unit} | {formula} | {entry.help} |")
    lines += ["", "## Other names in formulas", "", "| name | what it is |", "|---|---|"]
    lines += [f"| {part.name} | {part.help} |" for part in PARTS.values() if part.name not in METRICS]
    return "\n".join(lines) + "\n"
