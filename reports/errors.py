"""What can be wrong with a report or an export, and the sentence that says what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from kernel.errors import ClickledgerError, ErrorKind, table


def _invalid(code: str, advice: str) -> ErrorKind:
    return ErrorKind(code, 400, "info", advice)


UNKNOWN_DIMENSION = _invalid(
    "unknown_dimension", "There is no such dimension; GET /api/v1/reports/schema lists them."
)
UNKNOWN_METRIC = _invalid("unknown_metric", "There is no such metric; GET /api/v1/reports/schema lists them.")
UNKNOWN_OPERATOR = _invalid(
    "unknown_operator", "There is no such operator; GET /api/v1/reports/schema lists them."
)
OPERATOR_NOT_ALLOWED = _invalid(
    "operator_not_allowed", "This operator can't be used there; the schema lists what each kind takes."
)
TOO_MANY_DIMENSIONS = _invalid("too_many_dimensions", "Ask for at most 10 dimensions at once.")
NO_METRICS = _invalid("no_metrics", "Ask for at least one metric.")
ASKED_TWICE = _invalid("asked_twice", "Name each dimension and each metric once.")
FILTER_INCOMPLETE = _invalid(
    "filter_incomplete",
    "A filter names a dimension or a metric, not both, and has the values its operator takes.",
)
FILTER_VALUE_INVALID = _invalid("filter_value_invalid", "Give a value of the kind the dimension has.")
TOO_MANY_FILTERS = _invalid("too_many_filters", "Use fewer filters or fewer values in one.")
PATTERN_INVALID = _invalid(
    "pattern_invalid", "The regular expression can't be compiled; use RE2 syntax of at most 200 characters."
)
METRIC_HIDDEN = ErrorKind(
    "metric_hidden",
    403,
    "info",
    "Your role doesn't see this money; GET /api/v1/reports/schema lists what it sees.",
)
DIMENSION_HIDDEN = ErrorKind(
    "dimension_hidden",
    403,
    "info",
    "Your role doesn't see this; GET /api/v1/reports/schema lists what it sees.",
)
SORT_INVALID = _invalid("sort_invalid", "Sort by a metric or by one of the dimensions asked for.")
EMPTY_RANGE = _invalid(
    "empty_range", "'from' must be before 'to', and 'to' is exclusive: for one day give the next day as 'to'."
)
DATE_INVALID = _invalid(
    "date_invalid", "Give a date as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MM:SS, between 2000 and 2100."
)
UNKNOWN_TIMEZONE = _invalid(
    "unknown_timezone", "Give a time zone of the IANA database, for example Asia/Kolkata or UTC."
)
LIMIT_OUT_OF_RANGE = _invalid("limit_out_of_range", "Give a limit from 1 to the most rows a report may have.")
OFFSET_OUT_OF_RANGE = _invalid("offset_out_of_range", "Give an offset from 0 to one billion.")
CURRENCY_INVALID = _invalid("currency_invalid", "Give a currency as three capital letters, for example EUR.")
COMPARE_INVALID = _invalid(
    "compare_invalid", "Compare with previous_period, previous_year or a range of its own, {from, to}."
)
FILL_INVALID = _invalid(
    "fill_invalid", "Gaps can be filled in exactly one time dimension, over at most 20000 of its values."
)
PIVOT_INVALID = _invalid(
    "pivot_invalid", "Pivot by one dimension that is not among the rows' own, into 1 to 50 columns."
)
FORMULA_INVALID = _invalid(
    "formula_invalid", "A formula has names of metrics, numbers, + - * / and parentheses, and a name of its own."
)
REPORT_CANCELLED = ErrorKind("report_cancelled", 409, "info", "The report was cancelled while it ran.")
REPORT_NOT_RUNNING = ErrorKind(
    "report_not_running", 404, "info", "You have no report of this id that is running now."
)
REPORT_TOO_SLOW = _invalid(
    "report_too_slow", "The report takes too long: ask for a shorter range, fewer dimensions or more filters."
)
REPORT_TOO_LARGE = _invalid(
    "report_too_large",
    "The report needs too much memory: ask for a shorter range, fewer dimensions or more filters.",
)
REPORT_TOO_LONG = _invalid(
    "report_too_long",
    "The report's statement gets too long: ask for fewer metrics, shorter formulas, fewer filters or dimensions.",
)
UNKNOWN_EXPORT = _invalid(
    "unknown_export",
    "Export one of clicks, impressions, conversions, conversion_changes, rejected and outbound_attempts.",
)
UNKNOWN_COLUMN = _invalid(
    "unknown_column", "There is no such column in this export; leave 'columns' out to see which there are."
)
UNKNOWN_FORMAT = _invalid("unknown_format", "Export as csv, json, jsonl, xlsx, parquet or arrow.")
EXPORT_TOO_LARGE = _invalid(
    "export_too_large",
    "The file can't hold that many rows: ask for a shorter range, fewer rows, or another format.",
)
PARAMETER_MISSING = _invalid("parameter_missing", "Give the range as 'from' and 'to'.")

ERRORS = table(
    UNKNOWN_DIMENSION,
    UNKNOWN_METRIC,
    UNKNOWN_OPERATOR,
    OPERATOR_NOT_ALLOWED,
    TOO_MANY_DIMENSIONS,
    NO_METRICS,
    ASKED_TWICE,
    FILTER_INCOMPLETE,
    FILTER_VALUE_INVALID,
    TOO_MANY_FILTERS,
    PATTERN_INVALID,
    METRIC_HIDDEN,
    DIMENSION_HIDDEN,
    SORT_INVALID,
    EMPTY_RANGE,
    DATE_INVALID,
    UNKNOWN_TIMEZONE,
    LIMIT_OUT_OF_RANGE,
    OFFSET_OUT_OF_RANGE,
    CURRENCY_INVALID,
    COMPARE_INVALID,
    FILL_INVALID,
    PIVOT_INVALID,
    FORMULA_INVALID,
    REPORT_CANCELLED,
    REPORT_NOT_RUNNING,
    REPORT_TOO_SLOW,
    REPORT_TOO_LARGE,
    REPORT_TOO_LONG,
    UNKNOWN_EXPORT,
    UNKNOWN_COLUMN,
    UNKNOWN_FORMAT,
    EXPORT_TOO_LARGE,
    PARAMETER_MISSING,
)

MAX_ECHOED = 64
"""Characters of a wrong name that are repeated to the caller."""

_NEAREST = 3
_SIMILARITY = 0.6
"""Of difflib's ratio, its own default: lower suggests noise."""
_SHORTEST_PIECE = 3
"""Letters that a name must share with what was asked for in one piece, where none is similar."""
_FEW = 30
"""Names that can all be told."""


def unknown(kind: ErrorKind, what: str, name: str, known: Iterable[str]) -> ClickledgerError:
    """Return the error for a name that doesn't exist, with the valid names nearest to it."""
    shown, names = name[:MAX_ECHOED], list(dict.fromkeys(known))
    nearest = _nearest(shown, names)
    if nearest:
        hint = f"; did you mean {' or '.join(nearest)}?"
    elif len(names) <= _FEW:
        hint = f"; use one of {', '.join(names)}."
    else:
        # "There is no such dimension; GET …" is said already, but for where to look.
        hint = (
            f"; {kind.advice.rpartition('; ')[2]}" if kind.advice.startswith("There is no") else f". {kind.advice}"
        )
    return kind.error(f"There is no {what} '{shown}'{hint}", name=shown, nearest=nearest)


def _nearest(asked: str, known: list[str]) -> list[str]:
    """Return the names that look most like what was asked for, else those that begin with it or hold it."""
    by_fold: dict[str, str] = {}
    for name in known:
        by_fold.setdefault(name.casefold(), name)
    folded = asked.casefold()
    similar = difflib.get_close_matches(folded, by_fold, n=_NEAREST, cutoff=_SIMILARITY)
    if not similar and len(folded) >= _SHORTEST_PIECE:
        similar = [one for one in by_fold if folded in one or (len(one) >= _SHORTEST_PIECE and one in folded)]
        similar.sort(key=lambda one: (not one.startswith(folded), len(one)))
    return [by_fold[one] for one in similar[:_NEAREST]]
