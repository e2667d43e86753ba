"""The demo over HTTP: whether there is one, and its end.

The app gives ``state.settings``, ``state.programs``, ``state.publish``, ``state.pipeline_status``,
``state.trainer`` and ``state.between_rounds``. Invariant: events go only once none waits in a journal, as it would
come back.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from clickledger.demo import history, state
from clickledger.demo.removing import remove_events, remove_program
from clickledger.demo.state import Demo
from fraud.forest.errors import SHELF_AWAY, TRAINING_RUNS
from kernel.api import Operation
from kernel.errors import ClickledgerError, ErrorKind, table
from kernel.http import answer, client_address, principal
from partners import audit

DEMO_ABSENT = ErrorKind("demo_absent", 404, "info", "There is no demo here.")
DEMO_BUSY = ErrorKind(
    "demo_busy",
    503,
    "info",
    "Events still wait to be stored, the demo's perhaps among them; try again in a minute.",
)
ERRORS = table(DEMO_ABSENT, DEMO_BUSY)

_SETTLE_S: Final = 1.0
"""After this the demo's own process, which looks every few tenths of a second, has ended."""
_PATIENCE_S: Final = 60.0
_POLL_S: Final = 0.2


def said(data_dir: Path) -> str:
    """Return what pages say on top while there is a demo, how far it is made among it; '' without one."""
    demo = state.read(data_dir)
    if demo is None or demo.state != "there":
        return ""
    filling = f" It is still filling itself: {demo.days} of {history.DAYS + 1} days are there."
    return (
        f"What you see is made-up demo traffic.{'' if demo.is_furnished else filling}"
        " Remove it with clickledger demo remove."
    )


async def _status(request: Request) -> Response:
    demo = state.read(request.app.state.settings.data_dir)
    if demo is None or demo.state != "there":
        return answer({"state": "removed" if demo else "none", "days": 0, "of_days": 0, "is_complete": False})
    return answer(
        {"state": "there", "days": demo.days, "of_days": history.DAYS + 1, "is_complete": demo.is_furnished}
    )


async def _remove(request: Request) -> Response:
    app = request.app.state
    data_dir = app.settings.data_dir
    demo = state.read(data_dir)
    if demo is None or not demo.entries:
        raise DEMO_ABSENT.error()
    with state.changing(data_dir) as changed:
        changed.state = "removed"
    await asyncio.sleep(_SETTLE_S)
    demo = state.read(data_dir) or demo
    await _wait_until_stored(app)
    clicks = await run_in_threadpool(remove_events, app.settings, demo, app.between_rounds)
    await _withdraw_models(app, demo)
    who, address = principal(request), client_address(request)

    def take_program(demo: Demo) -> dict[str, list[int]]:
        with app.programs.writing() as session:

            def record(kind: str, number: int) -> None:
                audit.record(session, who, address, "delete", kind.removesuffix("s"), number)

            return remove_program(session, demo, record)

    kept = await run_in_threadpool(take_program, demo)
    await app.publish()
    with state.changing(data_dir) as changed:
        changed.entries = {}
    return answer({"clicks": clicks, "kept": kept})


async def _wait_until_stored(app: Any) -> None:
    """Wait until no event is left in a journal.

    Raises:
        ClickledgerError: ``demo_busy``.

    """
    if app.pipeline_status is None:
        return
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        status = app.pipeline_status()
        waiting = sum(int(one["events"]) - int(one["shipped"]) for one in status["journals"])
        if not waiting and not status.get("postbacks_waiting"):
            return
        if time.monotonic() > deadline:
            raise DEMO_BUSY.error()
        await asyncio.sleep(_POLL_S)


async def _withdraw_models(app: Any, demo: Demo) -> None:
    """Clear away the models that learnt from the demo's clicks; one that still learns is waited for.

    Raises:
        ClickledgerError: ``demo_busy`` or ``model_shelf_away``.

    """
    deadline = time.monotonic() + _PATIENCE_S
    while demo.made_at is not None:
        try:
            await run_in_threadpool(app.trainer.shelf.withdraw, demo.made_at)
        except ClickledgerError as why:
            if why.kind is not TRAINING_RUNS:
                raise
        else:
            return
        if time.monotonic() > deadline:
            raise DEMO_BUSY.error("A model learns from the demo's clicks right now; try again in a minute.")
        await asyncio.sleep(_POLL_S)


_STATUS: dict[str, Any] = {
    "type": "object",
    "required": ["state", "days", "of_days", "is_complete"],
    "additionalProperties": False,
    "properties": {
        "state": {"enum": ["none", "there", "removed"]},
        "days": {"type": "integer", "description": "Days of history that are stored."},
        "of_days": {"type": "integer"},
        "is_complete": {"type": "boolean", "description": "All of it is made; fresh traffic comes."},
    },
}
_REMOVED: dict[str, Any] = {
    "type": "object",
    "required": ["clicks", "kept"],
    "additionalProperties": False,
    "properties": {
        "clicks": {"type": "integer", "description": "Clicks that were taken away."},
        "kept": {
            "type": "object",
            "description": "Entries that stay because entries of your own name them: ids by kind.",
            "additionalProperties": {"type": "array", "items": {"type": "integer"}},
        },
    },
}


def operations() -> list[Operation]:
    """Return what can be asked of the demo."""
    return [
        Operation(
            "GET",
            "/api/v1/demo",
            "Whether there is a demo, and how far it is made.",
            _status,
            "system:read",
            tag="Service",
            answer=_STATUS,
        ),
        Operation(
            "DELETE",
            "/api/v1/demo",
            "Take the demo away for good: its program, its traffic, and what reports and models know of that.",
            _remove,
            "system:write",
            tag="Service",
            answer=_REMOVED,
            errors=(DEMO_ABSENT, DEMO_BUSY, SHELF_AWAY),
        ),
    ]
