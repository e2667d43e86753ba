"""What a try's answer means, and the try as a row of ``outbound_attempts``.

As Standard Webhooks says: any 2xx is delivered; everything else is tried again, a redirect included; 410 says
that nobody is there any more and ends the message at once. An address the guard refuses may come of a record that
is being changed, so a name is tried a few times more, a literal address is not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from tracker.outbound.delivery import Answer
from tracker.outbound.messages import Message
from tracker.outbound.queue import DueMessage, Tried
from tracker.outbound.schedule import MOST_REFUSALS, next_try

OutcomeOfTry: TypeAlias = Literal["delivered", "failed", "refused", "given_up"]
OUTCOMES: tuple[OutcomeOfTry, ...] = ("delivered", "failed", "refused", "given_up")

GONE = 410
GONE_ERROR = "The receiver answered 410: it wants no more of these. Disable the hook."
HOOK_GONE_ERROR = "The hook was deleted or disabled."
_MOST_ATTEMPT = 65_535

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer means for its message."""

    outcome: OutcomeOfTry
    error: str
    due_at: float | None
    """When to try again, seconds since 1970; None: never."""


def judge(due: DueMessage, answer: Answer, jitter: Callable[[], float] = random) -> Judgement:
    """Return what an answer means.

    Args:
        due: The message with its tries so far.
        answer: What this try came to.
        jitter: Gives numbers from 0 to 1.

    """
    if 200 <= answer.status < 300:
        return Judgement("delivered", "", None)
    if answer.status == GONE:
        return Judgement("refused", GONE_ERROR, None)
    error = answer.error or f"The receiver answered {answer.status}."
    now = (answer.ts + answer.duration_ms) / 1000
    due_at = next_try(now, due.began_at, due.tries + 1, answer.retry_after, jitter())
    if answer.forbidden:
        for_good = due.refusals + 1 >= MOST_REFUSALS or _is_literal(due.message.url)
        return Judgement("refused", error, None if for_good else due_at)
    return Judgement("given_up" if due_at is None else "failed", error, due_at)


def gone(due: DueMessage, now: float) -> Tried:
    """Return the end of a message whose hook isn't there any more."""
    judgement = Judgement("given_up", HOOK_GONE_ERROR, None)
    return tried(due, Answer(ts=int(now * 1000), duration_ms=0), judgement)


def tried(due: DueMessage, answer: Answer, judgement: Judgement) -> Tried:
    """Return what the queue writes down about a try."""
    row = attempt_row(due.message, answer, judgement, due.attempts + 1, due.actor)
    return Tried(
        due.number,
        due.began_at,
        judgement.outcome == "delivered",
        answer.forbidden,
        judgement.due_at,
        _encode(row),
    )


def attempt_row(
    message: Message, answer: Answer, judgement: Judgement, attempt: int, actor: str
) -> dict[str, Any]:
    """Return a try as a row of ``outbound_attempts``; times are milliseconds since 1970."""
    return {
        "message_id": message.id,
        "attempt": min(attempt, _MOST_ATTEMPT),
        "ts": answer.ts,
        "hook_id": message.hook_id,
        "hook_kind": message.kind,
        "hook_partner_id": message.hook_partner_id,
        "conversion_id": message.conversion_id,
        "change_seq": message.change_seq,
        "partner_id": message.partner_id,
        "advertiser_id": message.advertiser_id,
        "offer_id": message.offer_id,
        "method": message.method,
        "url": message.url,
        "request_body": message.body,
        "outcome": judgement.outcome,
        "error": judgement.error,
        "response_status": answer.status,
        "response_body": answer.body,
        "address": answer.address,
        "duration_ms": answer.duration_ms,
        "next_try": 0 if judgement.due_at is None else int(judgement.due_at * 1000),
        "actor": actor,
    }


def _is_literal(url: str) -> bool:
    """Return whether a URL's host is an address, which no record will ever change."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # A number in any of the old notations is read as an address, too.
        last = host.rpartition(".")[2]
        return last[:1].isdigit()
    return True
