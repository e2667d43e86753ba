import contextlib
import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kernel import metrics
from kernel.metric_names import METRICS
from kernel.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    monkeypatch.setattr(metrics, "_process", metrics._Process())
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    yield
    metrics.stop()


def value(text, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def in_a_process(data_dir, code):
    """Run ``code`` in its own process after ``metrics.start`` and return what it printed."""
    program = (
        "from pathlib import Path\nfrom kernel import metrics\nfrom kernel.settings import Settings\n"
        f"chosen = Settings(data_dir=Path({str(data_dir)!r}))\n{code}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_the_hot_path_added_is_rendered_once():
    count = metrics.counter("clickledger_clicks_total", outcome="redirected")
    count.n += 3
    metrics.flush()
    metrics.flush()
    count.n += 2
    assert value(metrics.render().decode(), 'clickledger_clicks_total{outcome="redirected"}') == 5


def test_the_same_name_and_labels_are_one_count():
    first = metrics.counter("clickledger_clicks_total", outcome="redirected")
    assert metrics.counter("clickledger_clicks_total", outcome="redirected") is first
    assert metrics.counter("clickledger_clicks_total", outcome="page") is not first


def test_a_counter_shows_zero_before_its_first_event():
    metrics.counter("clickledger_not_durable_total")
    assert value(metrics.render().decode(), "clickledger_not_durable_total") == 0


def test_a_gauge_is_absent_until_it_is_known():
    level = metrics.gauge("clickledger_pipeline_lag_seconds")
    assert value(metrics.render().decode(), "clickledger_pipeline_lag_seconds") is None
    level.value = 1.5
    assert value(metrics.render().decode(), "clickledger_pipeline_lag_seconds") == 1.5


def test_timed_observes_a_step_even_when_it_raises():
    with contextlib.suppress(ZeroDivisionError), metrics.timed("clickledger_pipeline_step_seconds", step="geo"):
        raise ZeroDivisionError
    text = metrics.render().decode()
    assert value(text, 'clickledger_pipeline_step_seconds_count{step="geo"}') == 1
    assert value(text, 'clickledger_pipeline_step_seconds_bucket{le="+Inf",step="geo"}') == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda: metrics.counter("clickledger_klicks_total"),
        lambda: metrics.counter("clickledger_clicks_total"),
        lambda: metrics.counter("clickledger_clicks_total", outcome="page", ip="1.2.3.4"),
        lambda: metrics.gauge("clickledger_clicks_total", outcome="page"),
        lambda: metrics.observe("clickledger_pipeline_step_seconds", 1.0),
    ],
    ids=["unknown", "label missing", "label too many", "other kind", "histogram label missing"],
)
def test_a_metric_that_is_not_declared_cant_be_used(use):
    with pytest.raises(ValueError, match="is not declared in METRICS"):
        use()


def test_all_roles_and_processes_of_a_host_add_up(tmp_path):
    edge = """
metrics.start(chosen, "{role}")
metrics.counter("clickledger_clicks_total", outcome="redirected").n += 5
metrics.gauge("clickledger_snapshot_version").value = {version}
metrics.observe("clickledger_journal_commit_seconds", 0.002)
metrics.stop()
"""
    in_a_process(tmp_path, edge.format(role="edge", version=7))
    in_a_process(tmp_path, edge.format(role="other", version=9))
    text = in_a_process(
        tmp_path,
        'metrics.start(chosen, "backend")\n'
        'metrics.counter("clickledger_pipeline_rows_total", table="clicks").n += 10\n'
        "print(metrics.render().decode())",
    )
    assert value(text, 'clickledger_clicks_total{outcome="redirected"}') == 10
    assert value(text, 'clickledger_pipeline_rows_total{table="clicks"}') == 10
    assert value(text, "clickledger_snapshot_version") == 7
    assert value(text, "clickledger_journal_commit_seconds_count") == 2
    assert value(text, 'clickledger_journal_commit_seconds_bucket{le="0.0025"}') == 2


def test_the_background_thread_carries_counts_over_without_being_asked(tmp_path):
    text = in_a_process(
        tmp_path,
        """
import time
from prometheus_client.multiprocess import MultiProcessCollector
metrics.FLUSH_SECONDS = 0.01
metrics.start(chosen, "edge")
metrics.counter("clickledger_impressions_total").n += 4
deadline = time.monotonic() + 20
def stored():
    files = [str(p) for p in (chosen.data_dir / "metrics").glob("edge/counter_*.db")]
    return [s.value for m in MultiProcessCollector.merge(files) for s in m.samples]
while stored() != [4.0]:
    assert time.monotonic() < deadline, "the count was not carried over within 20 s"
    time.sleep(0.01)
print("carried")
""",
    )
    assert text == "carried\n"


def test_counts_of_a_parent_are_not_counted_again_after_a_fork(tmp_path):
    text = in_a_process(
        tmp_path,
        """
import os
metrics.start(chosen, "edge")
count = metrics.counter("clickledger_impressions_total")
count.n += 4
child = os.fork()
if child == 0:
    metrics.start(chosen, "edge")
    count.n += 1
    metrics.stop()
    os._exit(0)
os.waitpid(child, 0)
print(metrics.render().decode())
""",
    )
    assert value(text, "clickledger_impressions_total") == 5


def test_an_ended_process_leaves_its_counters_and_takes_its_gauges_along(tmp_path):
    pid = in_a_process(
        tmp_path,
        """
import os
metrics.start(chosen, "pipeline")
metrics.counter("clickledger_pipeline_rows_total", table="clicks").n += 8
metrics.gauge("clickledger_journal_backlog_events").value = 100
metrics.stop()
print(os.getpid())
""",
    )
    chosen = Settings(data_dir=tmp_path)
    metrics.start(chosen, "web")
    assert value(metrics.render().decode(), "clickledger_journal_backlog_events") == 100
    metrics.forget(chosen, int(pid))
    text = metrics.render().decode()
    assert value(text, "clickledger_journal_backlog_events") is None
    assert value(text, 'clickledger_pipeline_rows_total{table="clicks"}') == 8


ONE_LIFE = """
metrics.start(chosen, "edge")
metrics.counter("clickledger_impressions_total").n += 5
metrics.gauge("clickledger_journal_backlog_events").value = 100
metrics.observe("clickledger_journal_commit_seconds", 0.001)
metrics.stop()
"""


def test_restarts_keep_the_sums_and_neither_files_nor_levels_pile_up(tmp_path):
    for _life in range(3):
        in_a_process(tmp_path, ONE_LIFE)
    assert len(list((tmp_path / "metrics" / "edge").glob("counter_*.db"))) == 1
    metrics.start(Settings(data_dir=tmp_path), "edge")
    text = metrics.render().decode()
    assert value(text, "clickledger_impressions_total") == 15
    assert value(text, "clickledger_journal_commit_seconds_count") == 3
    assert value(text, "clickledger_journal_backlog_events") is None
    assert len(list((tmp_path / "metrics" / "edge").glob("*.db"))) == 5


def test_a_start_takes_nothing_over_from_a_process_that_lives(tmp_path):
    metrics.start(Settings(data_dir=tmp_path), "edge")
    metrics.counter("clickledger_impressions_total").n += 1
    metrics.gauge("clickledger_journal_backlog_events").value = 7
    metrics.flush()
    in_a_process(tmp_path, ONE_LIFE)
    metrics.counter("clickledger_impressions_total").n += 1
    text = metrics.render().decode()
    assert value(text, "clickledger_impressions_total") == 7
    assert value(text, "clickledger_journal_backlog_events") == 107


def test_a_start_under_the_pid_of_the_life_before_goes_on_counting(tmp_path):
    # In a container every start has the same process id.
    chosen = Settings(data_dir=tmp_path)
    for life in (1, 2):
        metrics._process = metrics._Process()
        metrics.start(chosen, "edge")
        metrics.counter("clickledger_impressions_total").n += 5
        if life == 1:
            metrics.gauge("clickledger_journal_backlog_events").value = 100
            metrics.stop()
    text = metrics.render().decode()
    assert value(text, "clickledger_impressions_total") == 10
    assert value(text, "clickledger_journal_backlog_events") is None


def test_cleaning_a_role_forgets_its_boot_and_no_other_roles(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    for role in ("edge", "pipeline"):
        in_a_process(
            tmp_path,
            f'metrics.start(chosen, "{role}")\n'
            'metrics.counter("clickledger_restarts_total", role="edge").n += 1\nmetrics.stop()',
        )
    metrics.start(chosen, "web")
    series = 'clickledger_restarts_total{role="edge"}'
    assert value(metrics.render().decode(), series) == 2
    metrics.clean(chosen, "edge")
    assert value(metrics.render().decode(), series) == 1
    metrics.clean(chosen, "pipeline")
    assert value(metrics.render().decode(), series) is None


def test_a_full_disk_leaves_the_metrics_in_memory_and_the_process_alive(tmp_path, monkeypatch):
    def full(_self, _content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    metrics.start(Settings(data_dir=tmp_path), "edge")
    metrics.counter("clickledger_not_durable_total").n += 2
    assert value(metrics.render().decode(), "clickledger_not_durable_total") == 2


def test_the_files_have_their_blocks_before_anything_is_written_to_them(tmp_path):
    metrics.start(Settings(data_dir=tmp_path), "edge")
    metrics.counter("clickledger_impressions_total").n += 1
    metrics.gauge("clickledger_snapshot_version").value = 1
    metrics.observe("clickledger_journal_commit_seconds", 0.001)
    metrics.flush()
    files = sorted((tmp_path / "metrics" / "edge").iterdir())
    assert {f.name.rsplit("_", 1)[0] for f in files} == {
        "counter",
        "gauge_livemax",
        "gauge_livemin",
        "gauge_livesum",
        "histogram",
    }
    for file in files:
        found = file.stat()
        assert found.st_size == 1024 * 1024
        assert found.st_blocks * 512 >= found.st_size


def test_every_metric_follows_prometheus_conventions_and_is_declared_once():
    assert len({m.name for m in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"clickledger_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.kind != "histogram" or metric.name.endswith("_seconds")
        assert metric.help.endswith((".", "1970."))


def test_the_page_of_metrics_is_up_to_date():
    for name, text in metrics.pages().items():
        assert (REPOSITORY / "docs" / name).read_text() == text
