import pytest

from kernel.clickhouse.lost_tokens import forget_lost_tokens


@pytest.fixture
def table(tmp_path):
    """Make a table's directory with parts and logs; return the logs' paths."""

    def make(parts, *logs, name="abc/abc-def"):
        place = tmp_path / "store" / name
        (place / "deduplication_logs").mkdir(parents=True)
        for part in parts:
            (place / part).mkdir()
        paths = []
        for number, lines in enumerate(logs, 1):
            path = place / "deduplication_logs" / f"deduplication_log_{number}.txt"
            path.write_text("".join(f"{line}\n" for line in lines))
            paths.append(path)
        return paths

    return make


def added(part):
    return f"1\t{part}\ttoken_of_{part}"


def test_tokens_of_parts_that_are_there_stay(tmp_path, table):
    lines = [added("202601_1_1_0"), added("202601_2_2_0")]
    (log,) = table(["202601_1_1_0", "202601_2_2_0", "detached"], lines)
    before = log.stat().st_ino
    assert forget_lost_tokens(tmp_path) == 0
    assert log.read_text().splitlines() == lines
    assert log.stat().st_ino == before


def test_tokens_newer_than_every_part_are_forgotten_in_each_table(tmp_path, table):
    (one,) = table(["202601_1_1_0", "tmp_insert_202601_2_2_0"], [added("202601_1_1_0"), added("202601_2_2_0")])
    (other,) = table([], [added("202601_1_1_0")], name="abd/abd-def")
    assert forget_lost_tokens(tmp_path) == 2
    assert one.read_text().splitlines() == [added("202601_1_1_0")]
    assert other.read_text() == ""


def test_tokens_of_merged_and_of_mutated_parts_stay(tmp_path, table):
    lines = [added(f"202601_{n}_{n}_0") for n in range(1, 6)]
    (log,) = table(["202601_1_4_1", "202601_5_5_0_9"], lines)
    assert forget_lost_tokens(tmp_path) == 0
    assert log.read_text().splitlines() == lines


def test_tokens_of_parts_dropped_or_replaced_by_newer_ones_stay(tmp_path, table):
    """They were stored once; sent again, they must not come back."""
    lines = [added("202512_1_1_0"), added("202601_2_2_0"), added("202601_3_3_0")]
    (log,) = table(["202601_3_3_0", "202602_7_7_0"], lines)
    assert forget_lost_tokens(tmp_path) == 0
    assert log.read_text().splitlines() == lines


def test_every_log_is_looked_at_and_lines_that_are_not_understood_stay(tmp_path, table):
    strange = ["", "1", "2\t202601_9_9_0\tdropped", "1\tall_9\ttoken", "9\t202601_9_9_0\tnew operation"]
    first, second = table(["202601_1_1_0"], [added("202601_1_1_0"), *strange], [added("202601_2_2_0"), *strange])
    assert forget_lost_tokens(tmp_path) == 1
    assert first.read_text().splitlines() == [added("202601_1_1_0"), *strange]
    assert second.read_text().splitlines() == strange


def test_a_directory_without_tables_is_fine(tmp_path):
    assert forget_lost_tokens(tmp_path) == 0
    assert forget_lost_tokens(tmp_path / "not there yet") == 0
