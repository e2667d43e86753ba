"""Exports on their way to disk."""

from __future__ import annotations

import httpx2
import pytest

from clickledger.client import Client, Progress, ServiceSilentError, UnknownNameError

RANGE = {"from_": "2026-11-01", "to": "2026-11-08"}
HEADERS = {"X-Total-Rows": "2", "X-Expected-Bytes": "9"}


class Pieces(httpx2.SyncByteStream):
    """A body that may break off."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@pytest.fixture
def asked():
    return []


@pytest.fixture
def make(asked):
    def make(*pieces, status=200):
        def answer(request):
            asked.append(request)
            return httpx2.Response(status, headers=HEADERS, stream=Pieces(*pieces))

        return Client("http://service.test", "key", transport=httpx2.MockTransport(answer))

    return make


def test_an_export_is_written_as_it_comes_in_the_format_of_its_name(make, asked, tmp_path):
    seen = []
    path = tmp_path / "clicks.csv"
    done = make(b"id\n", b"a\nb\n").export("clicks", path, **RANGE, columns=["click_id"], on_progress=seen.append)
    assert path.read_bytes() == b"id\na\nb\n"
    assert (done.path, done.rows, done.bytes) == (path, 2, 7)
    assert seen == [Progress(2, 3, 9), Progress(2, 7, 9)]
    assert list(tmp_path.iterdir()) == [path]
    assert dict(asked[0].url.params) == {
        "from": "2026-11-01",
        "to": "2026-11-08",
        "timezone": "UTC",
        "columns": "click_id",
        "format": "csv",
        "raw": "false",
    }


def test_a_broken_export_never_looks_whole(make, tmp_path):
    with pytest.raises(ServiceSilentError):
        make(b"id\n", httpx2.RemoteProtocolError("gone")).export("clicks", tmp_path / "clicks.csv", **RANGE)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_export_leaves_nothing(make, tmp_path):
    refused = b'{"error":{"code":"unknown_column","message":"No.","details":{"nearest":["ip"]}}}'
    with pytest.raises(UnknownNameError) as caught:
        make(refused, status=400).export("clicks", tmp_path / "clicks.csv", **RANGE, columns=["ipp"])
    assert caught.value.nearest == ["ip"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_only_when_told(make, asked, tmp_path):
    path = tmp_path / "clicks.csv"
    path.write_bytes(b"dear")
    with pytest.raises(FileExistsError, match="replace=True"):
        make(b"new").export("clicks", path, **RANGE)
    assert (path.read_bytes(), asked) == (b"dear", [])
    make(b"new").export("clicks", path, **RANGE, replace=True)
    assert path.read_bytes() == b"new"


def test_a_format_must_be_told_somehow(make, asked, tmp_path):
    with pytest.raises(ValueError, match="parquet"):
        make(b"").export("clicks", tmp_path / "clicks", **RANGE)
    make(b"").export("clicks", tmp_path / "clicks", **RANGE, format="jsonl")
    assert asked[-1].url.params["format"] == "jsonl"
    assert len(asked) == 1


def test_a_report_s_file_is_asked_for_as_the_report_is(make, asked, tmp_path):
    path = tmp_path / "report.parquet"
    make(b"PAR1").export_report(path, **RANGE, metrics=["clicks"], raw=True)
    body = httpx2.Response(200, content=asked[0].content).json()
    assert asked[0].url.path == "/api/v1/reports/export"
    assert (body["format"], body["raw"], body["metrics"]) == ("parquet", True, ["clicks"])
