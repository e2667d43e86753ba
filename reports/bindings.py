"""The values of one statement: everything from outside reaches the store through ``Bindings.bind``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

INSTANT = "DateTime64(3, 'UTC')"
"""What the ends of a range travel as."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT and the values of its placeholders."""

    text: str
    parameters: dict[str, Any]


@dataclass(slots=True)
class Bindings:
    """The typed parameters a statement has so far."""

    parameters: dict[str, Any] = field(default_factory=dict)

    def bind(self, name: str, kind: str, value: Any) -> str:
        """Remember a value and return its placeholder, ``{name:kind}``."""
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def instant(self, name: str, moment: datetime) -> str:
        """Remember a UTC instant, in milliseconds, and return its placeholder."""
        return self.bind(name, INSTANT, f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}")

    def statement(self, lines: list[str], **registered: str) -> Statement:
        """Return the statement; ``registered`` are texts that registry entries may name, bound if they do."""
        text = "\n".join(lines)
        for name, value in registered.items():
            if f"{{{name}:String}}" in text:
                self.parameters[name] = value
        return Statement(text, self.parameters)
