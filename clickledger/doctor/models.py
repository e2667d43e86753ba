"""Checks of the fraud model: there is one, and its file is the one that was trained."""

from __future__ import annotations

from collections.abc import Iterator

from clickledger.doctor.finding import Finding, ok, problem, warning
from fraud.forest import Shelf
from fraud.forest.operations import state_of
from kernel.settings import Settings

_NAME = "fraud model"


def model(chosen: Settings) -> Iterator[Finding]:
    """Check that clicks are scored by a model."""
    shelf = Shelf.of(chosen)
    state, version, why = state_of(shelf)
    if state == "broken":
        yield problem(
            _NAME,
            why,
            "Go back to another model with 'clickledger fraud rollback', or train one: 'clickledger fraud train'.",
        )
    elif state == "none" and not chosen.model_training_hours:
        yield warning(
            _NAME,
            f"there is none in {shelf.directory}, and none is trained by itself: verdicts come from rules alone",
            "Train one with 'clickledger fraud train', or set CLICKLEDGER_MODEL_TRAINING_HOURS.",
        )
    elif state == "none":
        yield ok(
            _NAME, f"none yet in {shelf.directory}: verdicts come from rules alone until there are clicks enough"
        )
    else:
        card = shelf.card(version)
        yield ok(
            _NAME, f"{version}, trained on {card.clicks_learnt:,} clicks up to {card.trained_to:%Y-%m-%d %H:%M}"
        )
