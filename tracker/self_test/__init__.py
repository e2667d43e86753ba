"""The link self-test: click, redirect, landing page, postback, report, for any link, counted nowhere.

It goes the real road, over the network, with a token that marks the click and its conversion as a test, and
says at each hop what should have come and what came. An advertiser without a link fires a test postback alone.
"""

from __future__ import annotations

from tracker.self_test.operations import operations
from tracker.self_test.schemas import Hop, LinkTested
from tracker.self_test.walk import Walk

__all__ = ["Hop", "LinkTested", "Walk", "operations"]
