"""Every command the README shows, run in its order as a reader runs it, against a service of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running_service import RunningService, eventually

REPOSITORY = Path(__file__).resolve().parents[3]
NEEDED = ("bash", "curl", "openssl", "sed")
PATIENCE = 90
"""Seconds: the demo's history is stored beside what the reader does."""

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in NEEDED), reason=f"the README's commands need {NEEDED}"
    ),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("readme"), demo="true")
    try:
        running.start()
        eventually("the demo program", lambda: running.api().get("/api/v1/links")["items"])
        yield running
    finally:
        running.close()


class Reader:
    """Runs shell blocks one after the other; variables stay."""

    def __init__(self, service):
        self.blocks = re.findall(
            r"^```sh\n(.*?)^```", (REPOSITORY / "README.md").read_text(), re.MULTILINE | re.DOTALL
        )
        self._service = service
        self._variables = service.data_dir / "variables.sh"
        self._variables.write_text("")
        self._next = 0

    def run(self, holding):
        """Run the next block, which must hold a text, so that the README and this test stay in step."""
        block = self.blocks[self._next]
        assert holding in block
        self._next += 1
        return self.again(block)

    def again(self, block):
        for written, here in {
            "http://127.0.0.1:8000": self._service.edge_url,
            "http://127.0.0.1:8001": self._service.web_url,
            ".venv/bin/clickledger": f"{sys.executable} -m clickledger",
            "clickledger-data": str(self._service.data_dir),
        }.items():
            block = block.replace(written, here)
        script = (
            f"set -euo pipefail -o allexport\nsource {self._variables}\n{block}\nexport -p > {self._variables}\n"
        )
        # Tables are as wide as what they are printed to.
        environment = self._service.environment | {"COLUMNS": "200", "PYTHONPATH": os.fspath(REPOSITORY)}
        done = subprocess.run(
            ["bash", "-c", script],
            env=environment,
            cwd=self._service.data_dir,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        return done.stdout


def cells(table):
    """The rows of a printed table, without its frame and header."""
    return [re.split(r"\s*│\s*", line.strip("│ ")) for line in table.splitlines() if line.startswith("│")]


def test_the_readme_does_what_it_says(service):
    reader = Reader(service)

    made = reader.run("link create")
    assert f"{service.edge_url}/c/nora" in made
    assert re.fullmatch(r"https://acme\.example/spring\?cid=[\w-]{32}\n", reader.run("CLICK_ID="))
    assert json.loads(reader.run("txn_id=order-1"))["status"] == "accepted"
    expected = [["Blog Nora", "header", "1", "1", "4.99", "3.99"]]
    first = reader.run("--by partner,sub2")
    report = reader.blocks[3]
    if cells(first) != expected:
        eventually("click and conversion in the report", lambda: cells(reader.again(report)) == expected, PATIENCE)

    bot = reader.run("sub2=script")
    again = "\n".join(reader.blocks[4].splitlines()[1:])
    reasons = [["invalid", reason, "1", "0"] for reason in ("bot_user_agent", "http_library", "private_ip")]
    if sorted(cells(bot)) != reasons:
        eventually(
            "the bot's click with its reasons", lambda: sorted(cells(reader.again(again))) == reasons, PATIENCE
        )

    assert json.loads(reader.run("-d txn_id=order-1"))["status"] == "duplicate"
    changed = json.loads(reader.run("status=rejected"))
    assert (changed["status"], changed["conversion_status"]) == ("updated", "rejected")
    assert json.loads(reader.run("openssl"))["status"] == "accepted"
    assert "Blog Nora" in reader.run("--format csv")
    answer = json.loads(reader.run("/api/v1/reports/query"))
    assert answer["rows"][0]["partner"] == "Blog Nora"
    assert answer["totals"]["clicks"] == 1
    assert reader._next == len(reader.blocks), "a block of the README was not run"
