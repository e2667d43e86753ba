"""What the API of saved reports, custom metrics, links and schedules takes.

Invariants: a field that isn't in a schema is refused by name; a change says nothing about the fields it doesn't
name.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from kernel.auth import Role
from partners.fields import MAX_ID, Id, Name, Note, PlainUrl, UtcMoment, saying
from partners.models import MAX_NAME_LENGTH, Every, ReportFormat, Target
from partners.models.saved import MAX_FILE_NAME
from partners.schemas import Request
from partners.schemas.request import left_out
from reports.query import ID_PATTERN, Query
from reports.query import Name as QueryName
from reports.registry.metrics import Unit
from reports.saved.ranges import RangeName
from reports.span import zones

MAX_READERS = 100
MAX_FORMULA = 500
MAX_PAGE = 1000

_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_FILE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_FILE_NAME - 1}}}", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


def _check_metric_name(name: str) -> str:
    if not _METRIC.fullmatch(name):
        raise ValueError("a metric's name has up to 64 small letters, digits and _, and begins with a letter")
    return name


def _check_file_name(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise ValueError(
            f"the beginning of a file name has up to {MAX_FILE_NAME} letters, digits, - and _, and no ending"
        )
    return name


def _check_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("write a local time as HH:MM, from 00:00 to 23:59")
    return text


def _check_zone(name: str) -> str:
    if name not in zones():
        raise ValueError("this is no time zone of the IANA database; write for example Asia/Kolkata or UTC")
    ZoneInfo(name)
    return name


def _check_url(url: str) -> str:
    if not url:
        raise ValueError("give the address that is called")
    return url


def _check_readers(users: list[int]) -> list[int]:
    return list(dict.fromkeys(users))


def _check_roles(roles: list[Role]) -> list[Role]:
    return list(dict.fromkeys(roles))


MetricName: TypeAlias = Annotated[str, AfterValidator(saying(_check_metric_name))]
FileName: TypeAlias = Annotated[str, AfterValidator(saying(_check_file_name))]
LocalTime: TypeAlias = Annotated[str, AfterValidator(saying(_check_time))]
Zone: TypeAlias = Annotated[str, Field(max_length=64), AfterValidator(saying(_check_zone))]
Url: TypeAlias = Annotated[PlainUrl, Field(max_length=2048), AfterValidator(saying(_check_url))]
Roles: TypeAlias = Annotated[list[Role], Field(max_length=10), AfterValidator(_check_roles)]
Users: TypeAlias = Annotated[list[Id], Field(max_length=MAX_READERS), AfterValidator(_check_readers)]
Formula: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_FORMULA)]
Weekday: TypeAlias = Annotated[int, Field(ge=1, le=7, strict=True)]
MonthDay: TypeAlias = Annotated[int, Field(ge=1, le=31, strict=True)]


class SavedQuery(Query):
    """A report's query whose range may be a relative one."""

    from_: QueryName = Field("", alias="from", description="Together with 'to', unless there is a 'range'.")
    to: QueryName = ""
    range: RangeName | None = Field(None, description="Counted from the moment the report is run.")


class ReportCreate(Request):
    """A new saved report."""

    name: Name
    description: Note = ""
    query: SavedQuery
    shared_roles: Roles = Field([], description="Everybody of these roles sees it, each with their own rows.")
    shared_users: Users = Field([], description="Ids of users who see it.")


class ReportChange(Request):
    """What shall change of a saved report."""

    name: Name = Field(default_factory=left_out)
    description: Note = Field(default_factory=left_out)
    query: SavedQuery = Field(default_factory=left_out)
    shared_roles: Roles = Field(default_factory=left_out)
    shared_users: Users = Field(default_factory=left_out)


class RunBody(Request):
    """What is different about this run."""

    from_: QueryName = Field("", alias="from", description="Together with 'to'.")
    to: QueryName = ""
    range: RangeName | None = None
    id: str | None = Field(None, pattern=ID_PATTERN, description="A name to cancel this run by.")


class MetricCreate(Request):
    """A new metric made of others."""

    name: MetricName
    formula: Formula = Field(examples=["payout / clicks"])
    unit: Unit = "number"
    help: Note = ""


class MetricChange(Request):
    """What shall change of a custom metric; its name stays, as queries use it."""

    formula: Formula = Field(default_factory=left_out)
    unit: Unit = Field(default_factory=left_out)
    help: Note = Field(default_factory=left_out)


class ShareCreate(Request):
    """A new link that shows a report."""

    expires_at: UtcMoment = Field(description="At most a year from now.")
    note: Note = Field("", description="For whom it is.")


class ScheduleCreate(Request):
    """A new schedule."""

    report_id: Id
    every: Every
    at: LocalTime = Field("06:00", description="Local time of the time zone.", examples=["06:30"])
    weekday: Weekday | None = Field(None, description="1 Monday … 7 Sunday; of weekly schedules.")
    day: MonthDay | None = Field(None, description="Of monthly schedules; a shorter month's last day.")
    timezone: Zone = "UTC"
    format: ReportFormat = "csv"
    target: Target
    file_name: FileName | None = Field(None, description="Of files: the beginning; date and ending follow.")
    url: Url | None = Field(None, description="Of webhooks.")
    enabled: StrictBool = True


class ScheduleChange(Request):
    """What shall change of a schedule; report and target stay."""

    every: Every = Field(default_factory=left_out)
    at: LocalTime = Field(default_factory=left_out)
    weekday: Weekday | None = Field(default_factory=left_out)
    day: MonthDay | None = Field(default_factory=left_out)
    timezone: Zone = Field(default_factory=left_out)
    format: ReportFormat = Field(default_factory=left_out)
    url: Url = Field(default_factory=left_out)
    enabled: StrictBool = Field(default_factory=left_out)


def _number(text: Any) -> Any:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 11 else text


AskedNumber: TypeAlias = Annotated[int, BeforeValidator(_number), Field(ge=0, le=MAX_ID)]


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, BeforeValidator(_number), Field(ge=1, le=MAX_PAGE)] = 100
    cursor: AskedNumber = Field(0, description="The next_cursor of the page before.")


class NamedQuery(PageQuery):
    """Which ones to list."""

    name: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = Field(
        None, description="Only the one of exactly this name."
    )


class ScheduleQuery(PageQuery):
    """Which schedules to list."""

    report_id: AskedNumber | None = None
