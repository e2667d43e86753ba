import asyncio
import os
import threading

import pytest
from pydantic import SecretStr

from kernel import keys
from kernel.auth import ADMIN, ROLE_SCOPES, ROLES, SCOPES, Authenticator, Principal, admin_key, write_secret
from kernel.errors import ClickledgerError
from kernel.settings import Settings
from tests.support.waiting import PATIENCE_SECONDS, join


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
    made, gate = [], threading.Barrier(8)

    def make():
        gate.wait(PATIENCE_SECONDS)
        made.append(admin_key(chosen, create=True))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert len(made) == 8
    assert set(made) == {admin_key(chosen)}
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


class Ring:
    """Who holds which key, and how often that was asked."""

    def __init__(self, **holders):
        self.holders = holders
        self.asked = 0

    def __call__(self, prefix, _fingerprint):
        self.asked += 1
        return self.holders.get(prefix)


def asking(authenticator, *headers):
    """Return who holds each of these keys, asked all at once; the code of the error for nobody."""

    async def one(header):
        try:
            return await authenticator.authenticate(header)
        except ClickledgerError as why:
            return why.kind.code

    async def run():
        return await asyncio.gather(*(one(header) for header in headers))

    return asyncio.run(run())


def test_the_admin_key_needs_no_store():
    ring = Ring()
    assert asking(Authenticator("right", ring), "Bearer right") == [ADMIN]
    assert ring.asked == 0


def test_a_malformed_key_is_refused_without_asking():
    ring, key = Ring(), keys.make()
    headers = ["Bearer wrong", f"Bearer {key.text}x", f"Bearer {key.text[:-1]}", f"Basic {key.text}", ""]
    assert asking(Authenticator("right", ring), *headers) == ["unauthenticated"] * 5
    assert ring.asked == 0


def test_many_requests_with_one_key_ask_once_and_again_only_after_a_second():
    moment, key = [100.0], keys.make()
    nora = Principal("partner", partner_id=1)
    ring = Ring(**{key.prefix: nora})
    authenticator = Authenticator("right", ring, clock=lambda: moment[0])
    assert asking(authenticator, *[f"Bearer {key.text}"] * 20) == [nora] * 20
    moment[0] += 0.99
    ring.holders = {}
    assert asking(authenticator, f"Bearer {key.text}") == [nora]
    assert ring.asked == 1
    moment[0] += 0.02
    assert asking(authenticator, *[f"Bearer {key.text}"] * 20) == ["unauthenticated"] * 20
    assert ring.asked == 2


def test_forgetting_asks_anew_and_drops_an_answer_that_was_on_its_way():
    key, nora = keys.make(), Principal("partner", partner_id=1)
    asked, answer = threading.Event(), threading.Event()

    def slowly(_prefix, _fingerprint):
        asked.set()
        assert answer.wait(PATIENCE_SECONDS)
        return nora

    authenticator = Authenticator("", slowly)

    async def run():
        waiting = asyncio.create_task(authenticator.authenticate(f"Bearer {key.text}"))
        await asyncio.to_thread(asked.wait, PATIENCE_SECONDS)
        authenticator.forget()
        authenticator._lookup = lambda *_: None
        answer.set()
        assert await waiting is nora
        with pytest.raises(ClickledgerError):
            await authenticator.authenticate(f"Bearer {key.text}")

    asyncio.run(run())


def test_keys_remembered_at_once_are_limited(monkeypatch):
    monkeypatch.setattr("kernel.auth.REMEMBERED_KEYS", 3)
    authenticator = Authenticator("", Ring())
    assert asking(authenticator, *(f"Bearer {keys.make().text}" for _ in range(5))) == ["unauthenticated"] * 5
    assert len(authenticator._known) == 3


def test_every_role_has_scopes_that_exist_and_only_administrators_have_all():
    assert set(ROLE_SCOPES) == set(ROLES)
    assert all(scopes <= set(SCOPES) for scopes in ROLE_SCOPES.values())
    assert [role for role in ROLES if ROLE_SCOPES[role] == set(SCOPES)] == ["admin"]
