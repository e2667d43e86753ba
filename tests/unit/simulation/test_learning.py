"""Waiting until a service has counted what is usual."""

from __future__ import annotations

import time

import httpx2
import pytest

from clickledger.service import Service
from clickledger.simulation import learning
from kernel.errors import ClickledgerError


def service(*ages):
    """A service whose metrics tell these ages one after the other, the last one for ever."""
    told = list(ages)

    def answer(request):
        assert request.url.path == "/metrics"
        age = told.pop(0) if len(told) > 1 else told[0]
        return httpx2.Response(200, text=f"# HELP x y\nother 1\n{age}\n")

    return Service("http://service", "key", httpx2.MockTransport(answer))


def line(age, labels=""):
    return f"{learning.METRIC}{labels} {age}"


def test_the_age_is_read_off_the_metrics():
    assert learning.counted_ago_s(service(line("12.5"))) == 12.5
    assert learning.counted_ago_s(service(line("3", '{role="backend"}'))) == 3
    assert learning.counted_ago_s(service("nothing 1")) is None


def test_before_the_first_count_there_is_no_age():
    assert learning.counted_ago_s(service(line("0"))) is None


def test_it_returns_once_the_count_is_younger_than_the_call(monkeypatch):
    monkeypatch.setattr(learning, "PAUSE_S", 0.01)
    begin = time.monotonic()
    learning.wait_until_counted(service(line("200"), line("0"), line("200.1"), line("0.001")))
    assert time.monotonic() - begin < 30


def test_a_count_that_never_comes_is_said(monkeypatch):
    monkeypatch.setattr(learning, "PAUSE_S", 0.01)
    monkeypatch.setattr(learning, "PATIENCE_S", 0.1)
    with pytest.raises(ClickledgerError, match="--no-learn") as raised:
        learning.wait_until_counted(service(line("200")))
    assert raised.value.kind.code == "simulation_not_learned"
