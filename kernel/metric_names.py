"""Every metric clickledger exports: name, kind, labels, help. ``docs/operations-metrics.md`` is made from it.

Conventions are Prometheus's: seconds and bytes, counters end in ``_total``. Labels take values from
closed sets (reasons, steps, tables, roles), never anything a visitor or partner chooses, so the number
of series stays in the hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
AcrossProcesses = Literal["livesum", "livemax", "livemin"]

BATCH_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds. A step over a batch takes milliseconds, an insert tens to hundreds, a stuck store many seconds."""

FSYNC_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Seconds. Flash answers an fsync in 0.1 to 2 ms, a disk in 10; beyond 100 ms visitors feel it."""

TRAINING_BUCKETS: Final = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds. A million clicks take 30 when asked for, and some minutes by itself, at a quarter of a core."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row: what is counted, by which labels, and how the processes' values make one."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    across_processes: AcrossProcesses = "livesum"
    """Gauges only: sum, highest or lowest of the processes alive."""
    buckets: tuple[float, ...] = BATCH_BUCKETS
    """Histograms only."""


METRICS: Final[tuple[Metric, ...]] = (
    # edge
    Metric(
        "clickledger_clicks_total",
        "counter",
        "Clicks answered; outcome: redirected, trafficback (sent elsewhere), page (no destination), not_counted.",
        ("outcome",),
    ),
    Metric("clickledger_trafficback_total", "counter", "Clicks that did not reach their offer.", ("reason",)),
    Metric(
        "clickledger_postbacks_total", "counter", "Postbacks answered; outcome: accepted, refused.", ("outcome",)
    ),
    Metric("clickledger_impressions_total", "counter", "Impressions answered."),
    Metric(
        "clickledger_recorded_clicks_total",
        "counter",
        "Clicks recorded without a redirect, also in clicks_total; source: js (a page's script), server (API).",
        ("source",),
    ),
    Metric(
        "clickledger_pixels_total",
        "counter",
        "Conversions reported by pixels and scripts; outcome: accepted, refused.",
        ("outcome",),
    ),
    Metric(
        "clickledger_refused_total", "counter", "Requests answered with 4xx and kept as rejected.", ("reason",)
    ),
    Metric(
        "clickledger_not_durable_total",
        "counter",
        "Requests answered with 503 because the journal could not be written.",
    ),
    Metric(
        "clickledger_snapshot_version",
        "gauge",
        "Version of the routing snapshot; the oldest that any edge worker holds.",
        across_processes="livemin",
    ),
    Metric(
        "clickledger_caps_degraded",
        "gauge",
        "Edge workers that judge caps and duplicates without Redis, by the last known counts.",
    ),
    Metric(
        "clickledger_caps_decided_alone_total",
        "counter",
        "Clicks whose caps and duplicates were judged without Redis.",
    ),
    Metric(
        "clickledger_caps_raised_total",
        "counter",
        "Click counts of caps that Redis had lost and that were restored from the event store.",
    ),
    # journal
    Metric("clickledger_journal_events_total", "counter", "Events made durable."),
    Metric("clickledger_journal_bytes_total", "counter", "Bytes of events made durable."),
    Metric(
        "clickledger_journal_commit_seconds",
        "histogram",
        "One group commit: insert and fsync.",
        buckets=FSYNC_BUCKETS,
    ),
    Metric("clickledger_journal_backlog_events", "gauge", "Durable events not yet in the event store."),
    Metric("clickledger_journal_files", "gauge", "Journal files on disk, shipped ones within retention included."),
    # pipeline
    Metric(
        "clickledger_pipeline_events_total",
        "counter",
        "Events shipped; kind: click, impression, postback, adjustment, outgoing, refused.",
        ("kind",),
    ),
    Metric(
        "clickledger_pipeline_rows_total", "counter", "Rows the event store acknowledged, by table.", ("table",)
    ),
    Metric(
        "clickledger_pipeline_rejected_total",
        "counter",
        "Events that could not be processed and were kept as rejected.",
        ("reason",),
    ),
    Metric(
        "clickledger_fraud_failures_total",
        "counter",
        "Batches that a part of the fraud engine was left out of; part: rule, rulebook, usual, counts, model or "
        "explanation.",
        ("part",),
    ),
    Metric("clickledger_pipeline_step_seconds", "histogram", "One step over one batch.", ("step",)),
    Metric("clickledger_pipeline_batch_seconds", "histogram", "One batch from journal to acknowledgement."),
    Metric(
        "clickledger_pipeline_retries_total",
        "counter",
        "Batches tried again because a store was away; store: clickhouse, redis, sql.",
        ("store",),
    ),
    Metric(
        "clickledger_pipeline_lag_seconds",
        "gauge",
        "Age of the oldest durable event that is not yet in the event store.",
        across_processes="livemax",
    ),
    Metric("clickledger_postbacks_waiting", "gauge", "Postbacks that wait for their click to arrive."),
    Metric(
        "clickledger_fraud_usual_age_seconds",
        "gauge",
        "Age of what fraud rules take for usual; counted anew every five minutes.",
        across_processes="livemax",
    ),
    Metric(
        "clickledger_fraud_blocks_total", "counter", "Blocks that fraud rules made or extended in the blocklist."
    ),
    Metric(
        "clickledger_fraud_conversions_total",
        "counter",
        "New conversions that fraud rules put on hold or rejected; action: hold, reject.",
        ("action",),
    ),
    # outgoing postbacks and webhooks
    Metric(
        "clickledger_outbound_attempts_total",
        "counter",
        "Tries to send an outgoing postback or webhook; outcome: delivered, failed, refused, given_up.",
        ("outcome",),
    ),
    Metric(
        "clickledger_outbound_attempt_seconds", "histogram", "One try, from dialling to the end of the answer."
    ),
    Metric("clickledger_outbound_waiting", "gauge", "Outgoing messages that are neither delivered nor given up."),
    Metric(
        "clickledger_outbound_overdue_seconds",
        "gauge",
        "How long the oldest outgoing message that is due has been so.",
        across_processes="livemax",
    ),
    # web
    Metric(
        "clickledger_http_requests_total",
        "counter",
        "Requests the web role answered; route is the pattern, like /api/v1/offers/{id}, or none.",
        ("route", "status"),
    ),
    Metric("clickledger_report_seconds", "histogram", "One report query in the event store."),
    # model of fraud
    Metric(
        "clickledger_model_in_use",
        "gauge",
        "1 where clicks are scored by a model, 0 where verdicts come from rules alone; the lowest of all "
        "pipelines.",
        across_processes="livemin",
    ),
    Metric(
        "clickledger_model_trained_time_seconds",
        "gauge",
        "When the model in use was trained, seconds since 1970; the oldest of all pipelines.",
        across_processes="livemin",
    ),
    Metric(
        "clickledger_model_failures_total",
        "counter",
        "Times a model could not be used: its file is missing, damaged or fails its hash.",
    ),
    Metric(
        "clickledger_model_drift_psi",
        "gauge",
        "Population stability index of the last day's clicks against the model's training window.",
        ("feature",),
        across_processes="livemax",
    ),
    Metric(
        "clickledger_model_drifted_features",
        "gauge",
        "Features whose index is 0.2 or more.",
        across_processes="livemax",
    ),
    Metric(
        "clickledger_model_flagged_ratio",
        "gauge",
        "Share of the last day's clicks whose score is 99 or more.",
        across_processes="livemax",
    ),
    Metric(
        "clickledger_model_flagged_trained_ratio",
        "gauge",
        "That share in the training window of the model in use.",
        across_processes="livemax",
    ),
    Metric(
        "clickledger_model_training_seconds",
        "histogram",
        "Training a model, from reading its window to its file.",
        buckets=TRAINING_BUCKETS,
    ),
    # stores and processes
    Metric(
        "clickledger_store_failures_total",
        "counter",
        "Calls to a store that failed; store: clickhouse, redis, sql.",
        ("store",),
    ),
    Metric("clickledger_restarts_total", "counter", "Processes the supervisor started again.", ("role",)),
    # partner risk
    Metric(
        "clickledger_partner_risk_runs_total",
        "counter",
        "Days whose partner risk was scored; outcome: done, failed.",
        ("outcome",),
    ),
    Metric(
        "clickledger_partner_risk_last_day_seconds",
        "gauge",
        "Latest UTC day whose partner risk is known, seconds since 1970 at its beginning.",
        across_processes="livemax",
    ),
    Metric(
        "clickledger_process_start_time_seconds", "gauge", "When the role started, seconds since 1970.", ("role",)
    ),
)

_ACROSS: Final = {"livesum": "sum of all processes", "livemax": "highest process", "livemin": "lowest process"}

_PAGE: Final = """# Metrics

Made from `kernel/metric_names.py`; change it there.

`GET /metrics` on the edge and on the web role answers in Prometheus's text format, with the values of
all clickledger processes that share the data directory. Counters begin at zero with `clickledger up`;
roles run apart go on counting when they are started again.

| metric | kind | labels | meaning |
|---|---|---|---|
{rows}

## What to watch

- `clickledger_pipeline_lag_seconds > 30` for five minutes: the event store is away or too slow. Nothing
  is lost while the journals' disk has room; `clickledger_journal_backlog_events` says how much waits.
- `rate(clickledger_not_durable_total[5m]) > 0`: the journal can't be written, visitors get 503. Look at
  the disk.
- `rate(clickledger_pipeline_rejected_total[5m])`: events nobody can process; `clickledger export rejected`
  shows them with their reason.
- `clickledger_caps_degraded > 0`: Redis is away; caps can admit more than they say, see
  [guarantees.md](guarantees.md#7-caps-admit-what-they-say).
- `clickledger_model_in_use == 0` for a day, or `rate(clickledger_model_failures_total[15m]) > 0`: verdicts come
  from rules alone; `clickledger fraud models` says why, see [fraud-model.md](fraud-model.md).
- `clickledger_model_drifted_features > 0`, or `clickledger_model_flagged_ratio > 3 *
  clickledger_model_flagged_trained_ratio`: traffic has changed since the model was trained; `clickledger fraud
  drift` names what.
- `rate(clickledger_restarts_total[15m]) > 0`: a process keeps dying; its log says why.
"""


def pages() -> dict[str, str]:
    """Return the generated page, by its path below ``docs/``."""
    rows = "\n".join(
        f"| `{m.name}` | {m.kind}{', ' + _ACROSS[m.across_processes] if m.kind == 'gauge' else ''} "
        f"| {', '.join(f'`{label}`' for label in m.labels)} | {m.help} |"
        for m in METRICS
    )
    return {"operations-metrics.md": _PAGE.format(rows=rows)}
