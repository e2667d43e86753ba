"""Everything the API offers about saved reports, custom metrics, shared links and schedules.

The app keeps in its ``state`` what reports need (``readers``, ``names``, ``settings``), ``programs`` (sessions of
the program's database), ``limiter`` and ``share_signer`` (``kernel.signing.Signer`` for ``links.PURPOSE``).
"""

from __future__ import annotations

from kernel.api import Operation
from reports.saved.handlers import links, metrics, reports, schedules


def operations() -> list[Operation]:
    """Return the declarations, in the documentation's order."""
    return [*reports.OPERATIONS, *links.OPERATIONS, *metrics.OPERATIONS, *schedules.OPERATIONS]
