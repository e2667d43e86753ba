"""One message for each changed conversion and each hook that wants to know.

Invariants: a message's id follows from hook, conversion and change, so the same change never makes two; its URL
and body are rendered once and are the same for every try; a hook of a partner never carries what the advertiser
pays, one of an advertiser never what the partner earns; a test conversion makes no message, and neither does
money moved by hand, which is no conversion; a secret is in no message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec

from kernel.hidden_money import hidden_money
from kernel.logging import log
from tracker.macros import Template
from tracker.outbound.rendering import MACROS, lookup, webhook_body
from tracker.routes import HookRoute
from tracker.snapshot import Snapshot

Method = Literal["GET", "POST"]


class Message(msgspec.Struct, array_like=True, frozen=True):
    """What is sent to one hook about one change of one conversion."""

    id: str
    hook_id: int
    kind: Literal["postback", "webhook"]
    hook_partner_id: int
    """Whose hook it is, 0: the network's own."""
    conversion_id: str
    change_seq: int
    partner_id: int
    advertiser_id: int
    offer_id: int
    method: Method
    url: str
    body: str
    """'' for GET; a form or JSON."""

    @property
    def lane(self) -> str:
        """Messages of one lane are sent one after the other."""
        return f"{self.hook_id}:{self.conversion_id}"


def messages(rows: Iterable[Mapping[str, Any]], snapshot: Snapshot, secret: bytes) -> Iterator[Message]:
    """Yield the messages that changed conversions call for.

    Args:
        rows: Columns of ``conversion_changes``; times as milliseconds since 1970 or as datetimes.
        snapshot: The program with its hooks.
        secret: Key of the ``_hash`` macros.

    """
    by_partner: defaultdict[int, list[HookRoute]] = defaultdict(list)
    for hook in snapshot.hooks:
        by_partner[hook.partner_id].append(hook)
    for row in rows:
        if row.get("is_test") or row.get("attribution") == "adjustment":
            continue
        for hook in (h for owner in sorted({0, row["partner_id"]}) for h in by_partner.get(owner, ())):
            if not wants(hook, row):
                continue
            try:
                made = message(hook, row, snapshot, secret)
            except Exception as why:  # noqa: BLE001 - raised on, it would hold up every conversion for ever
                log("outbound").error("message_not_made", hook=hook.id, exc_info=why)
                continue
            if made is not None:
                yield made


def wants(hook: HookRoute, row: Mapping[str, Any]) -> bool:
    """Return whether a hook is to be told of a conversion's new state."""
    return (
        row["status"] in hook.statuses
        and hook.partner_id in {0, row["partner_id"]}
        and hook.advertiser_id in {0, row["advertiser_id"]}
        and hook.offer_id in {0, row["offer_id"]}
        and hook.goal in {None, row["goal"]}
    )


def message_id(hook_id: int, conversion_id: str, change_seq: int) -> str:
    """Return the id of the message about a change; the same for ever."""
    return f"{hook_id}_{conversion_id}_{change_seq}"


def message(hook: HookRoute, row: Mapping[str, Any], snapshot: Snapshot, secret: bytes) -> Message | None:
    """Return what tells a hook of a conversion's state; None, with a line in the log, if its URL can't be used."""
    seen = visible(row, hook)
    key = message_id(hook.id, row["conversion_id"], row["change_seq"])
    try:
        template = _compiled(hook.url)
    except ValueError as why:
        log("outbound").error("hook_unusable", hook=hook.id, why=str(why))
        return None
    url = template.render(lookup(seen, key, snapshot, secret)).partition("#")[0]
    method, body = hook.method, ""
    if hook.kind == "webhook":
        method, body = "POST", webhook_body(seen)
    elif method == "POST":
        url, _, body = url.partition("?")
    return Message(
        id=key,
        hook_id=hook.id,
        kind=hook.kind,
        hook_partner_id=hook.partner_id,
        conversion_id=row["conversion_id"],
        change_seq=row["change_seq"],
        partner_id=row["partner_id"],
        advertiser_id=row["advertiser_id"],
        offer_id=row["offer_id"],
        method=method,
        url=url,
        body=body,
    )


@lru_cache(1024)
def _compiled(url: str) -> Template:
    return Template(url, MACROS)


def visible(row: Mapping[str, Any], hook: HookRoute) -> dict[str, Any]:
    """Return a conversion's row without the money that is none of the hook's owner's business."""
    hidden = hidden_money("partner" if hook.partner_id else "advertiser" if hook.advertiser_id else "")
    return {name: value for name, value in row.items() if name not in hidden}


def sample_row(hook: HookRoute, now: datetime | None = None) -> dict[str, Any]:
    """Return a made-up conversion that a hook would be told of, to try the hook with."""
    moment = now or datetime.now(UTC)
    return {
        "conversion_id": "sample-conversion",
        "click_id": "sample-click",
        "ts": moment,
        "change_seq": int(moment.timestamp() * 1_000_000),
        "changed_at": moment,
        "click_ts": moment,
        "status": hook.statuses[0] if hook.statuses else "approved",
        "outcome": "accepted",
        "goal": hook.goal or "",
        "partner_id": hook.partner_id,
        "advertiser_id": hook.advertiser_id,
        "offer_id": hook.offer_id,
        "txn_id": "sample-transaction",
        "amount": "100.00",
        "amount_currency": "USD",
        "payout": "10.00",
        "revenue": "15.00",
        "currency": "USD",
        "partner_click_id": "sample-partner-click",
        "attribution": "click",
        "is_test": True,
    }
