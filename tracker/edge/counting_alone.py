"""How a click is judged without Redis: by the last known counts and this worker's own takes and visitors.

The same decisions in the same order as the script in ``counting_script``: hard caps, then the duplicate
policy, then everything is taken or nothing. One conformance suite runs both.
Invariants: no input and no output; memory is bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from tracker.edge.counting_plan import Admission, CapCount, Plan

REMEMBERED_VISITORS = 50_000
"""Duplicate keys each worker remembers for when Redis is away; about 12 MB."""


class AloneCounts:
    """One worker's memory of counts' takes and of visitors seen."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()
        self.to_tell: OrderedDict[str, int] = OrderedDict()
        """Visitors seen while Redis was away, and until when (milliseconds since 1970)."""

    def judge(
        self, plan: Plan, duplicate_key: str, now_ms: int, *, count: bool
    ) -> tuple[Admission, list[CapCount]]:
        """Decide one click and remember its visitor.

        Args:
            plan: What the click has to pass.
            duplicate_key: Key of its repetitions, '' for none.
            now_ms: When it was received.
            count: Whether it counts; else nothing is remembered.

        Returns:
            What to say to it, and the counts it takes one of each; the caller adds them.

        """
        over_cap = False
        for cap in plan.caps:
            if cap.counted.shared + cap.counted.alone >= cap.amount:
                if cap.hard:
                    return Admission(cap.reason, duplicate=False, over_cap=False), []
                over_cap = True
        duplicate = bool(duplicate_key) and self._seen.get(duplicate_key, 0) > now_ms
        if duplicate and plan.sends_duplicates_away:
            return Admission("duplicate", duplicate=True, over_cap=False), []
        admission = Admission("", duplicate, over_cap)
        if not count:
            return admission, []
        if duplicate_key and not duplicate:
            self.saw(duplicate_key, now_ms + plan.window_ms)
            _put(self.to_tell, duplicate_key, now_ms + plan.window_ms)
        return admission, [cap.counted for cap in plan.caps if cap.counted.is_clicks]

    def saw(self, duplicate_key: str, until_ms: int) -> None:
        """Remember a visitor whose click was counted."""
        _put(self._seen, duplicate_key, until_ms)


def _put(memory: OrderedDict[str, int], key: str, until_ms: int) -> None:
    memory[key] = until_ms
    memory.move_to_end(key)
    if len(memory) > REMEMBERED_VISITORS:
        memory.popitem(last=False)
