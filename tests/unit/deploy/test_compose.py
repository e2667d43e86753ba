import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from clickledger.cli import build
from clickledger.commands.doctor import COMMANDS_VARIABLES
from kernel.settings import ENV_PREFIX, Settings

REPOSITORY = Path(__file__).resolve().parents[3]
COMPOSE = REPOSITORY / "docker-compose.yml"
ROLES = {"edge", "pipeline", "web"}
STORES = {"clickhouse", "valkey", "postgres"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(params=sorted(ROLES | STORES))
def service(request, compose):
    return compose["services"][request.param]


def test_the_services_are_the_roles_and_their_stores(compose):
    assert set(compose["services"]) == ROLES | STORES


def test_images_are_pinned_to_a_patch_release(service):
    name, _, tag = service["image"].rpartition(":")
    assert name
    # PostgreSQL's patch releases are its second number.
    numbers = r"\d+\.\d+\b" if name == "postgres" else r"\d+\.\d+\.\d+"
    assert re.match(numbers, tag), service["image"]


def test_nobody_is_root(service):
    user, _, group = str(service["user"]).partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_everybody_has_a_health_check_limits_a_restart_and_time_to_stop(service):
    check = service["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert len(check["test"]) > 1
    assert {"interval", "timeout", "start_period"} <= set(check)
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= set(limits)
    assert service["restart"] == "unless-stopped"
    assert int(service["stop_grace_period"].removesuffix("s")) >= 10


def test_root_file_systems_are_read_only_except_where_the_image_writes_its_own_configuration(compose):
    writable = {name for name, service in compose["services"].items() if not service.get("read_only")}
    assert writable == {"clickhouse"}


def test_roles_have_an_init_and_are_built_from_this_repository(compose):
    for role in ROLES:
        service = compose["services"][role]
        assert service["init"] is True
        assert service["build"] == "."
        assert service["cap_drop"] == ["ALL"]


def test_every_setting_that_is_set_exists(compose):
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} | COMMANDS_VARIABLES
    for role in ROLES:
        given = {name for name in compose["services"][role]["environment"] if name.startswith(ENV_PREFIX)}
        assert given
        assert given <= known


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_settings_of_a_role_are_read_as_they_stand_with_the_examples_secrets(compose, role, monkeypatch):
    secrets = {
        "CLICKLEDGER_ADMIN_KEY": "cl_0123456789abcdef",
        "CLICKLEDGER_CLICK_KEYS": f"0:{'ab' * 32}",
        "CLICKHOUSE_PASSWORD": "c0ffee",
        "CLICKHOUSE_REPORTS_PASSWORD": "c0ffee",
        "POSTGRES_PASSWORD": "c0ffee",
    }

    def fill(match):
        return secrets.get(match[1]) or (match[3] if match[2] == "-" else pytest.fail(f"{match[1]} has no value"))

    for name, value in compose["services"][role]["environment"].items():
        monkeypatch.setenv(name, VARIABLE.sub(fill, value))
    chosen = Settings()
    assert chosen.redis_url.get_secret_value() == "redis://valkey:6379/0"
    if role != "edge":
        assert chosen.clickhouse_url.get_secret_value().endswith(":c0ffee@clickhouse:8123/clickledger")


def test_every_command_exists(compose):
    root = typer.main.get_command(build())
    for role in ROLES:
        command = root
        for word in compose["services"][role]["command"]:
            command = command.commands[word]
        assert compose["services"][role]["command"] == ["serve", role]


def test_the_pipelines_health_check_names_a_module_of_the_image(compose):
    _cmd, python, dash_m, module, role = compose["services"]["pipeline"]["healthcheck"]["test"]
    assert (python, dash_m, role) == ("python", "-m", "pipeline")
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("role", ["edge", "web"])
def test_a_health_check_in_python_asks_the_port_its_role_publishes(compose, role):
    service = compose["services"][role]
    *_, program = service["healthcheck"]["test"]
    compile(program, role, "exec")
    port = service["ports"][0].rpartition(":")[2]
    assert f"http://127.0.0.1:{port}/" in program


def test_edge_and_pipeline_share_the_journals_and_the_edge_waits_for_no_store(compose):
    services = compose["services"]
    # The web role keeps a journal, too: of conversions by hand.
    for role in ("edge", "pipeline", "web"):
        assert services[role]["volumes"] == ["edge-data:/var/lib/clickledger"]
    assert "depends_on" not in services["edge"]
    for role, stores in (("pipeline", {"clickhouse", "valkey"}), ("web", STORES)):
        assert services[role]["depends_on"] == {store: {"condition": "service_healthy"} for store in stores}


def test_stores_publish_no_port_and_reach_nothing_outside(compose):
    assert compose["networks"]["stores"]["internal"] is True
    for store in STORES:
        assert "ports" not in compose["services"][store]
        assert compose["services"][store]["networks"] == ["stores"]


def test_the_web_role_is_published_to_this_machine_only(compose):
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["web"]["ports"])


def test_every_named_volume_and_mounted_file_exists(compose):
    used = set()
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (REPOSITORY / source).is_file(), source
            else:
                used.add(source)
    assert used == set(compose["volumes"])


def test_no_secret_has_a_default_and_the_example_asks_for_each():
    example = {
        line.partition("=")[0]: line.partition("=")[2]
        for line in (REPOSITORY / "deploy" / "compose.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    }
    variables = {match[1]: match for match in VARIABLE.finditer(COMPOSE.read_text())}
    secret = {name for name in variables if name.endswith(("_PASSWORD", "_KEY", "_KEYS"))}
    assert secret == {name for name, match in variables.items() if match[2] == "?"}
    assert len(secret) == 5
    for name in secret:
        assert example[name] == "", f"{name} must be empty in the example"
    assert set(example) <= set(variables)


def test_docker_accepts_the_file():
    docker = shutil.which("docker")
    if (
        not docker
        or subprocess.run([docker, "compose", "version"], check=False, capture_output=True, timeout=60).returncode
    ):
        pytest.skip("docker with its compose plugin is not installed")
    example = REPOSITORY / "deploy" / "compose.env.example"
    filled = {m[1]: "c0ffee" for m in VARIABLE.finditer(COMPOSE.read_text())}
    done = subprocess.run(
        [docker, "compose", "--file", COMPOSE, "--env-file", example, "config", "--quiet"],
        check=False,
        capture_output=True,
        text=True,
        env={**filled, "PATH": str(Path(docker).parent), "HOME": "/nonexistent"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
