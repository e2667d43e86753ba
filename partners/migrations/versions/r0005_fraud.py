"""Keep what people set and decide about fraud: rule entries, marks of partners, disputes, and what rules blocked.

Going down forgets all of them; what rules blocked stays in the blocklist until it expires, but for blocked
partners, which an older version doesn't know.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

NEW = ("fraud_rule_entries", "partner_marks", "disputes", "dispute_events", "fraud_blocks")
"""Those that are referred to before those that refer to them."""


def upgrade() -> None:
    _make_entries(
        "fraud_rule_entries",
        sa.Column("code", sa.String(64), nullable=False),
        _reference("fraud_rule_entries", "offer_id", "offers", nullable=True),
        _reference("fraud_rule_entries", "partner_id", "partners", nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=True),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("action", sa.String(16), nullable=True),
        sa.Column("block", sa.String(16), nullable=True),
        sa.Column("block_minutes", sa.Integer, nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        unique=("code", "offer_id", "partner_id"),
        indexed=("offer_id", "partner_id"),
    )
    _make_entries(
        "partner_marks",
        _reference("partner_marks", "partner_id", "partners"),
        sa.Column("mark", sa.String(8), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        indexed=("partner_id",),
    )
    _make_entries(
        "disputes",
        _reference("disputes", "partner_id", "partners"),
        sa.Column("conversion_id", sa.String(64), nullable=False),
        _reference("disputes", "offer_id", "offers", nullable=True),
        sa.Column("first_day", sa.Date, nullable=True),
        sa.Column("last_day", sa.Date, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("opened_by_partner", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        indexed=("partner_id", "conversion_id", "offer_id"),
    )
    op.create_table(
        "dispute_events",
        sa.Column("id", sa.Integer, nullable=False),
        _reference("dispute_events", "dispute_id", "disputes", ondelete="CASCADE"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("by_partner", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("internal", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dispute_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dispute_events_dispute_id", "dispute_events", ["dispute_id"])
    op.create_table(
        "fraud_blocks",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(512), nullable=False),
        sa.Column("offer_id", sa.Integer, nullable=False),
        sa.Column("partner_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("blocklist_id", sa.Integer, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fraud_blocks"),
        sa.UniqueConstraint("kind", "value", "offer_id", "partner_id", name="uq_fraud_blocks_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_fraud_blocks_until", "fraud_blocks", ["until"])


def downgrade() -> None:
    op.execute("DELETE FROM blocklist WHERE kind = 'partner'")
    for table in reversed(NEW):
        op.drop_table(table)


def _make_entries(
    table: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), indexed: tuple[str, ...] = ()
) -> None:
    """Make a table whose rows have an id, a revision and their moments."""
    op.create_table(
        table,
        *columns,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *([sa.UniqueConstraint(*unique, name=f"uq_{table}_{unique[0]}")] if unique else []),
        sqlite_autoincrement=True,
    )
    for column in indexed:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _reference(
    table: str, column: str, other: str, *, nullable: bool = False, ondelete: str | None = None
) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}", ondelete=ondelete)
    return sa.Column(column, sa.Integer, key, nullable=nullable)
