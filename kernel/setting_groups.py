"""The settings in the groups in which ``kernel.settings.Settings`` writes them, for whoever shows them."""

from __future__ import annotations

import inspect
import re
from functools import cache

from kernel.settings import Settings

_GROUP = re.compile(r" {4}# (?P<group>.+)")
_FIELD = re.compile(r" {4}(?P<field>\w+): ")


@cache
def groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the settings' names under the comment that stands above them in the class."""
    found: list[tuple[str, list[str]]] = []
    for line in inspect.getsource(Settings).splitlines():
        heading, field = _GROUP.fullmatch(line), _FIELD.match(line)
        if heading is not None:
            found.append((heading["group"], []))
        elif field is not None and field["field"] in Settings.model_fields:
            found[-1][1].append(field["field"])
    return tuple((title, tuple(names)) for title, names in found if names)
