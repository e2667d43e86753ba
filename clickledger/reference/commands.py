"""``docs/cli.md``: every command with its arguments and options, read off the command line itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer.main

from clickledger.cli import build
from clickledger.reference.markdown import code, table

PAGE = "docs/cli.md"

_HEAD = """# Command line

<!-- Made from clickledger/commands by clickledger/reference; change it there. -->

Results go to standard output, everything else to standard error, so that output can be piped. An expected
failure is one sentence on standard error and exit code 1; a wrong option is exit code 2; an interrupted
`clickledger replay` ends with 130. `--help` works on every command.

Commands other than `up`, `serve`, `bench`, `doctor` and `keys rotate` without a key ask the running service over
HTTP. They find it by `CLICKLEDGER_WEB_URL` and `CLICKLEDGER_API_KEY`, else by `run.json` and `admin.key` in the
directory named by `CLICKLEDGER_DATA_DIR`, else in `./clickledger-data`. All variables: [settings.md](settings.md).
"""

_KINDS = {str: "text", int: "number", float: "number", Path: "path"}


def pages() -> dict[str, str]:
    """Return the page by its path in the repository."""
    lines = [_HEAD.rstrip("\n")]
    for words, command in walk(typer.main.get_command(build()), "clickledger"):
        lines += ["", f"## {words}", "", *_paragraphs(command.help)]
        if getattr(command, "commands", None):
            lines += [
                "",
                "Commands: " + ", ".join(code(f"{words} {name}") for name in sorted(command.commands)) + ".",
            ]
            continue
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option"]
        usage = " ".join([words, *(each.name.upper() for each in arguments), *(["[OPTIONS]"] if options else [])])
        lines += ["", "```", usage, "```"]
        hints = get_type_hints(inspect.unwrap(command.callback))
        if arguments:
            rows = ((code(each.name.upper()), _kind(hints[each.name]), each.help) for each in arguments)
            lines += ["", *table(("argument", "value", "meaning"), rows)]
        if options:
            rows_of_options = (_option(each, hints[each.name]) for each in options)
            lines += ["", *table(("option", "value", "default", "meaning"), rows_of_options)]
    return {PAGE: "\n".join(lines) + "\n"}


def walk(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """Yield every command below a group with the words that call it, groups before their commands.

    Args:
        command: A command or group as the command line's library makes them.
        words: What calls it.

    """
    for name, inner in sorted(command.commands.items()):
        yield f"{words} {name}", inner
        if getattr(inner, "commands", None):
            yield from walk(inner, f"{words} {name}")


def _option(option: Any, hint: Any) -> tuple[str, str, str, str]:
    names = ", ".join(code(name) for name in option.opts)
    if option.required:
        default = "required"
    elif option.is_flag or option.default is None or option.default == "":
        default = ""
    else:
        default = code(str(option.default.value if isinstance(option.default, Enum) else option.default))
    return names, "" if option.is_flag else _kind(hint), default, option.help or ""


def _kind(hint: Any) -> str:
    """Return what stands for a value: its choices, or text, number, path."""
    inner = next((each for each in get_args(hint) if each is not type(None)), hint)
    if isinstance(inner, type) and issubclass(inner, Enum):
        return ", ".join(code(str(each.value)) for each in inner)
    return _KINDS[inner] if inner in _KINDS else _kind(inner)


def _paragraphs(text: str | None) -> list[str]:
    return inspect.cleandoc(text or "").splitlines()
