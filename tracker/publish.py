"""From the program's database to the edges: compile the routing snapshot and publish it.

Invariants: a snapshot is one moment of the database and bears its version; a published version never goes
backwards, neither in the file nor in Redis, whoever else publishes; Redis being away never fails a publish,
it is caught up by the next one. When the database itself went backwards (a backup was restored), edges
would ignore it, so its version is raised above the published one first.
"""

from __future__ import annotations

import asyncio
import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.redis import STORE_FAILURES
from kernel.settings import Settings
from kernel.sql import Sessions
from partners import NOT_PUBLISHED, Program
from tracker import snapshot
from tracker.compiling import Compiler
from tracker.snapshot import Snapshot

LOOK_S = 0.25
"""Seconds between two looks at the program: a change on another host reaches our edges within a second, of which
an edge that polls takes a quarter too and a program of ten thousand offers another for reading what changed."""

RETRY_S = 5.0
"""Seconds to leave a store alone that just failed."""

LOCK_FILE = ".snapshot.lock"
"""Held while publishing, so that two processes of one data directory can't overtake each other."""

_SET_IF_NEWER = """
local known = tonumber(redis.call('GET', KEYS[2]) or '') or 0
if known >= tonumber(ARGV[1]) then return known end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return tonumber(ARGV[1])
"""
"""Both keys change together or not at all, and another host's newer snapshot stays."""


def compile_snapshot(session: Session) -> Snapshot:
    """Return the program as the edges need it; the session must see one moment."""
    return snapshot.unwrap(Compiler().compile(session))


@dataclass(frozen=True, slots=True)
class _Published:
    """The versions that are out. None: Redis is away, or there is none."""

    file: int
    redis: int | None

    @property
    def newest(self) -> int:
        return max(self.file, self.redis or 0)

    def holds(self, version: int) -> bool:
        return self.file == version and self.redis in {None, version}


class Publisher:
    """Publishes the program whenever it changed; may be asked from several threads."""

    def __init__(self, chosen: Settings, programs: Sessions, cache: redis.Redis | None) -> None:
        """Keep where to read and where to publish.

        Args:
            chosen: Its data directory gets the snapshot file.
            programs: The program's database.
            cache: Redis for edges on other hosts; None when every edge shares the data directory.

        """
        self._directory = chosen.data_dir
        self._programs = programs
        self._cache = cache
        self._compiler = Compiler(chosen.currency)
        self._lock = threading.Lock()
        self._seen_file: tuple[tuple[int, int, int], int] = ((0, 0, 0), 0)
        self._redis_away = False

    async def publish(self) -> int:
        """Publish if the program changed, without holding up the event loop; return the published version.

        Raises:
            ClickledgerError: ``store_away`` or ``not_published``.

        """
        return await asyncio.to_thread(self.publish_if_changed)

    async def keep_published(self) -> None:
        """Publish until cancelled what other hosts changed and what could not be published when it was."""
        while True:
            try:
                await self.publish()
                await asyncio.sleep(LOOK_S)
            except ClickledgerError as why:
                log("publish").warning("publishing_waits", why=why.message)
                await asyncio.sleep(RETRY_S)

    def publish_if_changed(self) -> int:
        """Publish what was committed before this call, unless it is out already; return the version that is out.

        Raises:
            ClickledgerError: ``store_away`` when the database can't be read, ``not_published`` when the
                file can't be written.

        """
        with self._lock, self._alone():
            # What is out is looked at before the database: whoever published it had committed it before, so
            # a database that is older now has been replaced.
            out = _Published(self._version_in_file(), self._version_in_redis())
            if self._version_in_database() < out.newest:
                self._overtake(out.newest)
            if out.holds(self._version_in_database()):
                return out.file
            with self._programs.reading() as session:
                compiled = self._compiler.compile(session)
            body = snapshot.encode_wire(compiled)
            if compiled.version > out.file:
                self._write_file(body)
            if self._cache is not None and out.redis is not None:
                self._write_redis(body, compiled.version)
            log("publish").info("program_published", version=compiled.version, offers=len(compiled.offers))
            return compiled.version

    def _version_in_database(self) -> int:
        with self._programs.reading() as session:
            return session.scalars(select(Program.version)).one()

    def _overtake(self, published: int) -> None:
        with self._programs.writing() as session:
            program = session.scalars(select(Program).with_for_update()).one()
            if program.version < published:
                log("publish").warning(
                    "database_older_than_published", version=program.version, published=published
                )
                program.version = published + 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes of this data directory from publishing meanwhile."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = (self._directory / LOCK_FILE).open("w")
        except OSError as why:
            raise self._unwritable(why) from why
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _version_in_file(self) -> int:
        """Return the version of the file; 0 when there is none that can be read."""
        path = self._directory / snapshot.SNAPSHOT_FILE
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen != self._seen_file[0]:
                self._seen_file = (seen, snapshot.decode(path.read_bytes()).version)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            self._seen_file = ((0, 0, 0), 0)
        return self._seen_file[1]

    def _version_in_redis(self) -> int | None:
        if self._cache is None:
            return None
        try:
            known: Any = self._cache.get(snapshot.REDIS_VERSION_KEY)
        except STORE_FAILURES as why:
            self._miss_redis(why)
            return None
        self._redis_away = False
        return int(known) if known and known.isdigit() else 0

    def _miss_redis(self, why: Exception) -> None:
        """Say it once, not at every look."""
        if not self._redis_away:
            log("publish").warning("redis_away", why=str(why))
        self._redis_away = True

    def _unwritable(self, why: OSError) -> ClickledgerError:
        log("publish").error("snapshot_unwritable", directory=str(self._directory), why=str(why))
        return NOT_PUBLISHED.error()

    def _write_file(self, body: bytes) -> None:
        try:
            snapshot.save(self._directory, body)
        except OSError as why:
            raise self._unwritable(why) from why

    def _write_redis(self, body: bytes, version: int) -> None:
        assert self._cache is not None  # noqa: S101 - asked by the caller
        try:
            self._cache.eval(_SET_IF_NEWER, 2, snapshot.REDIS_KEY, snapshot.REDIS_VERSION_KEY, str(version), body)
        except STORE_FAILURES as why:
            self._miss_redis(why)
