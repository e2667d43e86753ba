import pytest

from tests.support.clicks import row
from tracker.pipeline.steps.origin import host_of
from tracker.visitor import first_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-US,en;q=0.9", "en-US"),
        ("en-us", "en-US"),
        ("DE", "de"),
        ("pt_BR", "pt-BR"),
        ("zh-hant-tw,zh;q=0.8", "zh-Hant-TW"),
        ("es-419", "es-419"),
        (" fr ; q=1", "fr"),
        ("de-DE-1996", "de-DE"),
        ("fil-PH", "fil-PH"),
        ("*", ""),
        ("", ""),
        ("english", ""),
        ("e", ""),
        ("<script>", ""),
        ("١٢", ""),
    ],
)
def test_the_first_language_is_written_one_way(header, language):
    assert first_language(header) == language


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.com/path?q=1", "www.example.com"),
        ("http://user:secret@example.com:8080/", "example.com"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("//cdn.example/x", "cdn.example"),
        ("https://example.com./", "example.com"),
        ("https://bücher.example/", "bücher.example"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("https://[broken/", ""),
        ("about:blank", ""),
        ("example.com/page", ""),
        ("https:///nothing", ""),
        ("https://" + "a" * 300 + ".example/", ""),
        ("https://exa mple.com/", ""),
        ("", ""),
    ],
)
def test_the_referring_host_is_lower_case_and_bare(url, host):
    assert host_of(url) == host


def test_language_and_referrer_reach_the_row():
    enriched = row(accept_language="hi-IN,hi;q=0.9", referrer="https://t.example/abc")
    assert (enriched["language"], enriched["referrer_host"]) == ("hi-IN", "t.example")
    assert enriched["referrer_url"] == "https://t.example/abc"
