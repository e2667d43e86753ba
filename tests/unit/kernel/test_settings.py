import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from kernel.settings import ENV_PREFIX, Settings, as_environment, explain


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [n for n in os.environ if n.startswith(ENV_PREFIX)]:
        monkeypatch.delenv(name)


def test_unset_everything_runs_embedded_on_loopback():
    chosen = Settings()
    assert chosen.clickhouse_url.get_secret_value() == ""
    assert chosen.redis_url.get_secret_value() == ""
    assert chosen.sql_url.get_secret_value() == ""
    assert (chosen.edge_host, chosen.web_host) == ("127.0.0.1", "127.0.0.1")


def test_every_setting_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", ")")), name


def test_every_setting_is_an_environment_variable_of_its_name(monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_EDGE_PORT", "9000")
    monkeypatch.setenv("CLICKLEDGER_DEMO", "true")
    monkeypatch.setenv("CLICKLEDGER_CLICKHOUSE_URL", "clickhouse://u:p@h/db")
    chosen = Settings()
    assert chosen.edge_port == 9000
    assert chosen.demo is True
    assert chosen.clickhouse_url.get_secret_value() == "clickhouse://u:p@h/db"


def test_an_empty_geo_variable_means_none_as_compose_files_write_it(monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_GEOIP_CITY", "")
    assert Settings().geoip_city is None


def test_the_data_directory_is_absolute_whatever_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings(data_dir=Path("here")).data_dir == tmp_path.resolve() / "here"
    assert Settings(data_dir=Path("~/there")).data_dir == Path.home().resolve() / "there"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("edge_port", "0"),
        ("edge_port", "65536"),
        ("web_port", "http"),
        ("edge_workers", "0"),
        ("trusted_proxies", "10.0.0.0/8,nonsense"),
        ("currency", "usd"),
        ("log_level", "loud"),
        ("journal_rotate_mib", "0"),
        ("report_max_seconds", "0"),
    ],
)
def test_a_setting_that_cant_work_fails_when_it_is_read_and_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"CLICKLEDGER_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_secrets_are_in_no_representation_of_the_settings():
    chosen = Settings(
        admin_key=SecretStr("k3y"),
        click_keys=SecretStr("1:k3y"),
        clickhouse_url=SecretStr("clickhouse://u:k3y@h/d"),
        clickhouse_reader_url=SecretStr("clickhouse://u:k3y@h/d"),
        redis_url=SecretStr("redis://:k3y@h"),
        sql_url=SecretStr("postgresql://u:k3y@h/d"),
    )
    for shown in (repr(chosen), str(chosen), chosen.model_dump_json()):
        assert "k3y" not in shown


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
        ("2001:db8::1", "http://[2001:db8::1]:8000"),
        ("edge.internal", "http://edge.internal:8000"),
    ],
)
def test_the_edges_url_can_be_opened_from_this_machine(host, url):
    assert Settings(edge_host=host).edge_url == url


def test_a_public_url_is_used_as_given_without_its_trailing_slash():
    assert Settings(edge_public_url="https://go.example.com/").edge_url == "https://go.example.com"


def test_trusted_networks_are_parsed_and_a_single_address_is_a_network():
    chosen = Settings(trusted_proxies=" 10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,")
    assert [str(n) for n in chosen.trusted_networks] == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]
    assert Settings(trusted_proxies="").trusted_networks == ()


def test_a_childs_environment_carries_settings_and_what_the_process_had(monkeypatch):
    monkeypatch.setenv("PATH_OF_SOMEONE", "kept")
    env = as_environment({"edge_port": 9000, "demo": True, "data_dir": Path("/d")})
    assert env["PATH_OF_SOMEONE"] == "kept"
    assert (env["CLICKLEDGER_EDGE_PORT"], env["CLICKLEDGER_DEMO"], env["CLICKLEDGER_DATA_DIR"]) == (
        "9000",
        "True",
        "/d",
    )


def test_a_childs_environment_round_trips_secrets_and_unset_files(monkeypatch):
    values = {"admin_key": SecretStr("k3y"), "geoip_city": None, "geoip_asn": Path("/g/asn.mmdb")}
    for name, value in as_environment(values).items():
        if name.startswith(ENV_PREFIX):
            monkeypatch.setenv(name, value)
    chosen = Settings()
    assert chosen.admin_key.get_secret_value() == "k3y"
    assert chosen.geoip_city is None
    assert chosen.geoip_asn == Path("/g/asn.mmdb")


def test_a_setting_that_cannot_work_is_named_and_its_value_is_not(monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_EDGE_PORT", "sesame")
    monkeypatch.setenv("CLICKLEDGER_TRUSTED_PROXIES", "10.0.0.0/40")
    with pytest.raises(ValidationError) as refused:
        Settings()
    told = explain(refused.value)
    assert "CLICKLEDGER_EDGE_PORT can't work" in told
    assert "CLICKLEDGER_TRUSTED_PROXIES can't work" in told
    assert "sesame" not in told
