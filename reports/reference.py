"""The docs pages that list dimensions and metrics, made from the registries so that they can't be wrong."""

from __future__ import annotations

from itertools import groupby

from kernel.auth import Principal
from reports.registry import DIMENSIONS, METRICS, OPERATORS, PARTS
from reports.registry.custom import UNITS
from reports.registry.formula import MAX_DEPTH, MAX_LENGTH
from reports.visibility import hidden_names, sees_dimension, sees_metric

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
        "",
        "Names, and what is looked up in the program (a tier, a tag, a category, a manager), are those of today,",
        "however old the events are; what a partner, an advertiser or an offer doesn't have is ''. Two users of",
        "one name are told apart by their addresses. `GET /api/v1/reports/schema` lists up to 1,000 present",
        "values of each, for partners and advertisers those of their own rows of the last 90 days.",
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
        "",
        "## Who sees what",
        "",
        "Everybody's reports hold their own rows alone. Beside that, partners and advertisers don't see what is",
        "the network's own, and whom they deal with through the network has a number there and no name:",
        "",
        "| role | doesn't see | sees by number |",
        "|---|---|---|",
    ]
    for role in ("partner", "advertiser"):
        who = Principal(role)
        unseen = ", ".join(f"`{d.name}`" for d in DIMENSIONS.values() if not sees_dimension(who, d))
        numbered = ", ".join(f"`{d.name}`" for d in DIMENSIONS.values() if d.names in hidden_names(who))
        lines.append(f"| {role} | {unseen} | {numbered} |")
    return "\n".join(lines) + "\n"


def _metrics() -> str:
    lines = [
        "# Metrics",
        _MADE,
        "",
        "What a report can measure. Test traffic never counts. Money is in the report's currency, converted at",
        "the rate of the event's UTC day; what has no rate is left out, and the answer's `meta.other_currencies`",
        "says how many conversions by currency. A ratio is a fraction (0.05 is five percent) and null when its",
        "denominator is zero.",
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
    lines += [
        "",
        "## Formulas of your own",
        "",
        'A query may bring metrics of its own, `"formulas": [{"name": "my_ratio", "formula": "payout / clicks",',
        '"unit": "money"}]`, and use them like any other in metrics, filters and sorts. A formula has names of',
        "metrics and of the parts below, numbers, + - * / and parentheses, and is computed after everything has",
        f"been added up; it has at most {MAX_LENGTH} characters and is at most {MAX_DEPTH} operations deep.",
        "Dividing by zero gives null, and so does a null in it.",
        f"Its unit is one of {', '.join(UNITS)}.",
        "Whoever doesn't see the money a formula is made of can't use it.",
        "",
        "## Other names in formulas",
        "",
        "| name | what it is |",
        "|---|---|",
    ]
    lines += [f"| {part.name} | {part.help} |" for part in PARTS.values() if part.name not in METRICS]
    lines += ["", "## Who sees what", "", "| role | doesn't see |", "|---|---|"]
    for role in ("partner", "advertiser"):
        hidden = ", ".join(f"`{m.name}`" for m in METRICS.values() if not sees_metric(Principal(role), m))
        lines.append(f"| {role} | {hidden} |")
    return "\n".join(lines) + "\n"
