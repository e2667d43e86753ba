"""Caps: which period a moment belongs to, whom a cap counts, and under which key its count is kept.

One definition for the edge, which counts clicks, and the pipeline, which counts conversions and money.
Invariants: a period begins at midnight of the cap's own time zone, a week on Monday; a key names one cap, one
period and, for caps that every partner has for itself, one partner; a cap whose zone isn't known counts in UTC.
Redis holds the counts and may lose them: the pipeline restores them from the event store.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracker.routes import CapRoute

EDGE_KINDS = frozenset({"click"})
"""Counted by the edge as it decides; the other kinds are counted by the pipeline and read by the edge."""

MARGIN_MS = 2 * 86_400_000
"""How long a count is kept after its period: late events and clocks that differ still find it."""


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """Return a time zone; UTC for a name that isn't known here."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def period_start(cap: CapRoute, now_ms: int) -> datetime | None:
    """Return the beginning of the cap's present period in its own zone; None for a cap on everything ever."""
    if cap.period == "total":
        return None
    local = datetime.fromtimestamp(now_ms / 1000, zone(cap.timezone))
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if cap.period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if cap.period == "month" else day


def period_end(cap: CapRoute, now_ms: int) -> datetime | None:
    """Return the moment from which the cap counts anew; None for never."""
    start = period_start(cap, now_ms)
    if start is None:
        return None
    if cap.period == "month":
        return (start + timedelta(days=32)).replace(day=1)
    # Local days, not 24 hours: arithmetic within one zone keeps the wall clock.
    return start + timedelta(days=7 if cap.period == "week" else 1)


def counts(cap: CapRoute, partner_id: int, goal: str | None = None) -> bool:
    """Return whether an event of this partner (and goal, for what isn't a click) counts towards the cap."""
    if cap.partner_id and cap.partner_id != partner_id:
        return False
    return cap.kind == "click" or cap.goal is None or cap.goal == goal


def key(cap: CapRoute, partner_id: int, now_ms: int) -> str:
    """Return the Redis key of the count that an event at this moment belongs to."""
    start = period_start(cap, now_ms)
    period = start.strftime("%Y%m%d") if start else "total"
    owner = f":{partner_id}" if cap.each_partner else ""
    # The period's length takes part: a cap that was changed from days to weeks counts anew.
    return f"clickledger:cap:{cap.id}:{cap.period}:{period}{owner}"


def expires_at_ms(cap: CapRoute, now_ms: int) -> int:
    """Return when the present count may be forgotten, in milliseconds since 1970; 0 for never."""
    end = period_end(cap, now_ms)
    return 0 if end is None else int(end.timestamp() * 1000) + MARGIN_MS


MEMORY_KEY = "clickledger:caps:memory"
"""Names the memory that the counts are in: gone or another one when Redis was emptied or restarted."""

RAISE = """
local raised = 0
for i = 1, #KEYS do
  local wanted, expires = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  if (tonumber(redis.call('GET', KEYS[i]) or '0') or 0) < tonumber(wanted) then
    redis.call('SET', KEYS[i], wanted)
    if expires > 0 then redis.call('PEXPIREAT', KEYS[i], ARGV[2 * i]) end
    raised = raised + 1
  end
end
return raised
"""
"""Lua: raises each count to at least a value (ARGV: value, expiry in milliseconds or 0, per key); lowers none.
Returns how many it raised."""
