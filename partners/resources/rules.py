"""The fraud rules as a manager sees them: what each looks at, what can be set, and what is in force where.

Read from the rules themselves (``fraud.rules``), so that a new rule or setting is here at once. What is in force
is resolved for everybody, or for the partner and the offer the query names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from fraud.entries import Action, BlockWhat
from fraud.reasons import REASONS
from fraud.rules import Rulebook
from fraud.rules.catalogue import RULES, RuleSpec
from kernel.api import Operation
from kernel.errors import NOT_FOUND
from kernel.http import answer, read_query
from partners.errors import REFERENCE_UNKNOWN
from partners.models import FraudRuleEntry
from partners.resources import work
from partners.resources.fraud import RULE_ENTRIES, TAG, rule_entry
from partners.resources.handlers import caller_of, reading
from partners.resources.listing import QueryId
from partners.resources.resource import Caller
from partners.schemas import RuleEntryAnswer

PATH = "/api/v1/fraud/rules"
_SCORE_SAYS = "A click's score, whatever it is made of."
_BOUNDS = {"minimum": ("minimum", "exclusiveMinimum"), "maximum": ("maximum", "exclusiveMaximum")}


class RulesQuery(BaseModel):
    """Where the rules shall be looked at."""

    model_config = ConfigDict(extra="forbid")

    partner_id: QueryId | None = Field(None, description="As they are for this partner's traffic.")
    offer_id: QueryId | None = Field(None, description="As they are on this offer.")


class SettingAnswer(BaseModel):
    """What can be set on a rule."""

    model_config = ConfigDict(extra="forbid")

    name: str
    type: str
    default: Any
    minimum: float | None
    maximum: float | None
    help: str


class InForce(BaseModel):
    """How a rule is set in the place that was asked for."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool
    settings: dict[str, Any]
    action: Action
    block: BlockWhat | None
    block_minutes: int | None


class RuleAnswer(BaseModel):
    """A rule: what it looks at, what can be set, what is in force."""

    model_config = ConfigDict(extra="forbid")

    code: str
    subject: str = Field(description="request, click, conversion or score: what it looks at.")
    category: str = Field(description="GIVT or SIVT; '' for score.")
    severity: int
    sentence: str
    help: str
    actions: list[Action] = Field(description="Those it may have.")
    settings: list[SettingAnswer]
    in_force: InForce
    entries: list[RuleEntryAnswer] = Field(description="Everything that is set on it, for whomever.")


class RulesAnswer(BaseModel):
    """Every rule."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(description="Of the rules as they are set, stored with each verdict as rules_version.")
    items: list[RuleAnswer]


def rules(session: Session, caller: Caller, asked: RulesQuery, codes: Iterable[str] = RULES) -> dict[str, Any]:
    """Return rules as they are set in a place.

    Raises:
        ClickledgerError: ``reference_unknown`` for a partner or an offer that isn't there.

    """
    work.need_references(session, RULE_ENTRIES, asked.model_dump(), caller)
    entries = session.scalars(select(FraudRuleEntry).order_by(FraudRuleEntry.id)).all()
    book = Rulebook.of(map(rule_entry, entries))
    told = []
    for code in codes:
        own = [RULE_ENTRIES.answer(entry, caller, single=False) for entry in entries if entry.code == code]
        told.append(_rule(RULES[code], book, asked, own))
    return {"version": book.version, "items": told}


def _rule(spec: RuleSpec, book: Rulebook, asked: RulesQuery, entries: list[dict[str, Any]]) -> dict[str, Any]:
    reason = REASONS.get(spec.code)
    resolved = book.resolve(spec.code, asked.partner_id or 0, asked.offer_id or 0)
    return {
        "code": spec.code,
        "subject": spec.subject,
        "category": reason.category if reason else "",
        "severity": reason.severity if reason else 0,
        "sentence": reason.sentence if reason else _SCORE_SAYS,
        "help": reason.help if reason else (spec.settings.__doc__ or ""),
        "actions": list(spec.actions),
        "settings": _settings(spec),
        "in_force": {
            "enabled": resolved.enabled,
            "settings": resolved.settings.model_dump(mode="json"),
            "action": resolved.action.action,
            "block": resolved.action.block,
            "block_minutes": resolved.action.minutes or None,
        },
        "entries": entries,
    }


def _settings(spec: RuleSpec) -> list[dict[str, Any]]:
    told = []
    for name, described in spec.settings.model_json_schema()["properties"].items():
        # What may be left empty is described as one of several types, null among them.
        types: list[dict[str, Any]] = described.get("anyOf", [])
        of_type = next((one for one in types if one.get("type") != "null"), {})
        schema = described | of_type
        bounds = {
            ours: next((schema[one] for one in theirs if one in schema), None) for ours, theirs in _BOUNDS.items()
        }
        plain = {"name": name, "type": schema.get("type", "text"), "default": schema.get("default")}
        told.append({**plain, **bounds, "help": schema.get("description", "")})
    return told


async def _list(request: Request) -> Response:
    caller, asked = caller_of(request), read_query(request, RulesQuery)
    return answer(await reading(request, lambda session: rules(session, caller, asked)))


async def _show(request: Request) -> Response:
    caller, asked = caller_of(request), read_query(request, RulesQuery)
    code = request.path_params["code"]
    if code not in RULES:
        raise NOT_FOUND.error(f"There is no rule {code[:64]!r}; the rules are {', '.join(RULES)}.")
    found = await reading(request, lambda session: rules(session, caller, asked, [code]))
    return answer(found["items"][0])


OPERATIONS = (
    Operation(
        "GET",
        PATH,
        "Every fraud rule with its settings, and how it is set for everybody, a partner or an offer.",
        _list,
        "fraud:read",
        tag=TAG,
        query=RulesQuery,
        answer=RulesAnswer,
        errors=(REFERENCE_UNKNOWN,),
    ),
    Operation(
        "GET",
        f"{PATH}/{{code}}",
        "One fraud rule with its settings, and how it is set for everybody, a partner or an offer.",
        _show,
        "fraud:read",
        tag=TAG,
        query=RulesQuery,
        answer=RuleAnswer,
        errors=(NOT_FOUND, REFERENCE_UNKNOWN),
        path_types=(("code", "string"),),
    ),
)
