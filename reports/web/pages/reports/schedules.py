"""Schedules: reports that run by themselves, with what came of each run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import ClickledgerError
from reports.export.formats import FORMATS
from reports.web.page import STAFF, Act, Page
from reports.web.pages.reports.asked import PATH
from reports.web.visit import Visit

LIST: Final = f"{PATH}/schedules"
SCHEDULES: Final = "/api/v1/report-schedules"
REPORTS: Final = "/api/v1/saved-reports"
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RHYTHMS: Final = (("day", "every day"), ("week", "every week"), ("month", "every month"))
_MOST: Final = 200
_RUNS: Final = 30


async def _show(visit: Visit) -> dict[str, Any]:
    found, reports = await asyncio.gather(
        visit.api.get(SCHEDULES, limit=_MOST), visit.api.get(REPORTS, limit=_MOST)
    )
    names = {one["id"]: one["name"] for one in reports["items"]}
    schedules = [one | {"when": spoken(one), "name": names.get(one["report_id"], "")} for one in found["items"]]
    chosen = next((one for one in schedules if str(one["id"]) == visit.query("id")), None)
    runs = await visit.api.get(f"{SCHEDULES}/{chosen['id']}/runs", limit=_RUNS) if chosen else {"items": []}
    return {
        "schedules": schedules,
        "reports": [(one["id"], one["name"]) for one in reports["items"]],
        "chosen": chosen,
        "runs": runs["items"],
        "weekdays": [(str(place), name) for place, name in enumerate(DAYS, start=1)],
        "rhythms": RHYTHMS,
        "formats": [(name, name) for name in FORMATS],
        "targets": (("webhook", "a webhook"), ("file", "a file on the server"))
        if _is_staff(visit)
        else (("webhook", "a webhook"),),
        "zone": visit.viewer.zone.key,
        "wanted_report": visit.query("report_id"),
        "can_save": visit.may("reports:write"),
        "took": lambda run: _took(visit, run),
        "made": None,
    }


def _took(visit: Visit, run: Mapping[str, Any]) -> str:
    if not run["ended_at"]:
        return visit.viewer.span(None)
    start, end = (datetime.fromisoformat(run[name]) for name in ("started_at", "ended_at"))
    return visit.viewer.span((end - start).total_seconds())


def spoken(schedule: Mapping[str, Any]) -> str:
    """Return a rhythm in words: every week on Monday at 06:30, Europe/Berlin."""
    on = ""
    if schedule["every"] == "week" and schedule["weekday"]:
        on = f" on {DAYS[schedule['weekday'] - 1]}"
    if schedule["every"] == "month" and schedule["day"]:
        on = f" on day {schedule['day']}"
    return f"every {schedule['every']}{on} at {schedule['at']}, {schedule['timezone']}"


def _is_staff(visit: Visit) -> bool:
    return visit.who is not None and visit.who.role in STAFF


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else text


def _rhythm(visit: Visit) -> dict[str, Any]:
    """Return when a form says that a schedule runs; of the two days the one its rhythm needs."""
    form = visit.form
    every = form.get("every", "")
    return {
        "every": every,
        "at": form.get("at", ""),
        "timezone": form.get("timezone", "").strip(),
        "format": form.get("format", ""),
        "weekday": _number(form.get("weekday", "")) if every == "week" else None,
        "day": _number(form.get("day", "")) if every == "month" else None,
    }


async def _create(visit: Visit) -> dict[str, Any] | Response:
    """Make a schedule; a webhook's signing secret is shown this once."""
    form, target = visit.form, visit.form.get("target", "webhook")
    where = (
        {"url": form.get("url", "").strip() or None}
        if target == "webhook"
        else {"file_name": form.get("file_name", "").strip() or None}
    )
    body = _rhythm(visit) | {"report_id": _number(form.get("report_id", "")), "target": target} | where
    made = await visit.api.send("POST", SCHEDULES, body)
    if not made["secret"]:
        return visit.go(f"{LIST}?id={made['id']}", f"The report runs {spoken(made)}.")
    return {"made": made | {"when": spoken(made)}}


async def _change(visit: Visit) -> Response:
    url = visit.form.get("url", "").strip()
    body = _rhythm(visit) | ({"url": url} if url else {})
    changed = await visit.api.send("PATCH", _path(visit), body)
    return visit.go(f"{LIST}?id={changed['id']}", f"It runs {spoken(changed)}.")


async def _switch(visit: Visit) -> Response:
    """Pause a schedule, or go on with it."""
    wanted = visit.form.get("enabled") == "true"
    changed = await visit.api.send("PATCH", _path(visit), {"enabled": wanted})
    return visit.go(f"{LIST}?id={changed['id']}", "It runs again." if wanted else "It is paused.")


async def _delete(visit: Visit) -> Response:
    await visit.api.send("DELETE", _path(visit))
    return visit.go(LIST, "The schedule is deleted.")


async def _stop(visit: Visit) -> Response:
    """End a run that is under way."""
    try:
        await visit.api.send("DELETE", f"/api/v1/reports/running/schedule-run-{visit.form.get('run', '')}")
    except ClickledgerError as why:
        if why.kind.status != 404:
            raise
    return visit.go(f"{LIST}?id={visit.form.get('id', '')}", "The run is ended.")


def _path(visit: Visit) -> str:
    return f"{SCHEDULES}/{_number(visit.form.get('id', ''))}"


PAGE: Final = Page(
    LIST, "Scheduled reports", "reports/schedules.html", _show, "reports:read",
    acts=tuple(
        Act(name, do, "reports:write")
        for name, do in (
            ("create", _create), ("change", _change), ("switch", _switch), ("delete", _delete), ("stop", _stop),
        )
    ),
)  # fmt: skip
