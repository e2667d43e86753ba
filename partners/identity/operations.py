"""Everything the API offers about users, keys and sessions."""

from __future__ import annotations

from kernel.api import Operation
from partners.identity.handlers import keys, sessions, users


def operations() -> list[Operation]:
    """Return the declarations, in the documentation's order."""
    return [*sessions.OPERATIONS, *keys.OPERATIONS, *users.OPERATIONS]
