"""However many hosts ask at once, each due schedule is one host's; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from kernel.auth import Principal
from kernel.settings import Settings
from partners.models import ApiKey, ReportRun, ReportSchedule, ReportShare, SavedReport, SavedReportReader
from reports.saved.owners import owned_by, visible
from reports.saved.running import Schedules

DUE = datetime(2026, 11, 18, 6, tzinfo=UTC)
OWNER = {"owner": "admin key", "role": "admin"}


def a_report(session) -> SavedReport:
    report = SavedReport(name=f"Report {datetime.now(UTC).timestamp()}", query={"metrics": ["clicks"]}, **OWNER)
    session.add(report)
    session.flush()
    return report


def a_schedule(session) -> ReportSchedule:
    schedule = ReportSchedule(
        report_id=a_report(session).id,
        every="day",
        at="06:00",
        timezone="UTC",
        format="csv",
        target="webhook",
        url="https://hooks.example/",
        next_at=DUE,
        **OWNER,
    )
    session.add(schedule)
    session.flush()
    return schedule


def host(sessions, tmp_path, moment=DUE):
    return Schedules(sessions, None, None, Settings(data_dir=tmp_path), None, clock=lambda: moment)


def test_of_hosts_that_claim_at_once_one_gets_each_schedule(sessions, tmp_path):
    with sessions.writing() as session:
        ids = [a_schedule(session).id for _ in range(6)]
    hosts = [host(sessions, tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        claimed = list(threads.map(lambda one: [one.claims.take(schedule_id) for schedule_id in ids], hosts))
    for each in zip(*claimed, strict=True):
        assert sum(claim is not None for claim in each) == 1
    with sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportRun)) == len(ids)


def test_a_lease_that_ended_is_taken_once_by_one_of_many(sessions, tmp_path):
    with sessions.writing() as session:
        schedule_id = a_schedule(session).id
    assert host(sessions, tmp_path).claims.take(schedule_id) is not None
    later = [host(sessions, tmp_path, DUE + timedelta(hours=2)) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(lambda one: one.claims.take(schedule_id), later))
    assert sum(claim is not None for claim in claims) == 1
    with sessions.reading() as session:
        runs = session.execute(select(ReportRun.outcome, ReportRun.attempt).order_by(ReportRun.id)).all()
    assert runs == [("failed", 1), ("running", 2)]


def test_a_deleted_report_leaves_nothing_behind(sessions, tmp_path):
    with sessions.writing() as session:
        schedule = a_schedule(session)
        session.add(SavedReportReader(report_id=schedule.report_id, reader="role:analyst"))
        session.add(ReportShare(report_id=schedule.report_id, expires_at=DUE, **OWNER))
    host(sessions, tmp_path).claims.take(schedule.id)
    with sessions.writing() as session:
        session.delete(session.get_one(SavedReport, schedule.report_id))
    with sessions.reading() as session:
        for kind in (SavedReportReader, ReportShare, ReportSchedule, ReportRun):
            assert session.scalar(select(func.count()).select_from(kind)) == 0


def test_a_key_owns_what_the_keys_before_it_made(sessions):
    with sessions.writing() as session:
        new = ApiKey(name="n", prefix="new00000", secret_hash="0" * 64, role="analyst", scopes=[])
        session.add(new)
        session.flush()
        old = ApiKey(
            name="o", prefix="old00000", secret_hash="0" * 64, role="analyst", scopes=[], replaced_by=new.id
        )
        session.add(old)
        for name in ("old00000", "new00000", "other000"):
            owned = {"owner": f"key:{name}", "role": "analyst"}
            session.add(SavedReport(name=name, query={}, **owned))
    who = Principal("analyst", actor="key:new00000", key_id=new.id)
    with sessions.reading() as session:
        mine = session.scalars(select(SavedReport.name).where(owned_by(SavedReport, who), visible(who)))
        assert sorted(mine) == ["new00000", "old00000"]
