"""Checks that somebody ships what this host's edge and web roles write down.

Both answer as soon as an event is in their journal; only a pipeline over the same data directory brings it into
the event store. Where none comes round, what people enter by hand waits for ever and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from clickledger.doctor.finding import Finding, ok, warning
from kernel import heartbeat
from kernel.settings import Settings
from tracker.journal import DIRECTORY, is_sealed, journal_paths

_NAME = "journals"


def shipped(chosen: Settings) -> Iterator[Finding]:
    """Check that a pipeline comes round where a journal is written."""
    directory = chosen.data_dir / DIRECTORY
    try:
        written = [path.stem for path in journal_paths(directory) if not is_sealed(path)]
    except OSError as why:
        yield warning(_NAME, f"{directory} can't be read: {why.strerror}", "Run this as the service's user.")
        return
    if not written:
        yield ok(_NAME, "nobody writes one here at the moment")
        return
    # edge0-0199c0ffee…, web-0199c0ffee…: the writer, and when it began.
    writers = ", ".join(sorted({name.rpartition("-")[0] for name in written}))
    silence = heartbeat.check(chosen.data_dir, "pipeline")
    if not silence:
        yield ok(_NAME, f"the pipeline ships what is written by {writers}")
        return
    yield warning(
        _NAME,
        f"nobody ships what is written by {writers}: {silence[0].lower()}{silence[1:]}",
        f"Run 'clickledger serve pipeline' on this host with CLICKLEDGER_DATA_DIR={chosen.data_dir}: the edge's "
        "clicks, and what people enter or change by hand over the web role, are on the disk and wait for it.",
    )
