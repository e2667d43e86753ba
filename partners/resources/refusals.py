"""Checks that several resources share: of fields that must fit together, and of goals that must exist."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import BODY_INVALID, ClickledgerError
from partners.errors import REFERENCE_UNKNOWN
from partners.models import Goal


def refusal(field: str, sentence: str) -> ClickledgerError:
    """Return the error for a field that doesn't fit the others."""
    return BODY_INVALID.error(f"{field}: {sentence}", problems=[{"field": field, "problem": sentence}])


def need_order(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse an end that isn't after its beginning.

    Raises:
        ClickledgerError: ``body_invalid``.

    """
    if starts_at and ends_at and ends_at <= starts_at:
        raise refusal("ends_at", "it must be later than starts_at")


def need_goal(session: Session, offer_id: int, code: str | None) -> None:
    """Refuse a goal that the offer doesn't have; None and '' (the base goal) are always there.

    Raises:
        ClickledgerError: ``reference_unknown``.

    """
    if code and session.scalar(select(Goal.id).where(Goal.offer_id == offer_id, Goal.code == code)) is None:
        raise REFERENCE_UNKNOWN.error(f"Offer {offer_id} has no goal {code!r}; create it first.", field="goal")
