"""Whatever bytes or texts arrive, reading them gives a value or a refusal with a code, and nothing else."""

from __future__ import annotations

import ipaddress
import json
from itertools import product
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from tests.support.edge import KEYS, TOKEN
from tracker import links, postbacks
from tracker.click_id import LENGTH, MAX_OFFER_ID
from tracker.edge.address import ClientAddress
from tracker.errors import CLICK_ID_FORGED, CLICK_ID_MALFORMED, ERRORS, POSTBACK_BODY_INVALID
from tracker.events import Postback, decode_events, encode_event
from tracker.journal import pack_frame
from tracker.links import MAX_VALUE_BYTES, read_parameters
from tracker.macros import MACROS, Template, deep_link
from tracker.postbacks import MAX_AMOUNT, PostbackRequest, read_body, read_query
from tracker.routes import AdvertiserRoute
from tracker.senders import check_token

NAMES = [
    name for table in (links.ALIASES, postbacks.ALIASES) for c, aliases in table.items() for name in (c, *aliases)
]
CURRENCIES = frozenset({"USD", "EUR"})

names = st.one_of(st.sampled_from(NAMES).map(str.encode), st.binary(max_size=8))
raw_values = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20).map(lambda text: quote(text, errors="surrogatepass").encode()),
    st.sampled_from(
        [b"1", b"-1", b"1e5", b"12.50", b"USD", b"approved", b"%ff" * 600, b"\xc3\xa9" * 300, b"x" * 511]
    ),
)
queries = st.one_of(
    st.binary(max_size=200),
    st.lists(st.tuples(names, raw_values).map(b"=".join), max_size=8).map(b"&".join),
)
plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.decimals().map(str)
)
json_bodies = st.one_of(
    st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), plain, max_size=6),
    st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
).map(lambda value: json.dumps(value).encode())
bodies = st.one_of(queries, json_bodies, json_bodies.map(lambda body: body[:-2]))
content_types = st.one_of(
    st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "text/plain", "a/b+json; x=y"]),
    st.text(max_size=20),
)
utf8_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def attempt(call, *args):
    """Return what a call gives and None, or None and the kind of its refusal."""
    try:
        return call(*args), None
    except ClickledgerError as why:
        return None, why.kind


@given(query=queries, preset=utf8_texts)
def test_any_link_is_read_and_every_value_can_be_kept(query, preset):
    values, cut = read_parameters(query, preset)
    assert set(values) <= set(links.PARAMETERS)
    assert set(cut) <= set(values)
    for value in values.values():
        assert len(value.encode("utf-8")) <= MAX_VALUE_BYTES


@given(query=queries, body=bodies, content_type=content_types)
def test_any_postback_is_read_or_refused_with_a_code(query, body, content_type):
    received = read_query(query)
    from_body, why = attempt(read_body, body, content_type)
    assert why in {None, POSTBACK_BODY_INVALID}
    request = PostbackRequest({**(from_body or {}), **received})
    assert len(request.literal_answer.encode()) <= MAX_VALUE_BYTES
    for secret, required in product((TOKEN, ""), (False, True)):
        advertiser = AdvertiserRoute(1, "Acme", secret, required)
        _, why = attempt(check_token, request, advertiser, 1_760_000_000.0)
        assert why is None or ERRORS[why.code] is why
    fields, why = attempt(request.fields, CURRENCIES)
    if why is not None:
        assert ERRORS[why.code] is why
        return
    for amount in (fields.amount, fields.payout, fields.revenue):
        assert amount is None or 0 <= float(amount) <= float(MAX_AMOUNT)
    assert fields.currency in {None, *CURRENCIES}
    assert fields.status in {None, "approved", "pending", "rejected", "hold"}
    event = Postback(0, fields, 1, "POST", query + b"\n" + body, "", "")
    assert decode_events(pack_frame([encode_event(event)])) == [event]


@given(amount=st.decimals(0, MAX_AMOUNT, places=6), as_json=st.booleans())
def test_every_amount_that_can_be_stored_is_read_digit_by_digit(amount, as_json):
    text = format(amount, "f")
    if as_json:
        received = read_body(f'{{"click_id": "c", "amount": {text}}}'.encode(), "")
    else:
        received = read_query(f"click_id=c&amount={text}".encode())
    read = PostbackRequest(received).fields(CURRENCIES).amount
    assert read is not None
    assert amount == type(amount)(read)


PIECES = (
    *("https://", "http://", "//", "HTTPS://", "shop.example", "evil.example", ".shop.example", "[::1]", "\u3002"),
    *("@", "\\", ":", "/", "?", "#", "&", "=", "%", "%2f", "%00", ".", ":443", ":80", " ", "\n", "\t", "\uff0f"),
    *("{click_id}", "{sub1}", "{ip}", "{unknown}", "{", "}", "é"),
)
url_pieces = st.lists(
    st.sampled_from(PIECES) | st.text(max_size=4),
    max_size=8,
).map("".join)
urls = st.one_of(
    url_pieces, url_pieces.map("https://shop.example".__add__), url_pieces.map("https://shop.example/".__add__)
)


def assert_plain(rendered, host):
    assert rendered.isascii()
    assert rendered.isprintable()
    assert " " not in rendered
    parts = urlsplit(rendered)
    assert parts.scheme in {"http", "https"}
    assert parts.hostname == host
    assert parts.username is None
    assert "\\" not in rendered.partition("//")[2].partition("/")[0]


@given(url=urls, value=st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
@settings(max_examples=200)
def test_a_rendered_destination_keeps_its_templates_host_and_is_plain_ascii(url, value):
    try:
        template = Template(url)
    except ValueError:
        return
    assert template.names <= MACROS
    assert_plain(template.render(lambda _name: value), template.host)


@given(url=urls, value=st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
@settings(max_examples=200)
def test_a_deep_link_never_leaves_the_allowed_hosts(url, value):
    offer = Template("https://offer.example/?cid={click_id}")
    followed = deep_link(url, ("shop.example", "*.shop.example"), offer)
    if followed is not None:
        rendered = followed.render(lambda _name: value)
        assert_plain(rendered, followed.host)
        assert followed.host == "shop.example" or followed.host.endswith(".shop.example")
        assert urlsplit(rendered).port in {None, 80, 443}
        assert "cid=" in urlsplit(rendered).query


addresses = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map("[{}]:443".format),
    st.ip_addresses(v=4).map("::ffff:{}".format),
    st.text(max_size=12),
    st.sampled_from(["127.0.0.1", "unknown", "", "::1%lo", "[", '"10.0.0.1"']),
)


@given(peer=addresses, forwarded=st.lists(addresses, max_size=6).map(",".join))
def test_any_header_gives_an_address_or_none(peer, forwarded):
    trusted = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))
    found = ClientAddress(trusted).resolve(peer, forwarded)
    assert found == "" or str(ipaddress.ip_address(found)) == found


genuine = st.builds(KEYS.mint, st.integers(0, 2**48 - 1), st.integers(0, MAX_OFFER_ID))


@given(ts=st.integers(0, 2**48 - 1), offer_id=st.integers(0, MAX_OFFER_ID))
def test_any_moment_and_offer_come_back_from_an_id(ts, offer_id):
    parts = KEYS.read(KEYS.mint(ts, offer_id))
    assert (parts.ts, parts.offer_id) == (ts, offer_id)


@given(
    text=st.one_of(
        st.text(max_size=40),
        st.text("ABCabc019-_", min_size=LENGTH, max_size=LENGTH),
        st.tuples(genuine, st.integers(0, LENGTH), st.integers(0, 3), st.text(max_size=3)).map(
            lambda t: t[0][: t[1]] + t[3] + t[0][t[1] + t[2] :]
        ),
    )
)
def test_a_text_that_wasnt_minted_is_no_click_id(text):
    parts, why = attempt(KEYS.read, text)
    shaped = len(text) == LENGTH and text.isascii() and all(c.isalnum() or c in "-_" for c in text)
    # An edit may have put back what it took; then the id is the one that was minted.
    assert why is (None if parts else CLICK_ID_FORGED if shaped else CLICK_ID_MALFORMED)


@given(click_id=genuine, place=st.integers(0, LENGTH - 1), other=st.sampled_from("ABCXYZabcxyz0129-_"))
def test_no_altered_id_is_genuine(click_id, place, other):
    assume(click_id[place] != other)
    with pytest.raises(ClickledgerError) as refused:
        KEYS.read(click_id[:place] + other + click_id[place + 1 :])
    assert refused.value.kind is CLICK_ID_FORGED
