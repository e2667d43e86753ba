"""``clickledger keys``: rotate the keys that click ids are signed with."""

from __future__ import annotations

import typer

from kernel.errors import ErrorKind
from kernel.settings import settings
from tracker.click_id import KEY_FILE, load_keys, rotate_keys

NOT_IN_A_FILE = ErrorKind(
    "keys_not_in_a_file",
    400,
    "error",
    "The click id keys come from CLICKLEDGER_CLICK_KEYS: put a new <id>:<hex> entry first there, keep the "
    "others behind it, and restart the edges and the pipeline.",
)
ERRORS = {NOT_IN_A_FILE.code: NOT_IN_A_FILE}

keys_app = typer.Typer(help="Click id keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(keys_app, name="keys")


@keys_app.callback()
def keys() -> None:
    """Click id keys."""


@keys_app.command()
def rotate() -> None:
    """Put a new signing key first; ids signed with the older ones stay valid.

    Edge workers and the pipeline read the keys when they start: restart them afterwards.
    """
    chosen = settings()
    if chosen.click_keys.get_secret_value():
        raise NOT_IN_A_FILE.error()
    load_keys(chosen)
    key_id = rotate_keys(chosen.data_dir / KEY_FILE)
    print(f"New click ids will be signed with key {key_id} after a restart; older keys are still accepted.")
