"""An insert that was killed between its token and its rows is stored when it is tried again.

The engine takes one directory per process, so each step runs in a process of its own. What a kill leaves is
made by taking the newest part away: the token is in the log, the rows are not in the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.clickhouse.lost_tokens import forget_lost_tokens

REPOSITORY = Path(__file__).resolve().parents[3]
_STEP = """
import json, os, sys
from pathlib import Path
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from kernel.settings import Settings

client = clickhouse.connect(Settings(data_dir=Path(sys.argv[1])))
clickhouse.migrate(client)
for statement in json.loads(sys.argv[3]):
    client.command(statement)
for batch in sys.argv[2].split():
    rows = [{"click_id": f"{batch}-{n}", "ts": 1_760_000_000_000, "partner_id": 1} for n in range(20)]
    clickhouse.insert(client, "clicks", rows_table("clicks", rows), batch)
for statement in json.loads(sys.argv[4]):
    client.command(statement)
clicks = client.query("SELECT count(), uniqExact(click_id) FROM clicks").result_rows[0]
hourly = client.query("SELECT sum(click_count) FROM clicks_hourly").result_rows[0][0]
where = {
    name: str(path)
    for name, (path,) in client.query(
        "SELECT name, data_paths FROM system.tables WHERE name IN ('clicks', 'clicks_hourly')"
    ).result_rows
}
print(json.dumps({"clicks": clicks, "hourly": hourly, "where": where}))
sys.stdout.flush()
os._exit(0)
"""


def step(directory, batches, before=(), after=()):
    """Insert batches between statements, in a process of its own.

    Return what is stored afterwards and where the tables lie.
    """
    done = subprocess.run(
        [sys.executable, "-c", _STEP, str(directory), batches, json.dumps(before), json.dumps(after)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lose_newest_part(table):
    """Give the newest part the name it had before it was kept."""
    parts = [p for p in Path(table).iterdir() if p.name[0].isdigit()]
    newest = max(parts, key=lambda part: int(part.name.split("_")[2]))
    newest.rename(newest.with_name(f"tmp_insert_{newest.name}"))


@pytest.mark.parametrize("table", ["clicks", "clicks_hourly"])
def test_an_insert_killed_between_token_and_rows_is_stored_when_tried_again(tmp_path, table):
    before = step(tmp_path, "one two")
    assert (before["clicks"], before["hourly"]) == ([40, 40], 40)
    lose_newest_part(before["where"][table])
    assert forget_lost_tokens(tmp_path / "clickhouse") == 1
    after = step(tmp_path, "one two")
    assert (after["clicks"], after["hourly"]) == ([40, 40], 40)
    assert forget_lost_tokens(tmp_path / "clickhouse") == 0


def test_without_forgetting_the_engine_would_take_the_lost_rows_for_stored(tmp_path):
    """The reason this exists; when the engine gets it right one day, it can go."""
    before = step(tmp_path, "one two")
    lose_newest_part(before["where"]["clicks"])
    assert step(tmp_path, "one two")["clicks"] == [20, 20]


def test_a_partition_that_was_replaced_is_known_after_a_kill_as_well(tmp_path):
    at_once = "cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, old_parts_lifetime = 1"
    replaced = []
    for table, partition in (("clicks", "'202510'"), ("clicks_hourly", "'2025-10-06'")):
        replaced += [
            f"ALTER TABLE {table} MODIFY SETTING {at_once}",
            f"CREATE TABLE beside AS {table}",
            f"INSERT INTO beside SELECT * FROM {table}",  # noqa: S608 - our own tables
            f"ALTER TABLE {table} REPLACE PARTITION {partition} FROM beside",
            "DROP TABLE beside SYNC",
        ]
    assert step(tmp_path, "one two", after=replaced)["clicks"] == [40, 40]
    after = step(tmp_path, "one two", before=["SELECT sleep(1.5)"])
    assert (after["clicks"], after["hourly"]) == ([40, 40], 40)
