"""Where the service is and which key it is sent."""

from __future__ import annotations

import httpx2
import pytest

from clickledger.client import Client, ServiceNotFoundError
from clickledger.client.connection import find
from clickledger.running import Running, write_run_file


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.delenv("CLICKLEDGER_WEB_URL", raising=False)
    monkeypatch.delenv("CLICKLEDGER_API_KEY", raising=False)
    monkeypatch.setenv("CLICKLEDGER_DATA_DIR", str(tmp_path / "absent"))


@pytest.fixture
def data_dir(tmp_path):
    write_run_file(tmp_path, Running("http://edge.test", "http://web.test", 1))
    (tmp_path / "admin.key").write_text("cl_local\n")
    return tmp_path


def test_what_is_given_counts_first(monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_WEB_URL", "http://other.test")
    monkeypatch.setenv("CLICKLEDGER_API_KEY", "other")
    assert find("http://given.test", "given", None) == ("http://given.test", "given")
    assert find("http://given.test", None, None) == ("http://given.test", "other")
    assert find(None, None, None) == ("http://other.test", "other")


def test_a_service_of_this_machine_is_found_by_its_data_directory(monkeypatch, data_dir):
    assert find(None, None, data_dir) == ("http://web.test", "cl_local")
    assert find(None, "mine", str(data_dir)) == ("http://web.test", "mine")
    monkeypatch.setenv("CLICKLEDGER_DATA_DIR", str(data_dir))
    assert find(None, None, None) == ("http://web.test", "cl_local")
    monkeypatch.setenv("CLICKLEDGER_WEB_URL", "http://other.test")
    assert find(None, None, data_dir) == ("http://web.test", "cl_local"), "a named directory means its own service"


def test_the_local_admin_key_is_sent_to_no_address_that_was_typed(monkeypatch, data_dir):
    monkeypatch.setenv("CLICKLEDGER_DATA_DIR", str(data_dir))
    with pytest.raises(ServiceNotFoundError, match="CLICKLEDGER_API_KEY"):
        Client("http://elsewhere.test")


def test_nothing_running_is_a_sentence():
    with pytest.raises(ServiceNotFoundError, match="clickledger up") as caught:
        Client()
    assert caught.value.code == "service_not_found"


def test_settings_that_can_t_be_read_are_a_sentence_too(monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_EDGE_PORT", "many")
    with pytest.raises(ServiceNotFoundError, match="CLICKLEDGER_EDGE_PORT"):
        Client()


def test_the_key_goes_with_every_request_and_no_proxy_is_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    seen = []

    def answer(request):
        seen.append((str(request.url), request.headers["Authorization"]))
        return httpx2.Response(200, json={"items": [], "next_cursor": None})

    with Client("http://service.test/", "secret", transport=httpx2.MockTransport(answer)) as client:
        assert client.url == "http://service.test"
        assert client.saved_reports() == []
    assert seen == [("http://service.test/api/v1/saved-reports?limit=1000&cursor=0", "Bearer secret")]
