"""Outgoing postbacks and webhooks: a durable queue, a sender that one bad receiver can't hold up, a log of tries.

The pipeline gives the changed conversions to ``Outbound``, which writes one message for each hook that wants to
know into a queue of its own; a thread sends what is due; every try becomes a row of ``outbound_attempts``.
"""

from __future__ import annotations

from tracker.outbound.guard import Guard, connector
from tracker.outbound.service import Outbound

__all__ = ["Guard", "Outbound", "connector"]
