"""What is known of a conversion, and which conversion it is; ``conversion_life`` says what postbacks do to it.

Invariants: the key (click, goal, transaction id) names one conversion for ever; money is Decimal; a state that
was cached by an older version can be read.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from functools import lru_cache

import msgspec

from tracker.events import Postback

RATE_MISSING = "currency_rate_missing"
"""Why a conversion is on hold whose amount has no rate into its offer's currency on its day."""
HOLD_PERIOD = "hold_period"
"""Why a conversion is on hold that is approved by itself once its goal's hold period is over."""
CAP_REACHED = "cap_reached"
"""Why a conversion is rejected (a hard cap) or on hold (a soft one)."""
FRAUD = "fraud"
"""Why a conversion is rejected or on hold by fraud rules; its ``fraud_reasons`` say which."""

CACHE_SECONDS = 120 * 86_400
"""How long a state is cached in Redis: the longest usual attribution window and the validation after it."""


_IDS_KEPT = 8_192
"""The pipeline asks for the ids of a batch's postbacks several times."""


class ConversionState(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a conversion now."""

    status: str
    amount: Decimal
    amount_currency: str
    payout: Decimal
    revenue: Decimal
    currency: str
    reject_reason: str = ""
    adv: tuple[str, str, str, str, str] = ("", "", "", "", "")
    coupon: str = ""
    customer_id: str = ""
    conversion_ip: str = ""
    payout_given: bool = False
    """The advertiser set payout or revenue; they no longer follow the amount."""
    hold_until: int = 0
    """When its hold period ends, milliseconds since 1970; 0 when it is in none."""
    model: str = ""
    """Payout model; '' for a goal its offer doesn't know."""
    number: int = 0
    """Which of the partner's conversions on the goal it was in its period, where the price depends on it."""
    rate_missing_since: int = 0
    """When the amount came whose rate is missing, milliseconds since 1970; 0 when none is. Then it is on hold."""
    asked_status: str = ""
    """What it becomes once that rate is known, or would have become but for fraud rules; '' for neither."""

    @property
    def counts(self) -> bool:
        """Whether it counts towards caps and steps: approved, pending, or only waiting for its period's end."""
        return self.status in {"approved", "pending"} or bool(self.hold_until)

    @property
    def held_by_rules(self) -> bool:
        """Whether fraud rules hold or reject it; an advertiser's own word for a reason may be the same."""
        return self.reject_reason == FRAUD and bool(self.asked_status) and self.status in {"hold", "rejected"}


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(ConversionState).decode


def cache_key(conversion_id: str) -> str:
    """Return the Redis key of a conversion's cached state: the edge asks it, the pipeline corrects it."""
    return f"clickledger:conversion:{conversion_id}"


@lru_cache(maxsize=_IDS_KEPT)
def conversion_id(click_id: str, goal: str, txn_id: str) -> str:
    """Return the id of the conversion with this key: 24 base64url characters, its click's time first."""
    clock = base64.urlsafe_b64decode(click_id)[:6]
    # The length keeps ("a", "bc") and ("ab", "c") apart, whatever characters they hold.
    key = f"{click_id}{len(goal)}:{goal}{txn_id}".encode()
    return base64.urlsafe_b64encode(clock + hashlib.blake2b(key, digest_size=12).digest()).decode()


def clickless_id(offer_id: int, goal: str, txn_id: str) -> str:
    """Return the id of a conversion that named no click: 24 base64url characters, no time in them."""
    key = f"{offer_id}:{len(goal)}:{goal}{txn_id}".encode()
    return base64.urlsafe_b64encode(hashlib.blake2b(key, digest_size=18, person=b"clickless").digest()).decode()


def adjustment_conversion_id(adjustment_id: str) -> str:
    """Return the id of the row of money that was added or taken by hand."""
    body = hashlib.blake2b(adjustment_id.encode(), digest_size=18, person=b"adjustment").digest()
    return base64.urlsafe_b64encode(body).decode()


def id_of(postback: Postback) -> str:
    """Return the id of the conversion a postback is about; its goal is named by the offer's code of it."""
    fields = postback.fields
    if postback.conversion_id:
        return postback.conversion_id
    if fields.click_id:
        return conversion_id(fields.click_id, fields.goal, fields.txn_id)
    return clickless_id(postback.offer_id, fields.goal, fields.txn_id)
