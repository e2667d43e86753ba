"""Clients of Redis or Valkey: a server by URL, or the embedded Valkey on its unix socket.

Invariants: Redis holds only what can be rebuilt, so no caller waits for it: time-outs are short, a
command is tried at most once more (an idle connection may have been closed by the other side), and a
``Breaker`` keeps a dead store from being asked again for every request. Nothing here connects before
the first command, so a process starts with Redis away.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kernel.errors import CANNOT_START
from kernel.redis_scripts import ScriptingRedis
from kernel.settings import Settings

T = TypeVar("T")

_TEMPORARY: Final = Path(tempfile.gettempdir())
"""Asked for once: a role may give its temporary files another place later, the socket stays where it is."""

SOCKET_NAME: Final = "valkey.sock"

MAX_SOCKET_BYTES: Final = 100
"""Unix socket paths end at 104 bytes on macOS and 108 on Linux; Valkey also writes a temporary name."""

CONNECT_SECONDS: Final = 0.5
COMMAND_SECONDS: Final = 0.5
"""A healthy Redis answers in under a millisecond; after half a second it counts as away."""

HEALTH_CHECK_SECONDS: Final = 30
"""A connection idle for longer is pinged before use, so firewalls that drop idle ones cost no command."""

BREAKER_SECONDS: Final = 2.0
"""How long a store that failed is left alone: short against a restart, long against a request."""

STORE_FAILURES: Final = (RedisError, OSError)
"""What a command raises when the store is away, slow or refuses."""


def embedded_socket(data_dir: Path) -> Path:
    """Return where the embedded Valkey listens.

    Below ``data_dir`` when that fits into a unix socket's address, else in a directory of this user
    below the system's temporary directory, named by a hash of ``data_dir``: the same for every process.
    """
    inside = data_dir / SOCKET_NAME
    if len(os.fsencode(inside)) <= MAX_SOCKET_BYTES:
        return inside
    digest = hashlib.blake2b(os.fsencode(data_dir), digest_size=8).hexdigest()
    return _TEMPORARY / f"clickledger-{os.getuid()}-{digest}" / SOCKET_NAME


def prepare_socket(data_dir: Path) -> Path:
    """Make the directory of the embedded socket, this user's alone, and remove a dead server's socket.

    Raises:
        ClickledgerError: ``cannot_start`` when somebody else owns the directory.

    """
    path = embedded_socket(data_dir)
    if path.parent != data_dir:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # The name can be guessed by other users of the machine, who could have made it first.
        owner = path.parent.lstat()
        if owner.st_uid != os.getuid() or not stat.S_ISDIR(owner.st_mode) or owner.st_mode & 0o077:
            raise CANNOT_START.error(
                f"{path.parent} must be a directory only this user can enter; remove it or shorten "
                "CLICKLEDGER_DATA_DIR below 90 characters."
            )
    path.unlink(missing_ok=True)
    return path


def connect(chosen: Settings) -> redis.Redis:
    """Return a client for the configured Redis. It connects with its first command and answers bytes.

    Raises:
        ClickledgerError: ``cannot_start`` when the URL can't be understood.

    """
    options = _options(Retry(NoBackoff(), 1))
    url = chosen.redis_url.get_secret_value()
    if not url:
        return redis.Redis(unix_socket_path=str(embedded_socket(chosen.data_dir)), **options)
    try:
        client: redis.Redis = redis.Redis.from_url(url, **options)
    except ValueError as why:
        raise _bad_url() from why
    return client


def connect_async(chosen: Settings) -> redis.asyncio.Redis:
    """Return an asyncio client for the configured Redis. It connects with its first command, answers bytes.

    Raises:
        ClickledgerError: ``cannot_start`` when the URL can't be understood.

    """
    options = _options(AsyncRetry(NoBackoff(), 1))
    url = chosen.redis_url.get_secret_value()
    if not url:
        return ScriptingRedis(unix_socket_path=str(embedded_socket(chosen.data_dir)), **options)
    try:
        client: redis.asyncio.Redis = ScriptingRedis.from_url(url, **options)
    except ValueError as why:
        raise _bad_url() from why
    return client


def _options(retry: Any) -> dict[str, Any]:
    return {
        "socket_timeout": COMMAND_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "health_check_interval": HEALTH_CHECK_SECONDS,
        "retry": retry,
        "client_name": "clickledger",
    }


def _bad_url() -> Exception:
    # The library's own words may quote the URL, and with it the password.
    return CANNOT_START.error(
        "CLICKLEDGER_REDIS_URL can't be understood; write redis://[:password@]host:6379/0, "
        "rediss://… for TLS or unix:///path/to/socket."
    )


class Breaker:
    """Skips calls to a store for a while after one failed, so that its absence costs one time-out, not many.

    It opens with a failure and lets a call through again after ``seconds``; that call's outcome closes
    it or opens it anew. Not locked: two threads may both try at once, which harms nothing.
    """

    def __init__(self, seconds: float = BREAKER_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._open_until = 0.0
        self.failures = 0
        """Failures since the last success."""

    @property
    def closed(self) -> bool:
        """Whether a call may be tried now."""
        return self.failures == 0 or self._clock() >= self._open_until

    def failed(self) -> None:
        """Note a failure: no calls for the next seconds."""
        self.failures += 1
        self._open_until = self._clock() + self._seconds

    def succeeded(self) -> None:
        """Note a success: calls flow again."""
        self.failures = 0

    def call(self, command: Callable[[], T], otherwise: T) -> T:
        """Return the command's answer, or ``otherwise`` when the store is away or being left alone."""
        if not self.closed:
            return otherwise
        try:
            answer = command()
        except STORE_FAILURES:
            self.failed()
            return otherwise
        self.succeeded()
        return answer

    async def call_async(self, command: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """Return what the awaited command answers, or ``otherwise``; see ``call``."""
        if not self.closed:
            return otherwise
        try:
            answer = await command()
        except STORE_FAILURES:
            self.failed()
            return otherwise
        self.succeeded()
        return answer
