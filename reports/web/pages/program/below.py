"""What stands below offers and partners, and beside them: their forms and columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reports.web.forms import Group
from reports.web.pages.program.sheets import (
    BY_PATH,
    DESTINATION,
    HELPS,
    MODEL,
    MONEY,
    MONEY_LABELS,
    STEPS,
    Column,
    Sheet,
)

_OFFER: Final = Column("offer_id", "Offer", "offer")
_PARTNER: Final = Column("partner_id", "Partner", "partner")
_STATUS: Final = Column("status", "Status", "state")
_GOAL_HELPS: Final = HELPS | {
    "code": "What postbacks call it, as registration: they send goal=registration.",
    "status": "While it is paused it is as if the offer did not have it.",
    "hold_days": "Days an approved conversion waits before it is approved by itself. Empty: as the offer has it.",
}
_OVERRIDE_HELPS: Final = HELPS | {
    "goal": "Which of the offer's goals it is about.",
    "payout": "What the partner gets, as 3.00. Empty: what the goal pays.",
    "payout_percent": "The partner's share of the sale's amount, as 8 for 8 %. Empty: the goal's own.",
    "revenue": "What the advertiser pays, as 4.50. Empty: the goal's own.",
    "revenue_percent": "What the advertiser pays of the sale's amount, as 10 for 10 %. Empty: the goal's own.",
}

_BELOW: Final = (
    Sheet(
        BY_PATH["goals"],
        "/program/goals",
        "A goal is something else than the offer's main conversion that counts: a registration, a second order.",
        (
            Group("Basics", ("offer_id", "name", "code", "status")),
            Group("Money", MONEY),
            STEPS,
            Group("Advanced", ("default_status", "hold_days"), is_open=False),
        ),
        {**MONEY_LABELS, "default_status": "Status of a new conversion", "hold_days": "Hold period, days"},
        {"offer_id": "offers"},
        {"model": tuple(one for one in MODEL if one[0] not in {"CPC", "CPM"})},
        (Column("name", "Goal", "link"), Column("code", "Code", "code"), _OFFER,
         Column("payout", "Prices", "prices"), _STATUS),
        _GOAL_HELPS,
    ),
    Sheet(
        BY_PATH["payout-overrides"],
        "/program/payout-overrides",
        "Another price for one partner, or for every partner of a tier. What is left empty stays the goal's own.",
        (
            Group("For whom", ("offer_id", "goal", "partner_id", "tier_id")),
            Group("Money", ("payout", "payout_percent", "revenue", "revenue_percent")),
            STEPS,
        ),
        MONEY_LABELS,
        {"offer_id": "offers", "goal": "goals", "partner_id": "partners", "tier_id": "tiers"},
        {},
        (Column("id", "Override", "link"), _OFFER, Column("goal", "Goal", "goal"), _PARTNER,
         Column("tier_id", "Tier", "tier"), Column("payout", "Prices", "prices")),
        _OVERRIDE_HELPS,
    ),
    Sheet(
        BY_PATH["offer-access"],
        "/program/offer-access",
        "Who asked for which offer, who was let in and who was kept out.",
        (Group("Access", ("offer_id", "partner_id", "status", "note")),),
        {},
        {"offer_id": "offers", "partner_id": "partners"},
        {},
        (Column("id", "Access", "link"), _OFFER, _PARTNER, _STATUS, Column("note", "Note"),
         Column("created_at", "Since", "moment")),
        helps={
            "partner_id": "Who is let in or kept out.",
            "status": "Approved: it may run the offer. Rejected: it may not, even a public one.",
            "note": "A sentence that the partner reads too.",
        },
    ),
    Sheet(
        BY_PATH["landing-pages"],
        "/program/landing-pages",
        "Several pages of one offer: clicks are spread over them by weight, or a link names one.",
        (Group("Page", ("offer_id", "name", "url", "weight", "status")),),
        {"url": "URL"},
        {"offer_id": "offers"},
        {},
        (Column("name", "Page", "link"), _OFFER, Column("url", "URL", "code"),
         Column("weight", "Weight", "number"), _STATUS),
        helps={
            "url": DESTINATION,
            "weight": "Its share of clicks beside the other pages' weights, as 50. 0: only where a link names it.",
            "status": "While it is paused it gets no clicks.",
        },
    ),
    Sheet(
        BY_PATH["creatives"],
        "/program/creatives",
        "Banners and texts that partners put on their pages.",
        (Group("Creative", ("offer_id", "name", "kind", "url", "content", "width", "height", "status")),),
        {"url": "URL of the file", "content": "Text"},
        {"offer_id": "offers"},
        {},
        (Column("name", "Creative", "link"), _OFFER, Column("kind", "Kind"),
         Column("url", "File", "file"), Column("content", "Text"), _STATUS),
        helps={
            "kind": "What it is.",
            "url": "Where the file lies, as https://cdn.example/banner.png.",
            "content": "What a text link or an e-mail says.",
            "width": "In pixels, as 300.",
            "height": "In pixels, as 250.",
            "status": "While it is paused it is not to be used.",
        },
    ),
    Sheet(
        BY_PATH["caps"],
        "/program/caps",
        "The most an offer takes in a day, a week, a month or at all. More is sent elsewhere, or marked.",
        (
            Group("What is limited", ("offer_id", "kind", "amount", "period", "hard")),
            Group("For whom", ("partner_id", "each_partner", "goal")),
            Group("Advanced", ("timezone",), is_open=False),
        ),
        {"kind": "Limited is", "hard": "Clicks beyond it go elsewhere", "timezone": "Time zone",
         "each_partner": "Each partner has it for itself"},
        {"offer_id": "offers", "partner_id": "partners", "goal": "goals or all"},
        {
            "kind": (
                ("click", "Clicks"), ("conversion", "Conversions"), ("payout", "Payout"), ("revenue", "Revenue"),
            ),
            "period": (("day", "A day"), ("week", "A week"), ("month", "A month"), ("total", "In total")),
        },
        (Column("id", "Cap", "link"), _OFFER, _PARTNER, Column("kind", "Limited is"),
         Column("amount", "Most", "number"), Column("period", "In a"), Column("hard", "Hard", "flag")),
        helps={
            "kind": "What is counted.",
            "amount": "As 1000 clicks or conversions, or 500.00 in the offer's currency.",
            "hard": "Not ticked: they pass, and are marked.",
            "partner_id": "Counts this partner alone. Empty: everybody.",
            "each_partner": "Ticked, each of them may use the whole amount.",
            "goal": "Counts conversions of this goal alone. Empty: all.",
            "timezone": "In which days, weeks and months begin, as Europe/Berlin.",
        },
    ),
    Sheet(
        BY_PATH["coupons"],
        "/program/coupons",
        "A coupon gives a sale to a partner without a click.",
        (Group("Coupon", ("offer_id", "partner_id", "code", "status")), Group("When", ("starts_at", "ends_at"))),
        {"starts_at": "Starts", "ends_at": "Ends"},
        {"offer_id": "offers", "partner_id": "partners"},
        {},
        (Column("code", "Coupon", "link"), _OFFER, _PARTNER, _STATUS, Column("starts_at", "Starts", "moment"),
         Column("ends_at", "Ends", "moment")),
        helps={
            "code": "What customers type, in any case, as SPRING20.",
            "status": "While it is paused it gives nobody a sale.",
        },
    ),
    Sheet(
        BY_PATH["tiers"],
        "/program/tiers",
        "Classes of partners that offers can pay differently.",
        (Group("Tier", ("name", "description")),),
        columns=(Column("name", "Tier", "link"), Column("description", "Description")),
        helps={
            "name": "What everybody calls it, as Gold; no two tiers share one.",
        },
    ),
    Sheet(
        BY_PATH["smart-links"],
        "/program/smart-links",
        "One link for several offers: each click goes to one that takes it.",
        (Group("Basics", ("name", "status", "strategy")), Group("Offers", ("members",)),
         Group("Where it leads otherwise", ("fallback_url",))),
        {"members": "Offers and their weights", "members.offer_id": "Offer", "strategy": "How an offer is chosen"},
        {"members.offer_id": "offers"},
        {
            "strategy": (
                ("weight", "By weight"),
                ("epc", "By earnings per click"),
                ("thompson", "By what converts best (Thompson sampling)"),
            )
        },
        (Column("name", "Smart link", "link"), Column("strategy", "Chosen by"),
         Column("members", "Offers", "members"), _STATUS),
        helps={
            "status": "While it is paused its clicks go to a fallback.",
            "strategy": "By which rule each click gets one of the offers that take it.",
            "fallback_url": "Where clicks go that none of the offers takes, as https://shop.example/other.",
        },
    ),
    Sheet(
        BY_PATH["currency-rates"],
        "/program/currency-rates",
        "What other currencies are worth, from a day on. Reports convert each amount at the rate of its day.",
        (Group("Rate", ("currency", "valid_from", "rate")),),
        {"valid_from": "From"},
        columns=(Column("currency", "Currency", "link"), Column("valid_from", "From", "day"),
                 Column("rate", "Rate", "code")),
        helps={
            "currency": "Three letters, as EUR.",
            "valid_from": "The day from which it holds, until the next rate of the currency; days are UTC.",
            "rate": "What one unit is worth in the base currency, as 1.0842.",
        },
    ),
)  # fmt: skip

BELOW: Final[Mapping[str, Sheet]] = {sheet.resource.path: sheet for sheet in _BELOW}
"""What stands below offers and partners, and beside them, by the resource's path."""
