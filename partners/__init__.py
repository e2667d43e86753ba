"""The control plane: the program's people, offers and money, in a SQL database.

Other rooms come in through ``operations()`` (its API), ``migrate`` (at start), the tables and the shapes of
their JSON (to publish them) and ``Directory`` (names for reports).
"""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route

from kernel import api, sql
from kernel.api import Operation
from partners import resources
from partners.answers import money_text, preset_query
from partners.errors import ERRORS, NOT_PUBLISHED
from partners.fields import currencies
from partners.models import (
    Advertiser,
    ApiKey,
    BlocklistEntry,
    Cap,
    Coupon,
    CurrencyRate,
    Goal,
    Hook,
    LandingPage,
    Link,
    Offer,
    OfferAccess,
    Partner,
    PayoutOverride,
    Program,
    SmartLink,
)
from partners.names import Directory, Names
from partners.schemas import DuplicatePolicy, Price, PriceRules, ProgramEnsure, Step, Targeting

MIGRATIONS = Path(__file__).parent / "migrations"
"""The history of the program's tables."""

__all__ = [
    "ERRORS",
    "MIGRATIONS",
    "NOT_PUBLISHED",
    "Advertiser",
    "ApiKey",
    "BlocklistEntry",
    "Cap",
    "Coupon",
    "CurrencyRate",
    "Directory",
    "DuplicatePolicy",
    "Goal",
    "Hook",
    "LandingPage",
    "Link",
    "Names",
    "Offer",
    "OfferAccess",
    "Partner",
    "PayoutOverride",
    "Price",
    "PriceRules",
    "Program",
    "ProgramEnsure",
    "SmartLink",
    "Step",
    "Targeting",
    "currencies",
    "migrate",
    "money_text",
    "operations",
    "preset_query",
    "routes",
]


def operations() -> list[Operation]:
    """Return every operation on the program, without those of users and keys."""
    return resources.operations()


def routes() -> list[Route]:
    """Return the routes of ``operations``, for an app that serves nothing else."""
    return api.routes(operations())


def migrate(sessions: sql.Sessions) -> None:
    """Bring the program's tables to the newest schema.

    Raises:
        ClickledgerError: ``store_away``, or ``cannot_start`` when a newer version made them.

    """
    sql.migrate(sessions.engine, MIGRATIONS)
