"""``clickledger.client`` and its example against the whole web role, over events whose numbers are known."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from clickledger import client as api
from clickledger.client import Client, F
from clickledger.client.events import EventQuestions
from clickledger.client.reports import ReportQuestions
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from tests.support.web import ADMIN_KEY
from tracker.click_id import parse_keys

REPOSITORY = Path(__file__).resolve().parents[3]
TODAY = datetime.now(UTC).date()
RANGE = {"from_": TODAY - timedelta(days=10), "to": TODAY + timedelta(days=2)}
CLICKS = 12


def at(day: date, hour: int, minute: int = 0) -> int:
    return int(datetime.combine(day, time(hour, minute), UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """Real ids, in which the time of a click can be read."""
    keys = parse_keys(f"0:{'5c' * 32}")
    return [keys.mint(at(TODAY - timedelta(days=3), 10, n), 1) for n in range(CLICKS)]


@pytest.fixture(scope="module")
def partner(web, event_store, ids) -> int:
    """A partner with twelve clicks and three sales three days ago, one of them within seconds, and a bot since."""
    partner = web.partner()
    then = TODAY - timedelta(days=3)
    usual = {"partner_id": partner, "verdict": "valid", "is_unique": True, "country": "DE", "currency": "USD"}
    clicks = [
        {
            **usual,
            "click_id": ids[n],
            "ts": at(then, 10, n),
            "sub1": "blog" if n < 8 else "mail",
            "country": "DE" if n % 3 else "IN",
        }
        for n in range(CLICKS)
    ]
    clicks.append(
        {**usual, "click_id": f"{partner}-bot", "ts": at(TODAY - timedelta(days=1), 9), "verdict": "invalid"}
    )
    sales = [
        {
            **usual,
            "conversion_id": f"{partner}-sale-{n}",
            "click_id": ids[n],
            "ts": at(then, 11, n),
            "click_ts": at(then, 10, n),
            "changed_at": at(then, 11, n),
            "ctit_ms": 3_600_000 if n else 4_000,
            "status": status,
            "payout": Decimal(payout),
            "revenue": Decimal(9),
            "sub1": "blog",
            "attribution": "click",
        }
        for n, (status, payout) in enumerate((("approved", "0.1"), ("approved", "0.2"), ("pending", "2.000001")))
    ]
    for table, rows in (("clicks", clicks), ("conversions", sales)):
        insert(event_store, table, rows_table(table, rows), f"client-{table}-{partner}")
    return partner


@pytest.fixture(scope="module")
def make(web):
    def make(key: str = ADMIN_KEY) -> Client:
        return Client("http://testserver", key, transport=web.client._transport)

    return make


@pytest.fixture(scope="module")
def client(make, web, partner) -> Iterator[Client]:
    with make(web.key(role="partner", partner_id=partner)) as found:
        yield found


def test_a_report_s_numbers_arrive_exactly(client):
    report = client.query(
        **RANGE,
        dimensions=["sub1"],
        metrics=["clicks", "conversions", "payout", "epc", "cr"],
        filters=[F("sub1").is_in(["blog", "mail"]), F.metric("clicks") >= 1],
        sort=["-payout"],
        totals=True,
    )
    assert report.rows == [
        {
            "sub1": "blog",
            "clicks": 8,
            "conversions": 3,
            "payout": Decimal("2.300001"),
            "epc": report[0]["epc"],
            "cr": 0.375,
        },
        {"sub1": "mail", "clicks": 4, "conversions": 0, "payout": Decimal(0), "epc": Decimal(0), "cr": 0.0},
    ]
    assert float(report[0]["epc"]) == pytest.approx(2.300001 / 8)
    assert (report.totals["clicks"], report.totals["payout"]) == (12, Decimal("2.300001"))
    assert [(column.name, column.unit or column.kind) for column in report.columns] == [
        ("sub1", "text"),
        ("clicks", "count"),
        ("conversions", "count"),
        ("payout", "money"),
        ("epc", "money"),
        ("cr", "ratio"),
    ]
    assert report.meta.money == "expected"
    earned = client.query(**RANGE, metrics=["payout"], money="earned")
    assert earned[0]["payout"] == Decimal("0.3")


def test_a_series_a_comparison_and_a_pivot_become_frames(client):
    day = pd.Timestamp(TODAY - timedelta(days=3), tz="Asia/Kolkata")
    frame = client.query(
        **RANGE,
        timezone="Asia/Kolkata",
        dimensions=["day"],
        metrics=["clicks", "payout"],
        fill=True,
        compare=(TODAY - timedelta(days=22), TODAY - timedelta(days=10)),
    ).to_pandas()
    assert len(frame) == 12
    assert str(frame["day"].dtype) == "datetime64[us, Asia/Kolkata]"
    assert frame.set_index("day")["clicks"][day] == CLICKS
    assert frame["clicks"].sum() == CLICKS
    assert frame["clicks_before"].tolist() == [0] * 12
    assert frame["payout"].sum() == Decimal("2.300001")
    pivot = client.query(**RANGE, dimensions=["sub1"], metrics=["clicks"], pivot="country", sort=["sub1"])
    assert pivot.to_pandas().set_index(("sub1", ""))["clicks"].loc["blog"].to_dict() == {"DE": 5, "IN": 3}


def test_formulas_and_names_beside_ids(client, partner):
    (row,) = client.query(**RANGE, dimensions=["partner"], metrics=["doubled"], formulas={"doubled": "clicks * 2"})
    assert (row["partner_id"], row["doubled"]) == (partner, 24)
    assert row["partner"].startswith("Partner ")


def test_the_schema_tells_what_this_key_may_ask(client, make):
    own, whole = client.schema(), make().schema()
    assert own.metrics["payout"].unit == "money"
    assert own.dimensions["country"].operators == whole.dimensions["country"].operators
    assert "revenue" in whole.metrics
    assert "revenue" not in own.metrics
    assert "partner_tier" in [one.name for one in whole.search("tier")]
    assert own.search("contry")[0].name == "country"


@pytest.mark.parametrize(
    ("asked", "kind", "code"),
    [
        ({"metrics": ["clcks"]}, api.UnknownNameError, "unknown_metric"),
        ({"dimensions": ["contry"]}, api.UnknownNameError, "unknown_dimension"),
        ({"timezone": "Asia/Calcuta"}, api.UnknownNameError, "unknown_timezone"),
        ({"from_": "2026-11-02", "to": "2026-11-01"}, api.RefusedError, "empty_range"),
        ({"limit": 0}, api.RefusedError, "limit_out_of_range"),
        ({"limit": 1_000_000}, api.RefusedError, "limit_out_of_range"),
        ({"filters": [F("asn").between("a", "b")]}, api.RefusedError, "filter_value_invalid"),
        ({"compare": "last_week"}, api.RefusedError, "body_invalid"),
        ({"metrics": ["revenue"]}, api.ForbiddenError, "metric_hidden"),
    ],
)
def test_what_is_wrong_with_a_query_is_an_exception_that_says_so(client, asked, kind, code):
    with pytest.raises(kind) as caught:
        client.query(**{**RANGE, "metrics": ["clicks"], **asked})
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert bool(caught.value.nearest) is (kind is api.UnknownNameError)


def test_a_comparison_with_nothing_says_what_there_is(client):
    with pytest.raises(
        api.RefusedError, match=r"compare: write previous_period, previous_year or a range, {from, to}"
    ):
        client.query(**RANGE, metrics=["clicks"], compare="last_week")


def test_a_log_is_read_page_by_page_and_typed(client, ids, monkeypatch):
    monkeypatch.setattr(api.logs, "PAGE", 5)
    newest_first = list(reversed(ids))
    log = client.clicks(
        **RANGE, filters=[F("sub1").is_set()], timezone="Asia/Kolkata", columns=["ts", "click_id", "payout"]
    )
    assert [row["click_id"] for row in log] == newest_first
    assert [row["click_id"] for row in log] == newest_first, "a second loop begins anew"
    first = next(iter(log))
    assert first["ts"] == datetime.combine(TODAY - timedelta(days=3), time(10, CLICKS - 1), UTC)
    assert (first["ts"].utcoffset(), first["payout"]) == (timedelta(hours=5.5), Decimal(0))
    assert len(list(client.clicks(**RANGE, limit=7))) == 7
    frame = client.conversions(**RANGE, columns=["ts", "status", "payout"]).to_pandas()
    assert frame["status"].tolist() == ["pending", "approved", "approved"]
    assert frame["payout"].sum() == Decimal("2.300001")
    assert str(frame["ts"].dtype) == "datetime64[us, UTC]"


def test_the_road_of_a_click_has_its_money(client, ids):
    road = client.click(ids[2], timezone="Asia/Kolkata")
    assert (road.kind, road.click["click_id"], road.verdict.verdict) == ("click", ids[2], "valid")
    assert [
        (one.currency, one.expected_payout, one.earned_payout, one.expected_revenue) for one in road.money
    ] == [("USD", Decimal("2.000001"), Decimal(0), None)]
    assert road.conversions[0].conversion["payout"] == Decimal("2.000001")
    assert [moment.at for moment in road.timeline] == sorted(moment.at for moment in road.timeline)
    with pytest.raises(api.NotFoundError):
        client.click(parse_keys(f"0:{'5c' * 32}").mint(at(TODAY, 0), 1))


def test_exports_are_files_and_frames(client, ids, tmp_path):
    done = client.export("clicks", tmp_path / "clicks.parquet", **RANGE, columns=["click_id", "cost"])
    assert done.rows == CLICKS + 1
    assert pq.read_table(done.path)["click_id"].to_pylist()[:CLICKS] == ids
    asked = {"dimensions": ["sub1"], "metrics": ["clicks"], "filters": [F("sub1").is_set()], "sort": ["sub1"]}
    whole = client.export_report(tmp_path / "report.csv", **RANGE, **asked)
    assert whole.path.read_text() == '"sub1","clicks"\n"blog",8\n"mail",4\n'
    assert whole.rows == 2
    frame = client.export_pandas(
        "conversions", **RANGE, columns=["ts", "payout", "is_bot"], timezone="Asia/Kolkata"
    )
    assert frame["payout"].tolist() == [Decimal("0.1"), Decimal("0.2"), Decimal("2.000001")]
    assert str(frame["ts"].dt.tz) == "Asia/Kolkata"
    assert str(frame["is_bot"].dtype) == "boolean"


def test_saved_reports_are_listed_and_run_by_name_or_id(client, web, partner):
    name = f"Client {web.number()}"
    query = {"range": "last_7_days", "dimensions": ["sub1"], "metrics": ["clicks"], "sort": [{"by": "sub1"}]}
    body = {"name": name, "query": query, "shared_roles": ["partner"]}
    made = web.admin.made("POST", "/api/v1/saved-reports", body)
    assert name in [saved.name for saved in client.saved_reports()]
    assert [row["clicks"] for row in client.run_saved(name) if row["sub1"]] == [8, 4]
    assert len(client.run_saved(made["id"], range="yesterday")) <= 1
    assert client.run_saved(name, from_="2020-01-01", to="2020-01-02").rows == []
    with pytest.raises(api.NotFoundError, match="no such name"):
        client.run_saved("no such name")


def test_nothing_runs_that_could_be_cancelled(client):
    with pytest.raises(api.NotFoundError) as caught:
        client.cancel("notebook-1")
    assert caught.value.code == "report_not_running"


def test_the_example_computes_what_happened(client, ids, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "Client", lambda: client)
    made = runpy.run_path(str(REPOSITORY / "examples" / "report.py"))
    day = pd.Timestamp(TODAY - timedelta(days=3), tz="Europe/Berlin")
    assert len(made["days"]) == made["DAYS"]
    assert made["days"].loc[day, "clicks"] == CLICKS
    assert made["daily"].totals["payout"] == Decimal("2.300001")
    assert made["best_day"] == day
    assert made["days"]["payout, mean of 7 days"].iloc[-1] == pytest.approx(2.300001 / 7)
    (blog,) = made["labels"]
    assert (blog["sub1"], blog["clicks"]) == ("blog", 8)
    assert float(blog["per_thousand"]) == pytest.approx(2.300001 / 8 * 1000)
    assert made["hours"].sum().sum() == CLICKS
    assert made["busiest"] in {11, 12}, "10:00 UTC in Berlin"
    assert [row["click_id"] for row in made["quick"]] == [ids[0]]
    assert made["nearest"][0] == "country"
    assert made["exported"].rows == CLICKS + 1
    printed = capsys.readouterr().out
    assert f"2.300001 USD in {made['DAYS']} days; the best one was {day:%A, %d %B}" in printed
    assert "did you mean country" in printed


def test_what_the_page_shows_runs(web, make, event_store, monkeypatch, tmp_path, capsys):
    # A partner of its own, with a click in the week that the page asks for.
    partner = web.partner()
    click = {
        "click_id": f"{partner}-page",
        "ts": at(date(2026, 11, 3), 9),
        "device_type": "mobile",
        "sub1": "page",
    }
    valid = {"partner_id": partner, "verdict": "valid"}
    insert(event_store, "clicks", rows_table("clicks", [click | valid]), f"client-page-{partner}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "Client", lambda: make(web.key(role="partner", partner_id=partner)))
    blocks = re.findall(
        r"^```python\n(.*?)^```", (REPOSITORY / "docs" / "client.md").read_text(), re.MULTILINE | re.DOTALL
    )
    page: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/client.md", "exec"), page)  # noqa: S102 - our own page
    assert len(blocks) >= 7
    assert str(page["daily"]["day"].dtype) == "datetime64[us, Asia/Kolkata]"
    assert len(page["daily"]) == 7
    assert page["report"].meta.timezone == "Asia/Kolkata"
    assert [(row["sub1"], row["clicks"]) for row in page["by_sub"]] == [("page", 1)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clicks.parquet", "partners.xlsx"]
    assert "did you mean clicks" in capsys.readouterr().out


def test_the_page_tells_of_every_exception_and_method():
    page = (REPOSITORY / "docs" / "client.md").read_text()
    errors = [name for name in api.__all__ if name.endswith("Error")]
    methods = [name for name in vars(ReportQuestions) | vars(EventQuestions) if not name.startswith("_")]
    assert [name for name in errors if f"`{name}`" not in page] == []
    assert [name for name in methods if not re.search(rf"\b{name}\b", page)] == []
