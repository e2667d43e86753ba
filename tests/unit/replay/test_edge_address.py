from __future__ import annotations

import pytest

from clickledger.replay.edge_address import edge_url
from kernel.errors import ClickledgerError
from kernel.settings import Settings


def test_the_running_service_says_where_its_edge_is(tmp_path):
    (tmp_path / "run.json").write_text('{"edge_url": "http://127.0.0.1:8100/", "web_url": "-", "pid": 7}')
    assert edge_url(Settings(data_dir=tmp_path)) == "http://127.0.0.1:8100"


def test_the_setting_goes_first(tmp_path):
    (tmp_path / "run.json").write_text('{"edge_url": "http://127.0.0.1:8100"}')
    chosen = Settings(data_dir=tmp_path, edge_public_url="https://go.example/")
    assert edge_url(chosen) == "https://go.example"


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"edge_url": 5}'])
def test_when_nobody_knows_the_sentence_says_what_to_set(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(ClickledgerError, match="CLICKLEDGER_EDGE_PUBLIC_URL") as raised:
        edge_url(Settings(data_dir=tmp_path))
    assert raised.value.kind.code == "edge_unknown"
