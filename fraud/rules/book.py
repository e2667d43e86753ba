"""The rulebook: the rules' settings in force, everywhere or for a partner, an offer, or one on the other.

Invariants: a rulebook never changes; entries that can't work are refused when they are saved (``check_entry``),
and one that is in force nevertheless, saved by another version, is left out with a line in the log rather than
stopping the pipeline. The version changes whenever the same facts could be judged differently.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from fraud.entries import Action, BlockWhat, RuleEntry
from fraud.rules.catalogue import RULES, RuleSpec
from fraud.rules.errors import RULE_INVALID
from fraud.rules.settings import RuleSettings, Settings
from kernel.errors import ClickledgerError
from kernel.logging import log

_log = log(__name__)

RULES_VERSION = "2026.11.3"
"""Year, month and count of the built-in rules. Stored with each verdict; re-scoring compares two of them."""

LONGEST_BLOCK_MINUTES = 366 * 24 * 60
"""A year: what should be away for longer is a matter of the partner's or source's status."""
_HASH_BYTES = 4
_REMEMBERED = 65_536
"""Answers kept per rulebook; a large program has a few thousand pairs of partner and offer."""


class RuleAction(NamedTuple):
    """What follows from a rule's reason."""

    action: Action = "mark"
    block: BlockWhat | None = None
    minutes: int = 0


MARK = RuleAction()

_Place = tuple[int, int]
"""Partner, offer; 0 for all."""


class Resolved(NamedTuple):
    """One rule as it is set in one place."""

    enabled: bool
    settings: Settings
    action: RuleAction


class Rulebook:
    """The rules as they are set."""

    def __init__(self, entries: tuple[RuleEntry, ...]) -> None:
        """Take entries that work; see ``of``."""
        self.entries = entries
        self.version = RULES_VERSION + (f"+{_hash(entries)}" if entries else "")
        self._by_code: dict[str, dict[_Place, RuleEntry]] = {}
        for entry in entries:
            self._by_code.setdefault(entry.code, {})[entry.partner_id, entry.offer_id] = entry
        self._resolve = lru_cache(maxsize=_REMEMBERED)(self._find)

    @classmethod
    def of(cls, entries: Iterable[RuleEntry] = ()) -> Rulebook:
        """Return the rulebook of these entries on top of the defaults; the last one counts per rule and place."""
        kept: dict[tuple[str, int, int], RuleEntry] = {}
        for entry in entries:
            try:
                check_entry(entry)
            except ClickledgerError as why:
                _log.error("a fraud rule's setting is left out", code=entry.code, why=why.message)
                continue
            kept[entry.code, entry.partner_id, entry.offer_id] = entry
        return cls(tuple(kept[place] for place in sorted(kept)))

    def resolve(self, code: str, partner_id: int = 0, offer_id: int = 0) -> Resolved:
        """Return everything about one rule in one place, each part from the nearest entry that has it.

        Raises:
            KeyError: there is no such rule.

        """
        places = self._by_code.get(code)
        if places is None:
            return _default(code)
        if len(places) == 1 and (0, 0) in places:
            return self._resolve(code, 0, 0)
        return self._resolve(code, partner_id, offer_id)

    def settings(self, code: str, partner_id: int = 0, offer_id: int = 0) -> Settings:
        """Return a rule's settings for a partner's clicks on an offer."""
        return self.resolve(code, partner_id, offer_id).settings

    def is_on(self, code: str, partner_id: int = 0, offer_id: int = 0) -> bool:
        """Return whether the rule is looked at."""
        return self.resolve(code, partner_id, offer_id).enabled

    def action(self, code: str, partner_id: int = 0, offer_id: int = 0) -> RuleAction:
        """Return what follows from the rule's reason."""
        return self.resolve(code, partner_id, offer_id).action

    def is_everywhere_alike(self, code: str) -> bool:
        """Return whether the rule is set the same for all partners and offers."""
        return all(place == (0, 0) for place in self._by_code.get(code, ()))

    def is_default(self, code: str) -> bool:
        """Return whether nobody has set anything about the rule."""
        return code not in self._by_code

    def aside(self, codes: Iterable[str], partner_id: int = 0, offer_id: int = 0) -> frozenset[str]:
        """Return those of the reasons that don't weigh for a partner's clicks on an offer."""
        settings = {code: self.settings(code, partner_id, offer_id) for code in codes}
        return frozenset(
            code for code, one in settings.items() if isinstance(one, RuleSettings) and not one.counts
        )

    def _find(self, code: str, partner_id: int, offer_id: int) -> Resolved:
        places = self._by_code[code]
        # From everywhere to the one place, so that the nearest entry is the last to speak.
        road = dict.fromkeys(((0, 0), (0, offer_id), (partner_id, 0), (partner_id, offer_id)))
        enabled, action = True, MARK
        given: dict[str, Any] = {}
        for place in road:
            entry = places.get(place)
            if entry is None:
                continue
            enabled = enabled if entry.enabled is None else entry.enabled
            given |= entry.settings
            if entry.action is not None:
                action = RuleAction(entry.action, entry.block, entry.block_minutes or 0)
        try:
            settings = _model(RULES[code])(**given)
        except ValidationError as why:
            # Each entry works alone, but not all of them together: the nearest one has the last word.
            _log.error("settings of a fraud rule contradict each other", code=code, why=_sentence(why))
            settings = _model(RULES[code])(**(places.get(next(reversed(road))) or RuleEntry(code)).settings)
        return Resolved(enabled, settings, action)


def check_entry(entry: RuleEntry) -> None:
    """Refuse an entry that can't work.

    Raises:
        ClickledgerError: ``rule_invalid`` with a sentence that says what is wrong with it.

    """
    spec = RULES.get(entry.code)
    if spec is None:
        raise RULE_INVALID.error(f"There is no rule '{entry.code}'; the rules are {', '.join(RULES)}.")
    model = _model(spec)
    unknown = sorted(map(str, entry.settings.keys() - model.model_fields.keys()))
    if unknown:
        raise RULE_INVALID.error(
            f"'{spec.code}' has no setting '{unknown[0]}'; it has {', '.join(model.model_fields)}."
        )
    try:
        model(**entry.settings)
    except ValidationError as why:
        raise RULE_INVALID.error(
            f"'{spec.code}' can't be set like this: {_sentence(why)}.", problems=_problems(why)
        ) from None
    _check_action(spec, entry)


def _check_action(spec: RuleSpec, entry: RuleEntry) -> None:
    if entry.action is not None and entry.action not in spec.actions:
        raise RULE_INVALID.error(
            f"'{spec.code}' can't have the action '{entry.action}': what it looks at is known only after the "
            f"visitor was redirected. Choose one of {', '.join(spec.actions)}.",
            field="action",
        )
    if entry.action == "block":
        if entry.block is None or entry.block_minutes is None:
            raise RULE_INVALID.error(
                "The action 'block' needs block (what: source, sub1, partner, prefix or address) and "
                "block_minutes.",
                field="block" if entry.block is None else "block_minutes",
            )
        if not 1 <= entry.block_minutes <= LONGEST_BLOCK_MINUTES:
            raise RULE_INVALID.error(
                f"block_minutes must be from 1 to {LONGEST_BLOCK_MINUTES} (a year), not {entry.block_minutes}.",
                field="block_minutes",
            )
    elif entry.block is not None or entry.block_minutes is not None:
        raise RULE_INVALID.error(
            "block and block_minutes go with the action 'block' only; leave them out.",
            field="block" if entry.block is not None else "block_minutes",
        )
    if not (0 <= entry.partner_id < 2**32 and 0 <= entry.offer_id < 2**32):
        raise RULE_INVALID.error("partner_id and offer_id must be ids, or 0 for all.")


def _model(spec: RuleSpec) -> type[Settings]:
    return spec.settings


@lru_cache(maxsize=len(RULES))
def _default(code: str) -> Resolved:
    return Resolved(enabled=True, settings=_model(RULES[code])(), action=MARK)


def _sentence(why: ValidationError) -> str:
    told = []
    for error in why.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in error["loc"])
        message = error["msg"].removeprefix("Value error, ")
        message = message.replace("Input should", "should").replace("a valid boolean", "true or false")
        told.append(f"{name} {message}, not {_short(error['input'])}" if name else message)
    return "; ".join(told)


def _problems(why: ValidationError) -> list[dict[str, str]]:
    """Return what is wrong with which setting; a contradiction stands with the setting it names first."""
    told = []
    for error in why.errors(include_url=False, include_context=False):
        message = error["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in error["loc"]) or message.partition(" ")[0]
        told.append({"field": f"settings.{name}", "problem": message.replace("Input should", "It should")})
    return told


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _hash(entries: Iterable[RuleEntry]) -> str:
    """Return a short hash of entries, whatever their order and that of their settings."""
    rows: list[Mapping[str, Any]] = [msgspec.to_builtins(entry) for entry in entries]
    rows.sort(key=lambda row: (row["code"], row.get("partner_id", 0), row.get("offer_id", 0)))
    return blake2b(msgspec.json.encode(rows, order="sorted"), digest_size=_HASH_BYTES).hexdigest()
