"""What the pages name exists: files, headings, commands and their options, settings, dimensions and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from clickledger import cli
from clickledger.reference import commands, settings
from kernel.clickhouse.columns import ROLLUPS, TABLES
from kernel.settings import ENV_PREFIX, Settings
from reports.registry import DIMENSIONS, METRICS

REPOSITORY = Path(__file__).resolve().parents[3]
ROOMS = (
    "clickledger",
    "tracker",
    "fraud",
    "reports",
    "partners",
    "kernel",
    "tests",
    "benchmarks",
    "deploy",
    "docs",
)
WRITTEN = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/index.md"]
EVERY_PAGE = sorted({*WRITTEN, *(str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("docs/*.md"))})
COMMANDS = dict(commands.walk(typer.main.get_command(cli.build()), "clickledger"))
VARIABLES = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} | set(settings.COMMAND_VARIABLES)
TESTS_VARIABLES = {"CLICKLEDGER_CHROMIUM", "CLICKLEDGER_UPDATE_GOLDEN"}


def text(page):
    return (REPOSITORY / page).read_text(encoding="utf-8")


def prose(page):
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """The headings of a page as links name them."""
    found = set()
    for title in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"[`*]", "", title).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def command_lines():
    """Every call of clickledger in blocks of code and in code between backticks of the pages written by hand."""
    for page in WRITTEN:
        blocks = re.findall(r"^```\w*\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
        lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
        for line in [*lines, *re.findall(r"`([^`\n]+)`", prose(page))]:
            for call in re.findall(r"(?:^|[\s/(])clickledger ((?:[a-z]+(?: |$))[^#|]*)", line):
                yield page, call.strip()


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    links = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    for link in links:
        if link.startswith("http"):
            continue
        path, _, heading = link.partition("#")
        target = (REPOSITORY / page).parent / path if path else REPOSITORY / page
        assert target.is_file(), f"{page} links to {link}"
        if heading and target.suffix == ".md":
            assert heading in anchors(target.relative_to(REPOSITORY)), f"{page} links to {link}"


@pytest.mark.parametrize("page", [*WRITTEN, "docs/dependencies.md"])
def test_every_file_a_page_names_exists(page):
    named = re.findall(rf"(?<![\w./])((?:{'|'.join(ROOMS)})/[\w./*-]*)", text(page))
    for path in named:
        cleaned = path.rstrip(".")
        assert list(REPOSITORY.glob(cleaned)), f"{page} names {cleaned}"


def test_every_page_is_in_the_index():
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", text("docs/index.md")))
    here = {path.name for path in (REPOSITORY / "docs").glob("*.md")} - {"index.md"}
    assert here - linked == set()


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_variable_a_page_names_is_one(page):
    named = set(re.findall(r"CLICKLEDGER_[A-Z_]*[A-Z]", text(page)))
    assert named <= VARIABLES | TESTS_VARIABLES, named - VARIABLES - TESTS_VARIABLES


def test_every_command_and_option_a_page_shows_exists():
    seen = set()
    for page, line in command_lines():
        words = line.split()
        called = next(
            (name for n in (3, 2, 1) if (name := " ".join(["clickledger", *words[:n]])) in COMMANDS), None
        )
        if called is None:
            # A command written as in "serve edge|pipeline|web", or the service itself ("clickledger speaks").
            assert "--" not in line, f"{page}: {line}"
            continue
        seen.add(called)
        known = {name for option in COMMANDS[called].params for name in option.opts}
        for option in re.findall(r"(?<=\s)--[a-z-]+", line):
            assert option in known or option == "--help", f"{page}: {line}"
        for option, registry in (("--by", DIMENSIONS), ("--metrics", METRICS)):
            for value in re.findall(rf"{option} ([\w,]+)", line):
                assert set(value.split(",")) <= set(registry), f"{page}: {line}"
    assert {"clickledger up", "clickledger report", "clickledger export", "clickledger link create"} <= seen


def test_the_make_targets_that_pages_name_exist():
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    for page in WRITTEN:
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", text(page), re.MULTILINE)) <= targets


def test_the_tables_the_architecture_describes_are_those_of_the_store():
    described = set(re.findall(r"^- `([a-z_]+)`: ", text("docs/architecture.md"), re.MULTILINE))
    assert described == {*TABLES, *(rollup.name for rollup in ROLLUPS)}


def test_the_test_command_of_the_readme_is_the_one_ci_runs():
    assert "make test " in text("README.md").split("## Tests")[1]
    assert re.search(r"^make test$", text(".ci/run"), re.MULTILINE)


def test_every_folder_of_tests_is_explained():
    folders = {
        path.parent.relative_to(REPOSITORY / "tests").parts[0] for path in REPOSITORY.glob("tests/*/**/*.py")
    }
    for folder in folders:
        assert f"| `tests/{folder}/` |" in text("CONTRIBUTING.md")
