from __future__ import annotations

import os
import stat

import msgspec
import pytest

from tests.support.edge import program
from tracker import snapshot
from tracker.routes import BlockRoute, FraudRuleRoute
from tracker.snapshot import EMPTY, SNAPSHOT_FILE, Snapshot, SnapshotFile, decode, encode, save


def test_a_snapshot_comes_back_as_it_was():
    whole = program(7, fallback_url="https://network.example/")
    assert decode(encode(whole)) == whole
    assert decode(encode(EMPTY)) == EMPTY


def test_routes_are_read_when_they_are_asked_for_and_only_once():
    links = decode(encode(program(7))).links
    assert links["summer"] is links["summer"]
    assert (len(links), "summer" in links, "winter" in links, links.get("winter")) == (2, True, False, None)
    with pytest.raises(KeyError):
        links["winter"]


def test_a_list_is_read_when_one_of_its_routes_is_asked_for():
    blocks = tuple(BlockRoute(n, "source", f"s{n}") for n in range(3))
    held = decode(encode(Snapshot(1, blocks=blocks))).blocks
    assert (len(held), held[1], held[1:], tuple(held)) == (3, blocks[1], blocks[1:], blocks)
    assert held == blocks
    assert held != blocks[:2]


def test_rule_entries_come_back_with_what_they_leave_open():
    entries = (
        FraudRuleRoute("ip_velocity", 3, 0, None, {"per_minute": 30, "counts": False}),
        FraudRuleRoute("score", partner_id=4, enabled=False, action="block", block="sub1", block_minutes=60),
    )
    held = decode(encode(Snapshot(1, fraud_rules=entries))).fraud_rules
    assert tuple(held) == entries
    older = msgspec.msgpack.decode(encode(Snapshot(1, fraud_rules=entries)))
    del older["fraud_rules"]
    assert tuple(decode(msgspec.msgpack.encode(older)).fraud_rules) == ()


def test_rates_come_back_by_currency_and_day():
    rates = {"EUR": ((20_000, "1.08"), (20_001, "1.09")), "GBP": ((20_000, "1.25"),)}
    held = decode(encode(Snapshot(1, base_currency="USD", rates=rates)))
    assert (dict(held.rates), held.base_currency) == (rates, "USD")


def test_an_older_snapshot_without_newer_fields_is_read():
    assert decode(msgspec.msgpack.encode({"version": 3, "added_later": 1})) == Snapshot(3)


def test_what_isnt_a_snapshot_is_refused():
    body = encode(program(7))
    for damaged in (b"", body[:-1], body + b"x", b"\x00", b"\xc1", body.replace(b"EUR", b"\xff\xfe\xfd")):
        with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
            decode(damaged)


def test_the_file_is_replaced_whole_and_is_its_owners_alone(tmp_path):
    for version in (1, 2):
        save(tmp_path, encode(program(version)))
        path = tmp_path / SNAPSHOT_FILE
        assert decode(path.read_bytes()).version == version
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == [SNAPSHOT_FILE]


def test_a_reader_has_the_old_snapshot_or_the_new_one_at_any_moment(tmp_path, monkeypatch):
    save(tmp_path, encode(program(1)))
    seen = []
    fsync = os.fsync
    monkeypatch.setattr(
        snapshot.os,
        "fsync",
        lambda descriptor: (seen.append(SnapshotFile(tmp_path).current().version), fsync(descriptor)),
    )
    save(tmp_path, encode(program(2)))
    assert seen == [1]
    assert SnapshotFile(tmp_path).current().version == 2


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path, monkeypatch):
    file = SnapshotFile(tmp_path)
    assert file.current() == EMPTY
    save(tmp_path, encode(program(1)))
    first = file.current()
    assert first.version == 1
    monkeypatch.setattr(snapshot, "decode", lambda _body: pytest.fail("read again"))
    assert file.current() is first
    monkeypatch.undo()
    save(tmp_path, encode(program(2)))
    assert file.current().version == 2


@pytest.mark.parametrize("damage", ["gone", "cut", "empty", "not text"])
def test_a_file_that_cant_be_read_leaves_the_last_snapshot_in_place(tmp_path, damage):
    body = encode(program(1))
    save(tmp_path, body)
    file = SnapshotFile(tmp_path)
    assert file.current().version == 1
    if damage == "gone":
        (tmp_path / SNAPSHOT_FILE).unlink()
    else:
        bad = {"cut": body[:-1], "empty": b"", "not text": body.replace(b"EUR", b"\xff\xfe\xfd")}[damage]
        save(tmp_path, bad)
    assert file.current().version == 1
    save(tmp_path, encode(program(2)))
    assert file.current().version == 2
