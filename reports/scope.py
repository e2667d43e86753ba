"""Whose rows a statement may read. Everything that reads events for a caller goes through ``scope``.

Invariant: no caller, no statement; a partner's or an advertiser's key without its id reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kernel.auth import Principal

_WIDE_ROLES = frozenset({"admin", "manager", "analyst"})
"""Roles that may see everything; any other needs an id to be limited to."""


class ScopeMissingError(RuntimeError):
    """A statement was about to be made without knowing whose rows it may read: a programming error."""


def scope(who: Principal | None, bind: Callable[[str, str, Any], str]) -> list[str]:
    """Return the conditions that keep a statement within the caller's rows.

    Args:
        who: The caller.
        bind: Takes a parameter's name, type and value; returns its placeholder.

    Raises:
        ScopeMissingError: there is no caller, or a role that sees only its own came without its id.

    """
    if who is None or (is_unlimited(who) and who.role not in _WIDE_ROLES):
        raise ScopeMissingError("a statement over events needs a principal with a scope")
    conditions = []
    if who.partner_id is not None:
        conditions.append(f"partner_id = {bind('scope_partner', 'UInt32', who.partner_id)}")
    if who.advertiser_id is not None:
        conditions.append(f"advertiser_id = {bind('scope_advertiser', 'UInt32', who.advertiser_id)}")
    return conditions


def is_unlimited(who: Principal) -> bool:
    """Return whether the caller may read everybody's rows."""
    return who.partner_id is None and who.advertiser_id is None
