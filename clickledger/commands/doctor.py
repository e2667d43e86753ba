"""``clickledger doctor``: what is configured, what is missing, and how to get it."""

from __future__ import annotations

import difflib
import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from clickledger.doctor import examine
from clickledger.doctor.finding import Finding, ok, problem, warning
from kernel.settings import ENV_PREFIX, Settings

COMMANDS_VARIABLES: Final = frozenset({"CLICKLEDGER_WEB_URL", "CLICKLEDGER_API_KEY", "CLICKLEDGER_REALDATA"})
"""Variables of the commands and tests, which are no settings of the service."""

_MARKS: Final = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the findings as a JSON array.")] = False
) -> None:
    """Check what is configured and say what is missing and how to get it.

    One line for each check; the exit code is 1 when there is a problem.
    """
    findings = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        levels = Counter(finding.level for finding in findings)
        typer.echo(f"{levels['ok']} ok, {levels['warning']} warnings, {levels['problem']} problems")
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    yield from unknown_variables(os.environ)
    try:
        chosen = Settings()
    except ValidationError as why:
        # The other checks would look at settings the service never starts with.
        yield from wrong_settings(why)
        return
    yield ok("settings", "all can be read")
    yield from examine(chosen)


def wrong_settings(why: ValidationError) -> Iterator[Finding]:
    """Return a problem for each setting that can't work; its value may be a secret and is not shown."""
    for error in why.errors(include_url=False, include_input=False, include_context=False):
        name = f"{ENV_PREFIX}{'_'.join(str(part) for part in error['loc']).upper()}"
        yield problem(
            "settings", f"{name}: {error['msg']}", "Correct or unset it; docs/settings.md says what it takes."
        )


def unknown_variables(environment: Iterator[str] | os._Environ[str] | dict[str, str]) -> Iterator[Finding]:
    """Return a warning for each variable that looks like a setting and is none."""
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(environment):
        if name.startswith(ENV_PREFIX) and name not in known | COMMANDS_VARIABLES:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"Did you mean {near[0]}?" if near else "Remove it; docs/settings.md lists the settings."
            yield warning("settings", f"{name} is not a setting", advice)


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    typer.echo(f"{typer.style(mark, fg=colour)} {finding.check}: {finding.message}")
    if finding.advice:
        typer.echo(f"    {finding.advice}")
