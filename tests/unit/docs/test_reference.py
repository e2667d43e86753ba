"""The generated pages are what the code says, and leave nothing out."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
import typer.main

from clickledger import cli
from clickledger.commands import up
from clickledger.commands.doctor import COMMANDS_VARIABLES
from clickledger.reference import commands, errors, merge, pages, settings
from clickledger.reference.__main__ import main
from clickledger.reference.markdown import cell
from kernel.errors import ErrorKind
from kernel.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]
ROOMS = ("clickledger", "tracker", "fraud", "reports", "partners", "kernel")
COMMANDS = dict(commands.walk(typer.main.get_command(cli.build()), "clickledger"))


def rows(page: str) -> list[list[str]]:
    lines = pages()[page].splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]


def modules() -> list[str]:
    """Every module of the product but those that run when they are imported."""
    found = []
    for room in ROOMS:
        path = [str(REPOSITORY / room)]
        found += [module.name for module in pkgutil.walk_packages(path, f"{room}.")]
    return [name for name in found if "__main__" not in name and ".migrations" not in name]


def test_the_pages_in_the_repository_are_current(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_check_names_the_pages_that_differ_and_writes_nothing(tmp_path, capsys):
    assert main(["--root", str(tmp_path)]) == 0
    stale, missing = tmp_path / "docs/settings.md", tmp_path / "docs/metrics.md"
    stale.write_text("old")
    missing.unlink()
    capsys.readouterr()

    assert main(["--check", "--root", str(tmp_path)]) == 1

    told = capsys.readouterr().err
    assert "docs/settings.md" in told
    assert "docs/metrics.md" in told
    assert "docs/errors.md" not in told
    assert stale.read_text() == "old"
    assert not missing.exists()


def test_writing_makes_every_page_once(tmp_path, capsys):
    main(["--root", str(tmp_path)])
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")} == set(pages())
    capsys.readouterr()

    main(["--root", str(tmp_path)])

    assert capsys.readouterr().out == "", "a page that is current is left alone"


def test_rooms_may_not_make_the_same_page():
    with pytest.raises(ValueError, match=r"docs/a\.md is made by two rooms"):
        merge([{"docs/a.md": "one"}, {"a.md": "two"}])


def test_every_room_that_has_a_reference_is_asked():
    modules = (*REPOSITORY.glob("*/reference.py"), *REPOSITORY.glob("*/reference/"))
    names = {path.parent.name for path in modules}
    assert {"reports", "fraud", "tracker"} <= names
    made = pages()
    for room in names:
        for path in importlib.import_module(f"{room}.reference").pages():
            assert path in made


def test_the_environment_does_not_show_in_a_page(monkeypatch):
    before = settings.pages()
    monkeypatch.setenv("CLICKLEDGER_EDGE_PORT", "1234")
    monkeypatch.setenv("CLICKLEDGER_ADMIN_KEY", "secret")
    assert settings.pages() == before


def test_every_setting_has_one_row_with_its_meaning():
    listed = [(row[0], row[3]) for row in rows(settings.PAGE) if len(row) == 4]
    assert [variable for variable, _ in listed] == [
        f"`CLICKLEDGER_{name.upper()}`" for name in Settings.model_fields
    ]
    for (_, meaning), field in zip(listed, Settings.model_fields.values(), strict=True):
        assert field.description
        assert meaning.startswith(cell(field.description))


def test_every_group_of_settings_has_a_title():
    groups = settings.groups()
    assert [title for title, _ in groups][:2] == ["Where things are", "Stores (empty: embedded)"]
    assert sum(len(names) for _, names in groups) == len(Settings.model_fields)


def test_variables_of_the_commands_are_listed_too():
    assert set(settings.COMMAND_VARIABLES) == COMMANDS_VARIABLES
    for variable in COMMANDS_VARIABLES:
        assert f"| `{variable}` |" in pages()[settings.PAGE]


def test_a_command_line_option_of_up_is_a_setting():
    options = {option.name for option in COMMANDS["clickledger up"].params}
    assert {name.removeprefix("with_") for name in options} <= set(Settings.model_fields)
    assert up.up.__doc__


def test_every_error_of_every_module_is_listed():
    listed = {code.strip("`") for code, *_ in rows(errors.PAGE)}
    kinds = [
        (name, kind)
        for name in modules()
        for kind in vars(importlib.import_module(name)).values()
        if isinstance(kind, ErrorKind)
    ]
    assert [f"{name}: {kind.code}" for name, kind in kinds if kind.code not in listed] == []
    assert {"click_id_forged", "unknown_metric", "reference_unknown", "service_not_found", "edge_away"} <= listed


def test_an_error_is_listed_with_its_status_and_its_sentence():
    page = pages()[errors.PAGE]
    for section in errors.sections():
        for kind in section.kinds:
            assert f"| `{kind.code}` | {kind.status} | {cell(kind.advice)} |" in page


def test_every_command_has_its_heading_and_every_option_its_row():
    page = pages()[commands.PAGE]
    assert {"clickledger up", "clickledger report", "clickledger offer create", "clickledger import"} <= set(
        COMMANDS
    )
    for words, command in COMMANDS.items():
        assert f"\n## {words}\n\n{command.help.splitlines()[0]}" in page
        section = page.split(f"\n## {words}\n")[1].split("\n## ")[0]
        if getattr(command, "commands", None):
            continue
        for parameter in command.params:
            assert parameter.help, f"{words} does not explain {parameter.name}"
            name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
            row = next(line for line in section.splitlines() if line.startswith(f"| `{name}`"))
            assert cell(parameter.help) in row


def test_no_cell_breaks_its_table():
    for path, columns in ((settings.PAGE, {4, 2}), (errors.PAGE, {3}), (commands.PAGE, {3, 4})):
        assert {len(row) for row in rows(path)} <= columns


def test_a_cell_shows_angle_brackets_and_bars_as_they_are():
    assert cell("a <b> | c\n d `<e>`") == "a \\<b> \\| c d `<e>`"
