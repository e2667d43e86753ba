"""The report builder: what is asked stands in the address, what is answered in the table and the chart."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from kernel.errors import BODY_INVALID, ClickledgerError
from reports.errors import FORMULA_INVALID, NO_METRICS, REPORT_CANCELLED
from reports.export.formats import FORMATS
from reports.shell import ConditionError
from reports.web.page import Act, Page
from reports.web.pages.reports import changes, chart, drill, ranges, reading, table, words
from reports.web.pages.reports.asked import LIMITS, PATH, Asked
from reports.web.pages.reports.catalog import Catalog, catalog
from reports.web.pages.reports.running import answered, patience, wants_part
from reports.web.rendering import SECURITY_HEADERS
from reports.web.visit import Visit

SAVED: Final = "/api/v1/saved-reports"
QUERY: Final = "/api/v1/reports/query"
METRICS: Final = "/api/v1/custom-metrics"
THEN: Final = {"share": "#links", "schedule": "#schedules"}
"""Where to go on after saving."""
UNITS: Final = {
    "count": "a count", "ratio": "a share (0.05 is 5%)", "money": "money", "score": "a score",
    "seconds": "a time span", "number": "a number",
}  # fmt: skip


async def _show(visit: Visit) -> dict[str, Any] | Response:
    known = await catalog(visit)
    asked, problems = read(visit, known)
    params = all_params(visit)
    if changes.MARK in params:
        asked, more = changes.changed(asked, params, known)
        problems += more
        # Browsers without scripts are led to the address that is kept.
        if not wants_part(visit) and not problems and visit.request.method == "GET":
            return RedirectResponse(asked.address(), 303, SECURITY_HEADERS)
    (found, trouble), saved = await asyncio.gather(_answer(visit, asked, known), _saved(visit, asked.saved))
    return await shown(visit, asked, known, found, trouble) | {
        "problems_of_address": problems,
        "is_slow": found is None and not trouble,
        "saved_report": saved,
        "can_update": saved is not None and is_mine(visit, saved),
        "is_part": wants_part(visit),
    }


def all_params(visit: Visit) -> dict[str, list[str]]:
    """Return the address's parameters with all their values."""
    given = visit.request.query_params
    return {name: given.getlist(name) for name in given}


def read(visit: Visit, known: Catalog) -> tuple[Asked, list[str]]:
    """Return the report of the address, and what couldn't be used of it."""
    return reading.read(all_params(visit), known, visit.viewer.zone.key)


async def shown(
    visit: Visit, asked: Asked, known: Catalog, found: dict[str, Any] | None, trouble: str
) -> dict[str, Any]:
    """Return what the templates of a report name.

    Args:
        visit: Of whom.
        asked: The report.
        known: What there is to be asked for.
        found: Its answer.
        trouble: Why there is none.

    """
    show, role = visit.viewer, visit.who.role if visit.who else ""
    told = {name: one["help"] for kind in (known.dimensions, known.metrics) for name, one in kind.items()}
    return {
        "asked": asked,
        "known": known,
        "trouble": trouble,
        "answer": found,
        "table": table.table(found, asked, told, show, role) if found else None,
        "drawing": chart.drawn(found, asked, show) if found else None,
        "about": words.about(asked, found["meta"], show) if found else "",
        "left_out": words.left_out(found["meta"], show) if found else "",
        "filters": await words.filters(visit, asked.where, known),
        "into": lambda where: drill.into(asked, where, known).address(drill=True),
        "offered": drill.offered(asked, known) if asked.drill else [],
        "grains": [name for name in known.times() if name not in {"minute", "quarter"}],
        "ranges": ranges,
        "formats": FORMATS,
        "limits": LIMITS,
        "can_save": visit.may("reports:write"),
        "units_said": [(unit, UNITS.get(unit, unit)) for unit in known.units],
        "regrained": lambda grain: regrained(asked, grain, known),
    }


def regrained(asked: Asked, grain: str, known: Catalog) -> tuple[str, ...]:
    """Return the dimensions with another time dimension in the place of the first; '' takes it out."""
    times = {name for name, one in known.dimensions.items() if one["group"] == "time"}
    place = next((at for at, name in enumerate(asked.by) if name in times), None)
    if place is None:
        return (*asked.by, grain) if grain else asked.by
    others = [name for name in asked.by if name != grain]
    others[min(place, len(others)) : place + 1] = [grain] if grain else []
    return tuple(dict.fromkeys(others))


async def _answer(visit: Visit, asked: Asked, known: Catalog) -> tuple[dict[str, Any] | None, str]:
    """Return the answer, or why there is none."""
    if not asked.metrics:
        return None, "Choose at least one metric: it is what the table counts."
    try:
        return await answered(visit, QUERY, asked.query(known), patience(visit)), ""
    except ConditionError as why:
        return None, str(why)
    except ClickledgerError as why:
        if why.kind is REPORT_CANCELLED:
            return None, "The report was ended. Ask for a shorter range or fewer dimensions, or start it again."
        if why.kind.status >= 500 or why.kind.status in {401, 403, 429}:
            raise
        return None, why.message


async def _saved(visit: Visit, report_id: int) -> dict[str, Any] | None:
    """Return the saved report that this one began as, if it is still there."""
    if not report_id:
        return None
    try:
        found: dict[str, Any] = await visit.api.get(f"{SAVED}/{report_id}")
    except ClickledgerError:
        return None
    return found


def is_mine(visit: Visit, entry: dict[str, Any]) -> bool:
    """Return whether buttons that change something saved are offered; the API decides."""
    who = visit.who
    if who is None or not who.may("reports:write"):
        return False
    mine = who.actor if who.user_id is None else f"user:{who.user_id}"
    return who.role == "admin" or entry["owner"] == mine


async def _save(visit: Visit) -> Response:
    """Keep the report of the address under a name."""
    known = await catalog(visit)
    asked, _ = read(visit, known)
    body = {name: visit.form.get(name, "").strip() for name in ("name", "description")}
    made = await visit.api.send("POST", SAVED, body | {"query": kept(asked, known)})
    then = THEN.get(visit.form.get("then", ""), "")
    return visit.go(f"{PATH}/saved/{made['id']}{then}", f"Saved as {made['name']}.")


async def _update(visit: Visit) -> Response:
    """Keep the report of the address as the saved report that it began as."""
    known = await catalog(visit)
    asked, _ = read(visit, known)
    made = await visit.api.send("PATCH", f"{SAVED}/{asked.saved}", {"query": kept(asked, known)})
    return visit.go(f"{PATH}/saved/{made['id']}", f"{made['name']} is now as you changed it.")


def kept(asked: Asked, known: Catalog) -> dict[str, Any]:
    """Return the query that is saved.

    Raises:
        ClickledgerError: ``no_metrics`` or ``body_invalid``, where it is no report.

    """
    if not asked.metrics:
        raise NO_METRICS.error()
    try:
        return asked.kept(known)
    except ConditionError as why:
        raise BODY_INVALID.error(str(why)) from why


async def _metric(visit: Visit) -> Response:
    """Make a metric of others, and show it in the report."""
    known = await catalog(visit)
    asked, _ = read(visit, known)
    names = {"metric_name": "name", "formula": "formula", "unit": "unit", "metric_help": "help"}
    body = {name: visit.form.get(field, "").strip() for field, name in names.items()}
    try:
        made = await visit.api.send("POST", METRICS, body)
    except ClickledgerError as why:
        raise _beside(why) from why
    metrics = (*asked.metrics, made["name"])
    return visit.go(asked.address(metrics=metrics), f"The metric {made['name']} is made and part of this report.")


def _beside(why: ClickledgerError) -> ClickledgerError:
    """Return the refusal of a metric with the form's field it is about."""
    if why.kind is FORMULA_INVALID:
        return why.kind.error(why.message, field="formula")
    fields = {"name": "metric_name", "help": "metric_help"}
    problems = [one | {"field": fields.get(one["field"], one["field"])} for one in why.details.get("problems", ())]
    if problems:
        return why.kind.error(why.message, problems=problems)
    return why.kind.error(why.message, field="metric_name")


PAGE: Final = Page(
    PATH, "Reports", "reports/builder.html", _show, "reports:read",
    acts=(
        Act("save", _save, "reports:write"),
        Act("update", _update, "reports:write"),
        Act("metric", _metric, "reports:write"),
    ),
    group="Look", place=20,
)  # fmt: skip
