from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from kernel.sql_types import Money, Rate
from partners import fields
from partners.answers import money_text


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("1.50", "1.50"),
        ("0", "0"),
        (" 2 ", "2"),
        ("0.000001", "0.000001"),
        ("999999999999.999999", "999999999999.999999"),
        ("000000000000000001.500000000", "1.5"),
        (2, "2"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (12345678.123456, "12345678.123456"),
        (Decimal("3.25"), "3.25"),
    ],
)
def test_money_is_taken_exactly_as_it_was_written(given, amount):
    assert fields.check_money(given) == Decimal(amount)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("-1", "can't be negative"),
        (-0.5, "can't be negative"),
        ("1,50", "decimal string"),
        ("1e3", "decimal string"),
        ("NaN", "decimal string"),
        ("", "decimal string"),
        ("1.", "decimal string"),
        (".5", "decimal string"),
        ("\u0661", "decimal string"),
        (True, "decimal string"),
        (None, "decimal string"),
        ([], "decimal string"),
        (float("inf"), "decimal string"),
        (float("nan"), "decimal string"),
        ("0.0000001", "6 digits after the point"),
        (1e-7, "6 digits after the point"),
        ("1000000000000", "12 digits before the point"),
        (1e300, "12 digits before the point"),
        (123456789012.123456, "isn't exact in JSON"),
    ],
)
def test_what_isnt_an_amount_is_refused_with_a_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        fields.check_money(given)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("1.5", "1.50"),
        ("1.500000", "1.50"),
        ("100", "100.00"),
        ("0.123456", "0.123456"),
        ("0.120", "0.12"),
        ("0.1200001e1", "1.200001"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
def test_money_is_answered_with_two_digits_or_as_many_as_it_has(amount, text):
    assert money_text(Decimal(amount)) == text


def test_the_money_column_refuses_to_round():
    column = Money()
    assert column.process_bind_param(Decimal("1.500001"), None) == 1_500_001
    assert column.process_result_value(1_500_001, None) == Decimal("1.500001")
    with pytest.raises(ValueError, match="6 digits"):
        column.process_bind_param(Decimal("0.0000001"), None)


def test_a_currency_is_taken_in_any_case_and_must_be_in_use():
    assert fields.check_currency(" usd ") == "USD"
    assert {"USD", "EUR", "INR", "JPY"} <= fields.currencies()
    for wrong in ("", "US", "ZZZ", "DEM", "USDT", "$"):
        with pytest.raises(ValueError, match="ISO 4217"):
            fields.check_currency(wrong)


def test_a_share_above_a_thousand_percent_is_refused():
    assert fields.check_percent(Decimal(1000)) == 1000
    with pytest.raises(ValueError, match="at most 1000 percent"):
        fields.check_percent(Decimal("1000.01"))


def test_a_name_is_trimmed_and_has_something_to_show():
    assert fields.check_name("  Zoë & Söhne  ") == "Zoë & Söhne"
    assert fields.check_name("n" * 200) == "n" * 200
    for wrong, sentence in (
        ("   ", "empty"),
        ("n" * 201, "at most 200"),
        ("a\nb", "line breaks"),
        ("a\x00", "control"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fields.check_name(wrong)


def test_a_code_is_safe_in_a_url():
    assert fields.check_code("Summer_24-x") == "Summer_24-x"
    for wrong in ("", "a b", "a/b", "ä", "a" * 65, "a\n"):
        with pytest.raises(ValueError, match="1 to 64 characters"):
            fields.check_code(wrong)


def test_preset_parameters_have_known_names_and_values_the_edge_wont_cut():
    assert fields.check_parameters({"sub1": "x" * 512, "source": ""}) == {"sub1": "x" * 512, "source": ""}
    for wrong, sentence in (
        ({"aff_sub": "x"}, "isn't a link parameter; these are: sub1"),
        ({"partner_id": "2"}, "isn't a link parameter"),
        ({"sub1": "ä" * 257}, "more than 512 bytes"),
        ({"sub1": "a\x00"}, "control characters"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fields.check_parameters(wrong)


def test_deep_link_hosts_are_kept_once_and_not_without_end():
    assert fields.check_deep_link_hosts(["a.example", "A.example", "*.b.example"]) == ["a.example", "*.b.example"]
    with pytest.raises(ValueError, match="at most 100"):
        fields.check_deep_link_hosts([f"h{n}.example" for n in range(101)])


def test_a_refusal_says_the_sentence_and_nothing_around_it():
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(fields.Currency).validate_python("ZZZ")
    assert refused.value.errors()[0]["msg"] == "'ZZZ' isn't an ISO 4217 currency code such as USD, EUR or INR"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("1", "1.0"),
        ("0.000000000001", "0.000000000001"),
        (" 083.2500 ", "83.25"),
        ("999999999999", "999999999999.0"),
    ],
)
def test_a_rate_is_taken_exactly_and_stored_as_it_was(given, stored):
    rate = fields.check_rate(given)
    assert rate == Decimal(given.strip())
    assert Rate().process_bind_param(rate, None) == stored


@pytest.mark.parametrize("given", ["0", "0.0", "-1", "1e3", "", "0.0000000000001", "1" * 13, 1.5, None, True])
def test_what_isnt_a_rate_is_refused(given):
    with pytest.raises(ValueError, match=r"rate"):
        fields.check_rate(given)


def test_texts_have_no_control_characters_but_notes_have_lines():
    assert fields.check_note(" a\r\nb\tc ") == "a\nb\tc"
    assert fields.check_line("  a  ", 5) == "a"
    for wrong in ("a\x00b", "a\x1bb"):
        with pytest.raises(ValueError, match="control characters"):
            fields.check_note(wrong)
    for wrong, sentence in (("a\nb", "line breaks"), ("a" * 6, "at most 5")):
        with pytest.raises(ValueError, match=sentence):
            fields.check_line(wrong, 5)


def test_an_email_address_is_kept_with_its_domain_in_lower_case():
    assert fields.check_email(" Anna.B+x@Shop.EXAMPLE ") == "Anna.B+x@shop.example"
    assert fields.check_email("") == ""
    for wrong in (
        "anna",
        "anna@",
        "@shop.example",
        "a b@shop.example",
        "anna@shop",
        "anna@-shop.example",
        "a@b@c.d e",
    ):
        with pytest.raises(ValueError, match="isn't an e-mail address"):
            fields.check_email(wrong)


def test_a_coupon_is_upper_case_without_spaces():
    assert fields.check_coupon(" summer-24% ") == "SUMMER-24%"
    assert fields.check_coupon("straße") == "STRASSE"
    for wrong in ("", "a b", "x" * 65, "ß" * 33, "a\x00"):
        with pytest.raises(ValueError, match=r"characters"):
            fields.check_coupon(wrong)


def test_tags_are_lower_case_and_kept_once():
    assert fields.check_tags(["VIP", " vip ", "Mobile"]) == ["vip", "mobile"]
    for wrong in ([""], ["a" * 65], ["a\n b"], [str(n) for n in range(51)]):
        with pytest.raises(ValueError, match=r"tag|has"):
            fields.check_tags(wrong)


def test_a_moment_is_turned_to_utc_and_one_out_of_every_calendar_is_refused():
    moment = TypeAdapter(fields.UtcMoment)
    assert moment.validate_python("2026-01-01T01:00:00+02:00") == datetime(2025, 12, 31, 23, tzinfo=UTC)
    for wrong in ("2026-01-01T01:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon"):
        with pytest.raises(ValidationError):
            moment.validate_python(wrong)
