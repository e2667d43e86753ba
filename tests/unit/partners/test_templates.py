from __future__ import annotations

import pytest

from kernel import macro_names
from partners import fields, templates
from tracker import links, macros
from tracker.macros import Template


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://shop.example/?cid={click_id}", "https://shop.example/?cid={click_id}"),
        ("  http://shop.example  ", "http://shop.example"),
        ("HTTPS://Shop.Example:8443/{offer_id}#{sub1_hash}", "HTTPS://Shop.Example:8443/{offer_id}#{sub1_hash}"),
        ("http://127.0.0.1:9000/lp", "http://127.0.0.1:9000/lp"),
        ("http://[2001:db8::1]:80/?{sub10}", "http://[2001:db8::1]:80/?{sub10}"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://a_b.shop.example./", "https://a_b.shop.example./"),
        ("https://shop.example/größe?q=日", "https://shop.example/gr%C3%B6%C3%9Fe?q=%E6%97%A5"),
    ],
)
def test_a_good_destination_is_stored_as_ascii_and_the_edge_can_compile_it(url, stored):
    assert templates.check_destination(url) == stored
    assert Template(stored).render(lambda _: "x").isascii()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "starting with http"),
        ("shop.example/?c={click_id}", "starting with http"),
        ("ftp://shop.example/", "starting with http"),
        ("javascript:alert(1)", "starting with http"),
        ("{sub1}://shop.example/", "a macro can't be the scheme"),
        ("https://{sub1}.shop.example/", "the host must be literal"),
        ("https://shop.example{sub1}/", "the host must be literal"),
        ("https://shop.example:{sub1}/", "the host must be literal"),
        ("https://user:secret@shop.example/", "user name or password"),
        ("https://shop.example@evil.example/", "user name or password"),
        ("https:///path", "isn't a host name"),
        ("https://-shop.example/", "isn't a host name"),
        ("https://shop..example/", "isn't a host name"),
        (f"https://{'a' * 64}.example/", "isn't a host name"),
        (f"https://{'a.' * 130}example/", "isn't a host name"),
        ("https://bücher.example/", "xn--"),
        ("https://[2001:db8::g]/", "isn't an address"),
        ("https://[2001:db8::1]x/", "isn't an address"),
        ("https://[fe80::1%25eth0]/", "isn't an address"),
        ("https://shop.example:0/", "isn't a port"),
        ("https://shop.example:65536/", "isn't a port"),
        ("https://shop.example:8a/", "isn't a port"),
        ("https://shop.example/a b", "no spaces"),
        ("https://shop.example\\@evil.example/", "backslashes"),
        ("https://shop.example/\r\nSet-Cookie: a", "no spaces"),
        ("https://shop.example/\x00", "control characters"),
        ("https://shop.example/" + "a" * 4096, "at most 4096"),
        ("https://shop.example/?c={clickid}", "{clickid} isn't a macro; the macros are {click_id} {offer_id}"),
        ("https://shop.example/?c={}", "isn't a macro"),
        ("https://shop.example/?c={click_id", "a brace is left open"),
        ("https://shop.example/?c=click_id}", "a brace is left open"),
        ("https://shop.example/?c={{click_id}}", "a brace is left open"),
    ],
)
def test_a_bad_destination_is_refused_with_a_sentence(url, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        templates.check_destination(url)
    assert sentence in str(refused.value)


def test_no_fallback_is_an_empty_string_and_a_fallback_is_checked_like_a_destination():
    assert templates.check_fallback("  ") == ""
    assert templates.check_fallback("https://x.example/?s={sub1}") == "https://x.example/?s={sub1}"
    with pytest.raises(ValueError, match="starting with http"):
        templates.check_fallback("x.example")


@pytest.mark.parametrize("host", ["shop.example", "*.shop.example", " Shop.Example ", "a-b.c_d.example"])
def test_a_deep_link_host_is_stored_in_lower_case(host):
    assert templates.check_deep_link_host(host) == host.strip().lower()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "*.",
        "localhost",
        "https://shop.example",
        "shop.example/",
        "shop.example:80",
        "*shop.example",
        "a.*.example",
        "1.2.3.4",
        "bücher.example",
        "shop.example.",
    ],
)
def test_what_isnt_a_host_name_is_refused_as_deep_link_host(host):
    with pytest.raises(ValueError, match="isn't a host name"):
        templates.check_deep_link_host(host)


def test_a_hook_takes_the_macros_of_conversions_too_and_a_destination_doesnt():
    url = "https://x.example/?" + "&".join(f"{{{name}}}" for name in macro_names.HOOK_MACROS)
    assert templates.check_hook(url) == url
    with pytest.raises(ValueError, match=r"{payout} isn't a macro; the macros are {click_id}"):
        templates.check_destination("https://x.example/?p={payout}")
    with pytest.raises(ValueError, match=r"{colour} isn't a macro; .* {reject_reason}"):
        templates.check_hook("https://x.example/?p={colour}")


def test_the_edge_renders_every_macro_that_a_destination_may_name():
    assert set(macro_names.CLICK_MACROS) == macros.MACROS
    assert len(macro_names.HOOK_MACROS) == len(set(macro_names.HOOK_MACROS))


def test_a_plain_url_takes_no_macro_and_may_be_none():
    assert templates.check_plain_url("  ") == ""
    assert templates.check_plain_url("https://x.example/a?b") == "https://x.example/a?b"
    with pytest.raises(ValueError, match="takes no macros"):
        templates.check_plain_url("https://x.example/{sub1}")
    with pytest.raises(ValueError, match="starting with http"):
        templates.check_plain_url("javascript:alert(1)")


def test_the_presettable_parameters_are_a_links_less_the_ids_the_link_names():
    assert set(fields.LINK_PARAMETERS) == set(links.PARAMETERS) - {
        "offer_id",
        "partner_id",
        "link_id",
        "smart_link_id",
    }
