"""The commands of the program's kinds, made of the same declarations as the API: a new field is a new option.

``clickledger <kind> create|list|show|change|delete``. A kind's own file in ``clickledger.commands`` names its
columns and adds what only it can do.
"""

from __future__ import annotations

from clickledger.entries.kind import Kind, group_of

__all__ = ["Kind", "group_of"]
