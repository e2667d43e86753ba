"""Passwords: argon2id hashes, made and checked in a few threads of their own.

Invariants: checking a password takes the same work whether the user exists or not; so many checks run at
once that neither memory nor all cores are theirs; a password is never stored, logged or answered, but
when the service made it up, once.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LANES: Final = 1
"""What OWASP's Password Storage Cheat Sheet wants at least: 19 MiB, two passes, one lane, some 20 ms."""

AT_ONCE: Final = 2
"""Passwords hashed at the same time: 38 MiB, and a flood of logins leaves room for everything else."""

GENERATED_BYTES: Final = 15
"""Of a password the service makes up: 20 characters, 120 bits."""

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")


async def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, hash_now, password)


async def matches(stored: str, password: str) -> bool:
    """Return whether the password is the stored one; '' stands for a user who doesn't exist or has none."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, stored, password)


def hash_now(password: str) -> str:
    """Return what is stored of a password; takes a while."""
    return _hasher.hash(password)


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def generate() -> str:
    """Return a password for somebody who is going to change it."""
    return secrets.token_urlsafe(GENERATED_BYTES)


@cache
def _nobodys() -> str:
    """Return a hash that belongs to no password anybody knows, so that unknown users cost what known ones do."""
    return _hasher.hash(secrets.token_hex(32))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobodys(), password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
