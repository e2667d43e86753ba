"""Reasons of conversions: how, when and how often they follow from clicks."""

from __future__ import annotations

from fraud.reasons.reason import Reason

OF_CONVERSIONS = (
    Reason(
        "replayed_click_id",
        "SIVT",
        "repetition",
        50,
        "The same click brought more conversions than one visitor makes.",
        "A click id that is sent again and again brings commission without a customer. Offers whose customers buy "
        "repeatedly need a higher limit.",
        "{count} conversions on this goal from one click, at most {most} are usual.",
    ),
    Reason(
        "ctit_too_fast",
        "SIVT",
        "timing",
        50,
        "The conversion followed the click sooner than a person can fill in a form or install an app.",
        "Click injection claims an install that was already under way by a click just before it ends.",
        "{did} {took} after the click; usually half of this offer's conversions take more than {half}.",
        ("{did} {took} after the click; nobody is done in less than {least}.",),
    ),
    Reason(
        "duplicate_txn",
        "SIVT",
        "repetition",
        45,
        "The advertiser's transaction had been reported for another click before.",
        "One sale is paid once. Ask the advertiser whether their transaction ids are unique.",
        "Transaction {txn} had been reported for another click before ({count} in all).",
    ),
    Reason(
        "ctit_flat",
        "SIVT",
        "baseline",
        40,
        "The partner's conversions come as evenly over the days after the click as if it had no part in them.",
        "Click flooding: clicks nobody made wait for conversions that happen anyway. Genuine ones come soon.",
        "{share} % of this partner's conversions came more than {hours} hours after the click, usually {usual} %.",
    ),
    Reason(
        "same_second_batch",
        "SIVT",
        "timing",
        40,
        "Several conversions of the partner came in the same second.",
        "Somebody works off a list. An advertiser who reports in batches looks the same; switch the rule off for "
        "such offers.",
        "{count} conversions of this partner in the same second, usually {usual}.",
    ),
    Reason(
        "duplicate_customer",
        "SIVT",
        "repetition",
        35,
        "The same customer had converted on this offer before.",
        "Offers that pay for new customers are told of old ones.",
        "The same customer had converted by {count} other clicks before.",
    ),
    Reason(
        "coupon_leak",
        "SIVT",
        "coupon",
        35,
        "A coupon was used whose owner's visitors the customer was not among.",
        "Coupons given to one partner get published elsewhere, and the commission goes to somebody who brought "
        "nobody.",
        "Coupon {coupon} of partner {owner} was used by a visitor that partner {clicked} had sent.",
        (
            "Coupon {coupon} brought {count} sales in a day, usually {usual}.",
            "Coupon {coupon} brought {sales} sales in 30 days without a single click of its partner.",
        ),
    ),
    Reason(
        "cr_outlier",
        "SIVT",
        "baseline",
        30,
        "The partner's clicks convert far more, or far less, often than everybody else's on this offer.",
        "Incentivised or made-up conversions show in a high rate, flooded clicks in a very low one. The best "
        "partners stand out too, so look before you act.",
        "{rate} % of this partner's {clicks} clicks converted, usually {usual} %.",
    ),
    Reason(
        "conversion_country_mismatch",
        "SIVT",
        "network",
        30,
        "The customer's address lies in another country than the click's.",
        "Rare for one person within hours; usual where clicks and customers have nothing to do with each other.",
        "The click came from {click}, the conversion from {conversion}.",
    ),
    Reason(
        "amount_outlier",
        "SIVT",
        "amount",
        25,
        "The sale's amount is far above everything usual on this offer.",
        "A mistake, a test or an invented sale; ask the advertiser before it is paid.",
        "Amount {amount}, usually {usual} and hardly ever more than {most}.",
    ),
    Reason(
        "conversion_ip_mismatch",
        "SIVT",
        "network",
        10,
        "The customer's address is in another network than the click's.",
        "Phones change networks between click and purchase, so by itself it proves nothing; it is recorded, and "
        "the rule's setting counts lets it weigh.",
        "The click came from {click}, the conversion from {conversion}.",
        counts=False,
    ),
)
