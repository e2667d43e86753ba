"""What every body the API takes and gives shares.

Invariants: a field that isn't in the schema is refused by name, so a typing mistake is never ignored; a
change says nothing about the fields it doesn't name; nothing here can set an id, a version or a token.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from kernel.sql_types import MONEY_DIGITS


def left_out() -> Any:
    """Stand for a field of a change that the caller left out; ``model_fields_set`` knows which those are."""
    return None


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """Return the fields that the caller named, and their values as they are stored."""
        return {name: value for name, value in self.whole().items() if name in self.model_fields_set}

    def whole(self) -> dict[str, Any]:
        """Return every field, and its value as it is stored: a part with fields of its own as JSON."""
        return {name: _stored(getattr(self, name)) for name in type(self).model_fields}


class Part(Request):
    """A part of a body with fields of its own, stored as one JSON object."""

    def stored(self) -> dict[str, Any]:
        """Return the object as it is stored: what differs from the defaults, money as decimal strings."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Answer(BaseModel):
    """An entry as it is answered."""

    model_config = ConfigDict(extra="forbid")

    id: int
    revision: int = Field(description="Grows with every change; the ETag, to be sent back as If-Match.")
    created_at: datetime
    updated_at: datetime


MoneyText: TypeAlias = Annotated[
    str,
    Field(pattern=rf"^\d+\.\d{{2,{MONEY_DIGITS}}}$", description="Exact decimal.", examples=["1.50"]),
]
"""Money as it is answered."""


class Deleted(BaseModel):
    """What a deletion answers."""

    model_config = ConfigDict(extra="forbid")

    deleted: int = Field(description="Id of what is gone.")


def _stored(value: Any) -> Any:
    if isinstance(value, Part):
        return value.stored()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [_stored(item) for item in value]
    return value
