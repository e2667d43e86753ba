"""Past days judged again in a running service: beside its pipeline, and killed in the middle."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from kernel.errors import ClickledgerError
from tests.support.running_service import RunningService, eventually, make_program

pytestmark = pytest.mark.service


@pytest.fixture
def service(tmp_path):
    service = RunningService(tmp_path / "data", edge_workers=1, fault_injection=True)
    service.start()
    yield service
    service.close()


def verdicts(service):
    rows = service.report(dimensions=["verdict"], metrics=["gross_clicks"], timezone="UTC")
    return {row["verdict"]: row["gross_clicks"] for row in rows}


def test_a_service_killed_while_verdicts_take_their_place_starts_with_all_of_them(service):
    ids = make_program(service)
    for number in range(12):
        service.click(f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}&sub1=n{number}")
    eventually("the clicks", lambda: sum(verdicts(service).values()) == 12)
    before = verdicts(service)
    service.command("fraud", "rules", "set", "private_ip", "counts=true")
    days = (
        "--from",
        dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1),
        "--to",
        dt.datetime.now(dt.UTC).date(),
    )
    shown = json.loads(service.command("fraud", "rescore", *days, "--json").stdout)
    assert shown["difference"]["verdicts"]["click"]["after"] == {"invalid": 12}
    assert verdicts(service) == before

    order = service.data_dir / "faults" / "rescoring.half_replaced"
    order.write_text("kill")
    service.command("fraud", "rescore", *days, "--yes", "--json", check=False)

    def answered():
        try:
            return not order.exists() and verdicts(service)
        except ClickledgerError:
            return None  # the backend is on its way back

    assert eventually("an answer", answered) == {"invalid": 12}
    service.click(f"/click?offer_id={ids['offer']}&partner_id={ids['partner']}&sub1=after")
    eventually("one more click", lambda: sum(verdicts(service).values()) == 13)
    checked = service.command("rollup", "check", "--from", days[1], "--to", days[3])
    assert "0 differ" in checked.stderr
