"""What people keep of reports: saved reports, custom metrics, links that share a report, schedules and their runs.

Invariants: every row says whose it is in the three columns of ``Owned``, which are how far its report may ever
look; a schedule's ``next_at`` is the one moment at which it is looked at again, and whoever runs it holds its
lease; of a shared link nothing is stored that could be used as one.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.sql_types import NEVER_REUSE_IDS, Moment
from partners.models.base import MAX_NAME_LENGTH, Entry, JsonObject, Table, now

Every: TypeAlias = Literal["day", "week", "month"]
ReportFormat: TypeAlias = Literal["csv", "json", "jsonl", "xlsx", "parquet", "arrow"]
Target: TypeAlias = Literal["file", "webhook"]
RunOutcome: TypeAlias = Literal["running", "done", "failed"]

MAX_FILE_NAME = 100


class Owned:
    """Whose something is, and how far they could see when they made it."""

    owner: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), index=True)
    """``user:3``, also when the user came with a key; ``key:ab12cd34`` of a key without a user; ``admin key``."""
    role: Mapped[str] = mapped_column(String(16))
    partner_id: Mapped[int | None] = mapped_column(Integer)
    advertiser_id: Mapped[int | None] = mapped_column(Integer)


class SavedReport(Owned, Entry):
    """A query with a name."""

    __tablename__ = "saved_reports"
    __table_args__ = (UniqueConstraint("owner", "name"), NEVER_REUSE_IDS)
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    query: Mapped[JsonObject] = mapped_column(JSON)
    """Body of a report's query; instead of ``from`` and ``to`` it may have a relative ``range``."""


class SavedReportReader(Table):
    """Somebody beside its owner who sees a saved report."""

    __tablename__ = "saved_report_readers"

    report_id: Mapped[int] = mapped_column(ForeignKey("saved_reports.id", ondelete="CASCADE"), primary_key=True)
    reader: Mapped[str] = mapped_column(String(64), primary_key=True)
    """``role:analyst`` or ``user:3``."""


class CustomMetric(Owned, Entry):
    """A metric that somebody made of others."""

    __tablename__ = "custom_metrics"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(64), index=True)
    formula: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(16))
    help: Mapped[str] = mapped_column(Text, default="")


class ReportShare(Owned, Entry):
    """A link that shows a report to whoever has it; its text is made once and not stored."""

    __tablename__ = "report_shares"
    __table_args__ = NEVER_REUSE_IDS

    report_id: Mapped[int] = mapped_column(ForeignKey("saved_reports.id", ondelete="CASCADE"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    """For whom it is."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class ReportSchedule(Owned, Entry):
    """When a saved report is run by itself, and where the result goes."""

    __tablename__ = "report_schedules"
    __table_args__ = NEVER_REUSE_IDS

    report_id: Mapped[int] = mapped_column(ForeignKey("saved_reports.id", ondelete="CASCADE"), index=True)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    every: Mapped[Every] = mapped_column(String(8))
    at: Mapped[str] = mapped_column(String(5))
    """Local time, 06:30."""
    weekday: Mapped[int | None] = mapped_column(Integer)
    """1 Monday … 7 Sunday, of weekly schedules."""
    day: Mapped[int | None] = mapped_column(Integer)
    """Of monthly schedules; in a shorter month its last day."""
    timezone: Mapped[str] = mapped_column(String(64))
    format: Mapped[ReportFormat] = mapped_column(String(8))
    target: Mapped[Target] = mapped_column(String(8))
    file_name: Mapped[str | None] = mapped_column(String(MAX_FILE_NAME), unique=True)
    """Beginning of the files' names below DATA/reports; the date and the ending follow."""
    url: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(128), default="")
    """Signing secret of a webhook (whsec_…), shown when it is made."""

    next_at: Mapped[datetime] = mapped_column(Moment, index=True)
    """When it is due, or due to be tried again."""
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    """The occurrence that tries are being made for; None when there are none."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    """Failed so far, for ``due_at``."""
    lease: Mapped[str] = mapped_column(String(32), default="")
    """Token of the run under way; '' for none."""
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    """After this the one who holds the lease is taken for dead."""


class ReportRun(Table):
    """One try to run a schedule."""

    __tablename__ = "report_runs"
    __table_args__ = NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(Moment)
    """The occurrence it was for."""
    attempt: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[RunOutcome] = mapped_column(String(8), default="running")
    started_at: Mapped[datetime] = mapped_column(Moment, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    rows: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str] = mapped_column(Text, default="")
    """Name of the file, or the id of the webhook's message."""
    error: Mapped[str] = mapped_column(Text, default="")
