"""One run of wrk against one server: requests per second, latencies, failures.

wrk repeats a list of prepared requests, so that preparing them costs the client the same whatever answers,
and reports through a ``done`` hook in JSON instead of through text made for people.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HOW_TO_GET_WRK = (
    "wrk is not installed. Debian and Ubuntu: apt-get install wrk. macOS: brew install wrk. "
    "Elsewhere: https://github.com/wg/wrk"
)
_MARK = "benchmark-result "

_SCRIPT = """
local prepared = %s
local made, position = {}, 0

function init(args)
  for i, r in ipairs(prepared) do
    made[i] = wrk.format("GET", r.path, r.headers)
  end
end

function request()
  position = position %% #made + 1
  return made[position]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n%s{"requests":%%d,"micros":%%d,"failed":%%d,"p50":%%d,"p90":%%d,"p99":%%d,"highest":%%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
"""


class WrkMissingError(Exception):
    """wrk is not installed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request to send."""

    headers: dict[str, str]
    path: str | None = None
    """Path and query; None takes those of the URL given to wrk."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run came to."""

    requests: int
    per_second: float
    failed: int
    """Answers other than 2xx and 3xx, and errors of connections."""
    p50_ms: float
    p90_ms: float
    p99_ms: float
    highest_ms: float


def require_wrk() -> None:
    """Check that wrk is there.

    Raises:
        WrkMissingError: with how to get it.

    """
    if shutil.which("wrk") is None:
        raise WrkMissingError(HOW_TO_GET_WRK)


def write_script(path: Path, requests: Sequence[Prepared]) -> Path:
    """Write the Lua script that sends ``requests`` round and round."""
    rows = []
    for each in requests:
        headers = ",".join(f"[{json.dumps(name)}]={json.dumps(value)}" for name, value in each.headers.items())
        where = f"path={json.dumps(each.path)}," if each.path is not None else ""
        rows.append(f"{{{where}headers={{{headers}}}}}")
    path.write_text(_SCRIPT % ("{\n" + ",\n".join(rows) + "}", _MARK), encoding="ascii")
    return path


def load(url: str, script: Path, *, connections: int, seconds: float) -> Load:
    """Keep ``connections`` busy for ``seconds``, with one client thread.

    Raises:
        RuntimeError: wrk could not connect or broke off.

    """
    done = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s",
         "--script", str(script), url],
        capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if done.returncode or not lines:
        raise RuntimeError(f"wrk {url}: {done.stdout[-500:]}{done.stderr[-500:]}")
    found = json.loads(lines[-1].removeprefix(_MARK))
    return Load(
        requests=found["requests"],
        per_second=found["requests"] * 1e6 / found["micros"],
        failed=found["failed"],
        p50_ms=found["p50"] / 1000,
        p90_ms=found["p90"] / 1000,
        p99_ms=found["p99"] / 1000,
        highest_ms=found["highest"] / 1000,
    )
