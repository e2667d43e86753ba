"""Alembic's way in: runs the migrations on the connection and in the transaction it is handed.

Invariant: a migration happens in full or not at all, on SQLite too (its driver would otherwise commit
before every table; ``kernel.sql`` begins transactions itself, so DDL is part of them).
"""

from __future__ import annotations

from alembic import context

from partners.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
)
context.run_migrations()
