"""The settings the service runs with, for those who look after it; secrets are told as set or not, never more.

Invariant: whatever ``kernel.settings`` marks as a secret is in no answer.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.http import answer
from kernel.setting_groups import groups
from kernel.settings import ENV_PREFIX, Settings


class SettingShown(BaseModel):
    """One setting."""

    variable: str = Field(description="The environment variable that sets it.")
    group: str
    help: str
    value: str = Field(description="As the service runs with it; empty for a secret.")
    default: str
    is_default: bool
    is_secret: bool
    is_set: bool = Field(description="Of a secret: whether there is one.")


class SettingList(BaseModel):
    """Every setting, in the order of docs/settings.md."""

    items: list[SettingShown]


def operations() -> list[Operation]:
    """Return the operation that tells the settings."""
    return [
        Operation(
            "GET",
            "/api/v1/settings",
            "The settings the service runs with; of secrets, only whether they are set.",
            _settings,
            "system:read",
            tag="Service",
            answer=SettingList,
        )
    ]


async def _settings(request: Request) -> Response:
    chosen: Settings = request.app.state.settings
    items = [_shown(chosen, group, name) for group, names in groups() for name in names]
    return answer(SettingList(items=items).model_dump())


def _shown(chosen: Settings, group: str, name: str) -> SettingShown:
    field = Settings.model_fields[name]
    value = getattr(chosen, name)
    is_secret = field.annotation is SecretStr
    return SettingShown(
        variable=f"{ENV_PREFIX}{name.upper()}",
        group=group,
        help=field.description or "",
        value="" if is_secret else _text(value),
        default="" if is_secret else _text(field.default),
        is_default=value == field.default,
        is_secret=is_secret,
        is_set=bool(value.get_secret_value()) if is_secret else value is not None,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
