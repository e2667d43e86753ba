"""What the API of outgoing messages takes and answers, as it documents it."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kernel.errors import QUERY_INVALID
from tracker.outbound import sql

Id = Annotated[int, Field(ge=1, le=2**32 - 1)]
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_CURSOR_ADVICE = "cursor: send the next_cursor of the last answer, unchanged."


class AttemptsQuery(BaseModel):
    """Which tries to list; all that are given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion_id: Annotated[str, Field(max_length=64)] | None = None
    hook_id: Id | None = None
    partner_id: Id | None = Field(None, description="Partner of the conversion.")
    outcome: Literal["delivered", "failed", "refused", "given_up"] | None = None
    start: datetime | None = Field(
        None, alias="from", description="First moment, UTC unless it says otherwise; default: seven days ago."
    )
    end: datetime | None = Field(None, alias="to", description="Moment after the last one; default: now.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=400)] = Field("", description="The last answer's next_cursor.")

    @field_validator("start", "end")
    @classmethod
    def _sane(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        if not _FIRST <= moment <= _LAST:
            raise ValueError("give a moment between the years 2000 and 2100")
        return moment


class AttemptShown(BaseModel):
    """One try."""

    message_id: str
    attempt: int = Field(description="1 for the first try.")
    ts: str
    hook_id: int
    hook_kind: str
    conversion_id: str
    change_seq: int
    partner_id: int
    advertiser_id: int
    offer_id: int
    method: str
    url: str = Field(description="As it was sent.")
    request_body: str
    outcome: str = Field(
        description="delivered; failed: tried again; refused: by the receiver's 410, or the address may not be "
        "dialled; given_up."
    )
    error: str = Field(description="Why it wasn't delivered.")
    response_status: int = Field(description="0 for no answer.")
    response_body: str = Field(description="Its first four kilobytes.")
    address: str = Field(description="Address and port that were dialled.")
    duration_ms: int
    next_try: str | None = Field(description="When it is tried again; null for never.")
    actor: str = Field(description="Who had it sent again by hand.")


class AttemptList(BaseModel):
    """Some tries, newest first."""

    items: list[AttemptShown]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class MessageShown(BaseModel):
    """One message with every try."""

    message_id: str
    hook_id: int
    hook_kind: str
    conversion_id: str
    partner_id: int
    delivered: bool
    attempts: list[AttemptShown]


class ResendDone(BaseModel):
    """A message will be sent again."""

    status: Literal["queued"]
    message_id: str


def cursor_of(row: dict[str, Any]) -> str:
    """Return what names the place behind a row, as ``row`` came from the store."""
    text = f"{int(_utc(row['ts']).timestamp() * 1000)}:{row['attempt']}:{row['message_id']}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> dict[str, Any]:
    """Return a cursor's place as parameters of ``sql.CONDITIONS['before']``.

    Raises:
        ClickledgerError: ``query_invalid``.

    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        ts, attempt, message_id = text.split(":", 2)
        moment, number = int(ts), int(attempt)
    except (binascii.Error, ValueError) as why:
        raise QUERY_INVALID.error(_CURSOR_ADVICE) from why
    if not (0 <= moment <= sql.LAST_MS and 0 <= number < 2**16):
        raise QUERY_INVALID.error(_CURSOR_ADVICE)
    return {"before_ts": moment, "before_attempt": number, "before_id": message_id}


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of ``outbound_attempts`` as the API shows it."""
    content = {name: row[name] for name in AttemptShown.model_fields}
    next_try = _utc(row["next_try"])
    return content | {"ts": _text(_utc(row["ts"])), "next_try": _text(next_try) if next_try.timestamp() else None}


def _utc(value: datetime | int) -> datetime:
    """Read a time as the store answers it, or as a row has it before it is stored (ms since 1970)."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _text(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
