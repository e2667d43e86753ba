"""One crash run: start the service, send, kill, stop sending, wait, compare, tell."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from clickledger.service import Service
from kernel.errors import ClickledgerError
from tests.crash.checking import Stored, Verdict, check
from tests.crash.clients import Client, Program
from tests.crash.ledger_of_sent import Sent
from tests.crash.mischief import Mischief, Tally, plan
from tests.crash.victim import NotDoneError, Victim

DRAIN_SECONDS = 120.0
"""Within this everything acknowledged must be in the store; it takes a second or two."""
SECOND_LOOK_SECONDS = 10.0
"""What is wrong after the journals are drained must still be wrong after this; their status is a second old."""
EXPECTED_ERRORS = frozenset({"journal_write_failed"})
"""What the service may log as an error: the full disk this run makes."""


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    seed: int
    planned_kills: int
    settings: dict[str, int]
    verdict: Verdict
    tally: Tally
    sent: Sent
    seconds: float = 0.0
    drained_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, doubled or wrong, and all planned kills were done."""
        return not (self.verdict.lost or self.verdict.duplicated or self.wrong)

    def as_json(self) -> dict[str, Any]:
        """Return the result for machines."""
        counts = self.verdict.counts
        totals = {n: sum(getattr(c, n) for c in counts.values()) for n in ("sent", "acknowledged", "stored")}
        return {
            **totals,
            "lost": self.verdict.lost,
            "duplicated": self.verdict.duplicated,
            "by_kind": {kind: asdict(count) for kind, count in counts.items()},
            "kills": sum(self.tally.kills.values()),
            "kills_by_kind": dict(sorted(self.tally.kills.items())),
            "disturbances": dict(sorted(self.tally.disturbances.items())),
            "unanswered": self.sent.unanswered,
            "answered_not_stored": self.sent.not_stored,
            "drained_s": round(self.drained_s, 1),
            "longest_end_s": round(self.tally.longest_end_s, 1),
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            "settings": self.settings,
            "wrong": self.wrong,
        }

    def table(self) -> str:
        """Return the result for people."""
        lines = [f"{'':<14}{'sent':>10}{'acknowledged':>14}{'stored':>10}{'lost':>8}{'duplicated':>12}"]
        for kind, c in self.verdict.counts.items():
            lines.append(f"{kind:<14}{c.sent:>10}{c.acknowledged:>14}{c.stored:>10}{c.lost:>8}{c.duplicated:>12}")
        lines.append("")
        lines += [f"{times:>4} x {what}" for what, times in sorted(self.tally.kills.items())]
        lines.append(f"{sum(self.tally.kills.values()):>4} kills in {self.seconds:.0f} s, seed {self.seed}")
        lines.append("     with " + ", ".join(f"{name} {value}" for name, value in self.settings.items()))
        lines += [f"{times:>4} x {what}" for what, times in sorted(self.tally.disturbances.items())]
        lines += [f"WRONG: {what}" for what in self.wrong]
        return "\n".join(lines)


def crash(directory: Path, *, seed: int, kills: int, seconds: float, clients: int, rate: float) -> Outcome:
    """Do one run.

    Args:
        directory: Where the service keeps its data; empty.
        seed: Of the plan and of what the clients do.
        kills: Processes to kill.
        seconds: After this no further blow begins; what was planned and not done is wrong.
        clients: How many send at once.
        rate: Requests per second all clients aim at.

    """
    begin = time.monotonic()
    chosen = _settings(Random(f"{seed}/settings"))
    victim, tally, sent = Victim(directory, **chosen), Tally(), Sent()
    try:
        victim.start()
        program = _program(victim.api())
        try:
            asyncio.run(
                _storm(victim, program, sent, tally, seed, kills, begin + seconds, clients, clients / rate)
            )
        except NotDoneError as why:
            tally.wrong.append(str(why))
        drained_s, verdict = _settle(victim, sent, tally)
    finally:
        victim.close()
    done = sum(tally.kills.values())
    wrong = [*tally.wrong, *verdict.wrong, *_complaints(victim.log())]
    if done < kills:
        wrong.append(f"only {done} of {kills} kills were done within {seconds:.0f} s")
    outcome = Outcome(seed, kills, chosen, verdict, tally, sent, time.monotonic() - begin, drained_s, wrong)
    (directory / "crash.json").write_text(json.dumps(outcome.as_json(), indent=2))
    return outcome


def _settings(random: Random) -> dict[str, int]:
    """Draw settings that make rare things happen often: new files, old files going, ranges cut short."""
    return {
        "edge_workers": random.choice((2, 2, 3)),
        "journal_rotate_mib": 1,
        "journal_retention_seconds": random.choice((2, 20, 300)),
        "batch_events": random.choice((100, 1_000, 20_000)),
    }


def _program(service: Service) -> Program:
    made = service.post(
        "/api/v1/programs/ensure",
        {
            "advertisers": [{"name": "Shop"}],
            "partners": [{"name": "Nora"}],
            "offers": [
                {"name": name, "advertiser": "Shop", "currency": "USD", "payout_percent": "10",
                 "revenue_percent": "20", "default_status": status,
                 "destination": "https://shop.example/?cid={click_id}"}
                for name, status in (("Sale", "approved"), ("Lead", "pending"))
            ],
            "links": [{"code": "storm", "partner": "Nora", "offer": "Sale"}],
        },
    )  # fmt: skip
    return Program(made["partners"]["Nora"], made["offers"]["Sale"], made["offers"]["Lead"], "storm")


async def _storm(
    victim: Victim,
    program: Program,
    sent: Sent,
    tally: Tally,
    seed: int,
    kills: int,
    until: float,
    clients: int,
    pause: float,
) -> None:
    """Let the clients send while the plan is done."""
    stop = asyncio.Event()
    port = int(victim.edge_url.rpartition(":")[2])
    sending = [
        asyncio.create_task(Client(f"c{n}", port, program, sent, f"{seed}/{n}").run(stop, pause))
        for n in range(clients)
    ]
    random = Random(f"{seed}/plan")
    mischief = Mischief(victim, random, tally)
    try:
        for blow in plan(kills, random):
            if time.monotonic() > until:
                break
            await asyncio.to_thread(mischief.do, blow)
    finally:
        stop.set()
        await asyncio.gather(*sending)


def _settle(victim: Victim, sent: Sent, tally: Tally) -> tuple[float, Verdict]:
    """Wait until the journals are drained, then compare; what is wrong must stay wrong for a while."""
    begin = time.monotonic()
    drained_s, verdict, state = 0.0, Verdict(), None
    if not victim.lives():
        victim.start_again()
    while time.monotonic() - begin < (drained_s + SECOND_LOOK_SECONDS if drained_s else DRAIN_SECONDS):
        try:
            state = victim.api().get("/api/v1/pipeline")
            if _drained(state):
                drained_s = drained_s or time.monotonic() - begin
                verdict = check(sent, Stored(victim.api()))
                if not verdict.lost and not verdict.wrong:
                    break
        except (ClickledgerError, httpx2.HTTPError, OSError) as why:
            state = repr(why)
        time.sleep(0.5)
    if not drained_s:
        tally.wrong.append(f"waited {DRAIN_SECONDS:.0f} s for the journals to drain: {_undrained(state)}")
        verdict = check(sent, Stored(victim.api()))
    return drained_s, verdict


def _complaints(log: str) -> list[str]:
    """Return what the service logged as an error and this run did not cause on purpose."""
    found = []
    for line in log.splitlines():
        if "Traceback" in line:
            found.append(line)
        elif line.startswith("{"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            if entry.get("level") in {"error", "critical"} and entry.get("event") not in EXPECTED_ERRORS:
                found.append(line)
    return [f"{len(found)} errors in service.log: {found[0][:500]}"] if found else []


def _undrained(state: Any) -> str:
    """Say what keeps the journals from being drained."""
    if not isinstance(state, dict):
        return str(state)
    behind = [j for j in state["journals"] if j["events"] != j["shipped"]]
    return (
        f"{behind}, {state['postbacks_waiting']:.0f} postbacks wait, {state['store_failures']} failures in a row"
    )


def _drained(state: dict[str, Any]) -> bool:
    journals = state["journals"]
    return (
        bool(journals) and state["postbacks_waiting"] == 0 and all(j["events"] == j["shipped"] for j in journals)
    )
