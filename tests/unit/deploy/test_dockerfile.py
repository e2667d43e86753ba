import re
import tomllib
from pathlib import Path

import pytest

from kernel.settings import ENV_PREFIX, Settings

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def instructions():
    """The Dockerfile as (keyword, arguments), continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (REPOSITORY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def all_of(instructions, keyword):
    return [arguments for word, arguments in instructions if word == keyword]


def test_the_base_image_is_pinned_to_a_patch_release_of_a_supported_python(instructions):
    (argument,) = all_of(instructions, "ARG")
    found = re.fullmatch(r"PYTHON_IMAGE=python:(\d+)\.(\d+)\.\d+-slim-\w+", argument)
    assert found
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    least = re.search(r"(\d+)\.(\d+)", project["requires-python"])
    assert (int(found[1]), int(found[2])) >= (int(least[1]), int(least[2]))
    assert all_of(instructions, "FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_the_process_is_not_root_and_owns_its_data_directory(instructions):
    (user,) = all_of(instructions, "USER")
    uid, gid = user.split(":")
    assert int(uid) > 0
    (making,) = [run for run in all_of(instructions, "RUN") if "useradd" in run]
    assert f"--uid {uid}" in making
    assert f"--owner {uid} --group {gid} --mode 0700 /var/lib/clickledger" in making
    assert all_of(instructions, "VOLUME") == ["/var/lib/clickledger"]


def test_every_package_of_the_project_is_copied_and_let_through_to_the_builder(instructions):
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    copied = {word for arguments in all_of(instructions, "COPY") for word in arguments.split()[:-1]}
    let_through = {
        line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert set(build["targets"]["wheel"]["packages"]) <= copied
    from_here = {name for name in copied if not name.startswith(("-", "/"))}
    assert from_here <= let_through
    for name in from_here:
        assert (REPOSITORY / name).exists(), name


def test_the_server_extra_is_installed_with_the_versions_that_were_tested(instructions):
    (install,) = [run for run in all_of(instructions, "RUN") if "pip install" in run]
    assert "'.[server]'" in install
    assert "--constraint constraints.txt" in install


def test_every_setting_of_the_image_exists(instructions):
    given = {word.partition("=")[0] for arguments in all_of(instructions, "ENV") for word in arguments.split()}
    ours = {name for name in given if name.startswith(ENV_PREFIX)}
    assert "CLICKLEDGER_DATA_DIR" in ours
    assert ours <= {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
