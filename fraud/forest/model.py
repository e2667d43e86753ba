"""The model in use: scores of a batch, and the features that isolated single clicks.

Invariants: never a pickle: a model is read from skops with the one type beyond its defaults that a forest needs,
and only after its bytes were found to hash to what the card says; a click's score depends on the click and its
counts alone; what is read is asked once before anybody uses it, so that a file that would fail at the first click
is refused. A model may be asked from several threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version as installed
from typing import Any, Final
from zipfile import ZIP_DEFLATED

import numpy as np
import numpy.typing as npt

from fraud.counts import Counted
from fraud.forest.card import Card
from fraud.forest.drift import Drift
from fraud.forest.errors import MODEL_BROKEN
from fraud.forest.facts import FactReader
from fraud.forest.features import BY_NAME, NAMES, Matrix, Stretch, matrix
from fraud.forest.scale import fine_percentiles, percentiles
from fraud.forest.tables import Tables
from fraud.forest.trees import Trees
from fraud.forest.vocabulary import Numbers
from fraud.traffic import Traffic

TRUSTED: Final = ("sklearn.tree._tree.Tree",)
"""Types read beside those skops trusts by itself: the compiled trees, which are arrays."""

LIBRARY: Final = "scikit-learn"
"""Whose trees these are: it promises nothing for those that another version of it has grown."""

MOST_NAMED: Final = 3
"""Features named per click: what a person reads before deciding."""
LEAST_SHARE: Final = 0.1
"""Share of all that shortened a click's path which a feature must have to be named."""


def libraries() -> dict[str, str]:
    """Return what a model can be read by: the version of the library that grows its trees, without loading it."""
    return {LIBRARY: installed(LIBRARY)}


class Model:
    """A forest with what it needs to know of the traffic it was trained on."""

    def __init__(
        self, version: str, forest: Any, tables: Tables, stretch: Stretch, scale: Numbers, usual: Numbers
    ) -> None:
        """Put a model together.

        Args:
            version: Its name, stored with each score.
            forest: A fitted ``sklearn.ensemble.IsolationForest`` over ``features.NAMES``.
            tables: What was learnt of frequencies.
            stretch: How far each feature sticks out.
            scale: Quantiles of the training window's anomalies.
            usual: Median of each feature.

        """
        self.version = version
        self.tables = tables
        self._stretch = stretch
        self._forest = forest
        self._trees = Trees(forest)
        self._scale = scale
        self._usual = usual
        self._reader = FactReader()
        self._last: tuple[Traffic, Counted, Matrix] | None = None
        self.drift: Drift | None = None
        """Told of every batch scored, where somebody watches."""

    def features(self, traffic: Traffic, counted: Counted) -> Matrix:
        """Return the features of a batch; those of the latest are at hand."""
        last = self._last
        if last is not None and last[0] is traffic and last[1] is counted:
            return last[2]
        found = matrix(self._reader.read(traffic, counted), self.tables)
        self._last = (traffic, counted, found)
        return found

    def score(self, traffic: Traffic, counted: Counted) -> npt.NDArray[np.float32]:
        """Return each click's percentile of the training window, 0 (ordinary) to 100, in steps of 0.025."""
        found = self.features(traffic, counted)
        scores = fine_percentiles(self._trees.anomalies(self._stretch.of(found)), self._scale)
        if self.drift is not None:
            self.drift.observe(found, scores)
        return scores

    def percentiles(self, rows: Matrix) -> npt.NDArray[np.uint8]:
        """Return the percentile of rows of features."""
        return percentiles(self._trees.anomalies(self._stretch.of(rows)), self._scale)

    def explain(self, traffic: Traffic, counted: Counted, rows: Sequence[int]) -> list[tuple[str, ...]]:
        """Return the names of the features that isolated each of some clicks, the most telling first."""
        return self.isolating(self.features(traffic, counted)[np.asarray(rows, np.int64)])

    def isolating(self, rows: Matrix) -> list[tuple[str, ...]]:
        """Return the names of the features that isolated each row; see ``trees`` for how they are found."""
        if not len(rows):
            return []
        shortened = np.maximum(self._trees.contributions(self._stretch.of(rows)), 0.0)
        total = np.maximum(shortened.sum(axis=1), 1e-9)
        order = np.argsort(-shortened, axis=1, kind="stable")[:, :MOST_NAMED]
        return [
            tuple(NAMES[place] for place in places if share[place] >= LEAST_SHARE)
            for places, share in zip(order.tolist(), shortened / total[:, None], strict=True)
        ]

    def told(self, traffic: Traffic, counted: Counted, row: int) -> list[str]:
        """Return sentences on the features that isolated a click: its value of each beside the usual one."""
        values = self.features(traffic, counted)[row]
        return [
            self.told_of(name, float(values[NAMES.index(name)])) for name in self.isolating(values[None, :])[0]
        ]

    def told_of(self, name: str, value: float) -> str:
        """Return a sentence on a feature's value."""
        return BY_NAME[name].told(value, float(self._usual[NAMES.index(name)]))

    def stored(self) -> bytes:
        """Return the model as a skops file."""
        import skops.io

        content = {
            "features": list(NAMES),
            "forest": self._forest,
            "tables": self.tables.stored(),
            "stretch": [self._stretch.centre, self._stretch.above, self._stretch.below],
            "scale": self._scale,
            "usual": self._usual,
        }
        return bytes(skops.io.dumps(content, compression=ZIP_DEFLATED, compresslevel=1))

    @staticmethod
    def check(stored: bytes, card: Card) -> None:
        """Check that bytes are the file a card describes, and of this version of clickledger.

        Raises:
            ClickledgerError: ``model_broken``.

        """
        if sha256(stored).hexdigest() != card.file_sha256:
            raise MODEL_BROKEN.error(
                f"The file of model {card.version} isn't the one that was trained: its hash differs. Verdicts "
                "come from rules alone; roll back to another model or train one.",
                version=card.version,
            )
        if card.features != list(NAMES):
            raise MODEL_BROKEN.error(
                f"Model {card.version} was trained by another version of clickledger, on other features. Verdicts "
                "come from rules alone until one is trained: clickledger fraud train.",
                version=card.version,
            )
        if card.libraries != libraries():
            was = card.libraries.get(LIBRARY, "of another version")
            raise MODEL_BROKEN.error(
                f"Model {card.version} was trained with {LIBRARY} {was}, and {installed(LIBRARY)} is installed, "
                "which may read its trees otherwise. Verdicts come from rules alone until one is trained: "
                "clickledger fraud train.",
                version=card.version,
            )

    @classmethod
    def read(cls, stored: bytes, card: Card) -> Model:
        """Read a model that ``stored`` wrote.

        Raises:
            ClickledgerError: ``model_broken`` when the bytes aren't those the card describes, hold something
                else than a model, or belong to a version of clickledger with other features.

        """
        cls.check(stored, card)
        import skops.io

        try:
            content = skops.io.loads(stored, trusted=list(TRUSTED))
            model = cls(
                card.version,
                content["forest"],
                Tables.read(content["tables"]),
                Stretch(*content["stretch"]),
                np.asarray(content["scale"], np.float64),
                np.asarray(content["usual"], np.float64),
            )
            model._try(content["features"])
        except Exception as why:
            # A damaged file may raise anything at all.
            raise MODEL_BROKEN.error(
                f"The file of model {card.version} can't be read ({type(why).__name__}): it was written by "
                "another version of its libraries, or isn't a model. Verdicts come from rules alone; train one.",
                version=card.version,
            ) from why
        return model

    def _try(self, features: list[str]) -> None:
        """Ask it about a click that is usual in everything.

        Raises:
            Exception: it can't be asked.

        """
        stretch = self._stretch
        numbers = (self._usual, stretch.centre, stretch.above, stretch.below)
        fits = features == list(NAMES) and self._trees.width == len(NAMES)
        fits = fits and all(part.shape == (len(NAMES),) for part in numbers)
        if not fits or len(self._scale) < 2 or not np.all(np.diff(self._scale) >= 0):
            raise ValueError("other features")
        usual = np.asarray(self._usual, np.float32)[None, :]
        self.percentiles(usual)
        self.isolating(usual)
        self.told_of(NAMES[0], float(self._usual[0]))
