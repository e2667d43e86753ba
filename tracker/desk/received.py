"""The latest postbacks, pixels and script reports: what was taken and what was refused, side by side.

For the one who sets postbacks up and asks why nothing arrives. Invariants: an advertiser sees what was sent for
its own offers, or with its own token, and nothing that bears another advertiser's token; a token, a signature and
a test's mark are never shown; what names nobody is shown to the network's own people alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import ClickledgerError
from kernel.hidden_money import hidden_money
from kernel.http import answer, principal, read_query
from tracker import test_mode
from tracker.click_id import ClickIdKeys
from tracker.desk import sql
from tracker.desk.reading import rows
from tracker.desk.requests import desk_of
from tracker.errors import ERRORS
from tracker.postbacks import ALIASES, PostbackRequest, read_request
from tracker.snapshot import Snapshot

DAYS: Final = 7
"""How far back is looked."""
MOST_REFUSED_READ: Final = 2_000
"""Refusals looked through; more in a week is a flood, of which the newest tell enough."""
HIDDEN: Final = "***"
_MOST_SENT: Final = 1_000
_SECRETS: Final = frozenset(
    name for secret in ("token", "signature", test_mode.PARAMETER) for name in (secret, *ALIASES[secret])
)

Outcome = Literal["accepted", "updated", "refused"]


class ReceivedQuery(BaseModel):
    """Which postbacks to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    advertiser_id: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = Field(
        None, description="Those for this advertiser's offers, or with its token; none: everybody's."
    )
    outcome: Literal["taken", "refused"] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class ReceivedPostback(BaseModel):
    """One postback, pixel or script report."""

    at: datetime
    outcome: Outcome = Field(description="accepted: a new conversion; updated: a change of one.")
    kind: str = Field(description="postback, pixel or script.")
    is_test: bool
    offer_id: int = Field(description="0 where it can't be told.")
    click_id: str
    conversion_id: str = Field(description="Of what was taken.")
    goal: str
    txn_id: str
    status: str = Field(description="Of the conversion from then on.")
    amount: str = Field(description="As it was sent, or as it was understood.")
    currency: str = Field(description="Of the amount.")
    revenue: str | None = Field(description="What the advertiser pays for the conversion.")
    revenue_currency: str
    reason: str = Field(
        description="Code of the refusal; of what was taken, why the conversion stands as it does."
    )
    explained: str = Field(description="The refusal in words, and what to do.")
    ip: str = Field(description="Whom a refused one came from.")
    sent: str = Field(description="Parameters of a refused one, with *** for secrets.")


class ReceivedList(BaseModel):
    """The latest postbacks of seven days, newest first. What was known already changed nothing and isn't here."""

    items: list[ReceivedPostback]


def operations() -> list[Operation]:
    """Return the log of postbacks."""
    return [
        Operation(
            "GET",
            "/api/v1/postbacks/received",
            "The latest postbacks and pixels of seven days: taken, or refused with the reason in words.",
            _received,
            "conversions:write",
            or_needs="rejected:read",
            tag="Postbacks",
            query=ReceivedQuery,
            answer=ReceivedList,
        )
    ]


async def _received(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, ReceivedQuery)
    # A key of a partner holds neither scope; should one ever, nothing here is a partner's.
    nobody = who.partner_id is not None or wanted.advertiser_id not in {
        None,
        who.advertiser_id or wanted.advertiser_id,
    }
    if nobody:
        return answer({"items": []})
    advertiser_id = who.advertiser_id or wanted.advertiser_id
    since = datetime.now(UTC) - timedelta(days=DAYS)
    desk = desk_of(request)

    def work() -> list[ReceivedPostback]:
        found: list[ReceivedPostback] = []
        if wanted.outcome != "refused":
            taken = rows(request, sql.TAKEN, since=since, advertiser=advertiser_id or 0, most=wanted.limit)
            shows = "revenue" not in hidden_money(who.role)
            found += [_taken(row, shows_revenue=shows) for row in taken]
        if wanted.outcome != "taken":
            refused = rows(request, sql.REFUSED, since=since, most=MOST_REFUSED_READ)
            found += Refusals(desk.program, desk.keys, advertiser_id).of(refused)
        return sorted(found, key=lambda one: one.at, reverse=True)[: wanted.limit]

    return answer(ReceivedList(items=await run_in_threadpool(work)).model_dump(mode="json"))


def _taken(row: dict[str, Any], *, shows_revenue: bool) -> ReceivedPostback:
    at = _utc(row["changed_at"])
    return ReceivedPostback(
        at=at,
        outcome="accepted" if _utc(row["ts"]) == at else "updated",
        kind=row["conversion_source"],
        is_test=bool(row["is_test"]),
        amount=format(row["amount"].normalize() + 0, "f"),
        currency=row["amount_currency"],
        revenue=format(row["revenue"].normalize() + 0, "f") if shows_revenue else None,
        revenue_currency=row["currency"],
        reason=row["reject_reason"],
        explained="",
        ip="",
        sent="",
        **{name: row[name] for name in ("offer_id", "click_id", "conversion_id", "goal", "txn_id", "status")},
    )


@dataclass(frozen=True, slots=True)
class Refusals:
    """Finds out whose refused postbacks are."""

    program: Snapshot
    keys: ClickIdKeys
    advertiser_id: int | None
    """Whose are wanted; None: everybody's."""

    def of(self, refused: list[dict[str, Any]]) -> Iterator[ReceivedPostback]:
        """Return those that are wanted, in their order."""
        for row in refused:
            sent = _parameters(row["raw"])
            values = PostbackRequest(sent).values
            offer_id = self._offer(row["click_id"] or values.get("click_id", ""), values.get("offer_id", ""))
            if self.advertiser_id is not None and self._owner(offer_id, values) != self.advertiser_id:
                continue
            shown = {name: HIDDEN if name in _SECRETS else value for name, value in sent.items()}
            kind = ERRORS.get(row["reason"])
            yield ReceivedPostback(
                at=_utc(row["ts"]),
                outcome="refused",
                kind=row["kind"],
                is_test=test_mode.PARAMETER in sent,
                offer_id=offer_id,
                click_id=row["click_id"],
                conversion_id="",
                status="",
                revenue=None,
                revenue_currency="",
                reason=row["reason"],
                explained=row["detail"] or (kind.advice if kind else ""),
                ip=row["ip"],
                sent=urlencode(shown, quote_via=quote, safe="*")[:_MOST_SENT],
                **{name: values.get(name, "") for name in ("goal", "txn_id", "amount", "currency")},
            )

    def _offer(self, click_id: str, named: str) -> int:
        """Return the offer a postback is for, 0 when it can't be told."""
        try:
            offer_id = self.keys.read(click_id).offer_id
        except ClickledgerError:
            offer_id = int(named) if named.isascii() and named.isdigit() and len(named) <= len(str(2**32)) else 0
        return offer_id if offer_id in self.program.offers else 0

    def _owner(self, offer_id: int, values: dict[str, str]) -> int | None:
        """Return the advertiser a postback is of: the one whose token it bears, else its offer's."""
        token = values.get("token", "").encode()
        if token:
            for one in self.program.advertisers.values():
                known = filter(None, (one.postback_token, one.previous_token))
                if any(hmac.compare_digest(token, secret.encode()) for secret in known):
                    return one.id
        offer = self.program.offers.get(offer_id)
        return offer.advertiser_id if offer else None


def _parameters(raw: Any) -> dict[str, str]:
    """Return what was sent, under the names it was sent with; nothing of what can't be read."""
    query, _, body = (raw if isinstance(raw, bytes) else str(raw).encode()).partition(b"\n")
    try:
        return read_request(query, body, "").received
    except ClickledgerError:
        return {}


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
