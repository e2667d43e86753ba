from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.macro_names import CLICK_MACROS
from kernel.settings import Settings
from partners import fields, templates
from partners.resources import RESOURCES
from tests.support.program import open_program, program_app, program_client
from tracker.links import read_parameters
from tracker.macros import Template
from tracker.publish import compile_snapshot

PAGE = "https://shop.example/?c={click_id}"

quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """One program for all examples: sessions and a client, with advertiser 1, partner 1 and offer 1 in it."""
    chosen = Settings(data_dir=tmp_path_factory.mktemp("program"))
    sessions = open_program(chosen)

    async def publish():
        return 1

    with program_client(program_app(chosen, sessions, publish)) as client:
        client.post("/api/v1/advertisers", json={"name": "Acme"})
        client.post("/api/v1/partners", json={"name": "Blog"})
        client.post("/api/v1/offers", json={"name": "Shoes", "advertiser_id": 1, "destination": PAGE})
        yield sessions, client
    sessions.close()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)
amounts = st.decimals(0, Decimal("999999999999.999999"), places=6)
hosts = st.from_regex(r"(\*\.)?[a-z][a-z0-9]{0,8}\.[a-z]{2,5}", fullmatch=True)
literals = st.text("abz09-_.~/&=%+", max_size=8)
destinations = st.builds(
    lambda pieces: "https://shop.example/?" + "".join(text + "{" + macro + "}" for text, macro in pieces),
    st.lists(st.tuples(literals, st.sampled_from(CLICK_MACROS)), max_size=6),
)
parameters = st.dictionaries(st.sampled_from(fields.LINK_PARAMETERS), texts.filter(str.isprintable), max_size=5)


@given(
    name=names,
    payout=amounts,
    revenue=amounts,
    share=st.none() | st.decimals(0, 1000, places=6),
    currency=st.sampled_from(sorted(fields.currencies())),
    destination=destinations,
    deep_link_hosts=st.lists(hosts, unique=True, max_size=4),
    window=st.none() | st.integers(1, 3650),
)
@quickly
def test_an_offer_that_is_created_is_listed_as_it_was(
    program, name, payout, revenue, share, currency, destination, deep_link_hosts, window
):
    _, client = program
    wanted = {
        "name": name,
        "advertiser_id": 1,
        "destination": destination,
        "payout": str(payout),
        "revenue": format(revenue, "f"),
        "payout_percent": None if share is None else format(share, "f"),
        "currency": currency,
        "deep_link_hosts": deep_link_hosts,
        "attribution_window_days": window,
    }
    created = client.post("/api/v1/offers", json=wanted)
    if created.status_code == 409:
        taken = created.json()["error"]["details"]["id"]
        assert client.get(f"/api/v1/offers/{taken}").json()["name"] == name
        return
    assert created.status_code == 201, created.text
    offer = created.json()
    [listed] = client.get("/api/v1/offers", params={"sort": "-id", "limit": 1}).json()["items"]
    assert client.get("/api/v1/offers", params={"name": name}).json()["items"] == [listed]
    assert listed == {key: value for key, value in offer.items() if key != "postback_url"}
    assert (Decimal(listed["payout"]), Decimal(listed["revenue"])) == (payout, revenue)
    assert listed["payout_percent"] is None if share is None else Decimal(listed["payout_percent"]) == share
    for key in ("name", "destination", "currency", "deep_link_hosts", "attribution_window_days"):
        assert listed[key] == wanted[key]


@given(given_parameters=parameters)
@quickly
def test_a_links_parameters_reach_a_click_as_they_were_given(program, given_parameters):
    sessions, client = program
    link = client.post(
        "/api/v1/links", json={"partner_id": 1, "offer_id": 1, "parameters": given_parameters}
    ).json()
    assert client.get("/api/v1/links", params={"code": link["code"]}).json()["items"] == [link]
    with sessions.reading() as session:
        preset = compile_snapshot(session).links[link["code"]].preset
    seen, cut = read_parameters(b"", preset)
    expected = dict(given_parameters)
    if "utm_source" in expected:
        expected.setdefault("source", expected["utm_source"])
    assert (seen, cut) == (expected, ())
    long_form, _ = read_parameters(link["long_url"].partition("?")[2].encode())
    assert long_form == {"offer_id": "1", "partner_id": "1"} | expected


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from([PAGE, "USD", "active", "Acme", "-1", "1e9", "0.1234567", "https://{sub1}", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(
    {name for each in RESOURCES for model in (each.creating, each.changing) for name in model.model_fields}
)
FIELDS += [
    "advertiser",
    "partner",
    "offer",
    "advertisers",
    "partners",
    "offers",
    "links",
    "id",
    "version",
    "signup",
]
objects = st.dictionaries(st.sampled_from(FIELDS), anything, max_size=6)
bodies = objects | st.fixed_dictionaries(
    {},
    optional={
        kind: st.lists(objects | anything, max_size=3) for kind in ("advertisers", "partners", "offers", "links")
    },
)
kinds = [each.path for each in RESOURCES]
paths = st.sampled_from(
    [
        *kinds,
        *(f"{kind}/1" for kind in kinds),
        "partners/1/status",
        "advertisers/1/rotate-token",
        "programs/ensure",
        "program",
        "audit",
    ]
)


@given(method=st.sampled_from(["POST", "PATCH"]), path=paths, body=bodies | anything)
@settings(quickly, max_examples=250)
def test_no_json_body_makes_a_5xx(program, method, path, body):
    _, client = program
    answer = client.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]


@given(method=st.sampled_from(["POST", "PATCH"]), path=paths, body=st.binary(max_size=60) | texts.map(str.encode))
@quickly
def test_no_other_body_makes_a_5xx_or_is_taken(program, method, path, body):
    _, client = program
    answer = client.request(method, f"/api/v1/{path}", content=body)
    assert answer.status_code < 500, answer.text


@given(
    path=paths.map(lambda path: path.partition("/")[0]),
    query=st.lists(
        st.tuples(
            st.sampled_from(
                ["limit", "cursor", "sort", "q", "name", "code", "status", "partner_id", "enabled", "x"]
            ),
            st.binary(max_size=8),
        ),
        max_size=4,
    ),
    entry=st.none() | st.binary(min_size=1, max_size=12),
)
@quickly
def test_no_query_and_no_path_makes_a_5xx(program, path, query, entry):
    _, client = program
    text = "&".join(f"{name}={quote(value)}" for name, value in query)
    where = "" if entry is None else f"/{quote(entry, safe='')}"
    answer = client.get(f"/api/v1/{path}{where}?{text}")
    assert answer.status_code < 500, answer.text


@given(url=st.text(max_size=60) | st.builds("https://{}".format, st.text("ab.:/?#@[]{}%\\*_- 1ü\n", max_size=25)))
@settings(quickly, max_examples=400)
def test_a_url_is_refused_or_the_edge_renders_it_with_its_own_host_only(url):
    try:
        stored = templates.check_destination(url)
    except ValueError:
        return
    rendered = Template(stored).render(lambda _: "/@evil.example\\\r\n#?&")
    assert rendered.isascii()
    assert rendered.isprintable()
    assert urlsplit(rendered).hostname == urlsplit(stored).hostname == Template(stored).host != ""
    assert urlsplit(rendered).username is None
