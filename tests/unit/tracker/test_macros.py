from __future__ import annotations

from itertools import product

import pytest

from tracker.macros import MACROS, Template, deep_link, keyed_hash

OFFER = Template("https://shop.example/lp?cid={click_id}&src={partner_id}")
HOSTS = ("shop.example", "*.brand.example")


def rendered(url, **values):
    return Template(url).render(lambda name: values.get(name, f"<{name}>"))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example/", "https://shop.example/"),
        ("https://shop.example/?c={click_id}", "https://shop.example/?c=A-_9"),
        ("https://shop.example/{click_id}/{click_id}#{click_id}", "https://shop.example/A-_9/A-_9#A-_9"),
        ("HTTPS://Shop.Example:8443/?c={click_id}", "HTTPS://Shop.Example:8443/?c=A-_9"),
        ("http://127.0.0.1:9000/lp", "http://127.0.0.1:9000/lp"),
        ("http://[2001:db8::1]:80/?{click_id}", "http://[2001:db8::1]:80/?A-_9"),
        ("https://shop.example?c={click_id}", "https://shop.example?c=A-_9"),
        ("https://shop.example/größe?q=日", "https://shop.example/gr%C3%B6%C3%9Fe?q=%E6%97%A5"),
        ("https://shop.example/a%20b%2Fc?x=1&y=%26", "https://shop.example/a%20b%2Fc?x=1&y=%26"),
        ("https://shop.example/\r\nX: 1\x00\x7f", "https://shop.example/%0D%0AX:%201%00%7F"),
        ("https://shop.example/{clickid}?{}&{A}&{click_id", "https://shop.example/%7Bclickid%7D?{}&{A}&{click_id"),
        ("https://shop.example/{x}{click_id}{y}", "https://shop.example/%7Bx%7DA-_9%7By%7D"),
        ("https://shop.example/{{click_id}}", "https://shop.example/{A-_9}"),
    ],
)
def test_macros_are_replaced_and_everything_else_stays(url, found):
    assert rendered(url, click_id="A-_9") == found


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("", ""),
        ("plain", "plain"),
        ("-_.~", "-_.~"),
        ("a b", "a%20b"),
        ("a/b?c#d&e=f", "a%2Fb%3Fc%23d%26e%3Df"),
        ("../..//", "..%2F..%2F%2F"),
        ("{offer_id}", "%7Boffer_id%7D"),
        ("%2F", "%252F"),
        ("@evil.example", "%40evil.example"),
        ("\r\nSet-Cookie: a=b", "%0D%0ASet-Cookie%3A%20a%3Db"),
        ("\0\x7f\x85", "%00%7F%C2%85"),
        ("é日😀", "%C3%A9%E6%97%A5%F0%9F%98%80"),
        ("٣", "%D9%A3"),
        ("abc\n", "abc%0A"),
    ],
)
def test_a_value_is_encoded_so_that_it_cant_leave_its_place(value, encoded):
    assert rendered("https://shop.example/{sub1}?a={sub1}&b=1", sub1=value) == (
        f"https://shop.example/{encoded}?a={encoded}&b=1"
    )


@pytest.mark.parametrize("name", sorted(MACROS))
def test_every_macro_is_asked_for_by_its_name(name):
    template = Template(f"https://shop.example/?x={{{name}}}")
    assert template.names == {name}
    assert template.render(lambda asked: asked) == f"https://shop.example/?x={name}"


def test_only_the_macros_a_template_names_are_computed():
    asked = []
    Template("https://shop.example/?a={sub1}&b={click_id}&c={sub1}&d={nothing}").render(
        lambda name: asked.append(name) or ""
    )
    assert asked == ["sub1", "click_id", "sub1"]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "shop.example",
            "//shop.example/",
            "ftp://shop.example/",
            "javascript:alert(1)",
            "https:/shop.example",
        ),
        *(
            "https://",
            "https:///path",
            "https://?a",
            "https://:80/",
            "{sub1}://shop.example/",
            " https://shop.example/",
        ),
        *("https://{sub1}.shop.example/", "https://shop.example{sub1}/", "https://shop.example:{sub1}/"),
        *("https://user@shop.example/", "https://a:b@shop.example/", "https://shop.example\\@evil.example/"),
        *("https://shop.example\n.evil.example/", "https://shop.example\x00/", "https://shop.example evil/"),
        *(
            "https://bücher.example/",
            "https://shop\u3002example/",
            "https://\u212aelvin.example/",
            "https://shop%2eexample/",
        ),
        *(
            "https://shop.example:8a/",
            "https://shop.example:٣/",
            "https://[::1/",
            "https://[evil]/",
            "https://shop.example\n",
        ),
    ],
)
def test_a_destination_whose_host_isnt_plain_is_refused(url):
    with pytest.raises(ValueError, match="a host in ASCII"):
        Template(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.Example:8443/x", "shop.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://[2001:DB8::1]/", "2001:db8::1"),
    ],
)
def test_a_template_knows_its_host(url, host):
    assert Template(url).host == host


def followed(url, allowed=HOSTS, template=OFFER):
    found = deep_link(url, allowed, template)
    return found.render(lambda name: f"<{name}>") if found else None


CARRIED = "cid=%3Cclick_id%3E&src=%3Cpartner_id%3E"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example", f"https://shop.example?{CARRIED}"),
        ("https://shop.example/", f"https://shop.example/?{CARRIED}"),
        ("http://shop.example/p", f"http://shop.example/p?{CARRIED}"),
        ("https://shop.example/p?a=1", f"https://shop.example/p?a=1&{CARRIED}"),
        ("https://shop.example/p?", f"https://shop.example/p?&{CARRIED}"),
        ("https://shop.example/p#part", f"https://shop.example/p?{CARRIED}#part"),
        ("https://shop.example/p?a=1#x?y#z", f"https://shop.example/p?a=1&{CARRIED}#x?y#z"),
        ("HTTPS://SHOP.EXAMPLE/P", f"HTTPS://SHOP.EXAMPLE/P?{CARRIED}"),
        ("https://shop.example:443/", f"https://shop.example:443/?{CARRIED}"),
        ("http://shop.example:80/", f"http://shop.example:80/?{CARRIED}"),
        ("https://shop.example:/", f"https://shop.example:/?{CARRIED}"),
        ("https://de.brand.example/", f"https://de.brand.example/?{CARRIED}"),
        ("https://a.b.brand.example/", f"https://a.b.brand.example/?{CARRIED}"),
        ("https://shop.example/größe", f"https://shop.example/gr%C3%B6%C3%9Fe?{CARRIED}"),
        ("https://shop.example//evil.example/", f"https://shop.example//evil.example/?{CARRIED}"),
        ("https://shop.example/@evil.example", f"https://shop.example/@evil.example?{CARRIED}"),
        (
            "https://shop.example/?to=https://evil.example",
            f"https://shop.example/?to=https://evil.example&{CARRIED}",
        ),
        ("https://shop.example/{sub1}/{nothing}", f"https://shop.example/%3Csub1%3E/%7Bnothing%7D?{CARRIED}"),
    ],
)
def test_a_deep_link_leads_to_its_page_with_the_offers_parameters(url, found):
    assert followed(url) == found


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop.example", "/p", "//shop.example/", "//evil.example/", "///shop.example", "https:shop.example"),
        *("https://evil.example/", "https://shop.example.evil.example/", "https://evilshop.example/"),
        *("https://brand.example/", "https://evilbrand.example/", "https://brand.example.evil.example/"),
        *("https://shop.example@evil.example/", "https://shop.example:80@evil.example/", "https://@shop.example/"),
        *(
            "https://user:secret@shop.example/",
            "https://evil.example#@shop.example/",
            "https://evil.example?shop.example",
        ),
        *(
            "https://shop.example\\@evil.example/",
            "https:\\\\shop.example/",
            "https://shop.example/\\evil.example",
        ),
        *("https://evil.example\\.brand.example/", "https://shop.example\\.evil.example"),
        *(
            "ftp://shop.example/",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "file://shop.example/",
        ),
        *(
            "https://shop.example:8443/",
            "https://shop.example:22/",
            "https://shop.example:80443/",
            "https://shop.example:443:80/",
        ),
        *("https://shop.example./", "https://de.brand.example./", "https://shop..example/"),
        *(
            "https://shop.examplé/",
            "https://\u0455hop.example/",
            "https://shop\u3002example/",
            "https://evil.example\uff0f.brand.example/",
        ),
        *(
            "https://evil.example%2f.brand.example/",
            "https://evil.example%00.brand.example/",
            "https://shop%2eexample/",
        ),
        *("https://{sub1}.brand.example/", "https://{sub1}/", "https://shop.example{sub1}/"),
        *(
            " https://shop.example/",
            "https://shop.example/ ",
            "\thttps://shop.example/",
            "https://shop.example/\r\nX: 1",
        ),
        *(
            "ht\ntps://shop.example/",
            "https://shop.example\x00/",
            "https://shop.example/\x7f",
            "https://sh\top.example/",
        ),
        *("https://[::1]/", "https://[shop.example]/", "https://127.0.0.1/", "https://0x7f000001/", "\ud800"),
        *("https://shop.example/\ud800",),
    ],
)
def test_a_deep_link_anywhere_else_isnt_followed(url):
    assert followed(url) is None


def test_an_offer_without_hosts_has_no_deep_links():
    assert followed("https://shop.example/", allowed=()) is None


def test_an_offer_without_parameters_adds_none():
    assert (
        followed("https://shop.example/p#x", template=Template("https://shop.example/"))
        == "https://shop.example/p#x"
    )
    fragment_only = Template("https://shop.example/#?cid={click_id}")
    assert followed("https://shop.example/p", template=fragment_only) == "https://shop.example/p"


NAMES = ("partner_id", "source", *(f"sub{n}" for n in range(1, 11)))


def test_a_hash_tells_values_names_and_installations_apart_and_nothing_else():
    made = {
        keyed_hash(secret, name, value)
        for secret, name, value in product((b"a" * 32, b"b" * 32), NAMES, ("1", "2", "é", "x" * 600))
    }
    assert len(made) == 2 * len(NAMES) * 4
    assert all(len(digits) == 16 and int(digits, 16) >= 0 for digits in made)
    assert keyed_hash(b"a" * 32, "sub1", "1") == keyed_hash(b"a" * 32, "sub1", "1")
    assert keyed_hash(b"a" * 64, "sub1", "") == ""


def test_every_hash_macro_is_one_that_is_told_apart():
    assert {f"{name}_hash" for name in NAMES} == {name for name in MACROS if name.endswith("_hash")}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example/?c={click_id}", "https://shop.example/?c=A-_9"),
        ("https://shop.example/{x}/{click_id}#end", "https://shop.example/%7Bx%7D/A-_9#end"),
        ("https://shop.example/{click_id}#{click_id}", ""),
        ("https://shop.example/?c={sub1}", ""),
        ("https://shop.example/?c={click_id}&s={sub1}", ""),
        ("https://shop.example/", ""),
    ],
)
def test_a_destination_that_asks_for_the_click_id_alone_is_rendered_at_once(url, found):
    assert Template(url).render_click_id("A-_9") == found
    assert found in {"", rendered(url, click_id="A-_9")}
