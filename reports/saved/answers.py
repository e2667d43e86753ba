"""What the API of saved reports, custom metrics, links and schedules answers.

Invariant: no answer but the one that makes them holds a link or a signing secret.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kernel.auth import Role
from partners.models import Every, ReportFormat, RunOutcome, Target
from partners.schemas import Answer
from reports.registry.metrics import Unit


class OwnedAnswer(Answer):
    """What belongs to somebody."""

    owner: str = Field(description="user:3, key:ab12cd34 or admin key.")
    role: Role
    partner_id: int | None
    advertiser_id: int | None


class SavedReportAnswer(OwnedAnswer):
    """A saved report."""

    name: str
    description: str
    query: dict[str, Any]
    shared_roles: list[Role]
    shared_users: list[int]


class CustomMetricAnswer(OwnedAnswer):
    """A custom metric."""

    name: str
    formula: str
    unit: Unit
    help: str


class ShareAnswer(OwnedAnswer):
    """A link that shows a report, without the link itself."""

    report_id: int
    note: str
    expires_at: datetime
    revoked_at: datetime | None


class NewShareAnswer(ShareAnswer):
    """A link that was just made."""

    token: str = Field(description="Shown this once.")
    url: str = Field(description="Shown this once; whoever has it gets the report's rows as JSON or CSV.")
    page_url: str = Field(description="Shown this once; whoever opens it sees the report as a page.")


class ScheduleAnswer(OwnedAnswer):
    """A schedule."""

    report_id: int
    enabled: bool
    every: Every
    at: str
    weekday: int | None
    day: int | None
    timezone: str
    format: ReportFormat
    target: Target
    file_name: str | None
    url: str | None
    next_at: datetime = Field(description="When it runs, or is tried again.")
    tries: int = Field(description="Failed so far, for the run that is due.")


class NewScheduleAnswer(ScheduleAnswer):
    """A schedule that was just made."""

    secret: str = Field(description="Signing secret of a webhook; shown this once, '' for files.")


class RunAnswer(BaseModel):
    """One try to run a schedule."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: int
    schedule_id: int
    due_at: datetime
    attempt: int
    outcome: RunOutcome
    started_at: datetime
    ended_at: datetime | None
    rows: int | None
    result: str = Field(description="Name of the file, or id of the webhook's message.")
    error: str


class ReportList(BaseModel):
    """A page of saved reports."""

    items: list[SavedReportAnswer]
    next_cursor: str | None


class MetricList(BaseModel):
    """A page of custom metrics."""

    items: list[CustomMetricAnswer]
    next_cursor: str | None


class ShareList(BaseModel):
    """A page of links."""

    items: list[ShareAnswer]
    next_cursor: str | None


class ScheduleList(BaseModel):
    """A page of schedules."""

    items: list[ScheduleAnswer]
    next_cursor: str | None


class RunList(BaseModel):
    """A page of runs, newest first."""

    items: list[RunAnswer]
    next_cursor: str | None
