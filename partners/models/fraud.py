"""What people set and decide about fraud: rule entries, marks of partners, disputes; and what rules blocked.

Invariants: a rule entry was checked when it was saved, so the rules in force always work; of a partner's marks
the newest counts and the older ones stay; a dispute's states and messages are only ever added to; what a rule
blocked is kept beyond its blocklist entry, so that a block somebody took back isn't made again while it would
have lasted.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.sql_types import NEVER_REUSE_IDS, Moment
from partners.models.base import MAX_CODE_LENGTH, MAX_NAME_LENGTH, Entry, JsonObject, Table, now

MarkWord: TypeAlias = Literal["fraud", "fine"]
DisputeState: TypeAlias = Literal["open", "under_review", "upheld", "overturned", "withdrawn"]
"""upheld: our verdict stands; overturned: the partner was right."""

MAX_CONVERSION_ID = 64
MAX_BLOCKED = 512
"""Characters of a blocked value, as in the blocklist."""


class FraudRuleEntry(Entry):
    """How a fraud rule is set: for everybody, an offer, a partner, or a partner on an offer."""

    __tablename__ = "fraud_rule_entries"
    __table_args__ = (UniqueConstraint("code", "offer_id", "partner_id"), NEVER_REUSE_IDS)

    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    enabled: Mapped[bool | None] = mapped_column(Boolean)
    """None: as the next wider entry says."""
    settings: Mapped[JsonObject] = mapped_column(JSON)
    action: Mapped[str | None] = mapped_column(String(16))
    block: Mapped[str | None] = mapped_column(String(16))
    block_minutes: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(Text, default="")


class PartnerMark(Entry):
    """What an analyst thinks of a partner; the newest counts."""

    __tablename__ = "partner_marks"
    __table_args__ = NEVER_REUSE_IDS

    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    mark: Mapped[MarkWord] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    """Who marked, as the audit log calls them."""


class Dispute(Entry):
    """A partner's objection to what became of a conversion, or of its traffic in some days."""

    __tablename__ = "disputes"
    __table_args__ = NEVER_REUSE_IDS

    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    conversion_id: Mapped[str] = mapped_column(String(MAX_CONVERSION_ID), default="", index=True)
    """'' for one about days."""
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    """UTC, included."""
    state: Mapped[DisputeState] = mapped_column(String(16), default="open")
    opened_by: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    opened_by_partner: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str] = mapped_column(Text, default="")
    """What was done when it was overturned: approved, adjusted or nothing."""

    events: Mapped[list[DisputeEvent]] = relationship(lazy="raise", order_by="DisputeEvent.id")


class DisputeEvent(Table):
    """A state that a dispute came to, or something said about it."""

    __tablename__ = "dispute_events"
    __table_args__ = NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey("disputes.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Moment, default=now)
    actor: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    by_partner: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(16), default="")
    """The state it came to; '' for a message."""
    text: Mapped[str] = mapped_column(Text, default="")
    internal: Mapped[bool] = mapped_column(Boolean, default=False)
    """For the network's people only."""


class FraudBlock(Table):
    """What a rule blocked, and until when: once per thing and period."""

    __tablename__ = "fraud_blocks"
    __table_args__ = (UniqueConstraint("kind", "value", "offer_id", "partner_id"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """As in the blocklist."""
    value: Mapped[str] = mapped_column(String(MAX_BLOCKED))
    offer_id: Mapped[int] = mapped_column(Integer)
    """0 for every offer. No reference: what is deleted may have been blocked."""
    partner_id: Mapped[int] = mapped_column(Integer)
    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH))
    """The rule's."""
    blocklist_id: Mapped[int] = mapped_column(Integer)
    """The entry it made; gone when somebody took the block back."""
    made_at: Mapped[datetime] = mapped_column(Moment, default=now)
    until: Mapped[datetime] = mapped_column(Moment, index=True)
