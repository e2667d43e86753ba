"""The statements that take the demo's events away, and the one that counts its clicks.

Invariant: an event is the demo's when both its partner and its offer are: traffic of somebody's own partner, or on
somebody's own offer, stays.
"""

from __future__ import annotations

from typing import Final

_ITS: Final = "has({partners:Array(UInt32)}, partner_id) AND has({offers:Array(UInt32)}, offer_id)"
_AT_ONCE: Final = "SETTINGS mutations_sync = 1"

COUNT: Final = f"SELECT count() FROM clicks WHERE {_ITS}"  # noqa: S608 - our own text

DELETE: Final = (
    f"ALTER TABLE verdict_history DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE verdict_proposals DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE outbound_attempts DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE conversion_changes DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE conversions DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE impressions DELETE WHERE {_ITS} {_AT_ONCE}",
    f"ALTER TABLE partner_risk DELETE WHERE has({{partners:Array(UInt32)}}, partner_id) {_AT_ONCE}",
    f"ALTER TABLE clicks DELETE WHERE {_ITS} {_AT_ONCE}",
)
"""Clicks last: while some are left, the demo isn't removed."""
