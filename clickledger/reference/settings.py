"""``docs/settings.md``: every setting, in the groups in which ``kernel.settings.Settings`` writes them."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from clickledger.reference.markdown import code, table
from kernel.setting_groups import groups
from kernel.settings import ENV_PREFIX, Settings

PAGE = "docs/settings.md"

COMMAND_VARIABLES: dict[str, str] = {
    "CLICKLEDGER_WEB_URL": "URL of the web role for commands; unset: that of run.json in the data directory.",
    "CLICKLEDGER_API_KEY": "API key of commands; unset: CLICKLEDGER_ADMIN_KEY or admin.key in the data directory.",
    "CLICKLEDGER_REALDATA": "Tests only: directory of the real logs; see CONTRIBUTING.md.",
}
"""Variables that are no settings of the service."""

_HEAD = f"""# Settings

<!-- Made from kernel/settings.py by clickledger/reference; change it there. -->

Every setting is an environment variable. Nothing needs to be set: with the defaults everything runs
embedded below the data directory. The data directory, the ports, the number of edge workers and the demo
program are also options of [`clickledger up`](cli.md#clickledger-up); an option wins over its variable.

- A setting that can't work ends the start with a sentence; [`clickledger doctor`](cli.md#clickledger-doctor)
  also finds misspelt names beginning with `{ENV_PREFIX}`.
- A setting marked *secret* may hold a password or a key. It is never logged and never answered.
- Every process of one installation must see the same settings; `clickledger up` hands them to its children.
"""


def pages() -> dict[str, str]:
    """Return the page by its path in the repository."""
    lines = [_HEAD]
    for title, names in groups():
        lines += [f"## {title}", ""]
        lines += table(
            ("variable", "default", "values", "meaning"),
            (_row(name, Settings.model_fields[name]) for name in names),
        )
        lines.append("")
    lines += ["## Variables that are not settings of the service", ""]
    lines += table(("variable", "meaning"), ((code(name), text) for name, text in COMMAND_VARIABLES.items()))
    return {PAGE: "\n".join(lines) + "\n"}


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    secret = " *Secret.*" if field.annotation is SecretStr else ""
    return (
        code(f"{ENV_PREFIX}{name.upper()}"),
        _default(field.default),
        _values(field),
        f"{field.description}{secret}",
    )


def _default(default: Any) -> str:
    plain = default.get_secret_value() if isinstance(default, SecretStr) else default
    if plain is None or plain == "":
        return "empty"
    return code(str(plain).lower() if isinstance(plain, bool) else str(plain))


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(code(value) for value in get_args(kind))
    if kind is bool:
        return "`true`, `false`"
    if kind is int:
        return _range(field)
    return "path" if "Path" in str(kind) else "text"


def _range(field: FieldInfo) -> str:
    bounds = {
        name: getattr(limit, name) for limit in field.metadata for name in ("ge", "le") if hasattr(limit, name)
    }
    least, most = bounds.get("ge"), bounds.get("le")
    if least is None:
        return "whole number"
    return f"{least} to {most}" if most is not None else f"{least} and more"
