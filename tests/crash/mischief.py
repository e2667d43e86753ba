"""What is done to the service while the clients send: kills at random moments and at named points, stores
that refuse, a disk that is full, a Redis that is away, a supervisor that dies.

The plan is drawn from the seed and contains every named point; when exactly a blow falls depends on the
machine, so a seed repeats the plan, not the timing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from kernel import faults
from tests.crash.victim import END_WITHIN_SECONDS, Victim

KILLING_POINTS = tuple(p for p in faults.POINTS if p != "pipeline.insert")
"""Points at which a process is killed; at ``pipeline.insert`` the store refuses instead."""
ROLES = ("edge", "backend", "valkey")
_SLACK_SECONDS = 2.0
"""Of an interpreter's end on a busy machine, on top of what the service promises."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One step of the plan."""

    kind: str
    target: str = ""

    @property
    def kills(self) -> int:
        """How many processes it kills at least."""
        return 1 if self.kind in {"kill", "point", "supervisor"} else 0


@dataclass(slots=True)
class Tally:
    """What was done."""

    kills: Counter[str] = field(default_factory=Counter)
    """By role, point or process."""
    disturbances: Counter[str] = field(default_factory=Counter)
    longest_end_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


def plan(kills: int, random: Random) -> list[Blow]:
    """Return steps with exactly ``kills`` kills: half of them at named points, each point at least once."""
    rounds = max(1, kills // (2 * len(KILLING_POINTS)))
    blows = [Blow("point", point) for point in KILLING_POINTS * rounds]
    blows += [Blow("supervisor")] * max(1, kills // 20)
    blows += [Blow("kill", role) for role in ROLES]
    while sum(b.kills for b in blows) < kills:
        blows.append(Blow("kill", random.choice(("edge", "edge", "backend", "valkey"))))
    extra = max(1, kills // 15)
    blows += [Blow("refuse"), Blow("away")] * extra
    blows += [Blow("disk")] * max(1, extra // 2)
    if kills > 2 * len(KILLING_POINTS):
        blows += [Blow("end"), Blow("end")]
    random.shuffle(blows)
    return blows


class Mischief:
    """Does a plan to a service."""

    def __init__(self, victim: Victim, random: Random, tally: Tally) -> None:
        self._victim = victim
        self._random = random
        self._tally = tally
        self._doing: dict[str, Callable[[str], None]] = {
            "kill": self._kill,
            "point": self._point,
            "supervisor": self._supervisor,
            "end": self._end,
            "refuse": self._refuse,
            "away": self._away,
            "disk": self._disk,
        }

    def do(self, blow: Blow) -> None:
        """Do one step, then let the service live for a moment.

        Raises:
            NotDoneError: the service did not do in time what it must.

        """
        self._doing[blow.kind](blow.target)
        self._let_live(0.1, 1.2)

    def _let_live(self, least: float, most: float) -> None:
        time.sleep(self._random.uniform(least, most))

    def _kill(self, role: str) -> None:
        pids = self._victim.child(role)
        for pid in pids if self._random.random() < 0.15 else [self._random.choice(pids)]:
            self._victim.kill(pid)
            self._tally.kills[role] += 1

    def _point(self, point: str) -> None:
        role = "edge" if point.startswith("journal.") else "backend"
        self._victim.child(role)
        self._victim.kill_at(point)
        self._tally.kills[point] += 1

    def _supervisor(self, _target: str) -> None:
        """The supervisor is killed; half of the time once more while it starts again."""
        # What only starts has no children to leave yet.
        for role in ROLES:
            self._victim.child(role)
        orphans = self._victim.kill_supervisor()
        self._tally.kills["supervisor"] += 1
        if self._random.random() < 0.5:
            self._victim.wait_gone(orphans)
        if self._random.random() < 0.5:
            self._victim.spawn()
            self._let_live(0.3, 4.0)
            self._victim.kill_supervisor()
            self._tally.kills["supervisor"] += 1
        self._victim.start_again()
        self._victim.wait_gone(orphans)

    def _end(self, _target: str) -> None:
        seconds = self._victim.end_in_order()
        self._tally.longest_end_s = max(self._tally.longest_end_s, seconds)
        if seconds > END_WITHIN_SECONDS + _SLACK_SECONDS:
            self._tally.wrong.append(f"ending took {seconds:.1f} s")
        self._tally.disturbances["ended and started"] += 1
        self._victim.start_again()

    def _refuse(self, _target: str) -> None:
        """ClickHouse refuses inserts; half of the time the backend is killed meanwhile."""
        self._victim.order("pipeline.insert", "fail")
        self._tally.disturbances["ClickHouse refusing"] += 1
        self._let_live(1.0, 3.0)
        if self._random.random() < 0.5:
            self._kill("backend")
            self._let_live(0.5, 1.0)
        self._victim.withdraw("pipeline.insert")

    def _away(self, _target: str) -> None:
        """Redis is there and does not answer."""
        pid = self._victim.child("valkey")[0]
        self._victim.freeze(pid)
        self._tally.disturbances["Redis away"] += 1
        self._let_live(1.0, 2.5)
        self._victim.thaw(pid)

    def _disk(self, _target: str) -> None:
        """The journals' disk takes nothing."""
        self._victim.order("journal.before_fsync", "fail")
        self._tally.disturbances["disk full"] += 1
        self._let_live(0.5, 1.5)
        self._victim.withdraw("journal.before_fsync")
