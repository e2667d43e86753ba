"""The command line: one file per command in ``clickledger.commands``, loaded by name.

Invariants: an expected failure is one sentence on stderr and exit code 1, never a traceback; data goes
to stdout, talk to stderr.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer
from pydantic import ValidationError

from clickledger import commands
from kernel.errors import ClickledgerError
from kernel.settings import Settings, explain


def build() -> typer.Typer:
    """Assemble the app from all command files."""
    app = typer.Typer(
        name="clickledger",
        help="Self-hosted affiliate click and conversion tracking with fraud detection and reports.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module in sorted(m.name for m in pkgutil.iter_modules(commands.__path__)):
        importlib.import_module(f"{commands.__name__}.{module}").register(app)
    return app


def main() -> None:
    """Run the command line."""
    try:
        build()()
    except ClickledgerError as why:
        sys.stderr.write(f"{why.message}\n")
        sys.exit(1)
    except ValidationError as why:
        if why.title != Settings.__name__:
            raise
        sys.stderr.write(f"{explain(why)}\n")
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away (head, less): that is its right.
        sys.stderr.close()
        sys.exit(0)
