from __future__ import annotations

import json
import threading
import time

import pytest

from clickledger.replay import importing
from clickledger.replay.importing import run_import
from clickledger.replay.journalling import WORK_DIRECTORY, free_name, journal_stem, workplace
from clickledger.replay.showing import Screen
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tests.support.fake_edge import FakeAdminApi
from tests.support.waiting import PATIENCE_SECONDS, join
from tracker.click_id import load_keys
from tracker.events import Click, Postback, decode_events
from tracker.intake.rows import milliseconds
from tracker.journal import DIRECTORY, JournalReader, is_sealed, journal_paths


@pytest.fixture
def chosen(tmp_path):
    """Settings of a service that has started once."""
    made = Settings(data_dir=tmp_path / "service")
    load_keys(made, create=True)
    (made.data_dir / DIRECTORY).mkdir()
    return made


@pytest.fixture
def shipping_api(chosen):
    """An admin API whose pipeline ships whatever journal appears."""

    class Api(FakeAdminApi):
        def get(self, path, params=None):
            if path == "/api/v1/pipeline":
                states = []
                for journal in journal_paths(chosen.data_dir / DIRECTORY):
                    reader = JournalReader(journal)
                    count = reader.backlog(1)
                    reader.close()
                    states.append({"name": journal.stem, "events": count, "shipped": count})
                self.pipeline["journals"] = states
            return super().get(path, params)

    return Api()


def quiet():
    return Screen(quiet=True)


def events_of(chosen):
    (journal,) = journal_paths(chosen.data_dir / DIRECTORY)
    reader = JournalReader(journal)
    events = [e for frame in reader.frames(1, 2**31) for e in decode_events(frame.body)]
    reader.close()
    return events


def test_the_journal_holds_every_row_with_its_recorded_times(chosen, shipping_api, log):
    result = run_import(log(2_500), "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert {k: result[k] for k in ("clicks", "conversions", "bad_lines")} == {
        "clicks": 2_500,
        "conversions": 500,
        "bad_lines": 0,
    }
    events = events_of(chosen)
    clicks = {e.click_id: e for e in events if isinstance(e, Click)}
    postbacks = [e for e in events if isinstance(e, Postback)]
    assert (len(clicks), len(postbacks)) == (2_500, 500)
    keys = load_keys(chosen)
    for click in clicks.values():
        parts = keys.read(click.click_id)
        assert (parts.ts, parts.offer_id) == (click.ts, click.offer_id)
        assert click.destination == f"https://advertiser.example/app?cid={click.click_id}"
        assert click.advertiser_id == shipping_api.known["advertisers"]["replayed-logs"]
        assert b"sub1=1" in click.query
    for postback in postbacks:
        click = clicks[postback.fields.click_id]
        assert (postback.ts - click.ts) > 0
        assert postback.ts % 60_000 == 30_000


def test_events_are_in_the_order_of_their_time_and_no_conversion_precedes_its_click(chosen, shipping_api, log):
    early = "7,1,1,1,1,2017-11-07 11:30:00,2017-11-07 11:20:00,1"
    run_import(log(300, early), "talkingdata", chosen, shipping_api, quiet(), again=False)
    events = events_of(chosen)
    clicks = [e.ts for e in events if isinstance(e, Click)]
    assert clicks == sorted(clicks)
    seen = set()
    for event in events:
        if isinstance(event, Click):
            seen.add(event.click_id)
        else:
            assert event.fields.click_id in seen
    assert any(isinstance(e, Postback) and e.fields.txn_id == "line-302" for e in events)


def test_an_access_log_is_journalled_with_its_own_addresses(tmp_path, chosen, shipping_api):
    log = tmp_path / "access.log"
    log.write_text(
        '203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 1 "https://a.example/" "Agent/1"\nbad\n'
    )
    result = run_import(log, "access-log", chosen, shipping_api, quiet(), again=False)
    (click,) = events_of(chosen)
    assert (click.ip, click.referrer, click.user_agent) == ("203.0.113.7", "https://a.example/", "Agent/1")
    assert (click.ts, result["bad_lines"]) == (1_431_857_103_000, 1)


def test_the_journal_is_complete_sealed_and_alone(chosen, shipping_api, log):
    run_import(log(10), "talkingdata", chosen, shipping_api, quiet(), again=False)
    (journal,) = list((chosen.data_dir / DIRECTORY).iterdir())
    assert journal.suffix == ".journal"
    assert is_sealed(journal)
    assert not (chosen.data_dir / WORK_DIRECTORY).exists()


def test_the_same_content_is_refused_under_any_name_unless_again(chosen, shipping_api, log):
    path = log(10)
    run_import(path, "talkingdata", chosen, shipping_api, quiet(), again=False)
    path = path.rename(path.with_name("renamed.csv"))
    with pytest.raises(ClickledgerError, match="--again") as raised:
        run_import(path, "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "already_imported"
    second = run_import(path, "talkingdata", chosen, shipping_api, quiet(), again=True)
    stem = journal_stem(path, "talkingdata")
    assert second["journal"] == f"{stem}-2"
    assert [j.stem for j in journal_paths(chosen.data_dir / DIRECTORY)] == [stem, f"{stem}-2"]


def test_content_whose_journal_was_shipped_and_deleted_is_still_known(chosen, shipping_api, log):
    path = log(10)
    shipping_api.pipeline["imported"] = [journal_stem(path, "talkingdata")]
    with pytest.raises(ClickledgerError) as raised:
        run_import(path, "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "already_imported"
    assert journal_paths(chosen.data_dir / DIRECTORY) == []


def test_a_log_that_is_not_there_is_named(chosen, shipping_api, tmp_path):
    with pytest.raises(ClickledgerError, match=r"absent\.csv does not exist") as raised:
        run_import(tmp_path / "absent.csv", "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "log_unreadable"


def test_free_names_count_up():
    assert free_name("import-a", {"edge-0"}, again=False) == "import-a"
    assert free_name("import-a", {"import-a", "import-a-2"}, again=True) == "import-a-3"


def test_the_name_tells_content_and_format_apart(tmp_path, log):
    one = journal_stem(log(1), "talkingdata")
    assert one != journal_stem(log(2), "talkingdata")
    assert one != journal_stem(log(1), "access-log")
    assert len(one) == len("import-") + 16


def test_what_a_killed_import_left_is_gone_with_the_next(chosen, shipping_api, log):
    left = chosen.data_dir / WORK_DIRECTORY
    left.mkdir()
    (left / "import-dead.journal").write_bytes(b"half")
    run_import(log(10), "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert len(events_of(chosen)) == 12
    assert not left.exists()


def test_a_failure_in_the_middle_imports_nothing(chosen, shipping_api, log, monkeypatch):
    def fail(*_args):
        raise OSError("no space left on device")

    monkeypatch.setattr("clickledger.replay.journalling.JournalFile.write", fail)
    with pytest.raises(ClickledgerError, match=r"Nothing was imported.*no space left") as raised:
        run_import(log(10), "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "import_failed"
    assert journal_paths(chosen.data_dir / DIRECTORY) == []
    assert not (chosen.data_dir / WORK_DIRECTORY).exists()


def test_two_imports_at_once_are_refused(chosen, shipping_api, log):
    with workplace(chosen.data_dir), pytest.raises(ClickledgerError) as raised:
        run_import(log(10), "talkingdata", chosen, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "import_running"


def test_without_the_services_data_directory_a_sentence_says_what_to_do(tmp_path, shipping_api, log):
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    with pytest.raises(ClickledgerError, match="CLICKLEDGER_DATA_DIR") as raised:
        run_import(log(10), "talkingdata", elsewhere, shipping_api, quiet(), again=False)
    assert raised.value.kind.code == "data_dir_missing"


def test_a_journal_that_no_pipeline_takes_up_is_reported(chosen, admin_api, log, monkeypatch):
    monkeypatch.setattr(importing, "SEEN_SECONDS", 0.2)
    with pytest.raises(ClickledgerError) as raised:
        run_import(log(10), "talkingdata", chosen, admin_api, quiet(), again=False)
    assert raised.value.kind.code == "import_unseen"
    assert len(events_of(chosen)) == 12


def test_the_import_ends_only_when_all_is_shipped(chosen, admin_api, log):
    path = log(10)
    stem = journal_stem(path, "talkingdata")
    admin_api.pipeline["journals"] = [{"name": stem, "events": 12, "shipped": 3}]
    # A journal of that name is known to the pipeline, but not in its directory: the name is free here.
    done = []
    importer = threading.Thread(
        target=lambda: done.append(run_import(path, "talkingdata", chosen, admin_api, quiet(), again=False))
    )
    importer.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not journal_paths(chosen.data_dir / DIRECTORY) and time.monotonic() < deadline:
        time.sleep(0.01)
    importer.join(0.5)
    assert importer.is_alive()
    admin_api.pipeline = {
        "journals": [{"name": stem, "events": 12, "shipped": 12}],
        "imported": [stem],
        "postbacks_waiting": 0,
    }
    join(importer)
    assert json.dumps(done[0]["journal"]) == json.dumps(stem)


def test_recorded_milliseconds_are_kept():
    from datetime import UTC, datetime

    assert milliseconds(datetime(2017, 11, 7, 11, 0, 0, 999_999, tzinfo=UTC)) == 1_510_052_400_999
