"""What a check found: a level, a sentence, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's answer. ``advice`` is '' when there is nothing to do."""

    check: str
    level: Level
    message: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the finding for ``--json``."""
        return asdict(self)


def ok(check: str, message: str, advice: str = "") -> Finding:
    """Return a finding that is as it should be."""
    return Finding(check, "ok", message, advice)


def warning(check: str, message: str, advice: str) -> Finding:
    """Return a finding that works, with a drawback the operator should know."""
    return Finding(check, "warning", message, advice)


def problem(check: str, message: str, advice: str) -> Finding:
    """Return a finding that keeps the service from starting or from keeping its promises."""
    return Finding(check, "problem", message, advice)
