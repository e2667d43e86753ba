"""Jumping to an event by an id of it: a click's, a conversion's, a transaction's, or the partner's own click id.

Invariant: what is found is what the API shows to the one who looks.
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.rendering import with_query
from reports.web.visit import Visit

_DAYS: Final = 365
"""How far back is looked for ids that don't tell their time."""
_CLICK_ID: Final = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_CONVERSION_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_MOST: Final = 200
"""Characters of an id."""


async def find(visit: Visit, text: str) -> str:
    """Return the address of the event with this id, of a log when there are several, '' when there is none."""
    text = text[:_MOST]
    asking = [_of_transaction(visit, text), _of_partner(visit, text)]
    if _CONVERSION_ID.fullmatch(text):
        asking.insert(0, _known(visit, f"/api/v1/conversions/{text}", f"/conversions/{text}"))
    if _CLICK_ID.fullmatch(text):
        asking.insert(0, _known(visit, f"/api/v1/clicks/{text}", f"/clicks/{text}"))
    found = await asyncio.gather(*asking)
    return next((address for address in found if address), "")


async def _known(visit: Visit, path: str, address: str) -> str:
    """Return an address if the API knows what is there."""
    try:
        await visit.api.get(path)
    except ClickledgerError as why:
        if why.kind.status not in {400, 404}:
            raise
        return ""
    return address


async def _of_transaction(visit: Visit, text: str) -> str:
    rows = await _rows(visit, "conversions", "conversion_id", "txn_id", text)
    if len(rows) == 1:
        return f"/conversions/{rows[0]['conversion_id']}"
    return with_query("/conversions", _range(visit), txn_id=text) if rows else ""


async def _of_partner(visit: Visit, text: str) -> str:
    rows = await _rows(visit, "clicks", "click_id", "partner_click_id", text)
    if len(rows) == 1:
        return f"/clicks/{rows[0]['click_id']}"
    return with_query("/clicks", _range(visit), where=f"partner_click_id={text}") if rows else ""


def _range(visit: Visit) -> dict[str, str]:
    today = visit.viewer.today()
    return {"range": "custom", "from": str(today - timedelta(days=_DAYS)), "to": str(today)}


async def _rows(visit: Visit, log: str, columns: str, dimension: str, text: str) -> list[dict[str, Any]]:
    """Return at most two rows of the last year with this value."""
    today = visit.viewer.today()
    condition = json.dumps({"dimension": dimension, "op": "eq", "value": text})
    try:
        found = await visit.api.get(
            f"/api/v1/logs/{log}",
            from_=today - timedelta(days=_DAYS),
            to=today + timedelta(days=1),
            timezone=visit.viewer.zone.key,
            filter=condition,
            columns=columns,
            limit=2,
        )
    except ClickledgerError as why:
        if why.kind.status != 400:
            raise
        return []
    rows: list[dict[str, Any]] = found["items"]
    return rows
