"""Retry-After is read in both of its forms, and nonsense is no reason to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracker.outbound.schedule import retry_after_seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("Fri, 31 Oct 2025 12:01:00 GMT", 60.0),
        ("Friday, 31-Oct-25 12:01:00 GMT", 60.0),
        ("Fri, 31 Oct 2025 11:00:00 GMT", 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("\u0661\u0662", 0.0),
        ("Fri, 99 Oct 2025 12:01:00 GMT", 0.0),
    ],
)
def test_what_a_header_means(header, seconds):
    assert retry_after_seconds(header, lambda: datetime(2025, 10, 31, 12, tzinfo=UTC)) == seconds


def test_an_absurd_number_is_read_without_harm():
    assert retry_after_seconds("9" * 5000) > 0
