"""Each operator on each kind of dimension keeps the rows it should; hostile values are values."""

from __future__ import annotations

import pytest

from kernel.errors import ClickledgerError
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 930_000_001

ROWS = [
    {"sub1": "a", "country": "DE", "asn": 10, "is_bot": True, "link_id": 1, "fraud_reasons": ["x", "y"]},
    {"sub1": "b", "country": "FR", "asn": 20, "is_bot": False, "link_id": 2, "fraud_reasons": ["y"]},
    {"sub1": "c", "country": "", "asn": 0, "is_bot": False, "link_id": 0, "fraud_reasons": []},
    {"sub1": "d", "country": "DK", "asn": 30, "is_bot": False, "link_id": 9, "fraud_reasons": ["xx"]},
]

NAMES = Directory({"partner": {}, "offer": {}, "advertiser": {}, "link": {1: "Summer", 2: "winter", 5: "Summer"}})


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    common = {"partner_id": P, "verdict": "valid"}
    store.put(
        "clicks", [{**common, **row, "ts": at("2026-11-02T12:00:00"), "click_id": row["sub1"]} for row in ROWS]
    )
    conversion = {"ts": at("2026-11-02T13:00:00"), "status": "approved", "currency": "USD"}
    store.put(
        "conversions", [{**common, **conversion, **row, "conversion_id": f"{P}{row['sub1']}"} for row in ROWS]
    )


def kept(store: Store, dimension: str, op: str, *values) -> str:
    """The clicks and conversions a filter keeps, as the letters of their first sub id."""
    one = {"dimension": dimension, "op": op, "values": list(values)}
    metrics = ["gross_clicks", "total_conversions"]
    answer = store.ask(P, NAMES, dimensions=["sub1"], metrics=metrics, filters=[one], sort=[{"by": "sub1"}])
    assert all(row[metric] == 1 for row in answer["rows"] for metric in metrics)
    return "".join(row["sub1"] for row in answer["rows"])


@pytest.mark.parametrize(
    ("dimension", "op", "values", "letters"),
    [
        ("country", "eq", ["DE"], "a"),
        ("country", "eq", [""], "c"),
        ("country", "ne", ["DE"], "bcd"),
        ("country", "in", ["DE", "FR"], "ab"),
        ("country", "not_in", ["DE", "FR"], "cd"),
        ("country", "contains", ["D"], "ad"),
        ("country", "not_contains", ["D"], "bc"),
        ("country", "starts_with", ["F"], "b"),
        ("country", "ends_with", ["K"], "d"),
        ("country", "matches", ["^(DE|F.)$"], "ab"),
        ("country", "gt", ["DE"], "bd"),
        ("country", "between", ["DE", "DK"], "ad"),
        ("country", "is_set", [], "abd"),
        ("country", "is_not_set", [], "c"),
        ("asn", "eq", [10], "a"),
        ("asn", "ne", [10], "bcd"),
        ("asn", "in", [10, 20], "ab"),
        ("asn", "not_in", [10, 20], "cd"),
        ("asn", "gt", [10], "bd"),
        ("asn", "gte", [10], "abd"),
        ("asn", "lt", [20], "ac"),
        ("asn", "lte", [20], "abc"),
        ("asn", "between", [10, 20], "ab"),
        ("asn", "lt", [-1], ""),
        ("asn", "is_set", [], "abd"),
        ("asn", "is_not_set", [], "c"),
        ("is_bot", "eq", [True], "a"),
        ("is_bot", "eq", ["false"], "bcd"),
        ("is_bot", "ne", [True], "bcd"),
        ("link", "eq", ["Summer"], "a"),
        ("link", "eq", [2], "b"),
        ("link", "eq", ["#9"], "d"),
        ("link", "eq", ["(none)"], "c"),
        ("link", "eq", ["Nobody"], ""),
        ("link", "ne", ["Nobody"], "abcd"),
        ("link", "in", ["Summer", "9"], "ad"),
        ("link", "not_in", ["Summer", 9], "bc"),
        ("link", "contains", ["er"], "ab"),
        ("link", "not_contains", ["er"], "cd"),
        ("link", "starts_with", ["#"], "d"),
        ("link", "ends_with", [")"], "c"),
        ("link", "matches", ["(?i)^W"], "b"),
        ("link", "is_set", [], "abd"),
        ("link", "is_not_set", [], "c"),
        ("fraud_reason", "eq", ["x"], "a"),
        ("fraud_reason", "ne", ["x"], "bcd"),
        ("fraud_reason", "in", ["x", "xx"], "ad"),
        ("fraud_reason", "not_in", ["y"], "cd"),
        ("fraud_reason", "contains", ["x"], "ad"),
        ("fraud_reason", "not_contains", ["x"], "bc"),
        ("fraud_reason", "starts_with", ["xx"], "d"),
        ("fraud_reason", "matches", ["^.$"], "ab"),
        ("fraud_reason", "is_set", [], "abd"),
        ("fraud_reason", "is_not_set", [], "c"),
        ("day", "eq", ["2026-11-02"], "abcd"),
        ("day", "lt", ["2026-11-02"], ""),
        ("hour_of_day", "gte", [12], "abcd"),
    ],
)
def test_an_operator_keeps_what_it_says(store: Store, dimension, op, values, letters):
    assert kept(store, dimension, op, *values) == letters


def test_a_fraud_reason_filter_keeps_clicks_with_all_their_reasons(store: Store):
    one = {"dimension": "fraud_reason", "op": "eq", "value": "x"}
    rows = store.ask(P, dimensions=["fraud_reason"], metrics=["gross_clicks"], filters=[one])["rows"]
    assert {row["fraud_reason"]: row["gross_clicks"] for row in rows} == {"x": 1, "y": 1}


@pytest.mark.parametrize(
    ("op", "values", "countries"),
    [
        ("gt", [0.5], ["DE", "FR"]),
        ("eq", [2], ["DE"]),
        ("ne", [2], ["FR"]),
        ("lt", [2], ["FR"]),
        ("between", [1, 2], ["DE", "FR"]),
        ("is_not_set", [], ["IT"]),
        ("is_set", [], ["DE", "FR"]),
    ],
)
def test_metric_filters_look_at_the_finished_ratio(store: Store, op, values, countries):
    partner = P + 1
    if not store.ask(partner, metrics=["gross_clicks"])["rows"][0]["gross_clicks"]:
        one = {"partner_id": partner, "ts": at("2026-11-02T12:00:00"), "verdict": "valid"}
        clicks = [{**one, "click_id": f"m{n}", "country": country} for n, country in enumerate(("DE", "FR"))]
        store.put("clicks", clicks)
        paid = {"partner_id": partner, "ts": one["ts"], "status": "approved", "currency": "USD"}
        conversions = [("DE", 2), ("FR", 1), ("IT", 5)]
        store.put(
            "conversions",
            [{**paid, "conversion_id": f"{partner}{c}", "country": c, "payout": p} for c, p in conversions],
        )
    filters = [{"metric": "epc", "op": op, "values": values}]
    rows = store.ask(
        partner, dimensions=["country"], metrics=["payout"], filters=filters, sort=[{"by": "country"}]
    )["rows"]
    assert [row["country"] for row in rows] == countries


def test_partners_are_sorted_by_name_whatever_their_ids(store: Store):
    rows = store.ask(P, NAMES, dimensions=["link"], metrics=["gross_clicks"], sort=[{"by": "link"}])["rows"]
    assert [row["link"] for row in rows] == ["#9", "(none)", "Summer", "winter"]
    rows = store.ask(
        P, NAMES, dimensions=["link"], metrics=["gross_clicks"], sort=[{"by": "link_id", "desc": True}]
    )["rows"]
    assert [row["link_id"] for row in rows] == [9, 2, 1, 0]


def test_pages_of_two_links_of_one_name_never_overlap(store: Store):
    alike = Directory(
        {"partner": {}, "offer": {}, "advertiser": {}, "link": {1: "Summer", 2: "SUMMER", 9: "summer"}}
    )
    asked = {"dimensions": ["link", "is_bot"], "metrics": ["gross_clicks"], "sort": [{"by": "link"}], "limit": 1}
    pages = [store.ask(P, alike, **asked, offset=page)["rows"][0] for page in range(4)]
    assert [row["link_id"] for row in pages] == [0, 1, 2, 9]


HOSTILE = [
    "'", '"', "`", "\\", "\\'", "''", "\\\\'", "' OR 1=1 --", "') UNION ALL SELECT * FROM system.users --", "/* */", "--", "#", ";",
    "; DROP TABLE clicks", "{from:String}", "{x:UInt8}", "{", "}", "%s", "%(x)s", "$1", "$value", "${value}", "\n", "\t", "\r\n", "\x00", "\x1b[2J",
    "NULL", "\\N", "null", "[]", "['a','b']", "DE\x00", "🦊", "é", "\u202e", "\ufeff", "a" * 4096, "file('/etc/passwd')", "%00", "0x41", "1e5", " x ",
]  # fmt: skip


def test_hostile_texts_are_compared_as_the_texts_they_are(store: Store):
    partner = P + 2
    rows = [
        {"partner_id": partner, "ts": at("2026-11-02T12:00:00"), "click_id": f"h{n}", "sub1": text}
        for n, text in enumerate(HOSTILE)
    ]
    store.put("clicks", rows)
    assert store.ask(partner, metrics=["gross_clicks"])["rows"][0]["gross_clicks"] == len(HOSTILE)
    names = Directory({kind: dict(enumerate(HOSTILE, 1)) for kind in ("partner", "offer", "advertiser", "link")})
    for text in HOSTILE:
        for op in ("eq", "in", "starts_with"):
            one = {"dimension": "sub1", "op": op, "values": [text]}
            found = store.ask(partner, names, dimensions=["sub1"], metrics=["gross_clicks"], filters=[one])["rows"]
            shorter = {t for t in HOSTILE if t.startswith(text)} if op == "starts_with" else {text}
            assert {row["sub1"] for row in found} == shorter, (op, text)
    rows = store.ask(partner, names, dimensions=["sub1", "link"], metrics=["gross_clicks"], sort=[{"by": "link"}])[
        "rows"
    ]
    assert {row["sub1"] for row in rows} == set(HOSTILE)


@pytest.mark.parametrize("pattern", ["(", "[", "*", "a{2,1}", "(?P<x", "\\", "(?<=a)b", "a" * 200 + "("])
@pytest.mark.parametrize("dimension", ["sub1", "link", "fraud_reason", "goal"])
def test_a_pattern_that_can_t_be_compiled_is_refused_even_where_no_row_meets_it(store: Store, dimension, pattern):
    with pytest.raises(ClickledgerError) as caught:
        store.ask(
            999_999_998,
            metrics=["conversions", "clicks"],
            filters=[{"dimension": dimension, "op": "matches", "value": pattern}],
        )
    assert caught.value.kind.code == "pattern_invalid"
