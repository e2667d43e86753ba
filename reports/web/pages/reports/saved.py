"""Saved reports: their list, and each with its table, the links that share it and the schedules that run it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from kernel.auth import ROLES
from kernel.errors import ClickledgerError
from reports.web.page import STAFF, Act, Page
from reports.web.pages.reports import asked as state
from reports.web.pages.reports.asked import PATH, Asked
from reports.web.pages.reports.builder import METRICS, SAVED, is_mine, shown
from reports.web.pages.reports.catalog import Catalog, catalog
from reports.web.pages.reports.conditions import Condition
from reports.web.pages.reports.running import answered
from reports.web.pages.reports.schedules import SCHEDULES, spoken
from reports.web.visit import Visit

LIST: Final = f"{PATH}/saved"
LIVES: Final = (("7", "in 7 days"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"))
_MOST: Final = 200
"""Links and schedules that a page shows."""
_NARROWED: Final = ("partner", "advertiser")


async def _list(visit: Visit) -> dict[str, Any]:
    found, metrics = await asyncio.gather(
        visit.api.get(SAVED, limit=50, cursor=visit.query("cursor")), visit.api.get(METRICS, limit=_MOST)
    )
    return {
        "reports": [
            one | {"is_mine": is_mine(visit, one), "asked": state.of_saved(one["query"])} for one in found["items"]
        ],
        "next_cursor": found["next_cursor"],
        "metrics": [one | {"is_mine": is_mine(visit, one)} for one in metrics["items"]],
        "can_save": visit.may("reports:write"),
    }


async def _show(visit: Visit) -> dict[str, Any]:
    path = _path(visit)
    report, known = await asyncio.gather(visit.api.get(path), catalog(visit))
    asked = state.of_saved(report["query"])
    (answer, trouble), links, schedules = await asyncio.gather(
        _run(visit, path),
        visit.api.get(f"{path}/shares", limit=_MOST),
        visit.api.get(SCHEDULES, report_id=report["id"], limit=_MOST),
    )
    same = _in_builder(visit, report, asked, known)
    return await shown(visit, asked, known, answer, trouble) | {
        "title": report["name"],
        "report": report,
        "is_mine": is_mine(visit, report),
        "links": [one | {"state": _state(one)} for one in links["items"]],
        "schedules": [one | {"when": spoken(one)} for one in schedules["items"]],
        "lives": LIVES,
        "roles": ROLES if visit.who and visit.who.role in STAFF else (),
        "in_builder": same.address(),
        "export": same.address(f"{PATH}/export", saved=0),
        "made_link": None,
    }


async def _run(visit: Visit, path: str) -> tuple[dict[str, Any] | None, str]:
    """Return the report's answer for the one who looks, or why there is none."""
    try:
        return await answered(visit, f"{path}/run", {}), ""
    except ClickledgerError as why:
        if why.kind.status >= 500 or why.kind.status == 429:
            raise
        return None, why.message


def _in_builder(visit: Visit, report: dict[str, Any], asked: Asked, known: Catalog) -> Asked:
    """Return what the builder is asked for the same rows: those of whose the report is."""
    where = asked.where
    for side in _NARROWED:
        number = report[f"{side}_id"]
        if (
            number is not None
            and visit.who
            and getattr(visit.who, f"{side}_id") != number
            and side in known.dimensions
        ):
            where = (*where, Condition(f"{side}_id", "eq", (str(number),)))
    return replace(asked, where=where, saved=report["id"])


def _state(link: dict[str, Any]) -> str:
    if link["revoked_at"]:
        return "ended"
    return "works" if datetime.fromisoformat(link["expires_at"]) > datetime.now(UTC) else "over"


def _path(visit: Visit) -> str:
    return f"{SAVED}/{visit.request.path_params['id']}"


async def _change(visit: Visit) -> Response:
    body: dict[str, Any] = {name: visit.form.get(name, "").strip() for name in ("name", "description")}
    body["shared_roles"] = visit.several.get("shared_roles", [])
    changed = await visit.api.send("PATCH", _path(visit), body)
    return visit.go(f"{LIST}/{changed['id']}", "Saved.")


async def _delete(visit: Visit) -> Response:
    await visit.api.send("DELETE", _path(visit))
    return visit.go(LIST, "The report is deleted, and with it its links and schedules.")


async def _share(visit: Visit) -> dict[str, Any]:
    """Make a link; its address is shown this once."""
    days = visit.form.get("days", "")
    length = timedelta(days=int(days) if days in dict(LIVES) else 30)
    body = {"expires_at": (datetime.now(UTC) + length).isoformat(), "note": visit.form.get("note", "").strip()}
    made = await visit.api.send("POST", f"{_path(visit)}/shares", body)
    return {"made_link": made}


async def _end_link(visit: Visit) -> Response:
    path = _path(visit)
    ended = await visit.api.send("DELETE", f"{path}/shares/{visit.form.get('id', '')}")
    return visit.go(f"{LIST}/{ended['report_id']}#links", "The link has ended.")


async def _delete_metric(visit: Visit) -> Response:
    await visit.api.send("DELETE", f"{METRICS}/{visit.form.get('id', '')}")
    return visit.go(LIST, "The metric is deleted; reports that name it say so.")


PAGES: Final = (
    Page(
        LIST, "Saved reports", "reports/saved.html", _list, "reports:read",
        acts=(Act("delete-metric", _delete_metric, "reports:write"),), group="Look", place=25,
    ),
    Page(
        f"{LIST}/{{id}}", "Saved report", "reports/saved_one.html", _show, "reports:read",
        acts=(
            Act("change", _change, "reports:write"),
            Act("delete", _delete, "reports:write"),
            Act("share", _share, "reports:write"),
            Act("end-link", _end_link, "reports:write"),
        ),
    ),
)  # fmt: skip
