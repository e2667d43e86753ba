"""Whatever is sent to an edge: no 5xx, and one event in the journal for each request it answered for."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.settings import Settings
from tests.support.edge import ENDED, KEYS, OPEN, PAUSED, SHARE, STRICT, TOKEN, VISITOR, Edge, program, publish
from tracker import links, postbacks
from tracker.events import Click, Postback, Refused, decode_events
from tracker.journal import DIRECTORY, JournalReader, journal_paths

LINK_NAMES = [name for c, aliases in links.ALIASES.items() for name in (c, *aliases)]
POSTBACK_NAMES = [name for c, aliases in postbacks.ALIASES.items() for name in (c, *aliases)]
NOW = time.time_ns() // 1_000_000
GOOD = KEYS.mint(NOW, OPEN)
DAY = 86_400_000
MOST_BODY_BYTES = 2_048

ids = st.one_of(
    st.just(GOOD),
    st.sampled_from([OPEN, SHARE, STRICT, ENDED, 999, 0]).map(lambda offer_id: KEYS.mint(NOW, offer_id)),
    st.sampled_from([40 * DAY, 4_000 * DAY, -DAY]).map(lambda age: KEYS.mint(NOW - age, OPEN)),
    st.integers(0, 31).map(lambda end: GOOD[:end]),
    st.integers(0, 31).map(lambda place: GOOD[:place] + "A" + GOOD[place + 1 :]),
    st.text("ABCabc019-_", min_size=32, max_size=32),
    st.text(max_size=40),
)
values = st.one_of(
    ids,
    st.sampled_from([str(OPEN), str(PAUSED), "2", "999", "0", "-1", "1.5", "1e3", "NaN", "12,50", "9" * 25, "٣"]),
    st.sampled_from(["USD", "eur", "XXX", "approved", "2", "paid", TOKEN, "OK", "x" * 600, "é" * 300, "\0\r\n"]),
    st.sampled_from(
        ["https://shop.example/p?a=1", "https://evil.example/", "//evil.example", "https://shop.example\\@x"]
    ),
    st.text(max_size=12),
)
encoded = st.one_of(values.map(lambda text: quote(text, errors="surrogatepass").encode()), st.binary(max_size=12))
names = st.one_of(st.sampled_from(LINK_NAMES + POSTBACK_NAMES).map(str.encode), st.binary(max_size=6))
pairs = st.lists(st.tuples(names, encoded).map(b"=".join), max_size=6)
noise = st.one_of(pairs.map(b"&".join), st.binary(max_size=60))


def with_ids(chosen):
    """Put the ids an edge asks for before or after the rest of a query."""
    wanted, rest, first = chosen
    ids_of = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in wanted.items()).encode()
    return b"&".join([ids_of, rest] if first else [rest, ids_of])


link_ids = st.fixed_dictionaries(
    {
        "offer_id": st.sampled_from([str(OPEN), str(OPEN), str(OPEN), str(PAUSED), "999", "x"]),
        "partner_id": st.sampled_from(["1", "1", "1", "2", "999"]),
    }
)
link_queries = st.tuples(link_ids, noise, st.booleans()).map(with_ids)
good_ids = st.sampled_from([OPEN, OPEN, SHARE, STRICT]).map(lambda offer_id: KEYS.mint(NOW, offer_id))
postback_ids = st.fixed_dictionaries({"click_id": st.one_of(good_ids, good_ids, ids)})
said = st.dictionaries(
    st.sampled_from(
        ["amount", "sum", "payout", "revenue", "currency", "status", "txn_id", "goal", "return", "token"]
    ),
    values,
    min_size=1,
    max_size=3,
)
said_in_query = said.map(
    lambda named: "&".join(
        f"{name}={quote(value, errors='surrogatepass')}" for name, value in named.items()
    ).encode()
)
postback_queries = st.tuples(postback_ids, st.one_of(said_in_query, said_in_query, noise), st.booleans()).map(
    with_ids
)

plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), values)
objects = st.dictionaries(st.one_of(st.sampled_from(POSTBACK_NAMES), st.text(max_size=4)), plain, max_size=5)
good_objects = st.tuples(postback_ids, st.one_of(said, objects)).map(lambda both: {**both[1], **both[0]})
nested = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
)
bodies = st.one_of(
    postback_queries,
    good_objects.map(lambda value: json.dumps(value).encode()),
    good_objects.map(lambda value: json.dumps(value).encode()),
    noise,
    st.one_of(objects, nested).map(lambda value: json.dumps(value).encode()),
    good_objects.map(lambda value: json.dumps(value).encode()[:-1]),
    st.just(b"x=" + b"y" * 3_000),
)
content_types = st.sampled_from(
    [
        b"",
        b"application/json",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"\xff/\x00",
        b"text/xml",
    ]
)
HEADERS = (
    b"user-agent",
    b"accept-language",
    b"referer",
    b"x-forwarded-for",
    b"sec-ch-ua",
    b"sec-purpose",
    b"content-type",
    b"content-length",
    b"host",
    b"cookie",
)
headers = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(HEADERS), st.binary(min_size=1, max_size=8)),
        st.one_of(
            content_types,
            st.binary(max_size=30),
            st.sampled_from([b"1.2.3.4, 5.6.7.8", b"h" * 3_000, b"en-US,en"]),
        ),
    ),
    max_size=6,
)


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    chunks: Sequence[bytes]
    breaks_off: bool
    peer: str | None


def cut(body_and_place):
    body, place = body_and_place
    return [body[:place], body[place:]] if place < len(body) else [body]


codes = st.one_of(st.sampled_from(["summer", "summer", "orphan", "none"]), st.text(max_size=6))
peers = st.sampled_from([VISITOR, "127.0.0.1", "::1", None, "", "nonsense"])
never = st.sampled_from([False])
clicks = st.builds(
    Request,
    method=st.sampled_from(["GET", "GET", "GET", "HEAD"]),
    path=st.one_of(st.sampled_from(["/click", "/click", "/click/"]), codes.map("/c/{}".format)),
    query=link_queries,
    headers=headers,
    chunks=st.just([]),
    breaks_off=never,
    peer=peers,
)
queried_postbacks = st.builds(
    Request,
    method=st.just("GET"),
    path=st.sampled_from(["/postback", "/postback/"]),
    query=postback_queries,
    headers=headers,
    chunks=st.just([]),
    breaks_off=never,
    peer=peers,
)
posted_postbacks = st.builds(
    Request,
    method=st.just("POST"),
    path=st.just("/postback"),
    query=st.one_of(st.just(b""), noise, postback_queries),
    headers=st.tuples(content_types.map(lambda kind: (b"content-type", kind)), headers).map(
        lambda t: [t[0], *t[1]]
    ),
    chunks=st.tuples(bodies, st.integers(0, 40)).map(cut),
    breaks_off=st.sampled_from([False, False, False, True]),
    peer=peers,
)
others = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "get", "X"]),
    path=st.one_of(
        st.sampled_from(
            ["/click", "/postback", "/c/summer", "//click", "", "/c/", "/c//", "/healthz", "/readyz", "/CLICK"]
        ),
        # What the edge answers beside clicks and postbacks has its own test.
        st.text(max_size=8).map("/{}".format).filter(lambda path: path not in {"/i", "/pixel"}),
    ),
    query=noise,
    headers=headers,
    chunks=st.tuples(bodies, st.integers(0, 40)).map(cut),
    breaks_off=st.booleans(),
    peer=peers,
)


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
    publish(directory, program())
    with Edge(Settings(data_dir=directory, max_postback_bytes=MOST_BODY_BYTES)) as running:
        yield running


@pytest.fixture(scope="module")
def tail(edge):
    return Tail(edge.data_dir / DIRECTORY)


def kind_of(path):
    """Return 'click', 'postback' or '' for a path; one slash more at the end says the same."""
    path = path.removesuffix("/")
    code = path.removeprefix("/c/") if path.startswith("/c/") else ""
    if path == "/click" or (code and "/" not in code):
        return "click"
    return "postback" if path == "/postback" else ""


def ask(edge, tail, sent):
    """Send a request; return its answer, which is no 5xx, and what it added to the journal."""
    answer = edge.run(
        edge.ask(
            sent.method,
            sent.path,
            sent.query,
            sent.headers,
            body=sent.chunks,
            breaks_off=sent.breaks_off,
            peer=sent.peer,
        )
    )
    assert answer.status < 500
    return answer, tail.added()


def check_click(sent, answer, events):
    (event,) = events
    assert isinstance(event, Click)
    assert event.query == sent.query
    assert KEYS.read(event.click_id).ts == event.ts
    assert answer.status == (302 if event.destination else 404)
    assert answer.headers.get("location", "") == event.destination
    assert event.destination.isascii()
    assert event.destination.isprintable()


def check_postback(sent, answer, events):
    (event,) = events
    body = b"".join(sent.chunks) if sent.method == "POST" else b""
    read = body and len(body) <= MOST_BODY_BYTES and not sent.breaks_off
    assert event.raw == (sent.query + b"\n" + body if read else sent.query)
    if answer.status == 200:
        assert isinstance(event, Postback)
    else:
        assert answer.status >= 400
        assert isinstance(event, Refused)
        assert (answer.json["status"], answer.json["error"]["code"]) == ("rejected", event.reason)


@given(sent=clicks)
@settings(max_examples=200, deadline=None)
def test_every_click_is_redirected_or_given_a_page_and_is_one_event(edge, tail, sent):
    answer, events = ask(edge, tail, sent)
    if kind_of(sent.path) == "click":
        check_click(sent, answer, events)
    else:
        assert (answer.status, events) == (404, [])


@given(sent=queried_postbacks)
@settings(max_examples=200, deadline=None)
def test_every_postback_in_a_query_is_taken_or_refused_and_is_one_event(edge, tail, sent):
    check_postback(sent, *ask(edge, tail, sent))


@given(sent=posted_postbacks)
@settings(max_examples=200, deadline=None)
def test_every_postback_in_a_body_is_taken_or_refused_and_is_one_event(edge, tail, sent):
    check_postback(sent, *ask(edge, tail, sent))


@given(sent=others)
@settings(max_examples=150, deadline=None)
def test_anything_else_is_answered_and_no_event_unless_it_is_a_click_or_a_postback(edge, tail, sent):
    answer, events = ask(edge, tail, sent)
    kind = kind_of(sent.path)
    if kind == "click" and sent.method in {"GET", "HEAD"}:
        check_click(sent, answer, events)
    elif kind == "postback" and sent.method in {"GET", "POST"}:
        check_postback(sent, answer, events)
    else:
        assert events == []
        assert answer.status in {404, 405} or sent.path in {"/healthz", "/readyz", "/metrics"}
