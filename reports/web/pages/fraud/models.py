"""The model of unusual clicks: which is in use, what each version learnt from, training, going back, drift.

Invariant: where scoring has no model, the page says so first and why: verdicts come from rules alone then.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from reports.web.pages.fraud.asking import unless
from reports.web.visit import Visit

PATH: Final = "/fraud/models"
MODELS: Final = "/api/v1/fraud/models"


async def show(visit: Visit) -> dict[str, Any]:
    """Return the versions, drift, and the card of the version that the address names, or of the one in use."""
    found, drift = await asyncio.gather(visit.api.get(MODELS), visit.api.get(f"{MODELS}/drift"))
    wanted = visit.query("version") or found["version"] or next((one["version"] for one in found["models"]), "")
    known = {one["version"] for one in found["models"]}
    card = await unless("model_broken", visit.api.get(f"{MODELS}/{wanted}")) if wanted in known else None
    labels = {one["name"]: one["label"] for one in drift["features"]}
    return {
        "model": found,
        "drift": drift,
        "features": sorted(drift["features"], key=lambda one: -(one["psi"] or 0)),
        "card": card,
        "labels": labels,
    }


async def train(visit: Visit) -> Response:
    """Begin to train a model on the recent clicks."""
    await visit.api.send("POST", f"{MODELS}/train")
    return visit.go(PATH, "Training has begun. The model is used as soon as it is done.")


async def roll_back(visit: Visit) -> Response:
    """Use another version."""
    card = await visit.api.send("POST", f"{MODELS}/rollback", {"version": visit.form.get("version", "")})
    return visit.go(
        PATH, f"Version {card['version']} is used from now on; the next training replaces it as usual."
    )
