"""The web role and one network for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.integration.web.conftest import web
from tests.property.web.network import Network, build

__all__ = ["web"]


@pytest.fixture(scope="session")
def network(web, event_store) -> Network:
    return build(web, event_store)
