from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import quote

import pytest

from kernel.errors import ClickledgerError
from tracker.errors import (
    AMOUNT_INVALID,
    AMOUNT_NEGATIVE,
    CLICK_ID_MISSING,
    CURRENCY_UNKNOWN,
    POSTBACK_BODY_INVALID,
    SIGNATURE_EXPIRED,
    STATUS_UNKNOWN,
    TOKEN_INVALID,
    TOKEN_MISSING,
)
from tracker.links import MAX_VALUE_BYTES
from tracker.postbacks import (
    ALIASES,
    MAX_RETURN_CHARACTERS,
    STATUSES,
    PostbackRequest,
    read_body,
    read_query,
)
from tracker.routes import AdvertiserRoute
from tracker.senders import check_token, sign

CURRENCIES = frozenset({"USD", "EUR"})
FORM = "application/x-www-form-urlencoded"
NOW = 1_760_000_000.5


def request(query=b"", body=b"", content_type=FORM):
    received = read_query(query)
    for name, value in read_body(body, content_type).items():
        received.setdefault(name, value)
    return PostbackRequest(received)


def fields(query):
    return request(b"click_id=c&" + query).fields(CURRENCIES)


def refusal(call, *args):
    with pytest.raises(ClickledgerError) as refused:
        call(*args)
    return refused.value.kind


@pytest.mark.parametrize(("canonical", "name"), [(c, n) for c, names in ALIASES.items() for n in (c, *names)])
def test_every_name_in_the_table_is_read(canonical, name):
    assert request(f"{name}=v".encode()).values == {canonical: "v"}


def test_no_name_means_two_things():
    names = [name for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)]
    assert len(names) == len(set(names))


def test_the_first_of_a_names_spellings_wins_and_an_empty_one_is_not_given():
    assert request(b"tid=first&click_id=second&tid=third").click_id == "first"
    assert request(b"click_id=&tid=second").click_id == "second"
    assert request(b"amount=1&amount=2&sum=3").values == {"amount": "1"}


def test_the_query_comes_before_the_body_name_by_name_and_alias_by_alias():
    sent = request(b"cid=q&amount=1", b"click_id=b&amount=2&goal=signup")
    assert sent.values == {"click_id": "q", "amount": "1", "goal": "signup"}


def test_names_and_values_are_percent_decoded_and_a_plus_is_a_space():
    assert read_query(b"order%5Fid=a%26b+c&%6eame+x=%C3%A9&=lost&flag&bad=%ff%zz") == {
        "order_id": "a&b c",
        "name x": "é",
        "flag": "",
        "bad": "\ufffd%zz",
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"click_id=c&amount=12.50", FORM),
        (b"click_id=c&amount=12.50\r\n", FORM + "; charset=utf-8"),
        (b"click_id=c&amount=12.50", ""),
        (b"click_id=c&amount=12.50", "text/plain"),
        (b'{"click_id": "c", "amount": 12.50}', "application/json"),
        (b' {"click_id": "c", "amount": "12.50"}', "Application/JSON; charset=utf-8"),
        (b'{"click_id": "c", "amount": 12.50, "goal": null}', "application/vnd.api+json"),
        (b'{"click_id": "c", "amount": 12.50}', FORM),
        (b'{"click_id": "c", "amount": 12.50}', "multipart/form-data"),
    ],
)
def test_a_body_is_read_as_form_or_json(body, content_type):
    assert read_body(body, content_type) == {"click_id": "c", "amount": "12.50"}


@pytest.mark.parametrize("body", [b"", b" \r\n"])
@pytest.mark.parametrize("content_type", ["", FORM, "application/json", "image/png"])
def test_an_empty_body_says_nothing(body, content_type):
    assert read_body(body, content_type) == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=1", "application/json"),
        (b'{"a": ', "application/json"),
        (b'{"a": 1}x', "application/json"),
        (b"[1]", "application/json"),
        (b"[]", FORM),
        (b'"a=1"', "application/json"),
        (b'{"a": {"b": 1}}', "application/json"),
        (b'{"a": [1]}', "application/json"),
        (b'{"a": NaN}', "application/json"),
        (b'{"a": 1e99999999999999999999}', "application/json"),
        (b'{"a": "\\ud800 lone"}', "application/json"),
        (b'{"a": "\xff"}', "application/json"),
        (b"\xef\xbb\xbf{}", "application/json"),
        (b'{"a":' * 100_000, "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"<a/>", "application/xml"),
        (b"\x00", "application/octet-stream"),
    ],
)
def test_a_body_that_cant_be_read_is_refused(body, content_type):
    assert refusal(read_body, body, content_type) is POSTBACK_BODY_INVALID


def test_json_numbers_keep_their_digits_and_plain_values_become_texts():
    body = b"""{"a": 12345678901234567890123, "b": 1.10, "c": 100.000000000000001, "d": 1e3, "e": 2.5E-3,
               "f": true, "g": false, "h": null, "i": -0.0, "j": ""}"""
    assert read_body(body, "application/json") == {
        "a": "12345678901234567890123",
        "b": "1.10",
        "c": "100.000000000000001",
        "d": "1000",
        "e": "0.0025",
        "f": "1",
        "g": "0",
        "i": "-0.0",
        "j": "",
    }


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "9" * 41, "1" + "0" * 4_000])
def test_absurd_json_numbers_are_no_amounts(number):
    sent = request(b"click_id=c", f'{{"amount": {number}}}'.encode())
    assert refusal(sent.fields, CURRENCIES) is AMOUNT_INVALID


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", "12.5"),
        ("0", "0"),
        ("0.00", "0"),
        ("-0", "0"),
        ("100", "100"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("%2B5", "5"),
        ("+5", "5"),
        ("%0912.5%0A", "12.5"),
        ("0.1234565", "0.123456"),
        ("0.1234575", "0.123458"),
        ("0.0000004", "0"),
        ("0.30000000000000004", "0.3"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
@pytest.mark.parametrize("name", ["amount", "payout", "revenue"])
def test_an_amount_is_a_plain_decimal_of_six_places(name, text, amount):
    assert getattr(fields(f"{name}={text}".encode()), name) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("1e3", "NaN", "Infinity", "12,50", "1,000.00", "1 000", "$5", "5 USD", "0x10", "1_000", ".", "-", "abc"),
        *("1.2.3", "--1", "%D9%A3", "%EF%BC%95", "%C2%B2", "%00", "1%00", "+", "%ff", "{amount}"),
        *("1000000000000", "999999999999.9999991", "9" * 21, "0." + "1" * 21, "9" * 600),
    ],
)
def test_what_isnt_a_plain_decimal_is_refused(text):
    with pytest.raises(ClickledgerError, match=r"^amount is") as refused:
        fields(f"amount={text}".encode())
    assert refused.value.kind is AMOUNT_INVALID


@pytest.mark.parametrize("text", ["-1", "-0.000001", "-.5", "-999999999999999"])
def test_a_negative_amount_is_refused_by_a_code_of_its_own(text):
    with pytest.raises(ClickledgerError, match=r"^payout is negative") as refused:
        fields(f"payout={text}".encode())
    assert refused.value.kind is AMOUNT_NEGATIVE


@pytest.mark.parametrize(("text", "status"), list(STATUSES.items()))
def test_every_spelling_of_a_status_is_read_whatever_its_case(text, status):
    assert fields(f"status={text}".encode()).status == status
    assert fields(f"conv_status=%20{text.upper()}%20".encode()).status == status


def test_the_statuses_are_the_four():
    assert set(STATUSES.values()) == {"approved", "pending", "rejected", "hold"}


@pytest.mark.parametrize("text", ["4", "0", "paid", "+", "{status}", "%EF%BC%91"])
def test_an_unknown_status_is_refused(text):
    assert refusal(fields, f"status={text}".encode()) is STATUS_UNKNOWN


def test_a_currency_is_one_of_the_program():
    assert fields(b"currency=+eur").currency == "EUR"
    assert fields(b"currency=").currency is None


@pytest.mark.parametrize("text", ["XXX", "E", "EURO", "+", "%E2%82%AC", "{currency}"])
def test_an_unknown_currency_is_refused(text):
    assert refusal(fields, f"currency={text}".encode()) is CURRENCY_UNKNOWN


def test_a_postback_without_a_click_id_is_refused():
    for query in (b"", b"click_id=", b"click_id=%20", b"amount=1"):
        assert refusal(lambda query=query: request(query).click_id) is CLICK_ID_MISSING


def test_everything_else_is_carried_as_it_was_sent():
    sent = fields(
        b"txid=T-1&et=signup&adv_sub=a&adv2=b&adv_sub5=e&promo_code=SAVE&customer_id=7&ip=192.0.2.9&reject_reason=x"
    )
    assert (sent.txn_id, sent.goal, sent.adv) == ("T-1", "signup", ("a", "b", "", "", "e"))
    assert (sent.coupon, sent.customer_id, sent.conversion_ip, sent.reject_reason) == (
        "SAVE",
        "7",
        "192.0.2.9",
        "x",
    )
    assert (sent.status, sent.amount, sent.payout, sent.revenue, sent.currency) == (None,) * 5


def test_values_are_cut_between_characters_where_they_are_kept():
    kept = fields(f"customer_id={quote('a' + 'é' * 400)}".encode()).customer_id
    assert kept == "a" + "é" * 255
    assert len(kept.encode()) <= MAX_VALUE_BYTES


def test_the_literal_answer_is_short():
    assert request(b"return=OK").literal_answer == "OK"
    assert request(b"").literal_answer == ""
    assert request(b"return=" + b"x" * 100).literal_answer == "x" * MAX_RETURN_CHARACTERS


ACME = AdvertiserRoute(1, "Acme", "tok-secret")
STRICT = AdvertiserRoute(1, "Acme", "tok-secret", require_token=True)
TOKENLESS = AdvertiserRoute(1, "Acme", "", require_token=True)


def signed(parameters, secret="tok-secret"):
    signature = sign(parameters, secret.encode())
    return PostbackRequest({**parameters, "signature": signature})


def test_a_signature_is_made_as_the_documentation_says():
    parameters = {"click_id": "c", "amount": "49.90", "txn_id": "A & B/ü~", "expires": "1760000100"}
    text = "amount=49.90&click_id=c&expires=1760000100&txn_id=A%20%26%20B%2F%C3%BC~"
    assert sign(parameters, b"tok-secret") == hmac.new(b"tok-secret", text.encode(), hashlib.sha256).hexdigest()
    # Made by openssl dgst -sha256 -hmac tok-secret over click_id=c&expires=1760000100.
    made = "86f62ce6274d1dbb7845637571cba9887323b267f919fdff0e3baf667ca5aaf0"
    assert sign({"expires": "1760000100", "click_id": "c"}, b"tok-secret") == made


def test_a_good_signature_passes_in_any_order_and_case_and_from_any_body():
    parameters = {"click_id": "c", "amount": "49.90", "expires": "1760000100"}
    check_token(signed(parameters), STRICT, NOW)
    signature = sign(parameters, b"tok-secret").upper()
    check_token(request(f"signature={signature}&expires=1760000100&amount=49.90&click_id=c".encode()), STRICT, NOW)
    body = json.dumps({"amount": "49.90", "expires": "1760000100", "signature": signature})
    check_token(request(b"click_id=c", body.encode(), "application/json"), STRICT, NOW)


def test_a_signature_covers_long_values_whole():
    parameters = {"click_id": "c", "cart": "x" * 2_000, "expires": "1760000100"}
    check_token(signed(parameters), STRICT, NOW)
    changed = {**signed(parameters).received, "cart": "x" * 1_999 + "y"}
    assert refusal(check_token, PostbackRequest(changed), STRICT, NOW) is TOKEN_INVALID


@pytest.mark.parametrize(
    "change",
    [{"amount": "99"}, {"new": "1"}, {"expires": "1760000101"}, {"signature": "0" * 64}, {"signature": "é"}],
)
def test_a_signature_over_anything_else_is_refused(change):
    good = signed({"click_id": "c", "amount": "49.90", "expires": "1760000100"})
    assert refusal(check_token, PostbackRequest({**good.received, **change}), STRICT, NOW) is TOKEN_INVALID
    without = {name: value for name, value in good.received.items() if name != "amount"}
    assert refusal(check_token, PostbackRequest(without), STRICT, NOW) is TOKEN_INVALID


@pytest.mark.parametrize("expires", ["1760000000", "0", "", "soon", "-1", "9" * 13, "1760000100.5", "١٧٦٠٠٠٠١٠٠"])
def test_a_signature_that_expired_or_never_expires_is_refused(expires):
    assert refusal(check_token, signed({"click_id": "c", "expires": expires}), ACME, NOW) is SIGNATURE_EXPIRED
    assert refusal(check_token, signed({"click_id": "c"}), ACME, NOW) is SIGNATURE_EXPIRED


def test_a_signature_is_good_to_the_end_of_its_last_second_asked():
    check_token(signed({"click_id": "c", "expires": "1760000001"}), STRICT, 1_760_000_001.0)


def test_a_token_is_asked_for_where_the_advertiser_wants_it_and_checked_wherever_it_is_sent():
    plain, right, wrong = (
        request(b"click_id=c"),
        request(b"click_id=c&secure=tok-secret"),
        request(b"token=tok-secre"),
    )
    check_token(plain, ACME, NOW)
    check_token(right, ACME, NOW)
    check_token(right, STRICT, NOW)
    assert refusal(check_token, plain, STRICT, NOW) is TOKEN_MISSING
    assert refusal(check_token, wrong, ACME, NOW) is TOKEN_INVALID
    assert refusal(check_token, request("token=tök".encode()), STRICT, NOW) is TOKEN_INVALID


def test_an_advertiser_without_a_token_can_prove_nothing():
    empty_key = signed({"click_id": "c", "expires": "1760000100"}, secret="")
    assert refusal(check_token, empty_key, TOKENLESS, NOW) is TOKEN_INVALID
    assert refusal(check_token, request(b"token="), TOKENLESS, NOW) is TOKEN_MISSING
    assert refusal(check_token, request(b"token=x"), TOKENLESS, NOW) is TOKEN_INVALID
