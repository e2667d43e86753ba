"""One web role for all tests of this folder: each makes partners, users and keys of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.web import Web, running_web


@pytest.fixture(scope="session")
def web(event_store, store_settings, tmp_path_factory) -> Iterator[Web]:
    with running_web(store_settings, tmp_path_factory.mktemp("web")) as running:
        yield running
