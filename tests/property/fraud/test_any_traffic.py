"""Whatever comes, rules raise nothing; cutting changes no judgement; stored events show what live ones did."""

from dataclasses import replace

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud import inspect_agent
from fraud.engine import Engine
from fraud.lists import Lists, read_addresses
from fraud.rules.behaviour import BEHAVIOUR_RULES
from fraud.rules.book import Rulebook
from fraud.rules.look import Look, examine
from fraud.rules.request import REQUEST_RULES
from fraud.traffic import STORED_COLUMNS, Traffic
from fraud.usual.clicks import PartnerPace, UsualClicks
from kernel.clickhouse.arrow import arrow_schema
from tests.support.clicks import CHROME, GOOGLEBOT, NOON, PHONE, click, open_tools
from tests.support.traffic import traffic
from tracker.pipeline.batch import ClickBatch
from tracker.pipeline.steps import STEPS, EnrichmentTools, MemoryUniqueWindow, enrich
from tracker.pipeline.steps.quality import traffic_of
from tracker.pipeline.steps.sightings import Sightings

USUAL = UsualClicks({1: PartnerPace(14, 10, 0.1, 0.2, (0.1,) * 24)}, 1.0, 2.0)
LISTS = Lists(*(read_addresses(["0.0.0.0/1"])[0] for _ in range(3)), frozenset({"spam.example"}))
texts = st.text(max_size=12)
flags = st.booleans()
rows = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 2**45),
        "partner_ids": st.integers(0, 2**32 - 1) | st.just(1),
        "offer_ids": st.integers(0, 2**32 - 1),
        "ips": texts | st.ip_addresses().map(str),
        "prefixes": texts,
        "user_agents": texts,
        "agents": st.sampled_from(["", CHROME, GOOGLEBOT, "curl/8", "x"]).map(inspect_agent),
        "device_types": st.sampled_from(["mobile", "desktop", "bot", "", "other"]),
        "oses": st.sampled_from(["Windows", "Android", "iOS", ""]) | texts,
        "browsers": st.sampled_from(["Chrome", "Firefox", "Edge", ""]) | texts,
        "browser_versions": st.sampled_from(["", "0", "1.2", "9" * 30, "²", "60.0"]) | texts,
        "languages": st.sampled_from(["de", "EN-us", "", "-"]) | texts,
        "countries": st.sampled_from(["DE", "", "XX"]) | texts,
        "timezones": st.sampled_from(["Europe/Berlin", "", "../../etc/passwd", "UTC"]) | texts,
        "client_zones": st.sampled_from(["Asia/Tokyo", "", "posixrules", "/abs"]) | texts,
        "referrer_hosts": st.sampled_from(["a.spam.example", ""]) | texts,
        "sources": texts,
        "sub1s": texts | st.sampled_from(["{x}", "\ud800"]),
        "trafficback_reasons": st.sampled_from(["", "targeting_country", "targeting_"]) | texts,
        "is_datacenter": flags,
        "is_proxy": flags,
        "is_private": flags,
        "is_in_app": flags,
        "is_impression": flags,
        "is_test": flags,
        "methods": st.sampled_from(["GET", "HEAD", ""]) | texts,
        "purposes": st.sampled_from(["", "prefetch"]) | texts,
        "hint_mobiles": st.sampled_from(["", "?0", "?1"]) | texts,
        "hint_platforms": st.sampled_from(["", "Windows", "android"]) | texts,
        "impression_ages": st.integers(-1, 2**40),
    }
)


def batch_of(given_rows) -> Traffic:
    return traffic(len(given_rows), **{name: [row[name] for row in given_rows] for name in given_rows[0]})


@settings(deadline=None, max_examples=50)
@given(st.lists(rows, min_size=1, max_size=8))
def test_no_rule_raises_for_any_traffic(given_rows):
    batch = batch_of(given_rows)
    engine = Engine(usual=lambda: USUAL)
    assessment = engine.begin(batch)
    counted = engine.counts.count(batch)
    found = examine((*REQUEST_RULES, *BEHAVIOUR_RULES), Look(batch, LISTS, USUAL, counted), Rulebook.of())
    for row, findings in found.items():
        for finding in findings:
            assessment.add(row, finding)
            finding.facts.encode("utf-8", "surrogateescape")
    verdicts = assessment.verdicts()
    assert len(verdicts.places) == len(verdicts.scores) == len(batch)
    assert all(0 <= score <= 100 for score in verdicts.scores)


@settings(deadline=None, max_examples=50)
@given(st.lists(rows, min_size=2, max_size=12), st.data())
def test_how_traffic_in_the_order_of_time_is_cut_changes_no_judgement(given_rows, data):
    given_rows.sort(key=lambda row: row["ts"])
    cut = data.draw(st.integers(1, len(given_rows) - 1))
    whole = Engine(usual=lambda: USUAL).judge(batch_of(given_rows))
    engine = Engine(usual=lambda: USUAL)
    parts = [engine.judge(batch_of(part)) for part in (given_rows[:cut], given_rows[cut:])]

    def told(verdicts):
        return [
            (
                verdicts.judgements[place].verdict,
                verdicts.judgements[place].reasons,
                verdicts.facts.get(row),
                score,
            )
            for row, (place, score) in enumerate(zip(verdicts.places, verdicts.scores, strict=True))
        ]

    assert told(whole) == [one for part in parts for one in told(part)]


visitors = st.builds(
    click,
    st.integers(1, 2**40),
    ts=st.integers(NOON, NOON + 10_000),
    offer_id=st.integers(0, 3),
    partner_id=st.integers(0, 3),
    trafficback_reason=st.sampled_from(["", "targeting_country", "cap_click"]),
    requested_offer_id=st.sampled_from([0, 5]),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    query=st.sampled_from([b"", b"sub1=a&source=b", b"sub1={x}"]),
    ip=st.sampled_from(["8.8.8.8", "127.0.0.1", "::1", "2001:4860:4860::8888", "::ffff:10.0.0.1", "nonsense", ""]),
    user_agent=st.sampled_from([CHROME, PHONE, GOOGLEBOT, "curl/8", "", "SomethingBot crawler", "\x01"]) | texts,
    accept_language=st.sampled_from(["", "de-DE,de;q=0.9", "zz", "*"]),
    referrer=st.sampled_from(["", "https://www.example.org/x", "nonsense"]),
    is_test=flags,
    source=st.sampled_from(["redirect", "js", "server"]),
)
shared = open_tools()
NOT_STORED = {"purposes", "hint_mobiles", "hint_platforms", "client_zones", "impression_ages"}


@settings(deadline=None, max_examples=50)
@given(st.lists(visitors, min_size=1, max_size=6))
def test_stored_events_show_what_the_live_ones_did(clicks):
    tools = EnrichmentTools(shared.places, MemoryUniqueWindow(24), "USD", shared.devices)
    batch = ClickBatch(clicks, "edge-0")
    for name, step in STEPS:
        if name == "rules":
            break
        step(batch, tools)
    live = traffic_of(batch, Sightings())
    stored = Traffic.stored(enrich(clicks, "edge-0", tools).select(STORED_COLUMNS))
    for name in Traffic.__slots__:
        if name not in NOT_STORED:
            assert list(getattr(stored, name)) == list(getattr(live, name)), name
    assert findings(stored) == findings(replace(live, **{name: getattr(stored, name) for name in NOT_STORED}))


def findings(batch: Traffic):
    counted = Engine().counts.count(batch)
    return examine((*REQUEST_RULES, *BEHAVIOUR_RULES), Look(batch, LISTS, USUAL, counted), Rulebook.of())


def test_no_stored_events_are_no_traffic():
    table = arrow_schema("clicks").empty_table().select(STORED_COLUMNS)
    assert len(Traffic.stored(table)) == 0
    assert isinstance(table, pa.Table)
