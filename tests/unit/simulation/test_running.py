"""A simulation against a fake edge, a fake admin API and a pipeline that only counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

import pytest
from typer.testing import CliRunner

from clickledger.cli import build
from clickledger.replay.showing import Screen
from clickledger.simulation import live, past
from clickledger.simulation.program import ensure
from clickledger.simulation.running import first_day, seconds_of, simulate
from fraud.simulation import SCENARIOS, Wanted, make_plan
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tests.support.fake_edge import EdgeThread, FakeAdminApi, FakeEdge
from tracker.click_id import load_keys
from tracker.events import Click, Postback, decode_events
from tracker.journal import DIRECTORY, JournalReader, journal_paths

DAY_MS = 86_400_000


class AdminApi(FakeAdminApi):
    """Ships every journal that appears, knows coupons, and answers with a verdict for each event it was told of."""

    def __init__(self, data_dir=None, missing=0):
        super().__init__()
        self.data_dir = data_dir
        self.missing = missing
        self.coupons = []
        self.edge = None

    def post(self, path, json):
        if path == "/api/v1/coupons":
            self.coupons.append(json)
            return {}
        return super().post(path, json)

    def get(self, path, params=None):
        if path == "/api/v1/pipeline" and self.data_dir:
            self.pipeline["journals"] = [
                {"name": path.stem, "events": count, "shipped": count}
                for path, count in (
                    (p, JournalReader(p).backlog(1)) for p in journal_paths(self.data_dir / DIRECTORY)
                )
            ]
        if path.startswith("/api/v1/logs/"):
            kind = Click if path.endswith("clicks") else Postback
            events = [event for event in self.events() if getattr(event, "kind", "click") == "click"]
            rows = [self.row(event) for event in events if isinstance(event, kind)]
            start = int(params.get("cursor", 0))
            end = min(start + params["limit"], len(rows) - (self.missing if kind is Click else 0))
            return {"items": rows[start:end], "next_cursor": str(end) if end == start + params["limit"] else None}
        return super().get(path)

    def events(self):
        return events_of(self.data_dir)

    @staticmethod
    def row(event):
        if isinstance(event, Click):
            is_bad = event.method == "HEAD"
            return {
                "click_id": event.click_id,
                "verdict": "invalid" if is_bad else "valid",
                "fraud_reasons": ["non_get_method"] if is_bad else [],
            }
        fields = event.fields
        return {"click_id": fields.click_id, "txn_id": fields.txn_id, "verdict": "suspect", "fraud_reasons": ["x"]}


def events_of(data_dir):
    found = []
    for path in journal_paths(data_dir / DIRECTORY):
        reader = JournalReader(path)
        found += [event for frame in reader.frames(1, 2**31) for event in decode_events(frame.body)]
        reader.close()
    return found


@pytest.fixture
def chosen(tmp_path):
    made = Settings(data_dir=tmp_path / "service")
    load_keys(made, create=True)
    (made.data_dir / DIRECTORY).mkdir()
    return made


@pytest.fixture
def edge():
    fake = FakeEdge()
    thread = EdgeThread(fake)
    thread.start()
    yield fake
    thread.stop()


def run(chosen, api, names=("link-checkers", "coupon-leak"), **options):
    wanted = Wanted(names, 3, 20, 100, 86_400)
    return simulate(
        wanted, "pipeline", api, chosen, Screen(quiet=True), edge_url=lambda: "", **({"slices": 3} | options)
    )


def test_the_past_is_journalled_whole_and_read_back(chosen):
    api = AdminApi(chosen.data_dir)
    result = run(chosen, api, from_day="2026-01-05")
    plan = make_plan(Wanted(("link-checkers", "coupon-leak"), 3, 20, 100, 86_400))
    events = events_of(chosen.data_dir)
    clicks = [event for event in events if isinstance(event, Click) and event.kind == "click"]
    shown = [event for event in events if isinstance(event, Click) and event.kind == "impression"]
    assert (len(clicks), len(events) - len(clicks) - len(shown)) == (len(plan.clicks), len(plan.conversions))
    seen = [click for click in plan.clicks if click.seen_ms]
    assert sorted((e.ts - 1_767_571_200_000, e.ip) for e in shown) == sorted(
        (click.at - click.seen_ms, click.visitor.ip) for click in seen
    )
    assert seen
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    keys, begin = load_keys(chosen), 1_767_571_200_000
    assert {click.ts - begin for click in clicks} == {click.at for click in plan.clicks}
    for click in clicks:
        assert (keys.read(click.click_id).ts, keys.read(click.click_id).offer_id) == (click.ts, click.offer_id)
    assert {click.method for click in clicks} == {"GET", "HEAD"}
    assert len(journal_paths(chosen.data_dir / DIRECTORY)) == 3
    found = result.as_json()
    assert (found["missing"], found["left_out"], found["first_day"]) == (0, 0, "2026-01-05")
    assert found["scenarios"]["link-checkers"]["caught"] == found["scenarios"]["coupon-leak"]["caught"] == 1
    assert found["scenarios"]["link-checkers"]["reasons"] == {"non_get_method": 20}
    assert found["ordinary"]["clicks"]["caught"] == 0
    assert [(one["code"], one["partner_id"]) for one in api.coupons] == [
        ("NEWSLETTER20", api.known["partners"]["simulated newsletter"])
    ]


def test_everything_made_is_called_simulated(chosen):
    api = AdminApi(chosen.data_dir)
    run(chosen, api)
    names = [name for known in api.known.values() for name in known]
    assert names
    assert all(name.startswith("simulated ") for name in names)


def test_the_same_seed_journals_the_same_events_but_for_ids(tmp_path):
    def journalled(directory):
        made = Settings(data_dir=tmp_path / directory)
        load_keys(made, create=True)
        (made.data_dir / DIRECTORY).mkdir()
        run(made, AdminApi(made.data_dir), from_day="2026-01-05")
        return [
            (event.ts, event.query, event.ip, event.user_agent, event.headers, event.referrer)
            if isinstance(event, Click)
            else (event.ts, event.fields.txn_id[8:], event.fields.amount, event.fields.customer_id[8:])
            for event in events_of(made.data_dir)
        ]

    assert journalled("one") == journalled("two")


def test_a_second_run_repeats_no_transaction_and_no_customer(chosen):
    api = AdminApi(chosen.data_dir)
    for _ in range(2):
        run(chosen, api, from_day="2026-01-05")
    sold = [event.fields for event in events_of(chosen.data_dir) if isinstance(event, Postback)]
    assert (
        len({fields.txn_id for fields in sold}) == len({fields.customer_id for fields in sold}) == len(sold) > 10
    )


def test_something_is_done_between_the_slices(chosen):
    done = []
    run(
        chosen,
        AdminApi(chosen.data_dir),
        between=lambda: done.append(len(journal_paths(chosen.data_dir / DIRECTORY))),
    )
    assert done == [1, 2]


def test_what_is_never_found_is_said(chosen, monkeypatch):
    monkeypatch.setattr("clickledger.simulation.running.STORED_S", 0.1)
    with pytest.raises(ClickledgerError, match="2 simulated events") as raised:
        run(chosen, AdminApi(chosen.data_dir, missing=2))
    assert raised.value.kind.code == "simulation_unstored"


def test_a_journal_no_pipeline_takes_up_is_said(chosen, monkeypatch):
    monkeypatch.setattr(past, "SEEN_S", 0.1)
    with pytest.raises(ClickledgerError) as raised:
        run(chosen, FakeAdminApi(), names=("link-checkers",))
    assert raised.value.kind.code == "import_unseen"


def test_the_edge_gets_each_visitor_with_its_headers_at_its_moment(edge, monkeypatch):
    monkeypatch.setattr(live, "AFTER_S", 1)
    plan = make_plan(Wanted(("injection", "link-checkers", "prefetches", "fast-clicks"), 3, 10, 20, 1))
    api = AdminApi()
    program, counts = ensure(api, plan), []
    sent = asyncio.run(live.send(plan, program, edge.url, 1, counts.append))
    assert len(sent.click_ids) == len(edge.clicks) == len(plan.clicks)
    shown = [click for click in plan.clicks if click.seen_ms]
    assert len(edge.impressions) == len(shown) >= 10
    assert counts[-1] == len(plan.clicks) + len(sent.conversions) + len(shown)
    assert sent.left_out == len(plan.conversions) - len(sent.conversions)
    due = [one for one in plan.conversions if one.at <= 2_000]
    assert sorted(one.txn_id for one in sent.conversions) == sorted(one.txn_id for one in due)
    assert 0 < len(due) < len(plan.conversions)
    assert Counter(sent.refusals) == Counter()
    by_id = {click["id"]: click for click in edge.clicks}
    for number, click_id in sent.click_ids.items():
        click, got = plan.clicks[number], by_id[click_id]
        assert got["headers"]["X-Forwarded-For"] == click.visitor.ip
        assert got["headers"].get("User-Agent", "") == click.visitor.user_agent
        assert got["query"]["partner_id"] == str(program.partners[click.partner])
        headers = {name.lower(): value for name, value in got["headers"].items()}
        assert headers.items() >= click.visitor.headers.items()
    began = min(click["at"] for click in edge.clicks)
    assert max(click["at"] for click in edge.clicks) - began > 0.5
    paid = {(one["click_id"], one["txn_id"]): one for one in edge.postbacks}
    for conversion in sent.conversions:
        got = paid[sent.click_ids[conversion.click], program.run + conversion.txn_id]
        assert (got["amount"], got["ip"]) == (conversion.amount, conversion.conversion_ip)


def test_refused_clicks_are_counted_and_their_conversions_not_sent(edge, monkeypatch):
    monkeypatch.setattr(live, "AFTER_S", 1)
    edge.page_clicks = set(range(1, 1000))
    plan = make_plan(Wanted(("injection",), 3, 40, 0, 1))
    assert min(one.at for one in plan.conversions) < 2_000
    sent = asyncio.run(live.send(plan, ensure(AdminApi(), plan), edge.url, 1, lambda _: None))
    assert (sent.click_ids, sent.conversions, edge.postbacks) == ({}, [], [])
    assert sent.refusals == {"click 404": 5}


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1_800), ("6h", 21_600), (" 3d ", 259_200)])
def test_spans_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "5", "-1h", "1.5h", "2w", "99999999s", "1h30m"])
def test_other_spans_are_refused(text):
    with pytest.raises(ClickledgerError) as raised:
        seconds_of(text)
    assert raised.value.kind.code == "simulation_span_invalid"


def test_the_past_begins_on_the_latest_midnight_that_lets_all_of_it_be_past():
    now = 1_767_571_200_000 + 3_600_000  # 2026-01-05, one o'clock
    assert first_day("", 3_000_000, now) == date(2026, 1, 5)
    assert first_day("", 3_600_000, now) == date(2026, 1, 4)
    assert first_day("2026-01-01", DAY_MS, now) == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["yesterday", "2026-01-05", "1999-12-31", "2026-13-01"])
def test_a_day_that_can_not_be_is_refused(text):
    with pytest.raises(ClickledgerError) as raised:
        first_day(text, DAY_MS, 1_767_571_200_000 + 3_600_000)
    assert raised.value.kind.code == "simulation_day_invalid"


@pytest.mark.parametrize(("over_s", "from_day"), [(3_601, ""), (60, "2026-01-01")])
def test_through_the_edge_it_happens_now(chosen, over_s, from_day):
    with pytest.raises(ClickledgerError, match="--through pipeline"):
        simulate(
            Wanted(("injection",), 3, 5, 0, over_s), "edge", FakeAdminApi(), chosen, Screen(quiet=True),
            edge_url=lambda: "", from_day=from_day,
        )  # fmt: skip


def test_the_command_lists_scenarios_without_a_service():
    told = CliRunner().invoke(build("simulate"), ["simulate", "--list"])
    assert told.exit_code == 0
    assert [line.split()[0] for line in told.stdout.splitlines()] == list(SCENARIOS)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--scenario", "nonsense"], "scenario_unknown"),
        (["--over", "soon"], "simulation_span_invalid"),
        (["--clicks", "0"], "simulation_size"),
        (["--over", "30d"], "simulation_size"),
        (["--user-agents", "/absent/file"], "user_agents_unreadable"),
    ],
)
def test_the_command_refuses_bad_input_before_it_asks_for_a_service(options, code):
    told = CliRunner().invoke(build("simulate"), ["simulate", *options])
    assert isinstance(told.exception, ClickledgerError)
    assert told.exception.kind.code == code
