"""Conversions by hand: what the network's people and advertisers do to conversions over the API.

Changes go the way of every postback: written into a journal of this process, acknowledged when they are on
the disk, and decided by the pipeline of this host. So a host that runs the web role runs a pipeline too.
"""

from __future__ import annotations

from kernel.api import Operation
from tracker.desk import disputes, received
from tracker.desk import operations as conversions
from tracker.desk.desk import Desk, open_desk

__all__ = ["Desk", "open_desk", "operations"]


def operations() -> list[Operation]:
    """Return what the desk offers: conversions by hand, disputes of them, and the log of postbacks."""
    return [*conversions.operations(), *disputes.operations(), *received.operations()]
