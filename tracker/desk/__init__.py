"""Conversions by hand: what the network's people and advertisers do to conversions over the API.

Changes go the way of every postback: written into a journal of this process, acknowledged when they are on
the disk, and decided by the pipeline of this host. So a host that runs the web role runs a pipeline too.
"""

from __future__ import annotations

from tracker.desk.desk import Desk, open_desk
from tracker.desk.operations import operations

__all__ = ["Desk", "open_desk", "operations"]
