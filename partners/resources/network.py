"""Caps, currency rates, blocklists and hooks as resources.

Invariants: a blocklist's value is in the form the edge compares; a webhook's secret is made here and told once;
a partner's hook never sends what the advertiser pays.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

from sqlalchemy import and_, or_
from sqlalchemy.orm import Session

from partners import service, templates
from partners.conditions import check_asn, check_country, check_network, check_referrer_host
from partners.models import (
    BlockKind,
    BlocklistEntry,
    Cap,
    CapKind,
    CapPeriod,
    CurrencyRate,
    Hook,
    HookKind,
)
from partners.resources.listing import QueryId, QueryText, check_query_id
from partners.resources.people import NAMED
from partners.resources.refusals import need_goal, refusal
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import (
    BlocklistEntryAnswer,
    BlocklistEntryChange,
    BlocklistEntryCreate,
    CapAnswer,
    CapChange,
    CapCreate,
    CurrencyRateAnswer,
    CurrencyRateChange,
    CurrencyRateCreate,
    HookAnswer,
    HookChange,
    HookCreate,
)
from partners.visibility import A_PARTNER, AN_ADVERTISER, AN_OFFER, limited, of_offers, open_to, owned_by

SECRET_BYTES = 24
"""Random bytes of a webhook's secret; Standard Webhooks asks for 24 to 64."""

COUNTED = frozenset({"click", "conversion"})
"""Kinds of caps whose amount is a whole number."""


def _check_cap(session: Session, entry: Cap, _caller: Caller) -> None:
    if entry.partner_id is not None and entry.each_partner:
        raise refusal("each_partner", "a cap of one partner has nobody else to be for; leave one of the two out")
    if entry.kind == "click" and entry.goal is not None:
        raise refusal("goal", "a click has no goal; only conversions, payout and revenue have")
    if entry.kind in COUNTED and entry.amount != entry.amount.to_integral_value():
        raise refusal("amount", f"a {entry.kind} cap is a whole number")
    need_goal(session, entry.offer_id, entry.goal)


CAPS = Resource(
    "caps",
    "cap",
    "Offers",
    Cap,
    CapCreate,
    CapChange,
    CapAnswer,
    limited(
        partner=lambda partner_id: and_(
            or_(Cap.partner_id.is_(None), Cap.partner_id == partner_id),
            Cap.kind != "revenue",
            of_offers(Cap.offer_id, open_to)(partner_id),
        ),
        advertiser=lambda advertiser_id: and_(
            Cap.partner_id.is_(None), Cap.kind != "payout", of_offers(Cap.offer_id, owned_by)(advertiser_id)
        ),
    ),
    filters={"offer_id": QueryId, "partner_id": QueryId, "kind": CapKind, "period": CapPeriod, "hard": bool},
    sorts=("id", "created_at", "updated_at", "amount"),
    references={"offer_id": AN_OFFER, "partner_id": A_PARTNER},
    check=_check_cap,
)


def _check_rate(session: Session, entry: CurrencyRate, caller: Caller) -> None:
    base = service.the_program(session).base_currency or caller.settings.currency
    if entry.currency == base and entry.rate != 1:
        raise refusal("currency", f"{entry.currency} is the base currency; its rate is 1")


CURRENCY_RATES = Resource(
    "currency-rates",
    "currency rate",
    "Network",
    CurrencyRate,
    CurrencyRateCreate,
    CurrencyRateChange,
    CurrencyRateAnswer,
    limited(partner=lambda _: CurrencyRate.id > 0, advertiser=lambda _: CurrencyRate.id > 0),
    filters={"currency": QueryText},
    sorts=("id", "currency", "valid_from", "created_at", "updated_at"),
    unique=(("currency", "valid_from"),),
    check=_check_rate,
)

_BLOCKED: dict[BlockKind, Callable[[str], str]] = {
    "network": check_network,
    "asn": check_asn,
    "country": check_country,
    "referrer_host": check_referrer_host,
    "partner": lambda text: str(check_query_id(text)),
}
"""How values are written; of the other kinds any text may be one."""


def _as_compared(_session: Session, values: Values, _caller: Caller) -> Values:
    if not values["value"]:
        raise refusal("value", "name what is turned away")
    try:
        value = _BLOCKED.get(values["kind"], str)(values["value"])
    except ValueError as why:
        raise refusal("value", str(why)) from why
    return values | {"value": value}


BLOCKLIST = Resource(
    "blocklist",
    "blocklist entry",
    "Network",
    BlocklistEntry,
    BlocklistEntryCreate,
    BlocklistEntryChange,
    BlocklistEntryAnswer,
    limited(),
    filters={"kind": BlockKind, "value": QueryText, "offer_id": QueryId, "partner_id": QueryId},
    sorts=("id", "kind", "value", "created_at", "updated_at"),
    named_by="value",
    references={"offer_id": AN_OFFER, "partner_id": A_PARTNER},
    unique=(("kind", "value", "offer_id", "partner_id"),),
    complete=_as_compared,
)


def new_secret() -> str:
    """Return a webhook's signing secret."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def _with_secret(_session: Session, values: Values, _caller: Caller) -> Values:
    webhook = values["kind"] == "webhook"
    method = values["method"] or ("POST" if webhook else "GET")
    return values | {"secret": new_secret() if webhook else "", "method": method}


def _check_hook(session: Session, entry: Hook, caller: Caller) -> None:
    if entry.kind == "webhook" and entry.method != "POST":
        raise refusal("method", "a webhook is always POST")
    if caller.who.partner_id is not None and "revenue" in templates.macros_in(entry.url):
        raise refusal("url", "{revenue} is between the network and its advertiser; send {payout}")
    if entry.offer_id is not None:
        need_goal(session, entry.offer_id, entry.goal)


HOOKS = Resource(
    "hooks",
    "hook",
    "Hooks",
    Hook,
    HookCreate,
    HookChange,
    HookAnswer,
    limited(partner=lambda partner_id: Hook.partner_id == partner_id),
    filters={
        "name": QueryText,
        "kind": HookKind,
        "enabled": bool,
        "partner_id": QueryId,
        "advertiser_id": QueryId,
        "offer_id": QueryId,
    },
    sorts=NAMED,
    named_by="name",
    own_scope="hooks:write",
    references={"partner_id": A_PARTNER, "advertiser_id": AN_ADVERTISER, "offer_id": AN_OFFER},
    complete=_with_secret,
    check=_check_hook,
    secrets_once=lambda entry, _caller: {"secret": entry.secret} if entry.secret else {},
)
