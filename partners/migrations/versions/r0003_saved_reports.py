"""Keep reports: saved reports and who reads them, custom metrics, shared links, schedules and their runs.

Going down forgets all of them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

NEW = (
    "saved_reports",
    "saved_report_readers",
    "custom_metrics",
    "report_shares",
    "report_schedules",
    "report_runs",
)
"""Those that are referred to before those that refer to them."""


def upgrade() -> None:
    _make_owned(
        "saved_reports",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("query", sa.JSON, nullable=False),
        unique=("owner", "name"),
    )
    op.create_table(
        "saved_report_readers",
        _reference("saved_report_readers", "report_id", "saved_reports"),
        sa.Column("reader", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "reader", name="pk_saved_report_readers"),
    )
    _make_owned(
        "custom_metrics",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("formula", sa.Text, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("help", sa.Text, nullable=False),
        indexed=("name",),
    )
    _make_owned(
        "report_shares",
        _reference("report_shares", "report_id", "saved_reports"),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        indexed=("report_id",),
    )
    _make_owned(
        "report_schedules",
        _reference("report_schedules", "report_id", "saved_reports"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("every", sa.String(8), nullable=False),
        sa.Column("at", sa.String(5), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=True),
        sa.Column("day", sa.Integer, nullable=True),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("target", sa.String(8), nullable=False),
        sa.Column("file_name", sa.String(100), nullable=True),
        sa.Column("url", sa.Text, nullable=True),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        unique=("file_name",),
        indexed=("report_id", "next_at"),
    )
    op.create_table(
        "report_runs",
        sa.Column("id", sa.Integer, nullable=False),
        _reference("report_runs", "schedule_id", "report_schedules"),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("rows", sa.Integer, nullable=True),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_runs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_report_runs_schedule_id", "report_runs", ["schedule_id"])


def downgrade() -> None:
    for table in reversed(NEW):
        op.drop_table(table)


def _make_owned(
    table: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), indexed: tuple[str, ...] = ()
) -> None:
    """Make a table whose rows belong to somebody and have an id, a revision and their moments."""
    op.create_table(
        table,
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("partner_id", sa.Integer, nullable=True),
        sa.Column("advertiser_id", sa.Integer, nullable=True),
        *columns,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *([sa.UniqueConstraint(*unique, name=f"uq_{table}_{unique[0]}")] if unique else []),
        sqlite_autoincrement=True,
    )
    for column in ("owner", *indexed):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _reference(table: str, column: str, other: str) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}", ondelete="CASCADE")
    return sa.Column(column, sa.Integer, key, nullable=False)
