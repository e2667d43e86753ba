import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway

from kernel import redis as store
from kernel.errors import ClickledgerError
from kernel.settings import Settings


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def away():
    raise RedisAway("nobody listens")


@pytest.mark.parametrize(
    ("data_dir", "inside"),
    [
        (Path("/var/lib/clickledger"), True),
        # 100 bytes with "/valkey.sock" (12) is the last that fits.
        (Path("/" + "d" * 87), True),
        (Path("/" + "d" * 88), False),
        (Path("/" + "é" * 50), False),  # 50 characters, 100 bytes: bytes are what counts
    ],
)
def test_the_embedded_socket_lies_below_the_data_directory_only_when_its_path_fits(data_dir, inside):
    path = store.embedded_socket(data_dir)
    assert (path == data_dir / "valkey.sock") is inside
    assert len(str(path).encode()) <= 100


def test_the_short_socket_path_is_the_same_every_time_and_differs_between_data_directories():
    first, second = Path("/" + "a" * 120), Path("/" + "b" * 120)
    assert store.embedded_socket(first) == store.embedded_socket(first)
    assert store.embedded_socket(first) != store.embedded_socket(second)


def test_preparing_the_socket_makes_a_private_directory_and_removes_a_stale_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_TEMPORARY", tmp_path / "t")
    (tmp_path / "t").mkdir()
    path = store.prepare_socket(Path("/" + "x" * 120))
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.write_text("left behind")
    assert store.prepare_socket(Path("/" + "x" * 120)) == path
    assert not path.exists()


def test_a_socket_directory_that_others_can_enter_is_refused_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_TEMPORARY", tmp_path)
    data_dir = Path("/" + "x" * 120)
    directory = store.embedded_socket(data_dir).parent
    directory.mkdir()
    directory.chmod(0o755)
    with pytest.raises(ClickledgerError, match="only this user can enter") as caught:
        store.prepare_socket(data_dir)
    assert caught.value.kind.code == "cannot_start"


def test_without_a_url_both_clients_speak_to_the_embedded_socket(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    expected = str(store.embedded_socket(tmp_path.resolve()))
    assert store.connect(chosen).connection_pool.connection_kwargs["path"] == expected
    assert store.connect_async(chosen).connection_pool.connection_kwargs["path"] == expected


def test_a_url_chooses_server_database_and_password_and_keeps_the_short_time_outs():
    chosen = Settings(redis_url=SecretStr("redis://:hunter2@cache.internal:6380/3"))
    for client in (store.connect(chosen), store.connect_async(chosen)):
        options = client.connection_pool.connection_kwargs
        assert (options["host"], options["port"], options["db"]) == ("cache.internal", 6380, 3)
        assert options["password"] == "hunter2"
        assert options["socket_timeout"] == 0.5
        assert options["socket_connect_timeout"] == 0.5


@pytest.mark.parametrize("connect", [store.connect, store.connect_async])
def test_a_url_that_cant_be_understood_is_refused_without_quoting_its_password(connect):
    with pytest.raises(ClickledgerError) as caught:
        connect(Settings(redis_url=SecretStr("cache.internal:hunter2")))
    assert caught.value.kind.code == "cannot_start"
    assert "CLICKLEDGER_REDIS_URL" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_making_a_client_needs_no_server_and_a_missing_one_is_reported_as_away(tmp_path):
    client = store.connect(Settings(data_dir=tmp_path))
    with pytest.raises(store.STORE_FAILURES):
        client.ping()


def test_the_breaker_skips_calls_after_a_failure_until_its_seconds_are_over():
    clock, calls = Clock(), []
    breaker = store.Breaker(seconds=5, clock=clock)

    def failing():
        calls.append(clock.now)
        away()

    assert breaker.call(failing, otherwise="none") == "none"
    assert breaker.closed is False
    clock.now += 4.9
    assert breaker.call(failing, otherwise="none") == "none"
    assert calls == [1000.0]
    clock.now += 0.1
    assert breaker.closed is True
    assert breaker.call(failing, otherwise="none") == "none"
    assert calls == [1000.0, 1005.0]
    assert breaker.closed is False


def test_one_success_closes_the_breaker():
    clock = Clock()
    breaker = store.Breaker(seconds=5, clock=clock)
    breaker.call(away, otherwise=None)
    clock.now += 5
    assert breaker.call(lambda: "PONG", otherwise="none") == "PONG"
    assert breaker.failures == 0
    assert breaker.call(lambda: "PONG", otherwise="none") == "PONG"


def test_a_programming_error_passes_through_the_breaker_and_leaves_it_closed():
    breaker = store.Breaker()
    with pytest.raises(KeyError):
        breaker.call(lambda: {}["missing"], otherwise=None)
    assert breaker.closed is True


def test_the_breaker_guards_awaited_commands_too():
    clock = Clock()
    breaker = store.Breaker(seconds=5, clock=clock)
    calls = []

    async def failing():
        calls.append(1)
        away()

    async def answering():
        return 7

    async def story():
        first = await breaker.call_async(failing, otherwise=0)
        skipped = await breaker.call_async(failing, otherwise=0)
        clock.now += 5
        back = await breaker.call_async(answering, otherwise=0)
        return first, skipped, back

    assert asyncio.run(story()) == (0, 0, 7)
    assert len(calls) == 1
