from __future__ import annotations

import pytest

from tests.support.fake_edge import EdgeThread, FakeAdminApi, FakeEdge

HEADER = "ip,app,device,os,channel,click_time,attributed_time,is_attributed"


@pytest.fixture
def edge():
    """An edge that behaves until told otherwise."""
    fake = FakeEdge()
    thread = EdgeThread(fake)
    thread.start()
    yield fake
    thread.stop()


@pytest.fixture
def admin_api():
    return FakeAdminApi()


@pytest.fixture
def log(tmp_path):
    """A function that writes a TalkingData log of n clicks, every fifth of which converted, and returns its path."""

    def write(clicks=100, *extra):
        lines = [HEADER]
        for n in range(clicks):
            converted = f"2017-11-07 12:{n % 60:02d}:30,1" if n % 5 == 0 else ",0"
            lines.append(f"{n},{n % 3},1,{n % 7},{n % 4},2017-11-07 11:{(7 * n) % 60:02d}:00,{converted}")
        path = tmp_path / "log.csv"
        path.write_text("\n".join([*lines, *extra]) + "\n")
        return path

    return write
