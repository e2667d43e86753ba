"""What a user agent says about itself: a browser, a bot, a library, a steered browser, or nonsense.

Invariants: no text raises; a browser that people use is never named here (the check against 10,000 real
browser profiles is in the tests); the answer depends on the text alone, so callers may cache it.

The patterns are those of the crawler-user-agents package plus the short lists below, all in one matcher
of the Rust regex engine behind ua-parser-rs: 1.3 µs a text, against 0.4 ms for one Python regex of the same.
A program that nobody has listed is told by the address it gives for complaints, as is custom: browsers give none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from ua_parser_rs import UserAgentExtractor


class AgentFinding(NamedTuple):
    """What a user agent gives away."""

    reason: str
    """Reason code, '' for an ordinary browser."""
    is_bot: bool
    """Whether it names a program rather than a person's browser."""
    bot_family: str
    """Which program, '' when it names none."""


ORDINARY = AgentFinding("", is_bot=False, bot_family="")
_EMPTY = AgentFinding("empty_user_agent", is_bot=False, bot_family="")
_MALFORMED = AgentFinding("malformed_user_agent", is_bot=False, bot_family="")

_LIBRARIES = (
    *("Java", "Apache-HttpAsyncClient", "Jakarta Commons-HttpClient", "Apache-CXF", "Dart", "RestSharp", "Flurl"),
    *("node", "node-superagent", "superagent", "undici", "Deno", "Bun", "needle"),
    *("Python", "python-urllib3", "PycURL", "Twisted PageGetter", "Perl", "HTTP::Tiny", "LWP", "lua-resty-http"),
    *("Ruby", "rest-client", "Faraday", "Typhoeus", "HTTPClient", "httpclient", "http.rb"),
    *("PHP", "GuzzleHttp", "Symfony HttpClient", "Zend_Http_Client", "HTTP_Request2"),
    *("reqwest", "hyper", "ureq", "fasthttp", "resty", "go-resty", "libcurl", "libcurl-agent"),
    *("PostmanRuntime", "insomnia", "Paw", "Bruno", "xh"),
    *("k6", "ApacheBench", "wrk", "hey", "Vegeta", "Locust", "JMeter"),
)
"""Libraries, API clients and load generators the package does not name, as they begin their user agent."""

_TOOLS = {
    r"WinHttp\.WinHttpRequest": "WinHttp",
    r"WindowsPowerShell/|^PowerShell/| PowerShell/": "PowerShell",
}
"""More of them, whose name stands anywhere in it."""

_STEERED = {
    r"[pP]uppeteer": "Puppeteer",
    r"[pP]laywright": "Playwright",
    r"[sS]elenium|[wW]eb[dD]river": "Selenium",
    r"HeadlessFirefox|HeadlessEdg": "Headless browser",
    r"Cypress/": "Cypress",
    r"SlimerJS": "SlimerJS",
    r"HtmlUnit": "HtmlUnit",
    r"jsdom/|HappyDOM/": "jsdom",
}
"""Browsers run by programs that the package does not name."""

_NARROWED = {
    # An Android 15 build number: every phone of that release has it.
    r"AP3A\.240617\.008": "",
    # What Meta's apps append to the user agent of their own browser, in which people click advertisements.
    "MetaIAB Facebook": "",
    # A person's own wrapper around Safari.
    "Fluid": "",
    # Also the end of WIRED/ and of any number that ends in 008.
    r"RED\/": r"(^|[^A-Za-z])RED/",
    r"008\/": r"(^|[ ;(])008/",
    # Sogou and Daum also make browsers and apps for people.
    "Sogou": r"Sogou[^/;]*[sS]pider",
    r"Daum\/": r"compatible; Daum/",
    # Messengers whose previews name nothing but the messenger, while their own browsers append its name.
    "Viber": r"^Viber",
    "WhatsApp": r"^WhatsApp",
}
"""Patterns of the package that also match people's browsers: what stands for them here, '' for nothing."""

_MAX_LENGTH = 1024
"""Characters. The longest of 10,000 real browser profiles and of ua-parser's test cases is below 500."""

_MIN_LENGTH = 4
"""Characters. No browser's name and version is shorter."""

_NONSENSE = re.compile(
    r"""[\x00-\x08\x0a-\x1f\x7f]            # control characters other than a tab
    | ^\s*[\"'`{<$%&*=|\\]                 # a quoted or templated beginning
    | [\"'`]\s*$                           # a quote that nobody closed, or closed too late
    | ^\s*\[[\w\s.:-]*\]\s*$              # a placeholder; apps of Facebook bracket names and versions
    | ^(?:null|undefined|none|nan|unknown|user-?agent|default|test|true|false|n/a)$
    | ^\s*mozilla/\d\.\d\s*\(?\s*$        # what all browsers begin with, and nothing more
    | ^user-agent\s*:                       # the header's name inside its value
    | ^mozilla%2f | %20\(                   # percent-encoded
    | <script | <\? | <% | \$\{ | \{\{ | /etc/passwd | \(\)\s*\{ | \.\./\.\./ | javascript:   # injected code
    | \bunion\s+(?:all\s+)?select\b | '\s*(?:or|and)\s+['\d(] | \b(?:sleep|benchmark)\s*\(\s*\d
    | ;\s*(?:drop\s+table|waitfor\s+delay)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTACT = re.compile(
    r"""\+\ ?(?:https?:|www\.) | \w@[\w-]+\.[a-z]{2}   # (+https://example.com/bot), robot@example.com
    | ^(?!mozilla|opera|.*browser).*https?://""",
    re.IGNORECASE | re.VERBOSE,
)
"""Where to complain about a program. Of 27,000 real browsers none names such an address; a few of 2004 name a
page, without the plus sign."""
_NAMES = (
    re.compile(r"compatible;\s*(?!msie|windows|mozilla)([^;/)+@:]{2,40})", re.IGNORECASE),
    re.compile(r"^(?!mozilla|opera|docomo|https?:)([^/(;+@:<]{2,40})", re.IGNORECASE),
)
"""Where such a program's name stands."""
_NAME_ENDS = re.compile(r"(?:[\s,.-]+https?)?[\s,.-]*$", re.IGNORECASE)
_PEOPLE_USE = re.compile(r"^(?:chrome|firefox|safari|edge|ie|opera|mobile safari|android)\b", re.IGNORECASE)
"""Names that ua-parser gives spiders behind a browser's user agent; no sentence may call those programs."""
_LETTER = re.compile(r"[^\W\d_]")


def inspect_agent(text: str, spider_family: str = "") -> AgentFinding:
    """Say what a user agent gives away.

    Args:
        text: The User-Agent header.
        spider_family: What ua-parser calls the program when it takes it for a spider, else ''. It knows
            spiders by generic words (bot, crawl, spider), which the pattern list does not have.

    """
    if not text.strip() or text.strip() == "-":
        return _EMPTY
    matcher, findings = _matcher()
    match = matcher.extract(text[:_MAX_LENGTH])
    if match is not None:
        return findings[int(match.family)]
    fits = _MIN_LENGTH <= len(text) <= _MAX_LENGTH
    told = fits and ("@" in text or "www." in text or "://" in text) and _CONTACT.search(text) is not None
    if spider_family:
        named = "Spider" if _PEOPLE_USE.search(spider_family) else spider_family
        return _program("bot_user_agent", (_name(text) if told else "") or named)
    if not fits or _NONSENSE.search(text) is not None or _LETTER.search(text) is None:
        return _MALFORMED
    if told:
        return _program("bot_user_agent", _name(text))
    return ORDINARY


@cache
def _matcher() -> tuple[UserAgentExtractor, list[AgentFinding]]:
    """Build the matcher once; a match's family is the number of its finding."""
    entries = []
    for crawler in CRAWLER_USER_AGENTS_DATA:
        pattern = _NARROWED.get(crawler["pattern"], crawler["pattern"])
        if pattern:
            entries.append((pattern, _program(_reason(crawler["tags"]), readable_name(crawler["pattern"]))))
    entries += [(rf"^{re.escape(name)}([/ ;,]|$)", _program("http_library", name)) for name in _LIBRARIES]
    entries += [(pattern, _program("http_library", name)) for pattern, name in _TOOLS.items()]
    entries += [(pattern, _program("headless_browser", name)) for pattern, name in _STEERED.items()]
    matcher = UserAgentExtractor(
        [(pattern, str(number), None, None, None, None) for number, (pattern, _) in enumerate(entries)]
    )
    return matcher, [finding for _, finding in entries]


def _name(text: str) -> str:
    """Return the name of a program that gives an address for complaints, '' when it has none."""
    found = next((match[1] for name in _NAMES if (match := name.search(text))), "")
    return _NAME_ENDS.sub("", found).strip()


def _program(reason: str, family: str) -> AgentFinding:
    return AgentFinding(reason, is_bot=True, bot_family=family)


def _reason(tags: list[str]) -> str:
    if "http-library" in tags:
        return "http_library"
    if "browser-automation" in tags:
        return "headless_browser"
    return "bot_user_agent"


def readable_name(pattern: str) -> str:
    """Turn a pattern of the package into the name it stands for, e.g. ``[wW]get`` into Wget."""
    name = re.sub(r"\(\^\| \)|\(\[\^-\]\|\$\)", "", pattern)  # word borders
    name = re.split(r"\[\\s\\S\]|\\d|(?<!\\)\|(?![^(]*\))", name)[0]  # what may vary, and other spellings
    name = re.sub(r"(?<!\\)\(([^|)]*)[^)]*\)", r"\1", name)  # the first of several spellings
    name = re.sub(r"\[(\w)(\w)\]", lambda pair: max(pair[1], pair[2], key=str.isupper), name)  # the capital
    name = re.sub(r"\\(.)", r"\1", name).strip(" ^$/;:-")
    if name.count("(") != name.count(")"):
        name = re.sub(r" ?\(.*|\)$", "", name)  # half of a remark
    return name or pattern
