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


def build(only: str = "") -> typer.Typer:
    """Assemble the app from the command files.

    Args:
        only: Name of the one command that is wanted; '' or an unknown one: all, for help and suggestions.

    """
    app = typer.Typer(
        name="clickledger",
        help="Self-hosted affiliate click and conversion tracking with fraud detection and reports.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        # With a callback, one command alone still answers to its name.
        callback=lambda: None,
    )
    names = sorted(m.name for m in pkgutil.iter_modules(commands.__path__))
    # Commands bring engines and parsers along; a start waits for none but its own (import_ is "import").
    for name in [n for n in names if n.rstrip("_").replace("_", "-") == only] or names:
        importlib.import_module(f"{commands.__name__}.{name}").register(app)
    return app


def main() -> None:
    """Run the command line."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
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
