"""``clickledger fraud``: one file per command in this package, each with a ``register``."""

from __future__ import annotations

import importlib
import pkgutil

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Fraud: rules, models, partner risk, and what follows.")
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{name}").register(commands)
    app.add_typer(commands, name="fraud")
