"""What keeps its order in the inbox: postbacks for one click, or for one transaction without a click."""

from __future__ import annotations

from tracker.events import Adjustment, Postback


def group_of(event: Postback | Adjustment) -> str:
    """Return the name of an event's group; those of one conversion are always in one."""
    if isinstance(event, Adjustment):
        return f"adjustment:{event.adjustment_id}"
    # No click id has a colon.
    return event.fields.click_id or f"{event.offer_id}:{event.fields.txn_id}"
