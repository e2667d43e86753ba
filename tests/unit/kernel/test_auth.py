import os
import threading

import pytest
from pydantic import SecretStr

from kernel.auth import ADMIN, Authenticator, admin_key, write_secret
from kernel.errors import ClickledgerError
from kernel.settings import Settings


def test_the_admin_key_is_made_once_readable_by_its_owner_only(tmp_path):
    chosen = Settings(data_dir=tmp_path / "new")
    assert admin_key(chosen) == ""
    key = admin_key(chosen, create=True)
    assert key.startswith("cl_")
    assert len(key) >= 40
    assert admin_key(chosen, create=True) == key == admin_key(chosen)
    assert (chosen.data_dir / "admin.key").stat().st_mode & 0o777 == 0o600


def test_a_key_from_the_settings_wins_and_makes_no_file(tmp_path):
    chosen = Settings(data_dir=tmp_path, admin_key=SecretStr("given"))
    assert admin_key(chosen, create=True) == "given"
    assert list(tmp_path.iterdir()) == []


def test_processes_that_make_the_key_at_once_agree_on_one(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    keys, gate = [], threading.Barrier(8)

    def make():
        gate.wait()
        keys.append(admin_key(chosen, create=True))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {admin_key(chosen)}
    assert [p.name for p in tmp_path.iterdir()] == ["admin.key"]


def test_a_half_written_key_of_an_earlier_process_with_our_pid_is_no_obstacle(tmp_path):
    # In a container every start has the same process id.
    (tmp_path / f".admin.key.{os.getpid()}").write_text("half")
    write_secret(tmp_path / "admin.key", "whole")
    assert (tmp_path / "admin.key").read_text() == "whole"


def test_a_secret_is_never_overwritten(tmp_path):
    write_secret(tmp_path / "k", "first")
    write_secret(tmp_path / "k", "second")
    assert (tmp_path / "k").read_text() == "first"


@pytest.mark.parametrize("header", ["Bearer right", "bearer right", "BEARER  right ", "Bearer right\t"])
def test_the_right_bearer_key_is_the_admin(header):
    assert Authenticator("right").principal(header) is ADMIN


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic right",
        "right",
        "Bearer right,right",
        "Bearer rïght",
        "Bearer \x00",
    ],
)
def test_every_other_header_is_refused_with_the_same_words(header):
    with pytest.raises(ClickledgerError) as caught:
        Authenticator("right").principal(header)
    assert caught.value.kind.code == "unauthenticated"
    assert caught.value.message == "Send 'Authorization: Bearer <key>' with a valid API key."


def test_without_a_key_nobody_gets_in():
    for header in ("", "Bearer ", "Bearer"):
        with pytest.raises(ClickledgerError):
            Authenticator("").principal(header)
