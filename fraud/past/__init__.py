"""The past judged again under present rules and model: dry runs, re-scorings, and evidence of a conversion.

``rescorings`` does both of the first in the background; ``finishing.recover`` has to be called before anything
reads or inserts; ``operations`` is what the API offers.
"""

from __future__ import annotations

from fraud.past.finishing import recover
from fraud.past.rescorings import Rescorings
from fraud.past.span import Span

__all__ = ["Rescorings", "Span", "recover"]
