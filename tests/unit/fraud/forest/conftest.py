"""A model over ordinary traffic, trained once for all tests of the room."""

from __future__ import annotations

import pytest

from fraud.forest.training import train
from tests.support.forest import ordinary, replayed


@pytest.fixture(scope="session")
def window():
    return replayed(ordinary(8_000))


@pytest.fixture(scope="session")
def trained(window):
    """Return model, file and card."""
    return train(window)


@pytest.fixture
def model(trained):
    return trained[0]
