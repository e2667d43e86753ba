"""Work of others between the pipeline's rounds."""

from __future__ import annotations

import threading

import pytest

from kernel.errors import STORE_AWAY, ClickledgerError
from tests.support.running_service import eventually
from tests.support.waiting import join
from tracker.pipeline import between as module
from tracker.pipeline.between import BetweenRounds


@pytest.fixture
def between():
    return BetweenRounds()


def pipeline(between, ending):
    def run():
        while not ending.is_set():
            between.do()
            ending.wait(0.002)
        between.end()

    thread = threading.Thread(target=run, name="pipeline")
    thread.start()
    return thread


def test_work_is_done_on_the_pipeline_s_thread_and_its_result_returned(between):
    ending = threading.Event()
    thread = pipeline(between, ending)
    try:
        assert between(lambda: threading.current_thread().name) == "pipeline"
        with pytest.raises(TimeoutError, match="the work's own"):
            between(lambda: (_ for _ in ()).throw(TimeoutError("the work's own")))
        assert between(lambda: 3) == 3
    finally:
        ending.set()
        join(thread)


def test_a_pipeline_that_has_ended_refuses_at_once(between):
    between.end()
    with pytest.raises(ClickledgerError) as refused:
        between(lambda: 1)
    assert refused.value.kind is STORE_AWAY


def test_a_pipeline_that_can_t_pause_is_told_of_and_the_work_never_done(between, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_SECONDS", 0.01)
    done = []
    with pytest.raises(ClickledgerError) as refused:
        between(lambda: done.append(1))
    assert refused.value.kind is STORE_AWAY
    between.do()
    assert done == []


def test_work_that_waits_when_the_pipeline_ends_is_refused(between):
    waiting = []

    def ask():
        with pytest.raises(ClickledgerError):
            between(lambda: waiting.append("done"))
        waiting.append("refused")

    thread = threading.Thread(target=ask)
    thread.start()
    eventually("the work to wait", lambda: bool(between))
    between.end()
    join(thread)
    assert waiting == ["refused"]
