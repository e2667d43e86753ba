from __future__ import annotations

import pytest

from clickledger.replay.edge_address import edge_url
from clickledger.running import Running, write_run_file
from kernel.errors import ClickledgerError
from kernel.settings import Settings

WEB = "http://127.0.0.1:8101"


@pytest.fixture
def running(tmp_path):
    """The data directory of a running service."""
    write_run_file(tmp_path, Running(edge_url="http://127.0.0.1:8100/", web_url=WEB, pid=7))
    return tmp_path


def test_the_running_service_says_where_its_edge_is(running):
    assert edge_url(Settings(data_dir=running), WEB) == "http://127.0.0.1:8100"


def test_the_setting_goes_first(running):
    chosen = Settings(data_dir=running, edge_public_url="https://go.example/")
    assert edge_url(chosen, WEB) == "https://go.example"


def test_the_edge_of_another_service_gets_no_clicks(running):
    with pytest.raises(ClickledgerError, match="CLICKLEDGER_EDGE_PUBLIC_URL") as raised:
        edge_url(Settings(data_dir=running), "https://reports.example")
    assert raised.value.kind.code == "edge_unknown"


def test_when_nobody_knows_the_sentence_says_what_to_set(tmp_path):
    with pytest.raises(ClickledgerError, match="CLICKLEDGER_DATA_DIR"):
        edge_url(Settings(data_dir=tmp_path), WEB)
