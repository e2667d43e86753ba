"""Checks of the secrets: there, readable by the service alone, and of the right shape."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from clickledger.doctor.finding import Finding, ok, problem, warning
from kernel import auth
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tracker.click_id import KEY_FILE, load_keys

LEAST_KEY_CHARACTERS: Final = 16
"""A shorter admin key can be guessed by trying."""


def admin_key(chosen: Settings) -> Iterator[Finding]:
    """Check the key of the admin API."""
    name, path = "admin key", chosen.data_dir / auth.ADMIN_KEY_FILE
    given = chosen.admin_key.get_secret_value()
    if not given and not path.exists():
        yield ok(name, "will be made at the first start")
        return
    if given:
        yield ok(name, "given by CLICKLEDGER_ADMIN_KEY")
    else:
        yield _permissions(name, path)
    key = auth.admin_key(chosen)
    if len(key) < LEAST_KEY_CHARACTERS and (given or os.access(path, os.R_OK)):
        yield problem(
            name,
            f"it has only {len(key)} characters",
            f"Use at least {LEAST_KEY_CHARACTERS}, or remove it and let the next start make one.",
        )


def click_keys(chosen: Settings) -> Iterator[Finding]:
    """Check the keys that sign click ids."""
    name, path = "click keys", chosen.data_dir / KEY_FILE
    given = bool(chosen.click_keys.get_secret_value())
    if not given and not path.exists():
        yield ok(name, "will be made at the first start")
        if chosen.clickhouse_url.get_secret_value():
            yield warning(
                name,
                "each host would make keys of its own, and refuse the others' click ids",
                "Set the same CLICKLEDGER_CLICK_KEYS on every host.",
            )
        return
    if not given:
        yield _permissions(name, path)
    try:
        load_keys(chosen)
    except ClickledgerError as why:
        yield problem(
            name,
            why.message,
            "Restore them from a backup: without them the conversions of past clicks are refused.",
        )
        return
    if given:
        yield ok(name, "given by CLICKLEDGER_CLICK_KEYS")


def _permissions(name: str, path: Path) -> Finding:
    found = path.stat()
    mode = found.st_mode & 0o777
    if mode & 0o077:
        return problem(name, f"{path} can be read by other users (mode {mode:04o})", f"chmod 600 {path}")
    if found.st_uid != os.geteuid():
        return warning(
            name,
            f"{path} belongs to another user",
            "Run the doctor as the service's user, or chown the file to it.",
        )
    return ok(name, f"{path} is readable by its owner only")
