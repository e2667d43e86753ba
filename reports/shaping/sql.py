"""SQL of the shapes a report can take: moved time dimensions, filled series, pivots.

Stages work on lines of a SELECT and give lines of a SELECT. Each stage names what it makes anew (u_, v_, w_
before a field's own name), so that no alias hides the column it is made of. Invariants: a value is bound, never
written; a stage neither adds up nor filters metrics, it only arranges rows whose metrics are final.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.registry import Dimension

WHOLE = 1000
"""The column number of a row over all its columns: more than a pivot has columns. 0 is every other value."""

_BY_CLOCK = "toTimeZone(addSeconds(addDays(toTimeZone({0}, {{tz:String}}), {1}), {2}), 'UTC')"
"""Moved by whole local days, however long they are, and by what is left."""

MOVED: dict[str, str] = {
    "minute": _BY_CLOCK,
    "hour": _BY_CLOCK,
    "day": "addDays({0}, {1})",
    "week": "addWeeks({0}, {1})",
    "month": "addMonths({0}, {1})",
    "quarter": "addQuarters({0}, {1})",
    "year": "toUInt16({0} + {1})",
}
"""How a key of another range is moved: {1} steps, and {2} seconds beyond them."""

BUCKET_SECONDS: dict[str, int] = {
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 28 * 86_400,
    "quarter": 90 * 86_400,
    "year": 365 * 86_400,
    "hour_of_day": 3600,
    "day_of_week": 86_400,
}
"""The least a bucket lasts, but for the days the clocks change."""

_STEP_SECONDS: dict[str, int] = {"minute": 60, "hour": 900, "hour_of_day": 900}
_LONG_STEP_SECONDS = 3600
"""How far apart the moments are that buckets are made of. Local hours begin on quarters of UTC hours, and the
shortest local day is many hours long, so no bucket lies between two steps."""


def is_moved(dimension: Dimension) -> bool:
    """Return whether a dimension of another range is moved to stand beside the report's."""
    return dimension.name in MOVED


def moved(dimension: Dimension, key: str, steps: str, seconds: str) -> str:
    """Return a time dimension's key moved by placeholders of whole steps and, for clock times, of seconds."""
    return MOVED[dimension.name].format(key, steps, seconds)


def step_seconds(dimension: Dimension) -> int:
    """Return how far apart the moments may be that a dimension's buckets are made of."""
    return _STEP_SECONDS.get(dimension.name, _LONG_STEP_SECONDS)


def buckets(dimension: Dimension, moments: str, conditions: Sequence[str]) -> str:
    """Return an array of every value a time dimension has at some moments.

    Args:
        dimension: One of time.
        moments: The moments, as an array of times.
        conditions: Which of them count; over ``ts``.

    """
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    keys = f"SELECT DISTINCT {dimension.clicks} AS k FROM (SELECT arrayJoin({moments}) AS ts){where}"  # noqa: S608 - registry texts and placeholders
    return f"(SELECT groupArray(b) FROM (SELECT DISTINCT {dimension.shown('k')} AS b FROM ({keys})))"  # noqa: S608 - as above


def moments(first: str, last: str, count: str, seconds: str) -> str:
    """Return an array of times, evenly apart, the last one included wherever it falls."""
    return f"arrayMap(i -> least(addSeconds({first}, i * {seconds}), {last}), range({count}))"


def column_number(value: str, values: str) -> str:
    """Return which column of a pivot a value is in."""
    return f"indexOf({values}, toString({value}))"


def column_numbers(dimension: Dimension, shown: str, values: str) -> str:
    """Return the columns a row counts in, the whole among them, one row for each.

    A label counts once in the column of all others, however many of a row's labels are there.

    Args:
        dimension: The pivot.
        shown: Its value as an expression; of labels the array, or the array joined.
        values: The values with a column of their own.

    """
    several = f"[{shown}]"
    if dimension.kind == "labels":
        several = shown[len(_JOINED) : -1] if shown.startswith(_JOINED) else shown
    numbers = f"arrayMap(x -> {column_number('x', values)}, {several})"
    return f"arrayJoin(arrayDistinct(arrayConcat([toUInt64({WHOLE})], {numbers})))"


_JOINED = "arrayJoin("


def pivoted(inner: list[str], dimensions: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Return one row for each of the dimensions' values: the whole's fields, and an array of its columns' fields.

    Args:
        inner: Rows of ``dimensions``, the column number ``c`` and ``u_<field>``.
        dimensions: Names of columns.
        fields: Names without the stage's prefix.

    Returns:
        The lines of ``dimensions``, ``v_<field>`` and ``cells``, (number, field, field, …) each.

    """
    whole = [f"anyIf(u_{field}, c = {WHOLE}) AS v_{field}" for field in fields]
    cell = ", ".join(["c", *(f"u_{field}" for field in fields)])
    selected = [*dimensions, *whole, f"groupArrayIf(({cell}), c != {WHOLE}) AS cells"]
    return ["SELECT", listed(selected), "FROM (", *indented(inner), ")", *grouped(dimensions)]


def filled(
    inner: list[str],
    dimensions: Sequence[str],
    time: str,
    fields: Sequence[str],
    blanks: Sequence[str],
    every: str,
) -> list[str]:
    """Return the rows and, for each value of the other dimensions, a blank one wherever a bucket has none.

    Args:
        inner: Rows of ``dimensions`` and ``fields``.
        dimensions: Names of columns, ``time`` among them.
        time: The column whose gaps are filled.
        fields: Names of columns.
        blanks: What each field is in a blank row.
        every: An array of every value of ``time``.

    Returns:
        The lines of ``dimensions`` and ``w_<field>``.

    """
    others = [name for name in dimensions if name != time]
    found = [
        "SELECT",
        listed([*others, f"groupArray(({', '.join([time, *fields])})) AS found"]),
        "FROM (",
        *indented(inner),
        ")",
        *grouped(others),
    ]
    blank = f"arrayMap(b -> ({', '.join(['b', *blanks])}), {every})"
    # Of two rows with one bucket the first stays, and blank ones come last.
    times = f"arrayEnumerateUniq(arrayConcat(arrayMap(one -> tupleElement(one, 1), found), {every}))"
    rows = f"arrayFilter((one, n) -> n = 1, arrayConcat(found, {blank}), {times})"
    row = ["SELECT", listed([*others, f"arrayJoin({rows}) AS one"]), "FROM (", *indented(found), ")"]
    places = enumerate(fields, start=2)
    picked = {time: "tupleElement(one, 1)"} | {
        f"w_{field}": f"tupleElement(one, {place})" for place, field in places
    }
    selected = [
        *(f"{picked[name]} AS {name}" if name in picked else name for name in dimensions),
        *(f"{picked[f'w_{field}']} AS w_{field}" for field in fields),
    ]
    return ["SELECT", listed(selected), "FROM (", *indented(row), ")"]


def grouped(names: Sequence[str]) -> list[str]:
    """Return GROUP BY; nothing to group by is one row."""
    return [f"GROUP BY {', '.join(names)}"] if names else []


def listed(items: Sequence[str]) -> str:
    """Return a list of expressions, one a line."""
    return ",\n".join(f"    {item}" for item in items)


def indented(lines: Sequence[str]) -> list[str]:
    """Return lines one level deeper."""
    return [f"    {line}" for text in lines for line in text.split("\n")]
