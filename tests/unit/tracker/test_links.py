from __future__ import annotations

from urllib.parse import quote

import pytest

from tracker.links import (
    ALIASES,
    MAX_VALUE_BYTES,
    NOTHING_CUT,
    PARAMETERS,
    cut_text,
    decode_value,
    number,
    read_parameters,
)


def values(query, preset=""):
    return read_parameters(query, preset)[0]


@pytest.mark.parametrize(("canonical", "name"), [(c, n) for c, names in ALIASES.items() for n in (c, *names)])
def test_every_name_in_the_table_is_read(canonical, name):
    found = values(f"{name}=v".encode())
    assert found.pop(canonical) == "v"
    assert found == ({"source": "v"} if canonical == "utm_source" else {})


def test_the_aliases_of_other_trackers_are_the_promised_ones():
    names = {name for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)}
    assert len(names) == sum(1 + len(aliases) for aliases in ALIASES.values())
    promised = (
        "o oid aff_id a pid aff_sub external_id ref_id aff_click_id source_id l creative deep_link dl promo_code"
    )
    assert names >= {*promised.split(), "google_aid", *(f"{p}{n}" for p in ("s", "sub_id") for n in range(1, 6))}
    assert names >= {*(f"aff_sub{n}" for n in range(2, 6)), *(f"c{n}" for n in range(1, 5))}
    assert names >= {f"{p}{n}" for p in ("aff_param", "extra_param_") for n in range(1, 6)}
    assert set(PARAMETERS) == set(ALIASES)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"sub1=a&sub1=b", "a"),
        (b"s1=a&sub1=b", "a"),
        (b"sub1=&s1=b", ""),
        (b"sub1&s1=b", ""),
        (b"sub1=a=b", "a=b"),
        (b"%73ub1=a&sub1=b", "a"),
        (b"s%75b%31=a", "a"),
        (b"&&sub1=a&", "a"),
    ],
)
def test_the_first_of_a_names_spellings_wins(query, found):
    assert values(query) == {"sub1": found}


@pytest.mark.parametrize(
    "query", [b"", b"&", b"=", b"=v", b"%=v", b"%73%=v", b"Sub1=v", b"sub1 =v", b"sub11=v", b"\xff=v"]
)
def test_other_names_are_left_alone(query):
    assert values(query) == {}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"a+b", "a b"),
        (b"a%2Bb", "a+b"),
        (b"%C3%A9", "é"),
        ("é".encode(), "é"),
        (b"%ff", "\ufffd"),
        (b"a\xffb", "a\ufffdb"),
        (b"%", "%"),
        (b"%zz%4", "%zz%4"),
        (b"%00%0d%0a", "\0\r\n"),
        (b"%25%34%31", "%41"),
        (b"a;b", "a;b"),
    ],
)
def test_a_value_is_decoded_once_and_never_refused(raw, value):
    assert values(b"sub1=" + raw) == {"sub1": value}
    assert decode_value(raw) == (value, False)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"x" * 512, "x" * 512),
        (b"%78" * 512, "x" * 512),
        (quote("é" * 256).encode(), "é" * 256),
        (b"\xff" * 170, "\ufffd" * 170),
    ],
)
def test_512_bytes_are_kept(raw, kept):
    assert read_parameters(b"sub1=" + raw) == ({"sub1": kept}, NOTHING_CUT)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"x" * 513, "x" * 512),
        (b"%78" * 5_000, "x" * 512),
        (quote("é" * 257).encode(), "é" * 256),
        (quote("x" + "é" * 256).encode(), "x" + "é" * 255),
        (quote("x" + "😀" * 200).encode(), "x" + "😀" * 127),
        (b"\xff" * 171, "\ufffd" * 170),
        (b"\xff" * 512, "\ufffd" * 170),
        (b"x" * 511 + b"\xff", "x" * 511),
    ],
)
def test_a_longer_value_is_cut_between_characters_and_the_cut_is_reported(raw, kept):
    found, cut = read_parameters(b"sub1=" + raw + b"&sub2=short&s3=" + raw)
    assert found == {"sub1": kept, "sub2": "short", "sub3": kept}
    assert cut == ("sub1", "sub3")
    assert len(kept.encode()) <= MAX_VALUE_BYTES


def test_a_long_value_that_doesnt_count_is_no_cut():
    assert read_parameters(b"sub1=a&sub1=" + b"x" * 600) == ({"sub1": "a"}, NOTHING_CUT)


def test_a_links_own_parameters_count_where_the_request_has_none():
    preset = "sub1=preset&sub2=two&source=mail&aff_sub3=three+3"
    assert values(b"s1=asked&partner_id=7", preset) == {
        "sub1": "asked",
        "partner_id": "7",
        "sub2": "two",
        "source": "mail",
        "sub3": "three 3",
    }
    assert values(b"sub1=", preset)["sub1"] == ""


def test_utm_source_serves_as_source_when_there_is_none():
    assert values(b"utm_source=news") == {"utm_source": "news", "source": "news"}
    assert values(b"utm_source=news&source_id=mail")["source"] == "mail"
    assert values(b"utm_source=news", "source=mail")["source"] == "mail"
    assert values(b"sub1=a", "utm_source=news")["source"] == "news"


@pytest.mark.parametrize(("text", "found"), [("1", 1), ("007", 7), ("4294967295", 2**32 - 1)])
def test_an_id_is_a_number(text, found):
    assert number(text) == found


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "+1", " 1", "1.0", "4294967296", "9" * 11, "٣", "²", "1_0", "abc"]
)
def test_what_is_no_id_is_zero(text):
    assert number(text) == 0


@pytest.mark.parametrize(("text", "kept"), [("abc", "abc"), ("abcde", "abcd"), ("abcé", "abc"), ("a\ud800", "a?")])
def test_text_is_cut_to_its_limit(text, kept):
    assert cut_text(text, 4) == kept
