"""Count the changes of the program's own row; let a webhook's secret before the last rotation go on signing.

Going down forgets both: a webhook is signed with its newest secret alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("program", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("hooks", sa.Column("previous_secret", sa.String(128), nullable=False, server_default=""))
    op.add_column("hooks", sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        # SQLite can't take a default away without copying the table; there it stays, and does no harm.
        op.alter_column("program", "revision", server_default=None)
        op.alter_column("hooks", "previous_secret", server_default=None)


def downgrade() -> None:
    op.drop_column("hooks", "previous_secret_until")
    op.drop_column("hooks", "previous_secret")
    op.drop_column("program", "revision")
