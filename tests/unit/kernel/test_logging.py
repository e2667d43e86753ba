import json
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.logging import mask_secrets

REPOSITORY = Path(__file__).resolve().parents[3]


def masked(**fields):
    return mask_secrets(None, "info", {"event": "seen", **fields})


@pytest.mark.parametrize(
    "name",
    ["key", "admin_key", "api_token", "client_secret", "PASSWORD", "Authorization", "signature", "clickhouse_dsn"],
)
def test_the_value_of_a_field_that_names_a_secret_is_masked(name):
    assert masked(**{name: "s3cret"})[name] == "***"


def test_secrets_are_masked_inside_mappings_and_lists():
    shown = masked(
        headers={"authorization": "Bearer s3cret", "accept": "*/*"}, tries=[{"token": "s3cret"}, ("x",)]
    )
    assert shown["headers"] == {"authorization": "***", "accept": "*/*"}
    assert shown["tries"][0] == {"token": "***"}
    assert "s3cret" not in str(shown)


def test_passwords_in_urls_are_masked_wherever_they_stand():
    shown = masked(why="can't reach redis://:s3cret@cache:6379/0 or postgresql+psycopg://u:p%40s3cret@db/x", n=3)
    assert shown["why"] == "can't reach redis://***@cache:6379/0 or postgresql+psycopg://***@db/x"
    assert shown["n"] == 3


def test_ordinary_fields_and_the_event_itself_stay():
    shown = masked(country="DE", path="/c/summer", url="https://example.com/a@b")
    assert shown == {"event": "seen", "country": "DE", "path": "/c/summer", "url": "https://example.com/a@b"}


def lines_of(log_format, code):
    program = (
        "from pydantic import SecretStr\nfrom kernel.logging import configure, log\nfrom kernel.settings import Settings\n"
        f"configure(Settings(log_format={log_format!r}), 'edge-0')\n{code}"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ""
    return done.stderr


def test_a_json_line_has_time_level_role_module_and_fields():
    line = json.loads(lines_of("json", "log('journal').warning('disk_slow', seconds=1.5, token='s3cret')"))
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {
        "event": "disk_slow",
        "level": "warning",
        "role": "edge-0",
        "module": "journal",
        "seconds": 1.5,
        "token": "***",
    }


def test_lines_below_the_level_are_not_written():
    assert lines_of("json", "log('journal').debug('detail')") == ""


def test_the_role_is_on_the_lines_of_every_thread():
    code = "import threading\nthread = threading.Thread(target=log('pipeline').warning, args=('store_refused',))\n"
    line = json.loads(lines_of("json", f"{code}thread.start()\nthread.join()"))
    assert (line["event"], line["role"]) == ("store_refused", "edge-0")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_line_that_cannot_be_written_stops_nothing():
    program = (
        "import logging\nfrom kernel.logging import configure, log\nfrom kernel.settings import Settings\n"
        "configure(Settings(log_format='json'), 'edge-0')\n"
        "log('journal').error('journal_write_failed')\nlogging.warning('a library')\nprint('went on')"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=False,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=60,
        )
    assert done.stdout == b"went on\n"


RAISES = """
def dial(url, api_key):
    raise OSError(f"no answer from {url}")
try:
    dial("redis://:s3cret@cache/0", "s3cret")
except OSError:
    log('stores').exception('store_away')
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_is_logged_without_local_variables_or_url_passwords(log_format):
    text = lines_of(log_format, RAISES)
    assert "no answer from redis://***@cache/0" in text
    assert "Traceback" in text
    assert "s3cret" not in text
