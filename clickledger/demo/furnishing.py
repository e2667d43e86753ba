"""What would have become of the demo's program: a nearly full cap, conversions on hold, a hook, risk, a model.

Invariants: what it makes is taken down among the demo's entries, so that it goes with it; nothing leaves this
machine: the hook's host is one that is reserved and never resolves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final

from clickledger.demo import state
from clickledger.demo.history import DAYS
from clickledger.demo.program import NORA, SHOES, TOM
from clickledger.demo.state import Demo
from clickledger.service import Service
from fraud.forest.errors import TRAINING_RUNS
from kernel.errors import ClickledgerError
from kernel.settings import Settings

_HELD: Final = 4
_TOLD: Final = 3
_HOLD: Final = {"status": "hold", "reason": "Demo: looked at before it is paid"}
_APPROVE: Final = {"status": "approved", "reason": "Demo: the advertiser knows the customer"}
_FILLED: Final = 0.93
_RISK_DAYS: Final = (8, 3, 2, 1)
"""How many days ago each scored day was; the first is a week before the last, so that risk is seen to rise."""
_MODELS: Final = "/api/v1/fraud/models"


def furnish(demo: Demo, service: Service, chosen: Settings) -> None:
    """Make it, once the history is stored.

    Raises:
        ClickledgerError: the service refused.

    """
    for day in _RISK_DAYS:
        service.post("/api/v1/fraud/risk/runs", {"day": f"{datetime.now(UTC).date() - timedelta(days=day)}"})
    _train(service)
    _fill_cap(demo, service)
    if "hooks" not in demo.entries:
        made = service.post("/api/v1/hooks", _hook(demo))
        with state.changing(chosen.data_dir) as changed:
            changed.entries["hooks"] = [made["id"]]
    _decide(demo, service, TOM, (_HOLD,) * _HELD)
    # What is approved is told to the hook, which never answers.
    _decide(demo, service, NORA, (_HOLD, *(_APPROVE,) * _TOLD))


def _train(service: Service) -> None:
    """Begin to learn what is usual, unless that was begun already; nobody waits for it."""
    if service.get(_MODELS)["models"]:
        return
    try:
        service.post(f"{_MODELS}/train", {})
    except ClickledgerError as why:
        if why.kind.code != TRAINING_RUNS.code:
            raise


def _hook(demo: Demo) -> dict[str, Any]:
    return {
        "name": "Nora's own counter (demo, never answers)",
        "partner_id": demo.partners[NORA],
        "url": "https://counter.invalid/sale?click={click_id}&payout={payout}",
    }


def _fill_cap(demo: Demo, service: Service) -> None:
    """Give the cap an amount that what it counts comes close to.

    What is stored tells how much that is: the cap's own count may not hold the history yet.
    """
    today = datetime.now(UTC).date()
    report = service.post(
        "/api/v1/reports/query",
        {
            "from": f"{today - timedelta(days=DAYS + 1)}",
            "to": f"{today + timedelta(days=1)}",
            "dimensions": ["offer"],
            "metrics": ["clicks"],
            "filters": [{"dimension": "offer", "value": demo.offers[SHOES]}],
        },
    )
    clicks = sum(row["clicks"] for row in report["rows"])
    for cap in demo.entries.get("caps", ()) if clicks else ():
        service.patch(f"/api/v1/caps/{cap}", {"amount": str(ceil(clicks / _FILLED))})


def _decide(demo: Demo, service: Service, partner: str, changes: Sequence[dict[str, str]]) -> None:
    """Change the latest pending conversions of a partner, each as the change in its place says."""
    today = datetime.now(UTC).date()
    asked = {
        "from": f"{today - timedelta(days=6)}",
        "to": f"{today + timedelta(days=1)}",
        "filter": [f"partner_id={demo.partners[partner]}", "conversion_status=pending"],
        "columns": "ts,conversion_id",
        "limit": len(changes),
    }
    pending = service.get("/api/v1/logs/conversions", asked)["items"]
    for row, change in zip(pending, changes, strict=False):
        service.patch(f"/api/v1/conversions/{row['conversion_id']}", change)
