"""The names that may stand in braces in URL templates, for everybody who checks or renders one.

Invariant: a name that is accepted when somebody types a template is one that the renderer knows.
"""

from __future__ import annotations

CLICK_MACROS: tuple[str, ...] = (
    "click_id",
    "offer_id",
    "offer_name",
    "partner_id",
    "partner_id_hash",
    "advertiser_id",
    *(f"sub{n}" for n in range(1, 11)),
    *(f"sub{n}_hash" for n in range(1, 11)),
    "source",
    "source_hash",
    "partner_click_id",
    "creative_id",
    "coupon",
    "country",
    "region",
    "city",
    "device",
    "os",
    "browser",
    "language",
    "ip",
    "timestamp",
    "random",
    *(f"ext{n}" for n in range(1, 6)),
)
"""Of destinations, landing pages and fallback URLs: what is known when a click is redirected."""

CONVERSION_MACROS: tuple[str, ...] = (
    "payout",
    "revenue",
    "amount",
    "currency",
    "status",
    "goal",
    "txn_id",
    *(f"adv{n}" for n in range(1, 6)),
    "conversion_id",
    "reject_reason",
)
"""What a conversion adds."""

HOOK_MACROS: tuple[str, ...] = (*CLICK_MACROS, *CONVERSION_MACROS)
"""Of partner postbacks and webhooks."""
