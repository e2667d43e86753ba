import re
from pathlib import Path

from clickledger.commands.doctor import COMMANDS_VARIABLES
from kernel.metric_names import METRICS
from kernel.settings import ENV_PREFIX, Settings

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "servers.md").read_text()


def test_every_file_that_is_deployed_is_mentioned():
    files = [p for p in (REPOSITORY / "deploy").rglob("*") if p.is_file()]
    assert files
    for path in files:
        mentions = {str(path.relative_to(REPOSITORY)), f"{path.parent.relative_to(REPOSITORY)}/*.xml"}
        assert any(mention in PAGE for mention in mentions), path


def test_every_path_setting_and_metric_that_is_mentioned_exists():
    for path in re.findall(r"`((?:deploy|tests|docs)/[\w./@-]+)`", PAGE):
        assert (REPOSITORY / path).exists(), path
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} | COMMANDS_VARIABLES
    assert set(re.findall(r"CLICKLEDGER_[A-Z_]+[A-Z]", PAGE)) <= known
    metrics = {metric.name for metric in METRICS}
    assert set(re.findall(r"clickledger_[a-z]+_[a-z_]+[a-z]", PAGE)) <= metrics


def test_every_anchor_leads_somewhere():
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings


def test_the_timeouts_on_the_page_are_the_codes():
    from kernel.clickhouse import client

    assert f"is given {client.CONNECT_SECONDS} seconds" in " ".join(PAGE.split())
    assert (
        f"an insert {client.INSERT_SECONDS}, a report its limit and {client.READ_GRACE_SECONDS} more"
        in " ".join(PAGE.split())
    )
