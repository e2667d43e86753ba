"""One service and one browser for all tests of this folder; they skip where there is no Chromium.

The folder is a package, so that this can be a fixture's scope: while a browser is open nothing else can run an event
loop in the process.
"""

from __future__ import annotations

import pytest

from tests.support import browser as browsers
from tests.support.showcase import Showcase


@pytest.fixture(scope="package")
def showcase(tmp_path_factory):
    if not browsers.chromium():
        pytest.skip(browsers.MISSING)
    made = Showcase(tmp_path_factory.mktemp("showcase"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="package")
def browser(showcase):
    with browsers.browser() as opened:
        yield opened
