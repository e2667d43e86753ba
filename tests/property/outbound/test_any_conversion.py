"""Whatever a conversion's labels hold, its message goes to the hook's host and can be stored and sent."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.macro_names import HOOK_MACROS
from tests.support.outbound import SECRET, change, hook
from tracker.outbound.messages import Message, messages
from tracker.outbound.signing import signed_headers
from tracker.snapshot import EMPTY

TEMPLATE = "https://p.example/pb/{sub1}?" + "&".join(f"{name}={{{name}}}" for name in HOOK_MACROS) + "#{adv1}"
label = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
money = st.decimals(-(10**12), 10**12, places=6)
LABELS = (
    "sub1",
    "sub9",
    "adv1",
    "source",
    "partner_click_id",
    "txn_id",
    "goal",
    "coupon",
    "city",
    "ext5",
    "reject_reason",
)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys(LABELS, label)),
    st.fixed_dictionaries(dict.fromkeys(("amount", "payout", "revenue"), money)),
    st.sampled_from(["GET", "POST"]),
)
def test_a_message_stays_with_its_host_and_is_plain_ascii(labels, amounts, method):
    row = change(**labels, **amounts)
    first = list(messages([row], Snapshots.of(method), b"k"))
    again = list(messages([row], Snapshots.of(method), b"k"))
    assert first == again
    postback, webhook = first
    parts = urlsplit(postback.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "p.example", "")
    sent = postback.url + postback.body
    assert sent.isascii()
    assert not any(ord(c) < 33 or ord(c) == 127 for c in sent)
    assert "{" not in sent
    body = msgspec.json.decode(webhook.body)
    for name in ("sub1", "adv1", "txn_id", "goal"):
        assert body["data"][name] == labels[name]
    for name, amount in amounts.items():
        assert Decimal(body["data"][name]) == amount
    signed_headers((SECRET,), webhook.id, 1, webhook.body.encode())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(webhook), type=Message) == webhook


class Snapshots:
    @staticmethod
    def of(method):
        hooks = (hook(id=1, url=TEMPLATE, method=method), hook(id=2, kind="webhook", secret=SECRET))
        return msgspec.structs.replace(EMPTY, version=1, hooks=hooks)
