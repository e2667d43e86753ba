"""Every dependency is explained on its page, and the page explains nothing else."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "dependencies.md").read_text()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
ROOMS = ("clickledger", "tracker", "fraud", "reports", "partners", "kernel")

SECTIONS = {
    "Runtime": PROJECT["project"]["dependencies"],
    **{f"Extra `{name}`": needed for name, needed in PROJECT["project"]["optional-dependencies"].items()},
    "Build": PROJECT["build-system"]["requires"],
}
WITHOUT_AN_IMPORT = {
    "plotly": "its script is a file",
    "python-multipart": "imported by Starlette",
    "tzdata": "read by zoneinfo",
    "ua-parser-rs": "found by ua-parser",
}


def names(requirements):
    return [re.match(r"[\w.-]+", requirement)[0] for requirement in requirements]


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    lines = [line for line in section(title).splitlines() if line.startswith("| ")][1:]
    return {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in lines)}


@pytest.mark.parametrize("title", SECTIONS)
def test_every_dependency_has_its_line_and_no_other_has_one(title):
    assert list(rows(title)) == names(SECTIONS[title])


@pytest.mark.parametrize("title", SECTIONS)
def test_a_line_says_everything_about_its_dependency(title):
    for name, cells in rows(title).items():
        assert len(cells) == 5, name
        assert all(cells), name
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", cells[2]), name
        assert cells[3] in {"very widely", "widely", "little"}, name


def test_a_dependency_that_nothing_imports_is_said_to_be_unused():
    sources = [path.read_text() for room in ROOMS for path in (REPOSITORY / room).rglob("*.py")]
    imported = {
        module for text in sources for module in re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)
    }
    modules = {}
    for module, packages in importlib.metadata.packages_distributions().items():
        for package in packages:
            modules.setdefault(package.lower().replace("_", "-"), set()).add(module)
    for name, cells in rows("Runtime").items():
        if name not in WITHOUT_AN_IMPORT:
            unused = not modules[name] & imported
            assert unused == ("Nothing imports it yet" in cells[1]), name
