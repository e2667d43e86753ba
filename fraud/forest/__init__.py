"""The model: an isolation forest over clicks, trained in the background, scored a batch at a time, explained.

``features`` says what it looks at, ``training`` how it learns, ``trees`` how it scores and why, ``shelf`` where
versions are kept, ``keeper`` which is in use where clicks are scored, and ``drift`` how far traffic has moved
since. Nothing here imports scikit-learn or skops before there is something to train or to load.
"""

from __future__ import annotations

from fraud.forest.card import Card
from fraud.forest.drift import Drift, Drifted
from fraud.forest.features import BY_NAME, FEATURES, Feature
from fraud.forest.keeper import Keeper
from fraud.forest.model import Model
from fraud.forest.shelf import Shelf
from fraud.forest.trainer import Trainer

__all__ = [
    "BY_NAME",
    "FEATURES",
    "Card",
    "Drift",
    "Drifted",
    "Feature",
    "Keeper",
    "Model",
    "Shelf",
    "Trainer",
]
