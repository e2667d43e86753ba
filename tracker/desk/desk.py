"""The desk: checks what somebody wants done to a conversion, says what it does, and writes it down.

Invariants: nothing is answered as done before its event is on the disk; a row is checked by the same rules
as a postback (genuine click id, known offer, window, amounts), less the token, whose place the caller's key
takes; an advertiser reaches its own offers' conversions only, and can't set what they are worth; a refused
row is kept in ``rejected`` with its bytes and its reason, like a refused postback.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from kernel.redis import STORE_FAILURES, connect_async
from kernel.settings import Settings
from tracker.click_id import ClickIdKeys, load_keys
from tracker.conversion_life import Outcome
from tracker.conversion_state import ConversionState, id_of
from tracker.edge.outcomes import Outcomes
from tracker.errors import (
    CLICK_ID_EXPIRED,
    CURRENCY_UNKNOWN,
    OFFER_UNKNOWN,
    TRANSITION_NOT_ALLOWED,
    TXN_ID_MISSING,
)
from tracker.events import Adjustment, Event, Outgoing, Postback, PostbackFields, Refused, encode_event
from tracker.journal import DIRECTORY, JournalWriter
from tracker.pipeline.conversion_rows import state_of
from tracker.postbacks import PostbackRequest
from tracker.rates import Rates
from tracker.routes import OfferRoute
from tracker.snapshot import Snapshot, SnapshotFile
from tracker.tariff import Terms, goal_code, terms_for

DAY_MS = 86_400_000
JOURNAL_NAME = "web"
"""Worker name of this process's journal."""
_MIB = 1024 * 1024
MAX_DETAIL_CHARACTERS = 500

Source = Literal["api", "upload"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row."""

    status: str
    """accepted, updated or duplicate."""
    conversion_id: str
    conversion_status: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who works at the desk, and from where."""

    who: Principal
    address: str

    @property
    def trusted(self) -> bool:
        """Whether payout and revenue may be set by hand: by the network's own people."""
        return self.who.partner_id is None and self.who.advertiser_id is None


class Desk:
    """Takes changes of conversions; one for the whole web process."""

    def __init__(
        self,
        journal: JournalWriter,
        keys: ClickIdKeys,
        program: Callable[[], Snapshot],
        outcomes: Outcomes,
        window_days: int,
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._program = program
        self._outcomes = outcomes
        self._window_ms = window_days * DAY_MS

    @property
    def program(self) -> Snapshot:
        """The program of this moment."""
        return self._program()

    @property
    def keys(self) -> ClickIdKeys:
        """The click id keys."""
        return self._keys

    async def row(self, received: dict[str, str], caller: Caller, source: Source, reason: str, raw: bytes) -> Done:
        """Take a new conversion or a change of one, under the names and aliases of a postback.

        Raises:
            ClickledgerError: why not; unless the journal is away, the row is kept as refused.

        """
        now_ms = time.time_ns() // 1_000_000
        request = PostbackRequest(received)
        try:
            fields, offer = self._check(request, caller)
            event = _postback(fields, offer.id, caller, source, reason, raw, now_ms)
            await self._check_window(event, offer)
            return await self._write(event, offer)
        except ClickledgerError as why:
            click_id = request.values.get("click_id", "")[:MAX_DETAIL_CHARACTERS]
            await self.refuse(why, source, raw, caller, click_id)
            raise

    async def change(
        self, stored: Mapping[str, Any], fields: PostbackFields, caller: Caller, reason: str, raw: bytes
    ) -> Done:
        """Change a conversion that was found in the store.

        Args:
            stored: Its row of ``conversions``.
            fields: Its key, and what shall be different.
            caller: Who does it.
            reason: Why.
            raw: What they sent.

        Raises:
            ClickledgerError: ``transition_not_allowed``, ``offer_unknown``, ``currency_unknown``,
                ``amount_invalid`` or ``journal_unavailable``.

        """
        offer = self.offer(stored["offer_id"])
        if offer is None:
            raise OFFER_UNKNOWN.error()
        if fields.currency is not None and not self.knows_currency(fields.currency):
            raise CURRENCY_UNKNOWN.error()
        event = msgspec.structs.replace(
            _postback(fields, offer.id, caller, "api", reason, raw, time.time_ns() // 1_000_000),
            conversion_id=stored["conversion_id"],
        )
        # What was changed a moment ago is remembered and not stored yet; where nothing is, the store knows.
        return await self._write(event, offer, stored_state(stored))

    async def adjust(self, adjustment: Adjustment) -> None:
        """Write an adjustment down."""
        await self.append(adjustment)

    async def resend(self, message_id: str, actor: str) -> None:
        """Ask for an outgoing message to be sent again."""
        await self.append(Outgoing(time.time_ns() // 1_000_000, message_id, actor))

    async def append(self, event: Event) -> None:
        """Write an event down; it is on the disk when this returns."""
        await self._journal.append(encode_event(event))

    async def refuse(
        self, why: ClickledgerError, kind: str, raw: bytes, caller: Caller, click_id: str = ""
    ) -> None:
        """Keep what was refused, with its reason; a journal that can't take even that must not hide the reason."""
        event = Refused(
            time.time_ns() // 1_000_000,
            kind,
            why.kind.code,
            why.message[:MAX_DETAIL_CHARACTERS],
            "POST",
            raw,
            caller.address,
            click_id,
        )
        with suppress(ClickledgerError):
            await self.append(event)

    async def check(self, received: dict[str, str], caller: Caller) -> str:
        """Check a row without taking it; return the id of the conversion it is about.

        Raises:
            ClickledgerError: what is wrong with it.

        """
        fields, offer = self._check(PostbackRequest(received), caller)
        event = _postback(fields, offer.id, caller, "upload", "", b"", time.time_ns() // 1_000_000)
        await self._check_window(event, offer)
        return id_of(event)

    def offer(self, offer_id: int) -> OfferRoute | None:
        """Return an offer of the present program."""
        return self._program().offers.get(offer_id)

    def knows_partner(self, partner_id: int) -> bool:
        """Return whether the present program has this partner."""
        return partner_id in self._program().partners

    def knows_currency(self, code: str) -> bool:
        """Return whether a currency may be named."""
        return code in self._program().currencies

    def _check(self, request: PostbackRequest, caller: Caller) -> tuple[PostbackFields, OfferRoute]:
        program = self._program()
        click_id = request.values.get("click_id", "")
        parts = self._keys.read(click_id) if click_id or "offer_id" not in request.values else None
        named = request.values.get("offer_id", "")
        offer_id = parts.offer_id if parts else int(named) if named.isdecimal() and len(named) < 11 else 0
        offer = program.offers.get(offer_id)
        if offer is None or caller.who.advertiser_id not in {None, offer.advertiser_id}:
            # Another advertiser's offer doesn't exist for this one.
            raise OFFER_UNKNOWN.error()
        fields = request.fields(program.currencies, click_id)
        if parts is None and not fields.txn_id:
            raise TXN_ID_MISSING.error()
        return msgspec.structs.replace(fields, goal=goal_code(offer, fields.goal)), offer

    async def _check_window(self, event: Postback, offer: OfferRoute) -> None:
        """Refuse a new conversion too long after its click; a known one may change at any time."""
        if not event.fields.click_id:
            return
        window_ms = max(offer.attribution_window_s * 1000 or self._window_ms, offer.view_window_s * 1000)
        if event.ts - self._keys.read(event.fields.click_id).ts > window_ms and not await self._outcomes.know(
            id_of(event)
        ):
            raise CLICK_ID_EXPIRED.error()

    async def _write(self, event: Postback, offer: OfferRoute, stored: ConversionState | None = None) -> Done:
        key = id_of(event)
        terms = self._terms(offer, event.fields.goal)
        outcome, state, _provisional = await self._outcomes.of(key, event, terms, stored)
        _refuse_transition(outcome, state, event.fields)
        try:
            await self.append(event)
        except ClickledgerError:
            await self._outcomes.forget(key)
            raise
        return Done(outcome, key, state.status)

    def _terms(self, offer: OfferRoute, goal: str) -> Terms:
        program = self._program()
        return terms_for(offer, goal, Rates(program.base_currency, program.rates))


def stored_state(stored: Mapping[str, Any]) -> ConversionState:
    """Return the state of a conversion's row as the store answers it, its times as moments."""
    moments = {f"{n}_ms": int(stored[n].timestamp() * 1000) for n in ("hold_until", "rate_missing_since")}
    return state_of({**stored, **moments})


def _refuse_transition(outcome: Outcome, state: ConversionState, fields: PostbackFields) -> None:
    if outcome == "refused":
        raise TRANSITION_NOT_ALLOWED.error(
            f"The conversion is {state.status}; it can't become {fields.status or state.status} or change now. "
            "See docs/postbacks.md."
        )


def _postback(
    fields: PostbackFields, offer_id: int, caller: Caller, source: Source, reason: str, raw: bytes, now_ms: int
) -> Postback:
    return Postback(
        now_ms,
        fields,
        offer_id,
        "POST",
        raw,
        caller.address,
        "",
        source=source,
        actor=caller.who.actor,
        trusted=caller.trusted,
        reason=reason,
    )


@asynccontextmanager
async def open_desk(chosen: Settings) -> AsyncIterator[Desk]:
    """Open the web process's journal and close it after the block.

    Raises:
        ClickledgerError: ``cannot_start`` when there are no click id keys.
        OSError, sqlite3.Error: the data directory can't be written.

    """
    redis = connect_async(chosen)
    journal = JournalWriter(chosen.data_dir / DIRECTORY, JOURNAL_NAME, chosen.journal_rotate_mib * _MIB)
    await journal.start()
    try:
        yield Desk(
            journal,
            load_keys(chosen),
            SnapshotFile(chosen.data_dir).current,
            Outcomes(redis),
            chosen.attribution_window_days,
        )
    finally:
        await journal.stop()
        with suppress(*STORE_FAILURES):
            await redis.aclose()
