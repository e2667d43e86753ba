"""Prometheus metrics of every process on a host, read through any one of them.

Each process keeps its values in files of its own below ``data_dir/metrics/<role>``
(prometheus_client's multiprocess mode); ``render`` adds the files of all roles up. A supervisor calls
``clean`` before it starts processes, so that counters begin at zero with every boot, and ``forget`` when
one died, so that its gauges vanish at once. A process that starts takes over the counters of an ended one
of its role. Process ids must mean the same to all of them: containers do not share this directory.

Invariants: the hot path adds to a plain Python int and touches neither lock nor file; a background
thread carries the sums over once a second. Every metric is a row of ``METRICS``
(``kernel/metric_names.py``), with its labels and help; using another name or other labels is an error
at the first use. No label ever holds a value a visitor chooses.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from kernel.logging import log
from kernel.metric_files import DIRECTORY, Files, clean, forget, make_room
from kernel.metric_names import METRICS, Metric, pages
from kernel.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = [
    "Count",
    "Level",
    "clean",
    "counter",
    "flush",
    "forget",
    "gauge",
    "observe",
    "pages",
    "render",
    "start",
    "stop",
    "timed",
]

FLUSH_SECONDS: Final = 1.0
"""How far a reading may lag behind; Prometheus asks every 15 seconds or so."""

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_MULTIPROCESS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_BY_NAME: Final[dict[str, Metric]] = {metric.name: metric for metric in METRICS}


class Count:
    """A counter's value in this process: ``count.n += 1`` on the hot path, from one thread only."""

    __slots__ = ("_carried", "labels", "metric", "n")

    def __init__(self, metric: Metric, labels: dict[str, str]) -> None:
        self.metric = metric
        self.labels = labels
        self.n = 0
        self._carried = 0

    def take(self) -> int:
        """Return what was added since the last take."""
        now = self.n
        added = now - self._carried
        self._carried = now
        return added


class Level:
    """A gauge's value in this process: assign ``level.value``; ``None`` until it is known."""

    __slots__ = ("labels", "metric", "value")

    def __init__(self, metric: Metric, labels: dict[str, str]) -> None:
        self.metric = metric
        self.labels = labels
        self.value: float | None = None


class _Process:
    """What this process counts and the prometheus objects it is carried into."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[tuple[str, ...], Count] = {}
        self.levels: dict[tuple[str, ...], Level] = {}
        self.families: dict[str, Any] = {}
        self.registry: CollectorRegistry | None = None
        self.root: Path | None = None
        self.stopped = threading.Event()
        self.flusher: threading.Thread | None = None


_process = _Process()


def counter(name: str, **labels: str) -> Count:
    """Return this process's count of a counter; the same object for the same labels."""
    metric, key = _declared(name, "counter", labels)
    with _process.lock:
        return _process.counts.setdefault(key, Count(metric, labels))


def gauge(name: str, **labels: str) -> Level:
    """Return this process's level of a gauge; the same object for the same labels."""
    metric, key = _declared(name, "gauge", labels)
    with _process.lock:
        return _process.levels.setdefault(key, Level(metric, labels))


def observe(name: str, value: float, **labels: str) -> None:
    """Put one value into a histogram. It writes at once: for batches and steps, not for single clicks."""
    metric, _key = _declared(name, "histogram", labels)
    with _process.lock:
        _child(metric, labels).observe(value)


@contextmanager
def timed(name: str, **labels: str) -> Iterator[None]:
    """Observe the seconds a ``with`` block takes, also when it raises."""
    begin = perf_counter()
    try:
        yield
    finally:
        observe(name, perf_counter() - begin, **labels)


def _declared(name: str, kind: str, labels: dict[str, str]) -> tuple[Metric, tuple[str, ...]]:
    metric = _BY_NAME.get(name)
    if metric is None or metric.kind != kind or set(labels) != set(metric.labels):
        raise ValueError(f"{name} is not declared in METRICS as a {kind} with the labels {sorted(labels)}")
    return metric, (name, *(labels[label] for label in metric.labels))


def start(chosen: Settings, role: str) -> None:
    """Begin to keep this process's metrics in files and to carry counts over every second.

    Call it once in each process, after it was forked. ``role`` is a folder name: edge, backend,
    pipeline, web. What was counted before, in a parent, is not counted again. When there is no room
    for the files, the process keeps its metrics to itself: metrics never stop a role.
    """
    directory = chosen.data_dir / DIRECTORY / role
    with _process.lock:
        try:
            make_room(directory)
        except OSError as why:
            log("metrics").warning("metrics_in_memory_only", directory=str(directory), why=str(why))
            _process.root = None
        else:
            os.environ[_MULTIPROCESS_VARIABLE] = str(directory)
            _process.root = chosen.data_dir / DIRECTORY
        _choose_values()
        for count in _process.counts.values():
            count.take()
        _process.stopped = threading.Event()
        _process.flusher = threading.Thread(
            target=_flush_until, args=(_process.stopped,), name="metrics", daemon=True
        )
        _process.flusher.start()


def _choose_values() -> None:
    """Start the library anew, over files or in memory; the lock is held."""
    from prometheus_client import values

    # The library chooses by an environment variable when it is imported, and a process may have
    # imported it earlier or inherited the variable; so it is told.
    values.ValueClass = values.MutexValue if _process.root is None else values.MultiProcessValue()  # type: ignore[no-untyped-call]  # untyped library
    _process.families.clear()
    _process.registry = None


def stop() -> None:
    """Carry the last counts over and end the background thread."""
    _process.stopped.set()
    if _process.flusher is not None:
        _process.flusher.join()
        _process.flusher = None
    flush()


def _flush_until(stopped: threading.Event) -> None:
    while not stopped.wait(FLUSH_SECONDS):
        flush()


def flush() -> None:
    """Carry what was counted since the last time over to where ``render`` finds it."""
    with _process.lock:
        for count in _process.counts.values():
            added = count.take()
            # A new counter is written even at zero: a rate needs a first value to grow from.
            child = _child(count.metric, count.labels)
            if added:
                child.inc(added)
        for level in _process.levels.values():
            if level.value is not None:
                _child(level.metric, level.labels).set(level.value)


def _child(metric: Metric, labels: dict[str, str]) -> Any:
    """Return the prometheus object behind a metric and its labels; the lock is held."""
    family = _process.families.get(metric.name)
    if family is None:
        family = _process.families[metric.name] = _family(metric)
    return family.labels(**labels) if labels else family


def _family(metric: Metric) -> Any:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    if _process.registry is None:
        if _process.root is None:
            _choose_values()
        _process.registry = CollectorRegistry()
    registry = _process.registry
    if metric.kind == "counter":
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(
            metric.name, metric.help, metric.labels, registry=registry, multiprocess_mode=metric.across_processes
        )
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)


def render() -> bytes:
    """Return the metrics of all processes on this host in Prometheus's text format.

    In a process that never called ``start`` these are its own.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    flush()
    if _process.root is None:
        return generate_latest(_process.registry or CollectorRegistry())
    registry = CollectorRegistry()
    registry.register(Files(_process.root))
    return generate_latest(registry)
