"""Putting proposed verdicts into their place."""

from __future__ import annotations

from fraud.past.placing.placing import lift_fence, put_in_place

__all__ = ["lift_fence", "put_in_place"]
