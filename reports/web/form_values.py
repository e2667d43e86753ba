"""What stands in a form's fields, and the body that is made of it.

A ``State`` is what a browser sends: texts by dotted name, several where a name occurs several times. Invariants:
an entry that is written into a state and read back is the same entry, so that saving a form unchanged changes
nothing; what can't be read is sent as it was typed, and the API says what is wrong with it; a problem that the API
names is told beside the very field, in rows beside the very row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from kernel.errors import BODY_INVALID
from reports.web import form_hours
from reports.web.forms import Input, Part

State: TypeAlias = Mapping[str, Sequence[str]]
Nodes: TypeAlias = Iterable[Input | Part]

NEEDED: Final = "This is needed."
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
NAMED = re.compile(r".*\((\d{1,10})\)\s*", re.ASCII | re.DOTALL)
"""An entry by name and id, as lists of many entries suggest them: Nora (7)."""
_SEPARATORS = re.compile(r"[\n,;]")


def written(nodes: Nodes, values: Mapping[str, Any], zone: ZoneInfo) -> dict[str, list[str]]:
    """Return the state of an entry.

    Args:
        nodes: The form's fields.
        values: By the names of the body; what is missing stands at its default.
        zone: Of the moments in the fields.

    """
    state: dict[str, list[str]] = {}
    for node in nodes:
        _write(node, values.get(node.key, _MISSING), zone, state)
    return state


def sent(nodes: Nodes, several: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the state that a browser sent, without rows that say nothing."""
    state: dict[str, list[str]] = {}
    for one in _inputs(nodes):
        if one.kind != "rows":
            state[one.name] = list(several.get(one.name, []))
            continue
        rows = [row for row in _rows(one, several) if any(text.strip() for text in row)]
        for at, column in enumerate(one.columns):
            state[column.name] = [row[at] for row in rows]
    return state


def read(nodes: Nodes, state: State, zone: ZoneInfo) -> dict[str, Any]:
    """Return the body that a state says, every field of it.

    Raises:
        ClickledgerError: ``body_invalid`` for hours that nobody can read and rows that name one thing twice.

    """
    problems: list[dict[str, str]] = []
    body = {node.key: _read(node, state, zone, problems) for node in nodes}
    if problems:
        raise BODY_INVALID.error(problems[0]["problem"], problems=problems)
    return body


def new(nodes: Nodes, state: State, zone: ZoneInfo) -> dict[str, Any]:
    """Return the body that makes an entry: without fields that are left empty, unless they are needed."""
    body = read(nodes, state, zone)
    return {node.key: body[node.key] for node in nodes if _is_said(node, body[node.key])}


def changes(nodes: Nodes, before: State, after: State, zone: ZoneInfo) -> dict[str, Any]:
    """Return the body that changes an entry: the fields that say something else than before."""
    known, wanted = read(nodes, before, zone), read(nodes, after, zone)
    return {name: value for name, value in wanted.items() if value != known[name]}


def placed(nodes: Nodes, problems: Mapping[str, str], state: State) -> dict[str, str]:
    """Return the problems by the fields they stand beside; those of no field are left out.

    Of rows the name is that of the column and the row's number: payout_rules.steps.from.0.
    """
    inputs = list(_inputs(nodes))
    found: dict[str, str] = {}
    for name, problem in problems.items():
        for one in inputs:
            if name == one.name or name.startswith(f"{one.name}."):
                place = _place(one, name, state) if one.kind == "rows" else one.name
                is_empty = one.required and one.kind != "rows" and not _text(state, one.name)
                found.setdefault(place, NEEDED if is_empty else problem)
                break
    return found


class _Missing:
    """Stands for what an answer doesn't say."""


_MISSING: Final = _Missing()


def _inputs(nodes: Nodes) -> Iterator[Input]:
    for node in nodes:
        if isinstance(node, Part):
            yield from _inputs(node.items)
        else:
            yield node


def _write(node: Input | Part, value: Any, zone: ZoneInfo, state: dict[str, list[str]]) -> None:
    if isinstance(node, Part):
        inner = value if isinstance(value, Mapping) else {}
        for item in node.items:
            _write(item, inner.get(item.key, _MISSING), zone, state)
    elif node.kind == "rows":
        _write_rows(node, value, state)
    elif isinstance(value, _Missing):
        state[node.name] = [node.default] if node.default else []
    else:
        state[node.name] = _texts(node, value, zone)


def _write_rows(node: Input, value: Any, state: dict[str, list[str]]) -> None:
    """Write each row into the columns; a row of a mapping to plain texts is its key and its value."""
    rows: list[list[Any]] = []
    if isinstance(value, Mapping):
        for key, one in value.items():
            rest = [one.get(column.key) for column in node.columns[1:]] if isinstance(one, Mapping) else [one]
            rows.append([key, *rest])
    elif isinstance(value, Sequence):
        rows = [[one.get(column.key) for column in node.columns] for one in value]
    for at, column in enumerate(node.columns):
        state[column.name] = ["" if row[at] is None else str(row[at]) for row in rows]


def _texts(node: Input, value: Any, zone: ZoneInfo) -> list[str]:
    if value is None:
        return []
    if node.kind == "check":
        return ["true"] if value else []
    if node.kind == "several":
        return [str(one) for one in value]
    if node.kind == "lines":
        return ["\n".join(str(one) for one in value)]
    if node.kind == "hours":
        return [form_hours.written(value)]
    if node.kind == "moment":
        local = datetime.fromisoformat(str(value)).astimezone(zone).replace(tzinfo=None)
        return [local.isoformat(timespec="auto" if local.second or local.microsecond else "minutes")]
    return [str(value)]


def _read(node: Input | Part, state: State, zone: ZoneInfo, problems: list[dict[str, str]]) -> Any:
    if isinstance(node, Part):
        return _read_part(node, state, zone, problems)
    if node.kind == "rows":
        return _read_rows(node, state, problems)
    if node.kind == "check":
        return "true" in state.get(node.name, ())
    if node.kind == "several":
        return list(state.get(node.name, ()))
    text = _text(state, node.name)
    if node.kind == "lines":
        return [line.strip() for line in _SEPARATORS.split(text) if line.strip()]
    if node.kind == "hours":
        hours, problem = form_hours.read(text)
        if problem:
            problems.append({"field": node.name, "problem": problem})
        return hours
    if not text and (node.can_be_none or node.kind in {"reference", "moment", "day"}):
        return None
    return _value(node, text, zone)


def _value(node: Input, text: str, zone: ZoneInfo) -> Any:
    """Return what one text says; as it is where it says nothing of this kind."""
    if node.kind == "reference" and (match := NAMED.fullmatch(text)):
        text = match[1]
    if node.kind in {"number", "reference"} and _WHOLE.fullmatch(text):
        return int(text)
    if node.kind == "moment":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    return text


def _read_part(node: Part, state: State, zone: ZoneInfo, problems: list[dict[str, str]]) -> Any:
    said = {}
    is_none = True
    for item in node.items:
        value = _read(item, state, zone, problems)
        if isinstance(item, Part):
            is_empty = not value
        else:
            is_empty = value in ("", None, [], {}) or (value is False and item.kind == "check")
            is_empty = is_empty or value == _value(item, item.default, zone)
        if not is_empty:
            said[item.key] = value
            is_none = False
        elif isinstance(item, Input) and item.required:
            said[item.key] = value
    return None if node.can_be_none and is_none else ({} if is_none else said)


def _read_rows(node: Input, state: State, problems: list[dict[str, str]]) -> Any:
    rows = []
    for row in _rows(node, state):
        if not any(text.strip() for text in row):
            continue
        pairs = zip(node.columns, (text.strip() for text in row), strict=True)
        rows.append({c.key: _value(c, text, ZoneInfo("UTC")) for c, text in pairs if text or c.required})
    if not node.keyed:
        return rows
    keys = [str(row.pop("[key]", "")) for row in rows]
    twice = {key for key in keys if keys.count(key) > 1}
    problems += [{"field": f"{node.name}.{key}", "problem": f"{key} is named twice"} for key in sorted(twice)]
    is_plain = any(column.key == "[value]" for column in node.columns)
    return {key: row.get("[value]", "") if is_plain else row for key, row in zip(keys, rows, strict=True)}


def _rows(node: Input, state: State) -> list[list[str]]:
    """Return the rows of texts; columns that a browser sent less of are empty there."""
    columns = [state.get(column.name, ()) for column in node.columns]
    count = max(map(len, columns), default=0)
    return [[column[at] if at < len(column) else "" for column in columns] for at in range(count)]


def _place(node: Input, name: str, state: State) -> str:
    """Return the column and row that a problem of rows stands beside."""
    parts = name.removeprefix(node.name).strip(".").split(".")
    if node.keyed:
        keys = state.get(node.columns[0].name, ())
        at = next((n for n, key in enumerate(keys) if key.strip() == parts[0]), None)
    else:
        at = int(parts[0]) if parts[0].isascii() and parts[0].isdigit() else None
    if at is None:
        return node.name
    column = next((one for one in node.columns if one.key in parts[1:]), node.columns[0])
    if node.keyed and len(parts) == 1 and len(node.columns) == 2 and node.columns[1].key == "[value]":
        column = node.columns[1]
    return f"{column.name}.{at}"


def _text(state: State, name: str) -> str:
    given = state.get(name, ())
    return given[-1].strip() if given else ""


def _is_said(node: Input | Part, value: Any) -> bool:
    is_required = isinstance(node, Input) and node.required
    return is_required or (value not in ("", None, [], {}))
