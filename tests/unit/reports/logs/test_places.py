"""Places in a log and moments in click ids: what was written is read back, and nothing else is read."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from reports.logs.places import Place, clicked_at, cursor_of, place_of
from tracker.click_id import parse_keys

KEYS = parse_keys("3:" + "ab" * 32)
MOMENT = datetime(2026, 11, 2, 12, 30, 0, 123_000, tzinfo=UTC)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@settings(max_examples=100)
@given(
    ms=st.integers(0, 4_102_444_800_000),
    key=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=64),
)
def test_a_cursor_names_the_place_it_was_made_of(ms: int, key: str):
    place = Place(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms), key)
    assert place_of(cursor_of(place)) == place


@pytest.mark.parametrize(
    "cursor",
    [
        "id",
        "-created_at",
        "é",
        "====",
        encoded("12"),
        encoded("-5:x"),
        encoded("٣:x"),
        encoded("4102444800001:x"),
        encoded("9" * 5000 + ":x"),
        encoded("5:" + "x" * 201),
        encoded("5:a\x00b"),
        base64.urlsafe_b64encode(b"5:\xff").decode(),
    ],
)
def test_anything_else_is_no_cursor(cursor: str):
    with pytest.raises(ClickledgerError) as refused:
        place_of(cursor)
    assert refused.value.kind.code == "cursor_invalid"
    assert "next_cursor" in refused.value.message


@settings(max_examples=50)
@given(ms=st.integers(0, 4_102_444_800_000), offer=st.integers(0, 2**32 - 1))
def test_a_click_id_tells_when_its_click_was_received(ms: int, offer: int):
    moment = clicked_at(KEYS.mint(ms, offer))
    assert moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


GENUINE = KEYS.mint(int(MOMENT.timestamp() * 1000), 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        GENUINE[:-1],
        GENUINE + "A",
        GENUINE[:-1] + "+",
        GENUINE[:-1] + "\n",
        "é" * 32,
        "A" * 32,
        "_" * 32,
        KEYS.mint(4_102_444_800_001, 7),
        "{click_id}",
    ],
    # Click ids are minted anew by each test process, and processes must agree on the names of their tests.
    ids=count(),
)
def test_what_is_no_click_id_is_refused_with_a_sentence(text: str):
    with pytest.raises(ClickledgerError) as refused:
        clicked_at(text)
    assert (refused.value.kind.code, refused.value.kind.status) == ("click_id_unreadable", 400)
    assert refused.value.message.startswith("This is no click id; ")
