import pytest

from kernel import faults
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table
from kernel.errors import ClickledgerError
from kernel.settings import Settings


class Recorder:
    def __init__(self):
        self.inserts = []

    def insert_arrow(self, table, rows, settings):
        self.inserts.append((table, rows.num_rows, settings))


def test_an_insert_carries_its_token_and_is_never_left_to_the_servers_buffer():
    client = Recorder()
    clickhouse.insert(client, "clicks", arrow_table("clicks", {}, 3), "journal-1:1-3:clicks")
    ((table, rows, settings),) = client.inserts
    assert (table, rows) == ("clicks", 3)
    assert settings["insert_deduplication_token"] == "journal-1:1-3:clicks"
    assert settings["insert_deduplicate"] == 1
    assert settings["deduplicate_blocks_in_dependent_materialized_views"] == 1
    assert settings["async_insert"] == 0
    assert settings["wait_end_of_query"] == 1


def test_a_fault_at_the_insert_reaches_the_caller_before_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "_directory", tmp_path)
    (tmp_path / "pipeline.insert").write_text("fail")
    client = Recorder()
    with pytest.raises(OSError, match="fault injected"):
        clickhouse.insert(client, "clicks", arrow_table("clicks", {}, 1), "t")
    assert client.inserts == []


def test_without_chdb_and_without_a_server_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "chdb", None)
    with pytest.raises(ClickledgerError, match=r"clickledger\[embedded\]") as caught:
        clickhouse.connect(Settings(data_dir=tmp_path))
    assert caught.value.kind.code == "cannot_start"
