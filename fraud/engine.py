"""The engine: the rules, lists, counts, model and what is usual, as they are in force, put to a batch of traffic.

What is in force is taken once at the beginning of a batch (``Engine.begin``), so that a batch is judged by one
rulebook and one model, whatever is swapped meanwhile; the versions stored are theirs.

Invariants: nothing here loses an event: a rule, the counting or a model that breaks is left out for that batch,
with a line in the log and in ``clickledger_fraud_failures_total``, and the others judge; how traffic is cut into
batches changes nothing but what ``fraud.counts`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fraud.counts import Counted, Counts, MemoryCounts
from fraud.entries import RuleEntry
from fraud.findings import Finding, facts_text
from fraud.lists import NO_LISTS, ListFiles, Lists
from fraud.reasons import MODEL_OUTLIER
from fraud.rules.behaviour import BEHAVIOUR_RULES
from fraud.rules.book import Rulebook
from fraud.rules.look import Findings, Look, Rule, examine
from fraud.rules.request import REQUEST_RULES
from fraud.rules.settings import ModelOutlier
from fraud.traffic import Traffic
from fraud.usual.clicks import NOTHING_USUAL, UsualClicks
from fraud.verdicts import ACCEPTED, Judgement, judge
from kernel.logging import log
from kernel.metrics import counter

_log = log(__name__)

Percentiles = NDArray[np.uint8]
Fine = NDArray[np.float32]
T = TypeVar("T")

_NEVER: Final = 101
EXPLAINED_MOST: Final = 2_000
"""Clicks of a batch whose features are named, the farthest first; a flood of strange ones must not hold it up."""


class Model(Protocol):
    """Scores clicks by how far they stand apart; see ``fraud.forest``."""

    version: str

    def score(self, traffic: Traffic, counted: Counted) -> Percentiles | Fine:
        """Return the percentile of each click in the training window, as fine as it is known."""
        ...

    def explain(self, traffic: Traffic, counted: Counted, rows: Sequence[int]) -> list[tuple[str, ...]]:
        """Return the features that set each of the rows apart, the strongest first."""
        ...


@dataclass(frozen=True, slots=True)
class InForce:
    """What judges a batch."""

    book: Rulebook
    lists: Lists = NO_LISTS
    usual: UsualClicks = NOTHING_USUAL
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is stored of a batch's quality."""

    judgements: Sequence[Judgement]
    """Distinct ones; their scores are those of the reasons, see ``scores``."""
    places: Sequence[int]
    """For each event, the place of its judgement."""
    scores: Sequence[int]
    """``fraud_score``."""
    facts: dict[int, tuple[str, ...]]
    """``fraud_facts`` by row, in the order of the reasons; rows whose reasons have none are absent."""
    model_scores: Percentiles
    model_features: dict[int, tuple[str, ...]]
    rules_version: str
    model_version: str


class Engine:
    """Everything that judges, each part swapped on its own."""

    def __init__(
        self,
        *,
        entries: Callable[[], Sequence[RuleEntry]] = lambda: (),
        lists: ListFiles | None = None,
        counts: Counts | None = None,
        usual: Callable[[], UsualClicks] = lambda: NOTHING_USUAL,
        model: Model | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            entries: How rules are set, asked once a batch; a new rulebook is made when they differ from before.
            lists: Configured lists; None for none.
            counts: Counts clicks; None for this process's memory.
            usual: What is usual, asked once a batch.
            model: The model in use, None without one; see ``use_model``.

        """
        self._entries = entries
        self._lists = lists
        self.counts: Counts = MemoryCounts() if counts is None else counts
        self._usual = usual
        self._model = model
        self._read: Sequence[RuleEntry] = ()
        self._book = Rulebook.of()

    def use_model(self, model: Model | None) -> None:
        """Score with another model from the next batch on; None: rules only. May be called by any thread."""
        self._model = model

    def in_force(self) -> InForce:
        """Return what is in force now. Never raises."""
        return InForce(
            guarded("rulebook", self._rulebook, self._book),
            self._lists.current() if self._lists is not None else NO_LISTS,
            guarded("usual", self._usual, NOTHING_USUAL),
            self._model,
        )

    def begin(self, traffic: Traffic, name: str = "") -> Assessment:
        """Begin to judge a batch.

        Args:
            traffic: The events, in the order they came in.
            name: The batch's own, the same whenever it is tried again, so that it is counted once; '' for none.

        """
        return Assessment(traffic, self.in_force(), self.counts, name)

    def judge(self, traffic: Traffic, name: str = "") -> Verdicts:
        """Judge a batch by everything but uniqueness, which its caller adds between the steps of ``begin``."""
        assessment = self.begin(traffic, name)
        assessment.look_at_requests()
        assessment.look_at_behaviour()
        assessment.ask_model()
        return assessment.verdicts()

    def _rulebook(self) -> Rulebook:
        entries = self._entries()
        if entries is not self._read:
            if tuple(entries) != tuple(self._read):
                self._book = Rulebook.of(entries)
                _log.info("fraud rules in force", version=self._book.version)
            self._read = entries
        return self._book


@dataclass(slots=True)
class Assessment:
    """A batch on its way to its verdicts; the steps are called in the order they are written in."""

    traffic: Traffic
    force: InForce
    counts: Counts
    name: str = ""
    findings: Findings = field(default_factory=dict)
    counted: Counted | None = None
    percentiles: Percentiles | None = None
    features: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def look_at_requests(self) -> None:
        """Find what the requests show by themselves."""
        self._examine(REQUEST_RULES, Look(self.traffic, self.force.lists, self.force.usual))

    def add(self, row: int, finding: Finding) -> None:
        """Add what somebody else found, unless its rule is off or the event has the reason already."""
        found = self.findings.get(row, ())
        place = self.traffic.partner_ids[row], self.traffic.offer_ids[row]
        if all(one.code != finding.code for one in found) and self.force.book.is_on(finding.code, *place):
            self.findings[row] = (*found, finding)

    def invalid_rows(self) -> set[int]:
        """Return the rows that are invalid by what was found so far."""
        return {row for row, found in self.findings.items() if self._judged(row, found, 0).verdict == "invalid"}

    def look_at_behaviour(self) -> None:
        """Count the clicks, and find what shows only among others."""
        self.counted = guarded("counts", lambda: self.counts.count(self.traffic, self.name), None)
        if self.counted is not None:
            self._examine(BEHAVIOUR_RULES, Look(self.traffic, self.force.lists, self.force.usual, self.counted))

    def ask_model(self) -> None:
        """Have the clicks scored, and the features named that set the farthest ones apart."""
        model, counted = self.force.model, self.counted
        if model is None or counted is None or not len(self.traffic):
            return
        scores = guarded("model", lambda: model.score(self.traffic, counted), None)
        if scores is None:
            return
        left_out = np.asarray(self.traffic.is_impression, np.bool_) | np.asarray(self.traffic.is_test, np.bool_)
        fine = np.where(left_out, np.float32(0), np.minimum(scores, 100).astype(np.float32))
        self.percentiles = fine.astype(np.uint8)
        rows = self._outliers(fine)
        if not rows:
            return
        farthest = sorted(sorted(rows, key=lambda row: -fine[row])[:EXPLAINED_MOST])
        nothing: list[tuple[str, ...]] = [()] * len(farthest)
        told = guarded("explanation", lambda: model.explain(self.traffic, counted, farthest), nothing)
        self.features = {row: features for row, features in zip(farthest, told, strict=True) if features}
        for row in rows:
            features = ", ".join(self.features.get(row, ()))
            # Rounded down, because 100 is more than all of them.
            facts = {"percentile": f"{int(fine[row] * 100) / 100:g}"} | (
                {"features": features} if features else {}
            )
            self.add(row, Finding(MODEL_OUTLIER, facts_text(**facts)))

    def verdicts(self) -> Verdicts:
        """Return what is stored, made of everything found."""
        length = len(self.traffic)
        percentiles = np.zeros(length, np.uint8) if self.percentiles is None else self.percentiles
        scores: list[int] = percentiles.tolist()
        places = [0] * length
        facts: dict[int, tuple[str, ...]] = {}
        judgements, known = [ACCEPTED], {ACCEPTED[:3]: 0}
        # The same findings come again and again: their judgement is remembered where rules are alike everywhere.
        alike = not self.force.book.entries
        remembered: dict[tuple[tuple[Finding, ...], int], tuple[int, int, tuple[str, ...]]] = {}
        for row, found in self.findings.items():
            became = remembered.get((found, scores[row])) if alike else None
            if became is None:
                judgement = self._judged(row, found, scores[row])
                place = known.setdefault(judgement[:3], len(judgements))
                if place == len(judgements):
                    judgements.append(judgement)
                became = remembered[found, scores[row]] = place, judgement.score, _facts(found, judgement)
            places[row], scores[row], told = became
            if told:
                facts[row] = told
        return Verdicts(
            judgements,
            places,
            scores,
            facts,
            percentiles,
            self.features,
            self.force.book.version,
            self.force.model.version if self.force.model is not None and self.percentiles is not None else "",
        )

    def _examine(self, rules: Sequence[Rule], look: Look) -> None:
        for row, found in examine(rules, look, self.force.book, _rule_failed).items():
            self.findings[row] = (*self.findings.get(row, ()), *found)

    def _judged(self, row: int, found: tuple[Finding, ...], percentile: int) -> Judgement:
        codes = tuple(finding.code for finding in found)
        book = self.force.book
        if not book.entries or all(book.is_default(code) for code in codes):
            return judge(codes, percentile)
        place = self.traffic.partner_ids[row], self.traffic.offer_ids[row]
        return judge(codes, percentile, book.aside(codes, *place))

    def _outliers(self, percentiles: Fine) -> list[int]:
        book, traffic = self.force.book, self.traffic
        if book.is_everywhere_alike(MODEL_OUTLIER):
            found: list[int] = np.flatnonzero(percentiles >= _threshold(book, (0, 0))).tolist()
            return found
        places = list(zip(traffic.partner_ids, traffic.offer_ids, strict=True))
        of_places = {place: _threshold(book, place) for place in dict.fromkeys(places)}
        return [row for row, place in enumerate(places) if percentiles[row] >= of_places[place]]


def _facts(found: tuple[Finding, ...], judgement: Judgement) -> tuple[str, ...]:
    """Return what is stored beside the reasons, () where none has facts."""
    of_code = dict(found)
    return tuple(of_code[code] for code in judgement.reasons) if any(of_code.values()) else ()


def _threshold(book: Rulebook, place: tuple[int, int]) -> float:
    """Return from which percentile a click is suspect; 101 where the rule is off."""
    resolved = book.resolve(MODEL_OUTLIER, *place)
    if not resolved.enabled or not isinstance(resolved.settings, ModelOutlier):
        return _NEVER
    return resolved.settings.percentile


def guarded(part: str, ask: Callable[[], T], otherwise: T) -> T:
    """Return what a part of the engine answers, or ``otherwise`` when it breaks."""
    try:
        return ask()
    except Exception as why:  # noqa: BLE001 - whatever breaks in a part, the click must be judged by the others
        _failed(part, why)
        return otherwise


def _rule_failed(code: str, why: Exception) -> None:
    _failed(f"rule {code}", why)


def _failed(part: str, why: Exception) -> None:
    _log.error("a part of the fraud engine is left out of a batch", part=part, exc_info=why)
    counter("clickledger_fraud_failures_total", part=part.partition(" ")[0]).n += 1
