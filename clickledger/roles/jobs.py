"""What the web role does by itself: running reports that people scheduled, and blocking what fraud rules say.

Reports know no network and the outbound room knows no reports; the two are put together here. Invariants: webhooks
dial what ``tracker.outbound.guard`` allows and nothing else; a store that is away ends nothing: what is due then
runs when it is back.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from clickhouse_connect.driver.exceptions import Error as DriverError
from starlette.datastructures import State

from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings
from kernel.signing import Signer
from reports.saved import links
from reports.saved.running import Schedules
from tracker.click_id import load_keys
from tracker.fraud_blocks import RuleBlocks
from tracker.outbound.delivery import deliver, outbound_session
from tracker.outbound.guard import Guard
from tracker.outbound.messages import Message

LOOK_SECONDS: Final = 10.0
"""How late a schedule or a block by a rule may begin; each look is one small query."""


class SignedWebhooks:
    """Sends webhooks once each, signed as Standard Webhooks says."""

    def __init__(self, guard: Guard, resolver: Any = None) -> None:
        """Prepare.

        Args:
            guard: Judges each address.
            resolver: Makes what looks names up; default: the operating system.

        """
        self._guard = guard
        self._resolver = resolver

    async def send(self, message_id: str, url: str, secret: str, body: str) -> str:
        """Send it; return '' when it was taken, else why not."""
        message = Message(message_id, 0, "webhook", 0, "", 0, 0, 0, 0, "POST", url, body)
        resolver = self._resolver() if self._resolver is not None else None
        async with outbound_session(self._guard, 1, resolver) as session:
            came = await deliver(session, message, secret)
        if came.error:
            return came.error
        return "" if 200 <= came.status < 300 else f"The receiver answered {came.status}."


def share_signer(chosen: Settings) -> Signer:
    """Return the signer of shared links; its key is derived from the click ids' own.

    Raises:
        ClickledgerError: ``cannot_start`` when there are no click id keys.

    """
    keys = load_keys(chosen)
    older = (secret for secret in keys.accepted_secrets if secret != keys.secret)
    return Signer((keys.secret, *older), links.PURPOSE)


async def keep_schedules_run(state: State) -> None:
    """Run what people scheduled, again and again.

    Args:
        state: The web role's: ``programs``, ``readers``, ``names``, ``settings`` and ``running``.

    """
    webhooks = SignedWebhooks(Guard.of(state.settings))
    schedules = Schedules(
        state.programs, state.readers, state.names, state.settings, webhooks, running=state.running
    )
    while True:
        try:
            await schedules.run_due()
        except ClickledgerError as why:
            log("schedules").warning("schedules_wait", why=why.message)
        except Exception as why:  # noqa: BLE001 - the next look may be luckier, and nobody else would look
            log("schedules").error("schedules_failed", exc_info=why)
        await asyncio.sleep(LOOK_SECONDS)


async def keep_rules_blocking(state: State) -> None:
    """Block what fraud rules with the action ``block`` speak of, again and again.

    Args:
        state: The web role's: ``programs``, ``readers`` and ``settings``.

    """
    blocks = RuleBlocks(state.programs, state.readers, state.settings)
    is_away = False
    while True:
        try:
            await asyncio.to_thread(blocks.look)
            is_away = False
        except (ClickledgerError, DriverError, OSError) as why:
            # Said once: the next look sees the same events.
            if not is_away:
                log("fraud").warning("blocks_wait", why=str(why)[:300])
            is_away = True
        except Exception as why:  # noqa: BLE001 - the next look may be luckier, and nobody else would look
            log("fraud").error("blocks_failed", exc_info=why)
        await asyncio.sleep(LOOK_SECONDS)
