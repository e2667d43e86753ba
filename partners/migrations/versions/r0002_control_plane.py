"""Widen the program: users and keys, tiers, goals, prices, caps, pages, coupons, smart links, hooks, audit.

What is stored stays: partners that were active are approved, everything new has the value that changes nothing.
Going down maps the statuses back and deletes links to smart links, which the older version can't keep.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
MONEY = sa.BigInteger()
"""Whole millionths."""

NEW = (
    "tiers",
    "users",
    "api_keys",
    "goals",
    "payout_overrides",
    "offer_access",
    "landing_pages",
    "creatives",
    "caps",
    "coupons",
    "smart_links",
    "currency_rates",
    "blocklist",
    "hooks",
    "audit",
)
"""New tables, those that are referred to before those that refer to them."""

COLUMNS: dict[str, tuple[tuple[str, Any, str | None], ...]] = {
    "advertisers": (
        ("status", sa.String(16), "active"),
        ("tags", sa.JSON, "[]"),
        ("previous_token", sa.String(64), ""),
        ("previous_token_until", MOMENT, None),
        ("allowed_networks", sa.JSON, "[]"),
        ("revision", sa.Integer, "1"),
    ),
    "offers": (
        ("description", sa.Text, ""),
        ("category", sa.String(200), ""),
        ("tags", sa.JSON, "[]"),
        ("visibility", sa.String(16), "public"),
        ("starts_at", MOMENT, None),
        ("ends_at", MOMENT, None),
        ("targeting", sa.JSON, "{}"),
        ("duplicates", sa.JSON, "{}"),
        ("view_window_hours", sa.Integer, None),
        ("min_conversion_seconds", sa.Integer, "0"),
        ("hold_days", sa.Integer, "0"),
        ("pixel_cookie", sa.Boolean, "false"),
        ("model", sa.String(16), "CPA"),
        ("payout_rules", sa.JSON, "{}"),
        ("revenue_rules", sa.JSON, "{}"),
        ("revision", sa.Integer, "1"),
    ),
    "partners": (
        ("status_reason", sa.Text, ""),
        ("email", sa.String(254), ""),
        ("company", sa.String(200), ""),
        ("country", sa.String(2), ""),
        ("website", sa.Text, ""),
        ("notes", sa.Text, ""),
        ("tags", sa.JSON, "[]"),
        ("revision", sa.Integer, "1"),
    ),
    "program": (
        ("base_currency", sa.Text, ""),
        ("signup", sa.JSON, "{}"),
    ),
}
"""New columns of older tables: name, type, and what rows that are there get; None for none."""

REFERENCES = (
    ("advertisers", "manager_id", "users"),
    ("partners", "manager_id", "users"),
    ("partners", "tier_id", "tiers"),
    ("offers", "alternative_offer_id", "offers"),
)
"""New columns of older tables that name an entry, or none."""


def upgrade() -> None:
    _make_tables()
    _widen_tables()
    op.execute("UPDATE partners SET status = 'approved' WHERE status = 'active'")


def downgrade() -> None:
    op.execute("DELETE FROM links WHERE offer_id IS NULL")
    op.execute("UPDATE partners SET status = 'active' WHERE status = 'approved'")
    op.execute("UPDATE partners SET status = 'suspended' WHERE status IN ('rejected', 'banned')")
    _narrow_tables()
    for table in reversed(NEW):
        op.drop_table(table)


def _make_tables() -> None:
    _make_entries(
        "tiers",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        unique=("name",),
    )
    _make_entries(
        "users",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        _reference("users", "partner_id", "partners", nullable=True),
        _reference("users", "advertiser_id", "advertisers", nullable=True),
        sa.Column("last_login_at", MOMENT, nullable=True),
        unique=("email",),
    )
    _make_entries(
        "api_keys",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        _reference("api_keys", "user_id", "users", nullable=True),
        _reference("api_keys", "partner_id", "partners", nullable=True),
        _reference("api_keys", "advertiser_id", "advertisers", nullable=True),
        sa.Column("rate_per_minute", sa.Integer, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        _reference("api_keys", "replaced_by", "api_keys", nullable=True),
        unique=("prefix",),
    )
    _make_entries(
        "goals",
        _reference("goals", "offer_id", "offers"),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("default_status", sa.String(16), nullable=False),
        sa.Column("hold_days", sa.Integer, nullable=True),
        sa.Column("model", sa.String(16), nullable=False),
        sa.Column("payout", MONEY, nullable=False),
        sa.Column("payout_percent", MONEY, nullable=True),
        sa.Column("payout_rules", sa.JSON, nullable=False),
        sa.Column("revenue", MONEY, nullable=False),
        sa.Column("revenue_percent", MONEY, nullable=True),
        sa.Column("revenue_rules", sa.JSON, nullable=False),
        unique=("offer_id", "code"),
    )
    _make_entries(
        "payout_overrides",
        _reference("payout_overrides", "offer_id", "offers"),
        sa.Column("goal", sa.String(64), nullable=False),
        _reference("payout_overrides", "partner_id", "partners", nullable=True),
        _reference("payout_overrides", "tier_id", "tiers", nullable=True),
        sa.Column("payout", MONEY, nullable=True),
        sa.Column("payout_percent", MONEY, nullable=True),
        sa.Column("payout_rules", sa.JSON, nullable=True),
        sa.Column("revenue", MONEY, nullable=True),
        sa.Column("revenue_percent", MONEY, nullable=True),
        sa.Column("revenue_rules", sa.JSON, nullable=True),
        unique=("offer_id", "goal", "partner_id", "tier_id"),
    )
    _make_entries(
        "offer_access",
        _reference("offer_access", "offer_id", "offers"),
        _reference("offer_access", "partner_id", "partners"),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        unique=("offer_id", "partner_id"),
    )
    _make_entries(
        "landing_pages",
        _reference("landing_pages", "offer_id", "offers"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
    )
    _make_entries(
        "creatives",
        _reference("creatives", "offer_id", "offers"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=True),
        sa.Column("height", sa.Integer, nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
    )
    _make_entries(
        "caps",
        _reference("caps", "offer_id", "offers"),
        _reference("caps", "partner_id", "partners", nullable=True),
        sa.Column("each_partner", sa.Boolean, nullable=False),
        sa.Column("goal", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("hard", sa.Boolean, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
    )
    _make_entries(
        "coupons",
        _reference("coupons", "offer_id", "offers"),
        _reference("coupons", "partner_id", "partners"),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        unique=("offer_id", "code"),
    )
    _make_entries(
        "smart_links",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("strategy", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("members", sa.JSON, nullable=False),
        sa.Column("fallback_url", sa.Text, nullable=False),
        unique=("name",),
    )
    _make_entries(
        "currency_rates",
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("rate", sa.String(32), nullable=False),
        unique=("currency", "valid_from"),
    )
    _make_entries(
        "blocklist",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(512), nullable=False),
        _reference("blocklist", "offer_id", "offers", nullable=True),
        _reference("blocklist", "partner_id", "partners", nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        unique=("kind", "value", "offer_id", "partner_id"),
    )
    _make_entries(
        "hooks",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _reference("hooks", "partner_id", "partners", nullable=True),
        _reference("hooks", "advertiser_id", "advertisers", nullable=True),
        _reference("hooks", "offer_id", "offers", nullable=True),
        sa.Column("goal", sa.String(64), nullable=True),
        sa.Column("statuses", sa.JSON, nullable=False),
        sa.Column("method", sa.String(4), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.Integer, nullable=True),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("partner_id", sa.Integer, nullable=True),
        sa.Column("advertiser_id", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    for column in ("at", "kind", "entry_id"):
        op.create_index(f"ix_audit_{column}", "audit", [column])


def _make_entries(table: str, *columns: sa.Column[Any], unique: tuple[str, ...] = ()) -> None:
    """Make a table whose rows have an id, a revision and their moments."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        *columns,
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *([sa.UniqueConstraint(*unique, name=f"uq_{table}_{unique[0]}")] if unique else []),
        sqlite_autoincrement=True,
    )
    for column in columns:
        if column.foreign_keys and column.name != "replaced_by":
            op.create_index(f"ix_{table}_{column.name}", table, [column.name])


def _reference(table: str, column: str, other: str, *, nullable: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}")
    return sa.Column(column, sa.Integer, key, nullable=nullable)


def _widen_tables() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, columns in COLUMNS.items():
        for name, kind, value in columns:
            op.add_column(table, sa.Column(name, kind, nullable=value is None, server_default=value))
            if value is not None and postgresql:
                # SQLite can't take a default away without copying the table; there it stays, and does no harm.
                op.alter_column(table, name, server_default=None)
    for table, name, other in REFERENCES:
        # In one statement, which SQLite takes without copying a table that others refer to.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT fk_{table}_{name} REFERENCES {other} (id)"
        )
        op.create_index(f"ix_{table}_{name}", table, [name])
    with op.batch_alter_table("links", table_kwargs={"sqlite_autoincrement": True}) as links:
        links.alter_column("offer_id", existing_type=sa.Integer(), nullable=True)
        links.add_column(sa.Column("smart_link_id", sa.Integer, nullable=True))
        links.create_foreign_key("fk_links_smart_link_id", "smart_links", ["smart_link_id"], ["id"])
        links.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    if postgresql:
        op.alter_column("links", "revision", server_default=None)
    op.create_index("ix_links_smart_link_id", "links", ["smart_link_id"])


def _narrow_tables() -> None:
    op.drop_index("ix_links_smart_link_id", "links")
    with op.batch_alter_table("links", table_kwargs={"sqlite_autoincrement": True}) as links:
        links.drop_constraint("fk_links_smart_link_id", type_="foreignkey")
        links.drop_column("smart_link_id")
        links.drop_column("revision")
        links.alter_column("offer_id", existing_type=sa.Integer(), nullable=False)
    for table, name, _ in REFERENCES:
        op.drop_index(f"ix_{table}_{name}", table)
        op.drop_column(table, name)
    for table, columns in COLUMNS.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
