from pydantic import SecretStr

from clickledger.doctor import keys
from kernel import auth
from kernel.settings import Settings
from tracker.click_id import load_keys

HEX = "00" * 32


def test_keys_that_are_not_there_yet_will_be_made(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    for check in (keys.admin_key, keys.click_keys):
        (found,) = check(chosen)
        assert (found.level, found.message) == ("ok", "will be made at the first start")
    assert list(tmp_path.iterdir()) == []


def test_keys_that_were_made_are_ok(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    key = auth.admin_key(chosen, create=True)
    load_keys(chosen, create=True)
    found = [*keys.admin_key(chosen), *keys.click_keys(chosen)]
    assert [f.level for f in found] == ["ok", "ok"]
    assert all("readable by its owner only" in f.message for f in found)
    assert key not in str(found)


def test_key_files_that_others_can_read_are_a_problem_with_the_command_that_mends_it(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    auth.admin_key(chosen, create=True)
    load_keys(chosen, create=True)
    for name in ("admin.key", "click.keys"):
        (tmp_path / name).chmod(0o640)
    for (found,) in (keys.admin_key(chosen), keys.click_keys(chosen)):
        assert found.level == "problem"
        assert "0640" in found.message
        assert found.advice.startswith("chmod 600 ")


def test_a_short_admin_key_is_a_problem_and_is_not_shown():
    found = list(keys.admin_key(Settings(admin_key=SecretStr("hunter2"))))
    assert [f.level for f in found] == ["ok", "problem"]
    assert "7 characters" in found[1].message
    assert "hunter2" not in str(found)


def test_given_click_keys_are_ok_and_wrong_ones_are_not_shown(tmp_path):
    good = Settings(data_dir=tmp_path, click_keys=SecretStr(f"1:{HEX}"))
    assert [f.level for f in keys.click_keys(good)] == ["ok"]
    bad = Settings(data_dir=tmp_path, click_keys=SecretStr("1:abcdef"))
    (found,) = keys.click_keys(bad)
    assert found.level == "problem"
    assert "abcdef" not in str(found)
    assert "backup" in found.advice


def test_hosts_that_share_a_server_are_told_to_share_their_click_keys(tmp_path):
    chosen = Settings(data_dir=tmp_path, clickhouse_url=SecretStr("clickhouse://h/d"))
    assert [f.level for f in keys.click_keys(chosen)] == ["ok", "warning"]
