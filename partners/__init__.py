"""The control plane: the program's people, offers and money, in a SQL database.

Other rooms come in through ``routes()`` (the admin API), ``migrate`` (at start), the tables (to publish
them) and ``Directory`` (names for reports).
"""

from __future__ import annotations

from pathlib import Path

from kernel import sql
from partners.answers import money_text, preset_query
from partners.errors import ERRORS, NOT_PUBLISHED
from partners.fields import currencies
from partners.models import Advertiser, Link, Offer, Partner, Program
from partners.names import Directory, Names
from partners.routes import routes
from partners.schemas import ProgramEnsure

MIGRATIONS = Path(__file__).parent / "migrations"
"""The history of the program's tables."""

__all__ = [
    "ERRORS",
    "MIGRATIONS",
    "NOT_PUBLISHED",
    "Advertiser",
    "Directory",
    "Link",
    "Names",
    "Offer",
    "Partner",
    "Program",
    "ProgramEnsure",
    "currencies",
    "migrate",
    "money_text",
    "preset_query",
    "routes",
]


def migrate(sessions: sql.Sessions) -> None:
    """Bring the program's tables to the newest schema.

    Raises:
        ClickledgerError: ``store_away``, or ``cannot_start`` when a newer version made them.

    """
    sql.migrate(sessions.engine, MIGRATIONS)
