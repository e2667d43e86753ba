"""Make the program's first tables: program, advertisers, partners, offers, links."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    program = op.create_table(
        "program",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("fallback_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_program"),
    )
    op.bulk_insert(program, [{"id": 1, "version": 1, "fallback_url": ""}])
    op.create_table(
        "advertisers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("postback_token", sa.String(64), nullable=False),
        sa.Column("require_token", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advertisers"),
        sa.UniqueConstraint("name", name="uq_advertisers_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "partners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("fallback_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_partners"),
        sa.UniqueConstraint("name", name="uq_partners_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("advertiser_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        # Money: whole millionths.
        sa.Column("payout", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("payout_percent", sa.BigInteger(), nullable=True),
        sa.Column("revenue_percent", sa.BigInteger(), nullable=True),
        sa.Column("default_status", sa.String(16), nullable=False),
        sa.Column("deep_link_hosts", sa.JSON(), nullable=False),
        sa.Column("allow_override", sa.Boolean(), nullable=False),
        sa.Column("attribution_window_days", sa.Integer(), nullable=True),
        sa.Column("fallback_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
        sa.UniqueConstraint("name", name="uq_offers_name"),
        sa.ForeignKeyConstraint(["advertiser_id"], ["advertisers.id"], name="fk_offers_advertiser_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_offers_advertiser_id", "offers", ["advertiser_id"])
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint("code", name="uq_links_code"),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name="fk_links_partner_id"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_links_offer_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_links_partner_id", "links", ["partner_id"])
    op.create_index("ix_links_offer_id", "links", ["offer_id"])


def downgrade() -> None:
    for table in ("links", "offers", "partners", "advertisers", "program"):
        op.drop_table(table)
