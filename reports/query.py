"""Parse: the shape of a report's query as it arrives. What its names and values mean comes later."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from reports.registry.metrics import Unit

MAX_NAME = 200
"""Characters of a name in a query; a longer one is no name."""

MAX_TEXT = 4096
"""Characters of a text value; the longest column, a user agent or an address, is shorter."""

DEFAULT_COLUMNS = 10
"""Columns of a pivot that doesn't say how many."""

ID_PATTERN = r"^[A-Za-z0-9_-]{8,64}$"
"""What a caller may name its running report."""

Name = Annotated[str, Field(max_length=MAX_NAME)]


def _valued(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Say in one sentence what a value is, instead of one problem for each thing it could be."""
    try:
        return read(value)
    except ValidationError:
        raise PydanticCustomError(
            "filter_value", "give a text of at most {most} characters, a number, true or false", {"most": MAX_TEXT}
        ) from None


Value = Annotated[
    StrictBool
    | StrictInt
    | Annotated[StrictFloat, Field(allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=MAX_TEXT)],
    WrapValidator(_valued),
]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Filter(_Shape):
    """A condition on a dimension or on a metric."""

    dimension: Name | None = None
    metric: Name | None = None
    op: Name = "eq"
    value: Value | None = None
    values: list[Value] | None = None


class Sort(_Shape):
    """A dimension or metric to sort by."""

    by: Name
    desc: bool = False


class Window(_Shape):
    """A range to compare with; ``from`` is included, ``to`` is not."""

    from_: Name = Field(alias="from")
    to: Name


def _compared(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Say in one sentence what a comparison is, instead of one problem for each thing it could be."""
    try:
        return read(value)
    except ValidationError as why:
        raise PydanticCustomError(
            "compare", "write previous_period, previous_year or a range, {from, to}"
        ) from why


Compare = Literal["previous_period", "previous_year"] | Window

MoneyView = Literal["expected", "earned"]
"""expected: approved and pending; earned: approved alone."""


class Formula(_Shape):
    """A metric of this query alone: arithmetic over metrics."""

    name: Name
    formula: Annotated[str, Field(max_length=MAX_TEXT)]
    unit: Unit = "number"
    label: Name = ""


class Query(_Shape):
    """A report as asked for; ``from`` is included, ``to`` is not."""

    from_: Name = Field(alias="from")
    to: Name
    timezone: Name = "UTC"
    dimensions: list[Name] = []
    metrics: list[Name] = []
    filters: list[Filter] = []
    sort: list[Sort] = []
    limit: int | None = None
    offset: int = 0
    totals: bool = False
    currency: Name | None = None
    convert: bool = Field(
        default=True, description="False: amounts in other currencies are left out instead of converted."
    )
    compare: Annotated[Compare | None, WrapValidator(_compared)] = Field(
        None, description="Another range; its values stand in <metric>_before and <metric>_change."
    )
    fill: bool = Field(default=False, description="Rows also for the moments in which nothing happened.")
    pivot: Name | None = Field(None, description="A dimension whose values become columns.")
    pivot_limit: int = Field(DEFAULT_COLUMNS, description="Columns of a pivot; all other values share one more.")
    money: MoneyView = Field("expected", description="expected: approved and pending; earned: approved alone.")
    formulas: list[Formula] = []
    id: str | None = Field(None, pattern=ID_PATTERN, description="A name to cancel this report by while it runs.")
