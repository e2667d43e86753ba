"""``clickledger fraud evidence``: a conversion's signed evidence, and the check of one that was handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clickledger.service import Service
from fraud.past.evidence.signing import verify
from kernel.errors import ErrorKind

EVIDENCE_FILE_MISSING = ErrorKind(
    "evidence_file_missing", 400, "info", "Name the file to check: clickledger fraud evidence verify FILE."
)
EVIDENCE_NOT_WRITTEN = ErrorKind(
    "evidence_not_written", 400, "info", "The PDF can't be written there; name another file."
)
ERRORS = {kind.code: kind for kind in (EVIDENCE_FILE_MISSING, EVIDENCE_NOT_WRITTEN)}

_VERIFY = "verify"
"""Stands where a conversion id does; ids are longer."""


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(evidence)


def evidence(
    conversion_id: Annotated[str, typer.Argument(help="Conversion id; or 'verify', to check a file.")],
    file: Annotated[Path | None, typer.Argument(help="Pack to check, as JSON.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the signed JSON; the default.")] = False,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF into this file.", show_default=False)] = None,
    key: Annotated[
        str, typer.Option(help="With verify: public key the pack must be signed with.", show_default=False)
    ] = "",
) -> None:
    """Show the signed evidence about a conversion's verdict, or check such a file; checking needs no service."""
    if conversion_id == _VERIFY:
        _check(file, key)
        return
    path = f"/api/v1/fraud/evidence/{conversion_id}"
    service = Service.find()
    if pdf is not None:
        with service.stream(f"{path}.pdf") as answer:
            content = answer.read()
        try:
            pdf.write_bytes(content)
        except OSError as why:
            raise EVIDENCE_NOT_WRITTEN.error(f"{pdf} can't be written: {why.strerror}.") from why
        typer.echo(f"Written to {pdf}.", err=True)
    if as_json or pdf is None:
        with service.stream(path) as answer:
            typer.echo(answer.read().decode())


def _check(file: Path | None, key: str) -> None:
    if file is None:
        raise EVIDENCE_FILE_MISSING.error()
    try:
        content = file.read_bytes()
    except OSError as why:
        raise EVIDENCE_FILE_MISSING.error(f"{file} can't be read: {why.strerror}.") from why
    found = verify(content, key)
    told = found.evidence
    typer.echo(f"Genuine: conversion {told.get('conversion_id')}, made at {told.get('made_at')}")
    typer.echo(f"sha256 {found.digest}")
    typer.echo(f"signed with {found.public_key}")
    if not key:
        typer.echo("Compare that key with the one the network published, or give it with --key.", err=True)
