import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from clickledger.cli import build
from kernel.settings import ENV_PREFIX, Settings

REPOSITORY = Path(__file__).resolve().parents[3]
UNITS = sorted((REPOSITORY / "deploy" / "systemd").iterdir())
KNOWN = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}


def names(path):
    return path.name


def read(path):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(path.read_text())
    return unit


def test_there_is_a_unit_for_everything_and_one_for_each_role():
    assert [path.name for path in UNITS] == [
        "clickledger-edge@.service",
        "clickledger-pipeline.service",
        "clickledger-web.service",
        "clickledger.service",
    ]


@pytest.mark.parametrize("path", UNITS, ids=names)
def test_the_command_of_a_unit_exists_with_its_options(path):
    program, *words = shlex.split(read(path)["Service"]["ExecStart"])
    assert program == "/opt/clickledger/bin/clickledger"
    command = typer.main.get_command(build())
    while words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("path", UNITS, ids=names)
def test_a_unit_is_not_root_keeps_its_data_to_itself_and_never_gives_up(path):
    unit = read(path)
    service = unit["Service"]
    assert service["User"] == service["Group"] == "clickledger"
    assert service["StateDirectory"] == "clickledger"
    assert service["StateDirectoryMode"] == "0700"
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["NoNewPrivileges"] == "yes"
    assert int(service["LimitNOFILE"]) >= 16_384
    # The service ends within 10 s; systemd must not be faster.
    assert int(service["TimeoutStopSec"]) > 10


@pytest.mark.parametrize("path", UNITS, ids=names)
def test_every_setting_of_a_unit_exists(path):
    given = [
        line.removeprefix("Environment=").partition("=")[0]
        for line in path.read_text().splitlines()
        if line.startswith("Environment=")
    ]
    assert "CLICKLEDGER_DATA_DIR" in given
    assert set(given) <= KNOWN


def test_every_setting_of_the_example_exists_and_holds_no_secret():
    example = (REPOSITORY / "deploy" / "clickledger.env.example").read_text()
    lines = [
        line.removeprefix("#") for line in example.splitlines() if line.removeprefix("#").startswith(ENV_PREFIX)
    ]
    assert len(lines) >= 8
    assert {line.partition("=")[0] for line in lines} <= KNOWN


@pytest.mark.parametrize("path", UNITS, ids=names)
def test_systemd_accepts_the_unit(path, tmp_path):
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd is not installed")
    # The program and its user are not installed here; everything else is verified as it stands.
    text = path.read_text().replace("/opt/clickledger/bin/clickledger", shutil.which("true"))
    copy = tmp_path / path.name.replace("@", "@0")
    copy.write_text(text.replace("User=clickledger", "User=daemon").replace("Group=clickledger\n", ""))
    done = subprocess.run(
        [analyze, "verify", "--man=no", copy], check=False, capture_output=True, text=True, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if "clickledger" in line]
    assert own == []
    assert done.returncode == 0, done.stderr
