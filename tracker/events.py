"""What an edge writes into its journal and the pipeline reads: the contract between the two.

An event holds the decision the edge made and the request as it came; everything that can be derived
from the request (user agent, country, labels) is derived later, in the pipeline, so that a redirect
waits for nothing. Encoded as MessagePack arrays: fields are only ever added at the end, with a default,
so a newer pipeline reads an older journal.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Click(msgspec.Struct, tag="c", array_like=True, frozen=True):
    """A click that was answered: with a redirect, or with a page that says why not."""

    click_id: str
    ts: int
    """Milliseconds since 1970, UTC; the same as in the click id."""
    offer_id: int
    partner_id: int
    advertiser_id: int
    link_id: int
    trafficback_reason: str
    destination: str
    method: str
    query: bytes
    """The query string as received."""
    preset: str
    """The saved link's own parameters, as a query string; the request's come first."""
    ip: str
    user_agent: str
    accept_language: str = ""
    referrer: str = ""
    headers: dict[str, str] = {}
    """Other headers worth keeping: client hints, sec-purpose, x-requested-with."""
    is_test: bool = False
    link_code: str = ""
    """Code of ``/c/<code>`` as asked for, also when nobody made such a link."""
    requested_offer_id: int = 0
    """The offer the link named, when the click went to an alternative one instead; else 0."""
    smart_link_id: int = 0
    landing_id: str = ""
    """The landing page that was chosen, '' for the offer's own destination."""
    duplicate: bool = False
    """A repetition by the offer's duplicate policy; its verdict is duplicate."""
    over_cap: bool = False
    """Beyond a soft cap."""
    kind: Literal["click", "impression"] = "click"
    source: Literal["redirect", "js", "server"] = "redirect"
    """How it was recorded: by a redirect, the JavaScript snippet, or the server-side API."""
    page: dict[str, str] = {}
    """What only a page's script knows: screen (1920x1080), pixel_ratio, timezone, platform, …"""


class PostbackFields(msgspec.Struct, array_like=True, frozen=True):
    """A postback's parameters under their canonical names, checked. None: not given."""

    click_id: str
    txn_id: str = ""
    goal: str = ""
    status: str | None = None
    amount: str | None = None
    """Decimal digits, at most six after the point; the same for payout and revenue."""
    payout: str | None = None
    revenue: str | None = None
    currency: str | None = None
    adv: tuple[str, str, str, str, str] = ("", "", "", "", "")
    coupon: str = ""
    customer_id: str = ""
    conversion_ip: str = ""
    reject_reason: str = ""


class Postback(msgspec.Struct, tag="p", array_like=True, frozen=True):
    """A conversion somebody reported and we accepted: by postback, pixel, script, upload or by hand."""

    ts: int
    fields: PostbackFields
    offer_id: int
    method: str
    raw: bytes
    """Query string and body as received, separated by a line feed."""
    ip: str
    user_agent: str
    source: Literal["postback", "pixel", "script", "upload", "api", "hold", "rate"] = "postback"
    """hold: the end of a hold period; rate: the rate is known now that its amount waited for."""
    actor: str = ""
    """Who did it by hand, as the audit log calls them."""
    trusted: bool = False
    """Comes from the network's own people: may set payout and revenue whatever the offer says."""
    is_test: bool = False
    reason: str = ""
    """Why somebody changed it by hand."""
    conversion_id: str = ""
    """The conversion it changes, where that is known already; '' to make it of the fields."""


OUR_OWN = frozenset({"hold", "rate"})
"""Sources of postbacks that the pipeline sends to itself, each about a conversion that is stored."""


class Adjustment(msgspec.Struct, tag="a", array_like=True, frozen=True):
    """Money added to or taken from a partner's account by hand, with a reason; no click, no conversion."""

    ts: int
    adjustment_id: str
    """The same id again changes nothing."""
    partner_id: int
    advertiser_id: int
    offer_id: int
    payout: str
    """Decimal digits, may be negative; the same for revenue."""
    revenue: str
    currency: str
    reason: str
    actor: str


class Outgoing(msgspec.Struct, tag="o", array_like=True, frozen=True):
    """A message to a hook that somebody wants sent again."""

    ts: int
    message_id: str
    actor: str


class Refused(msgspec.Struct, tag="r", array_like=True, frozen=True):
    """A request the edge answered with 4xx; kept with its reason."""

    ts: int
    kind: str
    reason: str
    detail: str
    method: str
    raw: bytes
    ip: str
    click_id: str = ""


Event: TypeAlias = Click | Postback | Refused | Adjustment | Outgoing
"""Anything a journal holds."""

encode_event = msgspec.msgpack.Encoder().encode
decode_events = msgspec.msgpack.Decoder(list[Event]).decode
"""Decodes a frame: a MessagePack array of events."""
