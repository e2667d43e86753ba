"""Parse: the shape of a report's query as it arrives. What its names and values mean comes later."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

MAX_NAME = 200
"""Characters of a name in a query; a longer one is no name."""

MAX_TEXT = 4096
"""Characters of a text value; the longest column, a user agent or an address, is shorter."""

Name = Annotated[str, Field(max_length=MAX_NAME)]
Value = (
    StrictBool
    | StrictInt
    | Annotated[StrictFloat, Field(allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=MAX_TEXT)]
)


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
