"""The history of the program's tables, run by Alembic through ``kernel.sql.migrate``."""
