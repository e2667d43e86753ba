"""Partner risk in the web role: what it is made of, and the days it scores by itself.

The fraud room knows no program; analysts' marks are read for it here. Invariants: a day is scored once by itself,
soon after it is over, and again only when somebody asks; a store that is away ends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from fraud.risk import Marks, RiskRuns
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.sql import Sessions
from partners.models import PartnerMark

FIRST_LOOK_SECONDS: Final = 60.0
"""After the start: other work comes first."""
LOOK_SECONDS: Final = 600.0
"""How late a day may be scored; each look is one small query."""


def marks_of(programs: Sessions) -> Marks:
    """Return what reads analysts' marks: each partner's newest counts."""

    def read() -> Mapping[int, bool]:
        with programs.reading() as session:
            rows = session.execute(select(PartnerMark.partner_id, PartnerMark.mark).order_by(PartnerMark.id))
            return {partner: mark == "fraud" for partner, mark in rows}

    return read


async def keep_partners_scored(runs: RiskRuns) -> None:
    """Score the days that are over, again and again."""
    await asyncio.sleep(FIRST_LOOK_SECONDS)
    while True:
        try:
            await run_in_threadpool(runs.run_missing)
        except ClickledgerError as why:
            log("risk").warning("partner_risk_waits", why=why.message)
        except Exception as why:  # noqa: BLE001 - the next look may be luckier, and nobody else would look
            log("risk").error("partner_risk_failed", exc_info=why)
        await asyncio.sleep(LOOK_SECONDS)
