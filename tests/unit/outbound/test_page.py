"""docs/outbound.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from kernel.macro_names import CONVERSION_MACROS
from kernel.settings import Settings
from tracker.outbound import api, delivery, receivers, schedule

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "outbound.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def test_every_macro_of_a_conversion_is_explained():
    assert [name for name in CONVERSION_MACROS if f"`{{{name}}}`" not in PAGE] == []


def test_every_call_is_listed_with_its_scope():
    for operation in api.operations():
        assert f"| `{operation.method} {operation.path}` | `{operation.needs}` |" in PAGE


def test_the_numbers_are_those_of_the_code():
    assert schedule.PAUSES_SECONDS == (5, 30, 120, 600, 1800, 3600)
    assert "after 5 seconds, 30 seconds, 2, 10, 30 and 60 minutes and then every 3 hours" in TEXT
    assert (schedule.LONG_PAUSE_SECONDS, schedule.GIVE_UP_SECONDS, schedule.JITTER) == (10_800, 259_200, 0.1)
    assert schedule.LONGEST_RETRY_AFTER_SECONDS == 6 * 3600
    assert "up to 6 hours" in TEXT
    assert schedule.MOST_REFUSALS == 5
    assert "a name after five tries" in TEXT
    assert f"no whole answer within {delivery.TOTAL_SECONDS:.0f} seconds" in TEXT
    assert f"gets {receivers.MOST_QUICK} messages at a time" in TEXT
    assert f"within {receivers.QUICK_SECONDS:.0f} seconds, else {receivers.MOST_OTHERS}" in TEXT
    assert delivery.MOST_ANSWER_BYTES == 4 * 1024
    assert Settings.model_fields["outbound_ports"].default == "80,443,8080,8443"
    assert "Ports are 80, 443, 8080 and 8443" in TEXT
