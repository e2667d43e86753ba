"""The models' operations: which there are and which is in use, train, roll back, drift.

The app gives ``state.trainer``. Invariants: asking reads cards and hashes and loads no model; a card's figures
are of clicks, never of one person; what is refused says what to do.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fraud.forest.card import Card
from fraud.forest.drift import ALARMING, LEAST_CLICKS
from fraud.forest.errors import (
    MODEL_BROKEN,
    MODEL_UNKNOWN,
    NO_EARLIER_MODEL,
    SHELF_AWAY,
    TRAINING_RUNS,
)
from fraud.forest.features import BY_NAME, NAMES
from fraud.forest.keeper import NO_MODEL, missing
from fraud.forest.seen import seen_by_all
from fraud.forest.shelf import Shelf
from fraud.forest.trainer import Progress, Trainer
from kernel.api import Operation
from kernel.errors import ClickledgerError
from kernel.http import answer, read_body

MAX_VERSION = 64
MODEL_STATES = ("in_use", "none", "broken")


class RollBack(BaseModel):
    """Which model to go back to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(
        "", max_length=MAX_VERSION, description="A version; empty: the one before the one in use.", examples=[""]
    )


def state_of(shelf: Shelf) -> tuple[str, str, str]:
    """Return what models are to scoring: ``in_use``, ``none`` or ``broken``; the version; and why."""
    version = ""
    try:
        version = shelf.current()
        if not version:
            return "none", "", NO_MODEL
        shelf.check(version)
    except ClickledgerError as why:
        is_missing = why.kind is MODEL_UNKNOWN
        return "broken", version[:MAX_VERSION], missing(version) if is_missing else why.message
    return "in_use", version, ""


async def _list(request: Request) -> Response:
    trainer: Trainer = request.app.state.trainer
    return answer(await run_in_threadpool(_listed, trainer))


def _listed(trainer: Trainer) -> dict[str, Any]:
    state, version, why = state_of(trainer.shelf)
    return {
        "state": state,
        "version": version,
        "why": why,
        "models": [_short(card, version) for card in trainer.shelf.cards()],
        "training": _told(trainer.progress()),
    }


def _short(card: Card, version: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(card)
    kept = {
        *("version", "made_at", "trained_from", "trained_to", "clicks_read", "clicks_learnt", "clicks_in_window"),
        *("quality", "seconds", "flag_at"),
    }
    return {"in_use": card.version == version, **{name: value for name, value in found.items() if name in kept}}


async def _one(request: Request) -> Response:
    trainer: Trainer = request.app.state.trainer
    card = await run_in_threadpool(trainer.shelf.card, request.path_params["version"])
    return answer(msgspec.to_builtins(card))


async def _train(request: Request) -> Response:
    trainer: Trainer = request.app.state.trainer
    await run_in_threadpool(trainer.begin)
    return answer(_told(await run_in_threadpool(trainer.progress)), 202)


async def _training(request: Request) -> Response:
    trainer: Trainer = request.app.state.trainer
    return answer(_told(await run_in_threadpool(trainer.progress)))


async def _roll_back(request: Request) -> Response:
    asked = await read_body(request, RollBack)
    shelf: Shelf = request.app.state.trainer.shelf

    def use() -> Card:
        return shelf.use(asked.version or shelf.earlier())

    card = await run_in_threadpool(use)
    return answer(_short(card, card.version))


async def _drift(request: Request) -> Response:
    trainer: Trainer = request.app.state.trainer
    return answer(await run_in_threadpool(_drifted, trainer.shelf))


def _drifted(shelf: Shelf) -> dict[str, Any]:
    state, version, why = state_of(shelf)
    none: dict[str, Any] = {"state": state, "version": version, "why": why, "threshold": ALARMING, "clicks": 0}
    if state != "in_use":
        return {
            **none,
            "flagged": None,
            "flagged_trained": None,
            "flags_differ": False,
            "drifted": [],
            "features": [],
        }
    card = shelf.card(version)
    found = seen_by_all(shelf.directory, card, time.time())
    if found.clicks < LEAST_CLICKS:
        none["why"] = f"Fewer than {LEAST_CLICKS:,} clicks were scored by it in the last day: too few to compare."
    return {
        **none,
        "clicks": found.clicks,
        "flagged": found.flagged_share,
        "flagged_trained": found.flagged_share_trained,
        "flags_differ": found.flags_differ,
        "drifted": list(found.alarming),
        "features": [
            {
                "name": feature.name,
                "label": BY_NAME[feature.name].label,
                "psi": found.index[feature.name],
                "usual": BY_NAME[feature.name].read(feature.usual),
            }
            for feature in card.baseline
        ],
    }


def _told(progress: Progress) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(progress)
    return told


_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": "number"}
_SHARE: dict[str, Any] = {"type": ["number", "null"], "description": "0 to 1."}
_STATE: dict[str, Any] = {
    "enum": list(MODEL_STATES),
    "description": "none and broken: verdicts come from rules alone, and why says so.",
}
_PROGRESS: dict[str, Any] = {
    "type": "object",
    "required": ["state", "step", "done", "changed_at", "version", "why"],
    "properties": {
        "state": {"enum": ["never", "running", "done", "failed"]},
        "step": _TEXT,
        "done": {"type": "number", "description": "0 to 1."},
        "changed_at": {"type": ["string", "null"], "format": "date-time"},
        "version": {"type": "string", "description": "Of the model that came of it."},
        "why": {"type": "string", "description": "Why it failed."},
    },
}
_QUALITY: dict[str, Any] = {
    "type": "object",
    "required": ["flagged", "clicks", "rule_agreement", "instability"],
    "properties": {
        "flagged": {"type": "object", "additionalProperties": _NUMBER, "description": "Share flagged by verdict."},
        "clicks": {"type": "object", "additionalProperties": _WHOLE, "description": "Clicks that is of."},
        "rule_agreement": {
            **_SHARE,
            "description": "Chance that a click the rules call invalid ranks above a valid one.",
        },
        "instability": {
            "type": "number",
            "description": "Mean difference in percentiles between forests of either half of the clicks.",
        },
    },
}
_SHORT_FIELDS: dict[str, Any] = {
    "version": _TEXT,
    "made_at": _TIME,
    "trained_from": _TIME,
    "trained_to": _TIME,
    "clicks_read": _WHOLE,
    "clicks_learnt": _WHOLE,
    "clicks_in_window": _WHOLE,
    "quality": _QUALITY,
    "seconds": _NUMBER,
    "flag_at": _WHOLE,
}
_SHORT: dict[str, Any] = {
    "type": "object",
    "required": ["in_use", *_SHORT_FIELDS],
    "properties": {"in_use": {"type": "boolean"}, **_SHORT_FIELDS},
}
_BASELINE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "usual", "edges", "shares"],
    "properties": {
        "name": {"enum": list(NAMES)},
        "usual": _NUMBER,
        "edges": {"type": "array", "items": _NUMBER},
        "shares": {"type": "array", "items": _NUMBER},
    },
}
_CARD: dict[str, Any] = {
    "type": "object",
    "required": [
        *(*_SHORT_FIELDS, "parameters", "features", "libraries", "data_sha256", "file_sha256", "file_bytes"),
        "baseline",
    ],
    "properties": {
        **_SHORT_FIELDS,
        "parameters": {"type": "object"},
        "features": {"type": "array", "items": _TEXT},
        "libraries": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "Versions of what grew its trees; under others it isn't used.",
        },
        "data_sha256": _TEXT,
        "file_sha256": _TEXT,
        "file_bytes": _WHOLE,
        "baseline": {"type": "array", "items": _BASELINE},
    },
}
_LIST: dict[str, Any] = {
    "type": "object",
    "required": ["state", "version", "why", "models", "training"],
    "properties": {
        "state": _STATE,
        "version": _TEXT,
        "why": _TEXT,
        "models": {"type": "array", "items": _SHORT, "description": "Newest first."},
        "training": _PROGRESS,
    },
}
_DRIFT_FEATURE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "label", "psi", "usual"],
    "properties": {
        "name": {"enum": list(NAMES)},
        "label": _TEXT,
        "psi": {"type": ["number", "null"], "description": "Population stability index; null: too few clicks."},
        "usual": {"type": "string", "description": "Its median in the training window, for a person."},
    },
}
_DRIFT: dict[str, Any] = {
    "type": "object",
    "required": [
        *("state", "version", "why", "threshold", "clicks", "flagged", "flagged_trained", "flags_differ"),
        *("drifted", "features"),
    ],
    "properties": {
        "state": _STATE,
        "version": _TEXT,
        "why": _TEXT,
        "threshold": {"type": "number", "description": "Index from which a feature has drifted."},
        "clicks": {"type": "integer", "description": "Clicks scored in the last day."},
        "flagged": _SHARE,
        "flagged_trained": _SHARE,
        "flags_differ": {
            "type": "boolean",
            "description": "Three times more or fewer are flagged than in training.",
        },
        "drifted": {"type": "array", "items": {"enum": list(NAMES)}},
        "features": {"type": "array", "items": _DRIFT_FEATURE},
    },
}


def operations() -> list[Operation]:
    """Return what can be asked of models."""
    return [
        Operation(
            "GET",
            "/api/v1/fraud/models",
            "Models there are, which is in use, and how far a training is.",
            _list,
            "fraud:read",
            tag="Fraud",
            answer=_LIST,
            errors=(SHELF_AWAY,),
        ),
        Operation(
            "POST",
            "/api/v1/fraud/models/train",
            "Begin to train a model on the recent clicks; it is used as soon as it is done.",
            _train,
            "fraud:write",
            tag="Fraud",
            answer=_PROGRESS,
            status=202,
            errors=(TRAINING_RUNS, SHELF_AWAY),
        ),
        Operation(
            "GET",
            "/api/v1/fraud/models/training",
            "How far the latest training is.",
            _training,
            "fraud:read",
            tag="Fraud",
            answer=_PROGRESS,
        ),
        Operation(
            "POST",
            "/api/v1/fraud/models/rollback",
            "Use an earlier model again; the next training replaces it as usual.",
            _roll_back,
            "fraud:write",
            tag="Fraud",
            body=RollBack,
            answer=_SHORT,
            errors=(MODEL_UNKNOWN, NO_EARLIER_MODEL, MODEL_BROKEN, SHELF_AWAY),
        ),
        Operation(
            "GET",
            "/api/v1/fraud/models/drift",
            "How far the last day's clicks have moved from what the model in use learnt.",
            _drift,
            "fraud:read",
            tag="Fraud",
            answer=_DRIFT,
            errors=(SHELF_AWAY,),
        ),
        Operation(
            "GET",
            "/api/v1/fraud/models/{version}",
            "A model's card: parameters, features, window, hashes, quality and baseline.",
            _one,
            "fraud:read",
            tag="Fraud",
            answer=_CARD,
            errors=(MODEL_UNKNOWN, MODEL_BROKEN, SHELF_AWAY),
        ),
    ]
