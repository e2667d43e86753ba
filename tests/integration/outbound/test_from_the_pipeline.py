"""A pipeline that dies at any moment tells every hook of every change, and of none twice."""

from __future__ import annotations

import secrets

import msgspec
import pytest

from kernel import faults
from tests.support.outbound import LOOPBACK, SECRET, hook, receiving, until
from tests.support.pipeline import PAYS, Host
from tracker.outbound.database import OUTBOUND_FILE
from tracker.outbound.sender import Sender
from tracker.outbound.service import Outbound

POINTS = [p for p in faults.POINTS if p.startswith(("conversions.", "pipeline."))]


class TellingHost(Host):
    """A host whose pipeline hands its changes to outgoing messages."""

    outbound: Outbound

    def _tell(self, rows):
        super()._tell(rows)
        self.outbound.enqueue(rows)


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def host(tmp_path, event_store, receiver):
    host = TellingHost(tmp_path, event_store)
    hooks = (
        hook(id=1, kind="webhook", url=receiver.url, secret=SECRET, partner_id=host.partner, statuses=("approved", "rejected")),
        hook(id=2, kind="webhook", url=receiver.url + "/rejected", secret=SECRET, statuses=("rejected",)),
    )  # fmt: skip
    host.program = msgspec.structs.replace(host.program, hooks=hooks)
    path = tmp_path / OUTBOUND_FILE
    sender = Sender(path, lambda: host.program, LOOPBACK, 20)
    host.outbound = Outbound(path, event_store, lambda: host.program, b"k" * 32, sender, 300.0)
    sender.start()
    yield host
    sender.stop()
    assert sender.join(10)
    host.end()
    host.outbound.close()


@pytest.fixture
def failing(tmp_path, monkeypatch):
    directory = tmp_path / "faults"
    directory.mkdir()
    monkeypatch.setattr(faults, "_directory", directory)

    def fail(*points):
        for path in directory.iterdir():
            path.unlink()
        for point in points:
            (directory / point).write_text("fail")

    return fail


def events(host):
    """Three conversions, one of them charged back later: four changes."""
    clicks = [host.click(PAYS) for _ in range(3)]
    sales = [host.postback(click) for click in clicks]
    charged_back = host.postback(clicks[0], None, status="rejected", ts=sales[0].ts + 5)
    return [clicks, sales, [charged_back, sales[1]]]


def told_of_every_change_once(host, receiver):
    until(lambda: host.outbound._queue.waiting() == 0, "everything sent")
    assert [status for _, status, _, _ in host.history()] == ["approved"] * 3 + ["rejected"]
    rows = host.rows(
        "SELECT conversion_id, change_seq, status FROM conversion_changes WHERE partner_id = {partner:UInt32}"
    )
    wanted = {f"1_{r['conversion_id']}_{r['change_seq']}" for r in rows}
    wanted |= {f"2_{r['conversion_id']}_{r['change_seq']}" for r in rows if r["status"] == "rejected"}
    assert sorted(r.headers["webhook-id"] for r in receiver.got) == sorted(wanted)


def drive(host):
    """Go on until nothing moves, however often the pipeline dies."""
    for _ in range(30):
        try:
            host.run()
        except OSError:
            host.restart()
        else:
            return
    raise AssertionError("the pipeline went on dying")


@pytest.mark.parametrize("point", POINTS)
def test_a_pipeline_killed_at_any_point_tells_of_every_change_once(host, receiver, failing, point):
    host.write(f"edge0-{secrets.token_hex(6)}", *events(host))
    failing(point)
    with pytest.raises(OSError, match=point):
        host.run()
    failing()
    host.restart()
    drive(host)
    told_of_every_change_once(host, receiver)


def test_a_pipeline_killed_after_it_told_and_before_it_noted_so_tells_nobody_twice(host, receiver, monkeypatch):
    host.write(f"edge0-{secrets.token_hex(6)}", *events(host))
    sent = host.ledger.sent
    dead = []

    def die_once(batch, now):
        if batch.table == "conversion_changes" and not dead:
            dead.append(batch)
            raise OSError("killed")
        sent(batch, now)

    monkeypatch.setattr(host.ledger, "sent", die_once)
    with pytest.raises(OSError, match="killed"):
        host.run()
    until(lambda: host.outbound._queue.waiting() == 0, "what was told being sent")
    assert receiver.got
    monkeypatch.undo()
    host.restart()
    drive(host)
    told_of_every_change_once(host, receiver)


def test_a_queue_that_can_not_be_written_holds_the_change_back_until_it_can(host, receiver, monkeypatch):
    host.write(f"edge0-{secrets.token_hex(6)}", *events(host))

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(host.outbound._queue, "add", full)
    for _ in range(3):
        with pytest.raises(OSError, match="disk full"):
            host.run()
    monkeypatch.undo()
    drive(host)
    told_of_every_change_once(host, receiver)
