"""Who may come in: users and their passwords, keys, sessions, and partners that sign themselves up.

Others come in through ``operations()`` (the API) and ``KeyRing`` (who holds a key).
"""

from __future__ import annotations

from partners.identity.errors import ERRORS
from partners.identity.operations import operations
from partners.identity.ring import KeyRing

__all__ = ["ERRORS", "KeyRing", "operations"]
