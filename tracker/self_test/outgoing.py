"""Which of the partner's hooks a link's conversion would be reported to; nothing is sent.

A test counts nowhere, and a partner's own tracker would count it. Invariant: of a hook's URL the host alone is
told.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from tracker.outbound.messages import message, wants
from tracker.routes import LinkRoute, OfferRoute
from tracker.snapshot import Snapshot


class Outgoing(NamedTuple):
    """What the partner's hooks would be sent."""

    says: str
    advice: str
    """What to do; '' when every hook can be told."""


def would_tell(
    program: Snapshot,
    link: LinkRoute,
    offer: OfferRoute,
    goal: str,
    conversion_id: str,
    click_id: str,
    secret: bytes,
) -> Outgoing:
    """Return which hooks would be told of a conversion.

    Args:
        program: With the hooks.
        link: Whose partner's hooks they are.
        offer: What was converted on.
        goal: Code of the goal.
        conversion_id: The test's conversion.
        click_id: The test's click.
        secret: Key of the ``_hash`` macros.

    """
    row = {
        "conversion_id": conversion_id,
        "change_seq": 0,
        "click_id": click_id,
        "partner_id": link.partner_id,
        "advertiser_id": offer.advertiser_id,
        "offer_id": offer.id,
        "goal": goal,
        "status": offer.goals.get(goal, offer.goals[""]).default_status,
    }
    hooks = [hook for hook in program.hooks if hook.partner_id == link.partner_id and wants(hook, row)]
    if not hooks:
        return Outgoing("the partner has none", "")
    broken = [hook.id for hook in hooks if message(hook, row, program, secret) is None]
    hosts = ", ".join(urlsplit(hook.url).hostname or "?" for hook in hooks)
    says = f"{len(hooks)} of the partner's hooks would be told: {hosts}"
    return Outgoing(says, f"Correct the URL of hook {broken[0]}." if broken else "")
