"""The doctor: looks at everything a clickledger here would need and says what is missing and how to get it.

Every check is a function from the settings to findings, listed in ``CHECKS`` in the order they are shown.
Invariants: a check changes nothing (a probe file is removed again); it never opens the embedded
ClickHouse or SQL database, which belong to a running service; no secret reaches a finding; a check that
breaks is itself a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clickledger.doctor import fraud_lists, geo, host, journals, keys, listening, models, stores
from clickledger.doctor.finding import Finding, problem
from kernel.settings import Settings

Check = Callable[[Settings], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    host.data_directory,
    host.file_system,
    host.fsync_speed,
    host.open_files,
    host.clock,
    journals.shipped,
    listening.instance,
    listening.ports,
    listening.exposure,
    keys.admin_key,
    keys.click_keys,
    stores.clickhouse,
    stores.redis,
    stores.sql,
    geo.databases,
    fraud_lists.lists,
    models.model,
)


def examine(chosen: Settings) -> Iterator[Finding]:
    """Run every check and yield what it found."""
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            yield from check(chosen)
        except Exception as why:  # noqa: BLE001 - one check's surprise must not hide what the others find
            yield problem(name, f"the check itself failed: {type(why).__name__}: {why}", "Please report this.")


__all__ = ["CHECKS", "Finding", "examine"]
