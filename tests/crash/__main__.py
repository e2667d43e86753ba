"""``python -m tests.crash``: kill the real service until it has had enough, then count."""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.crash.run import crash

KILLS = 64
SECONDS = 600.0
CLIENTS = 8
REQUESTS_PER_SECOND = 200.0


def main() -> int:
    """Run once; 0 when nothing was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="repeats a plan")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="no further kill after this")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--rate", type=float, default=REQUESTS_PER_SECOND, help="requests per second in all")
    parser.add_argument("--keep", action="store_true", help="keep the data also when all is well")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="clickledger-crash-"))
    print(f"seed {given.seed}, {given.kills} kills, data in {directory}", flush=True)
    outcome = crash(
        directory,
        seed=given.seed,
        kills=given.kills,
        seconds=given.seconds,
        clients=given.clients,
        rate=given.rate,
    )
    print(outcome.table())
    print(json.dumps(outcome.as_json()))
    if outcome.passed and not given.keep:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        print(f"data and service.log are kept in {directory}", file=sys.stderr)
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
