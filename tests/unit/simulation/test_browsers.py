"""User agents by template, and from a file."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from random import Random

import pytest

from fraud.agents import inspect_agent
from fraud.simulation import FileBrowsers, TemplateBrowsers
from kernel.errors import ClickledgerError


def test_no_template_looks_like_a_program():
    random, browsers = Random(1), TemplateBrowsers()
    drawn = {browsers.draw(random).user_agent for _ in range(5_000)}
    assert len(drawn) > 60
    assert [text for text in drawn if inspect_agent(text).reason] == []


def test_a_text_file_has_a_user_agent_a_line(tmp_path):
    path = tmp_path / "agents.txt"
    path.write_text("One/1\n\n  Two/2  \n")
    browsers, random = FileBrowsers.read(path), Random(1)
    assert {browsers.draw(random).user_agent for _ in range(50)} == {"One/1", "Two/2"}


def test_json_is_drawn_by_weight_gzipped_or_not(tmp_path):
    path = tmp_path / "agents.json.gz"
    profiles = [{"userAgent": "Often/1", "weight": 0.9}, {"userAgent": "Seldom/1", "weight": 0.1}]
    path.write_bytes(gzip.compress(json.dumps(profiles).encode()))
    browsers, random = FileBrowsers.read(path), Random(1)
    drawn = Counter(browsers.draw(random).user_agent for _ in range(2_000))
    assert 0.86 < drawn["Often/1"] / 2_000 < 0.94


@pytest.mark.parametrize(
    "body",
    [b"", b"\n \n", b"\xff\xfe", b"[1, 2]", b'[{"agent": "x"}]', b'[{"userAgent": "x", "weight": 0}]', b"[", b"\x1f\x8bxx",
     b'[{"userAgent": "x", "weight": "much"}]', b'[{"userAgent": "x", "weight": null}]'],
)  # fmt: skip
def test_a_file_of_anything_else_is_refused_with_a_sentence(tmp_path, body):
    path = tmp_path / "agents"
    path.write_bytes(body)
    with pytest.raises(ClickledgerError, match=r"agents") as raised:
        FileBrowsers.read(path)
    assert raised.value.kind.code == "user_agents_unreadable"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClickledgerError, match=r"absent can't be read"):
        FileBrowsers.read(tmp_path / "absent")
