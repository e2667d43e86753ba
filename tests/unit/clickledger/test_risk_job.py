"""The web role goes on scoring partners whatever a look ends with."""

from __future__ import annotations

import asyncio

import pytest

from clickledger.roles import risk
from kernel.errors import STORE_AWAY


def test_a_store_that_is_away_or_a_fault_ends_no_later_look(monkeypatch):
    looks = []

    class Runs:
        def run_missing(self):
            looks.append(len(looks))
            if len(looks) == 1:
                raise STORE_AWAY.error()
            if len(looks) == 2:
                raise RuntimeError("nobody foresaw this")
            if len(looks) == 4:
                raise asyncio.CancelledError

    monkeypatch.setattr(risk, "FIRST_LOOK_SECONDS", 0)
    monkeypatch.setattr(risk, "LOOK_SECONDS", 0)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(risk.keep_partners_scored(Runs()))
    assert looks == [0, 1, 2, 3]
