"""Whatever arrives, every click becomes one full row, and how clicks are cut into batches changes nothing."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from fraud import REASONS
from kernel.clickhouse.arrow import arrow_schema
from tests.support.clicks import CHROME, GOOGLEBOT, PHONE, click, open_tools
from tracker.events import decode_events, encode_event
from tracker.pipeline.steps import EnrichmentTools, MemoryUniqueWindow, enrich

MAX_ID = 2**64

texts = st.text(max_size=60)
pairs = st.tuples(
    st.sampled_from([b"sub1", b"cost", b"currency", b"source", b"utm_source", b"o", b"%73ub2", b"idfa", b""]),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"1.5", b"9" * 30, b"x" * 700, b"%ff%", b"\xc3", b"EUR"])),
)
queries = st.one_of(
    st.binary(max_size=200), st.lists(pairs, max_size=8).map(lambda given: b"&".join(map(b"=".join, given)))
)
addresses = st.one_of(
    texts,
    st.ip_addresses().map(str),
    st.sampled_from(["::ffff:1.2.3.4", "fe80::1%eth0", "127.0.0.1", "8.8.8.8.", "1.2.3.4:80", "[::1]", "0x7f.1"]),
)
agents = st.one_of(
    texts, st.sampled_from([CHROME, PHONE, GOOGLEBOT, "curl/8", ""]), st.builds(str.__add__, st.just(PHONE), texts)
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "sec-ch-ua-model",
            "sec-ch-ua-platform-version",
            "sec-ch-ua-mobile",
            "x-requested-with",
            "sec-purpose",
            "x",
        ]
    ),
    st.one_of(texts, st.sampled_from(['"14.0.0"', '"Pixel 7"', "?1", "prefetch", "com.example.app"])),
    max_size=5,
)
clicks = st.builds(
    click,
    number=st.integers(1, 10**6),
    ts=st.integers(0, 4_000_000_000_000),
    offer_id=st.integers(-1, MAX_ID - 1),
    link_id=st.integers(0, MAX_ID - 1),
    trafficback_reason=texts,
    destination=texts,
    method=st.one_of(st.sampled_from(["GET", "HEAD"]), texts),
    query=queries,
    preset=st.one_of(st.just(""), texts, queries.map(lambda query: query.decode("latin-1"))),
    ip=addresses,
    user_agent=agents,
    accept_language=st.one_of(texts, st.sampled_from(["en-US,en", "*"])),
    referrer=st.one_of(texts, texts.map("https://".__add__), st.sampled_from(["https://[::1", "http://a:b@c:x/"])),
    headers=headers,
    is_test=st.booleans(),
    requested_offer_id=st.integers(0, MAX_ID - 1),
    landing_id=texts,
    duplicate=st.booleans(),
    kind=st.sampled_from(["click", "click", "impression"]),
    source=st.sampled_from(["redirect", "js", "server"]),
    page=st.dictionaries(st.sampled_from(["screen", "x"]), texts | st.just("1920x1080"), max_size=2),
)

shared = open_tools()
"""Opened once: its caches only make the examples faster."""


def fresh() -> EnrichmentTools:
    return EnrichmentTools(shared.places, MemoryUniqueWindow(24), "USD", shared.devices)


@settings(deadline=None)
@given(st.lists(clicks, max_size=8))
def test_any_click_becomes_one_full_row(batch):
    table = enrich(batch, "edge-0", fresh())
    assert table.schema == arrow_schema("clicks")
    assert table["click_id"].to_pylist() == [c.click_id for c in batch]
    assert all(column.null_count == 0 for column in table.columns)
    table.validate(full=True)
    for row in table.to_pylist():
        assert row["verdict"] in {"valid", "duplicate", "suspect", "invalid"}
        assert 0 <= row["fraud_score"] <= 100
        assert (row["verdict"] == "valid") == (not any(REASONS[code].counts for code in row["fraud_reasons"]))
        assert len(row["fraud_facts"]) in {0, len(row["fraud_reasons"])}
        assert len(row["country"]) in {0, 2}
        assert row["device_type"] in {"mobile", "tablet", "desktop", "bot", "other"}
        assert (row["device_type"] == "bot") == row["is_bot"]
        assert row["cost"] >= 0
        assert row["is_rerouted"] <= (row["trafficback_reason"] != "")
        assert re.fullmatch(r"(\d{1,5}x\d{1,5})?", row["screen"], re.ASCII)


@settings(deadline=None)
@given(st.lists(clicks, min_size=2, max_size=10), st.data())
def test_how_clicks_are_cut_into_batches_changes_nothing(batch, data):
    cut = data.draw(st.integers(0, len(batch)))
    tools = fresh()
    halves = [enrich(part, "edge-0", tools) for part in (batch[:cut], batch[cut:])]
    assert [row for half in halves for row in half.to_pylist()] == enrich(batch, "edge-0", fresh()).to_pylist()


@settings(deadline=None)
@given(clicks)
def test_a_click_from_the_journal_is_enriched_as_it_was_before(one):
    one = click(
        7, ip=one.ip, query=one.query, user_agent=one.user_agent, headers=one.headers, referrer=one.referrer
    )
    (decoded,) = decode_events(b"\x91" + encode_event(one))
    assert enrich([decoded], "e", fresh()).to_pylist() == enrich([one], "e", fresh()).to_pylist()
