"""The control plane's API: every kind of entry as a resource, made into operations.

To add a kind: its table, its schemas, one ``Resource`` in the module of its theme, and a line in ``RESOURCES``.
"""

from __future__ import annotations

from kernel.api import Operation
from partners.resources import actions, program, rules
from partners.resources.fraud import DISPUTES, MARKS, RULE_ENTRIES
from partners.resources.handlers import get_operation, list_operation
from partners.resources.handlers import operations as operations_of
from partners.resources.network import BLOCKLIST, CAPS, CURRENCY_RATES, HOOKS
from partners.resources.offers import GOALS, OFFERS, PAYOUT_OVERRIDES
from partners.resources.people import ADVERTISERS, PARTNERS, TIERS
from partners.resources.promotion import COUPONS, CREATIVES, LANDING_PAGES, LINKS, OFFER_ACCESS, SMART_LINKS
from partners.resources.resource import Caller, Resource

RESOURCES: tuple[Resource, ...] = (
    ADVERTISERS,
    TIERS,
    PARTNERS,
    OFFERS,
    GOALS,
    PAYOUT_OVERRIDES,
    OFFER_ACCESS,
    LANDING_PAGES,
    CREATIVES,
    CAPS,
    COUPONS,
    SMART_LINKS,
    LINKS,
    CURRENCY_RATES,
    BLOCKLIST,
    HOOKS,
    RULE_ENTRIES,
    MARKS,
)


def operations() -> list[Operation]:
    """Return every operation on the program."""
    made = [operation for resource in RESOURCES for operation in operations_of(resource)]
    # Opened and decided by tracker.desk.disputes, which knows the conversions.
    disputes = [
        list_operation(DISPUTES, "List disputes, a page at a time.", "fraud:read", "disputes:write"),
        get_operation(DISPUTES, "fraud:read", "disputes:write"),
    ]
    return [*made, *actions.OPERATIONS, *program.OPERATIONS, *rules.OPERATIONS, *disputes]


__all__ = ["DISPUTES", "RESOURCES", "Caller", "Resource", "operations"]
