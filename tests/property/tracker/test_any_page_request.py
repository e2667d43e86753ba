"""Whatever is sent to the edge's other endpoints: no 5xx, and one event for each thing that was reported."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import keys as api_keys
from kernel.settings import Settings
from tests.support.edge import KEYS, OPEN, PAUSED, STRICT, TOKEN, VISITOR, Edge, program, publish
from tests.support.offers import offer
from tracker import links, postbacks, test_mode
from tracker.errors import ERRORS
from tracker.events import Click, Postback, Refused, decode_events
from tracker.journal import DIRECTORY, JournalReader, journal_paths
from tracker.routes import CouponRoute, KeyRoute

NOW = time.time_ns() // 1_000_000
KEY = api_keys.make()
MOST_BODY_BYTES = 1_500
NAMES = [
    name for table in (links.ALIASES, postbacks.ALIASES) for c, aliases in table.items() for name in (c, *aliases)
]
ABOUT = ["ip", "user_agent", "referrer", "language", "code", "page"]

click_ids = st.sampled_from([OPEN, PAUSED, STRICT, 999]).map(lambda offer_id: KEYS.mint(NOW, offer_id))
texts = st.one_of(
    click_ids,
    st.sampled_from(
        [str(OPEN), str(PAUSED), str(STRICT), "2", "999", "-1", "12.50", "NaN", "9" * 25, "٣", "summer"]
    ),
    st.sampled_from(["SAVE10", "USD", "approved", TOKEN, "198.51.100.7", "::1", "x" * 600, "é" * 300, "\0\r\n"]),
    st.just(test_mode.token(KEYS, NOW)),
    st.text(max_size=10),
)
quoted = st.one_of(texts.map(lambda text: quote(text, errors="surrogatepass").encode()), st.binary(max_size=10))
pairs = st.tuples(st.one_of(st.sampled_from(NAMES).map(str.encode), st.binary(max_size=5)), quoted).map(b"=".join)
some_ids = st.sampled_from(
    [b"", f"offer_id={OPEN}&partner_id=1&".encode(), f"offer_id={OPEN}&txn_id=1&".encode(), b"offer_id=5&"]
)
queries = st.tuples(some_ids, st.lists(pairs, max_size=5).map(b"&".join)).map(b"".join)
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
nested = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
)
objects = st.tuples(
    st.sampled_from(
        [{}, {"offer_id": OPEN, "partner_id": 1}, {"offer_id": OPEN, "partner_id": 1, "ip": "8.8.8.8"}]
    ),
    st.dictionaries(st.one_of(st.sampled_from(NAMES + ABOUT), st.text(max_size=4)), nested, max_size=4),
).map(lambda both: {**both[1], **both[0]})
encoded = st.one_of(objects, objects, nested).map(lambda value: json.dumps(value).encode())
bodies = st.one_of(encoded, encoded, encoded.map(lambda body: body[:-1]), queries, st.binary(max_size=40))
arrays = st.lists(st.one_of(objects, objects, nested), max_size=4).map(lambda value: json.dumps(value).encode())
agents = st.one_of(st.just(b"Mozilla/5.0"), st.binary(max_size=20))
cookies = st.one_of(
    st.tuples(st.sampled_from(["cl1", "cv1", "cl5"]), click_ids).map(lambda both: "=".join(both).encode()),
    st.binary(max_size=30),
)
headers = st.builds(
    lambda agent, cookie, kind, more: [
        (b"user-agent", agent),
        (b"cookie", cookie),
        (b"content-type", kind),
        *more,
    ],
    agents,
    cookies,
    st.sampled_from([b"", b"text/plain;charset=UTF-8", b"application/json", b"text/xml", b"\xff"]),
    st.lists(
        st.tuples(
            st.sampled_from([b"x-forwarded-for", b"referer", b"sec-purpose", b"origin"]), st.binary(max_size=20)
        ),
        max_size=2,
    ),
)
peers = st.sampled_from([VISITOR, "127.0.0.1", None, "nonsense"])
never_or_so = st.sampled_from([False, False, False, True])


class Tail:
    """Gives the events that were added to the one journal since it was asked last."""

    def __init__(self, directory):
        (path,) = journal_paths(directory)
        self._reader = JournalReader(path)
        self._next = 1

    def added(self):
        events = []
        for frame in self._reader.frames(self._next, 2**62):
            events += decode_events(frame.body)
            self._next = frame.seq + 1
        return events


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    directory = tmp_path_factory.mktemp("edge")
    coupon = CouponRoute(1, "SAVE10", OPEN, 1)
    with_pixel = offer(id=OPEN, pixel_cookie=True, view_window_s=3600)
    ordinary = program()
    publish(
        directory,
        program(
            offers={**ordinary.offers, OPEN: with_pixel},
            coupons={f"{OPEN}:SAVE10": coupon},
            keys={KEY.fingerprint: KeyRoute(KEY.prefix, 1)},
        ),
    )
    with Edge(Settings(data_dir=directory, max_postback_bytes=MOST_BODY_BYTES)) as running:
        yield running


@pytest.fixture(scope="module")
def tail(edge):
    return Tail(edge.data_dir / DIRECTORY)


def ask(edge, tail, *args, **more):
    answer = edge.run(edge.ask(*args, **more))
    assert answer.status < 500
    return answer, tail.added()


@given(query=queries, headers=headers, peer=peers, method=st.sampled_from(["GET", "GET", "GET", "HEAD"]))
@settings(max_examples=100, deadline=None)
def test_every_impression_is_an_image_and_one_event(edge, tail, query, headers, peer, method):
    answer, events = ask(edge, tail, method, "/i", query, headers, peer=peer)
    (event,) = events
    assert isinstance(event, Click)
    assert (answer.status, answer.headers["content-type"], event.kind) == (200, "image/gif", "impression")
    assert (event.query, event.method) == (query, method)
    reached = not event.trafficback_reason and event.offer_id == OPEN
    assert ("set-cookie" in answer.headers) is reached


@given(query=queries, headers=headers, peer=peers, path=st.sampled_from(["/pixel.gif", "/pixel"]))
@settings(max_examples=120, deadline=None)
def test_every_pixel_is_shown_whole_and_is_one_event(edge, tail, query, headers, peer, path):
    answer, events = ask(edge, tail, "GET", path, query, headers, peer=peer)
    (event,) = events
    assert answer.status == 200
    assert answer.body[:3] == (b"GIF" if path.endswith("gif") else b"<!d")
    said = answer.headers["x-clickledger"]
    assert event.raw == query
    if isinstance(event, Postback):
        assert said in {"accepted", "duplicate"}
        assert event.source == "pixel"
        assert (event.fields.payout, event.fields.revenue) == (None, None)
        assert event.fields.click_id or event.fields.txn_id
    else:
        assert isinstance(event, Refused)
        assert said == f"rejected {event.reason}"


@given(query=queries, headers=headers, body=bodies, breaks_off=never_or_so, peer=peers)
@settings(max_examples=120, deadline=None)
def test_every_report_of_a_script_is_taken_or_refused_and_is_one_event(
    edge, tail, query, headers, body, breaks_off, peer
):
    answer, events = ask(
        edge, tail, "POST", "/pixel", query, headers, body=[body], breaks_off=breaks_off, peer=peer
    )
    (event,) = events
    if answer.status == 200:
        assert isinstance(event, Postback)
        assert event.source == "script"
        assert answer.json["click_id"] == event.fields.click_id
    else:
        assert isinstance(event, Refused)
        assert ERRORS[event.reason].status == answer.status
        assert answer.json["error"]["code"] == event.reason


@given(headers=headers, body=st.one_of(bodies, arrays), breaks_off=never_or_so, peer=peers, with_key=st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_click_of_a_body_has_one_result_and_one_event(edge, tail, headers, body, breaks_off, peer, with_key):
    if with_key:
        headers = [*headers, (b"authorization", f"Bearer {KEY.text}".encode())]
    answer, events = ask(
        edge, tail, "POST", "/click.json", b"", headers, body=[body], breaks_off=breaks_off, peer=peer
    )
    results = answer.json.get("results", [answer.json])
    assert len(results) == len(events) > 0
    for result, event in zip(results, events, strict=True):
        if result["status"] == "rejected":
            assert isinstance(event, Refused)
            assert (event.kind, event.reason) == ("click", result["error"]["code"])
            assert len(results) > 1 or "results" in answer.json or ERRORS[event.reason].status == answer.status
        else:
            assert isinstance(event, Click)
            assert (event.click_id, event.destination) == (result["click_id"], result["destination"])
            assert event.source == ("server" if with_key else "js")
            assert event.trafficback_reason == result.get("reason", "")
            assert not with_key or event.partner_id in {0, 1}


@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "get", "X"]),
    path=st.sampled_from(["/clickledger.js", "/i/", "/pixel.gif/", "/pixel/x", "/click.json/", "/I"]),
    query=queries,
    headers=headers,
)
@settings(max_examples=60, deadline=None)
def test_the_script_and_paths_nobody_serves_leave_no_event(edge, tail, method, path, query, headers):
    answer, events = ask(edge, tail, method, path, query, headers)
    assert events == []
    assert answer.status in ({200, 304, 405} if path == "/clickledger.js" else {404})
