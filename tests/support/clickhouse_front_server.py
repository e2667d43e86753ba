"""ClickHouse's HTTP interface in front of chDB: what clickhouse-connect's HttpClient needs, as a server does it.

Run as a program of its own (chDB allows one data path for each process) by ``clickhouse_front``. Every
request gets a fresh engine handle, so that settings, database and read-only level live and die with it
as they do on a server. Left out: sessions (a request with ``session_id`` is refused, since clickledger
must not need one), external data, progress headers, and Native protocol revisions (the client falls
back to revision 0).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import json
import os
import re
import sys
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame
from clickhouse_connect.driver.compression import _zstd_compress, _zstd_decompress

from kernel.clickhouse.lost_tokens import forget_lost_tokens

SERVE, REFUSE, REFUSE_INSERTS, LOSE_INSERT_ANSWERS = "serve", "refuse", "refuse_inserts", "lose_insert_answers"

NOT_SETTINGS = {
    *("query", "database", "user", "password", "session_id", "session_timeout", "session_check", "close_session"),
    *("query_id", "quota_key", "role", "default_format", "stacktrace", "compress", "decompress", "buffer_size"),
    *("wait_end_of_query", "client_protocol_version"),
}
"""Parameters the interface takes for itself; every other one is a setting."""

STATUS_OF_CODE = {
    **dict.fromkeys((6, 25, 26, 27, 38, 41, 44, 62, 69, 72, 117, 167, 168, 171, 376, 441, 457), 400),
    516: 403,
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 78, 81, 111, 115), 404),
    159: 408,
    48: 501,
}
"""How the server maps its exception codes to HTTP; what is not here is a 500."""

COMPRESS = {"lz4": lz4.frame.compress, "zstd": _zstd_compress, "gzip": gzip.compress}
DECOMPRESS = {"lz4": lz4.frame.decompress, "zstd": _zstd_decompress, "gzip": gzip.decompress}

INSERT = re.compile(
    rb"\s*INSERT\s+INTO\s+(?P<target>.*?)\s+FORMAT\s+(?P<format>\w+)\s(?P<rows>.*)", re.DOTALL | re.IGNORECASE
)
WRITES = re.compile(rb"\s*INSERT\b", re.IGNORECASE)
ANSWERS = re.compile(rb"\s*\(*\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN|CHECK)\b", re.IGNORECASE)
CLIENT_FILES = re.compile(rb"\b(FROM\s+INFILE|INTO\s+OUTFILE)\b", re.IGNORECASE)


class ClickHouseError(Exception):
    """An exception with ClickHouse's code, in ClickHouse's words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Handle:
    """One engine handle for one request."""

    def __init__(self, path: str) -> None:
        self._connection = chdb.connect(path)

    def close(self) -> None:
        self._connection.close()

    def run(self, sql: bytes | str, form: str = "TabSeparated", parameters: dict[str, str] | None = None):
        text = sql.decode("utf-8", "surrogateescape") if isinstance(sql, bytes) else sql
        try:
            return self._connection.query(text, form, params=parameters or {})
        except RuntimeError as why:
            found = re.search(r"Code: (\d+)", str(why))
            raise ClickHouseError(int(found.group(1)) if found else 1002, str(why)) from why

    def set(self, settings: dict[str, str]) -> None:
        # The server checks a request's settings against the level before it; so the level goes last.
        for name in sorted(settings, key=lambda n: n == "readonly"):
            if not re.fullmatch(r"\w+", name):
                raise ClickHouseError(
                    115, f"Code: 115. DB::Exception: Unknown setting {name!r}. (UNKNOWN_SETTING)"
                )
            self.run(f"SET {name} = {quoted(settings[name])}")


class Front(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, path: str, users: dict[str, tuple[str, dict[str, str]]]) -> None:
        super().__init__(address, Request)
        self.path = path
        self.users = users
        self.mode = SERVE
        self.engine = Handle(path)  # keeps the engine open between requests


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Front

    def log_message(self, *_args) -> None:
        """Say nothing for each request."""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            refused = self.server.mode == REFUSE
            self.answer(503 if refused else 200, b"" if refused else b"Ok.\n", {})
        else:
            self.do_POST()

    def do_POST(self) -> None:
        body = self.body()
        if self.server.mode == REFUSE:
            self.answer(503, b"", {})
            return
        try:
            result, headers = self.execute(body)
        except ClickHouseError as why:
            headers = {"X-ClickHouse-Exception-Code": str(why.code), "Content-Type": "text/plain; charset=UTF-8"}
            self.answer(STATUS_OF_CODE.get(why.code, 500), f"{why}\n".encode("utf-8", "replace"), headers)
        except ConnectionAbortedError:
            self.close_connection = True
        else:
            self.answer(200, result, headers)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            raw = b"".join(chunks)
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return DECOMPRESS.get(self.headers.get("Content-Encoding", ""), bytes)(raw)

    def form(self, body: bytes, parameters: dict[str, str]) -> bytes:
        """Take the fields of a multipart body into ``parameters``; return the query among them."""
        boundary = b"--" + self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        query = b""
        for part in body.split(boundary)[1:-1]:
            head, _, value = part.partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]*)"', head).group(1).decode()  # type: ignore[union-attr]  # always named
            value = value.removesuffix(b"\r\n")
            if name == "query":
                query = value
            else:
                parameters[name] = value.decode("utf-8", "surrogateescape")
        return query

    def authenticate(self, parameters: dict[str, str]) -> dict[str, str]:
        """Return the settings of the user's profile."""
        user, password = parameters.get("user", "default"), parameters.get("password", "")
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = base64.b64decode(given).decode().partition(":")
        known = self.server.users.get(user)
        if known is None or known[0] != password:
            raise ClickHouseError(
                516,
                f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)",
            )
        return known[1]

    def execute(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            body = self.form(body, parameters)
        profile = self.authenticate(parameters)
        if "session_id" in parameters:
            raise ClickHouseError(48, "Code: 48. DB::Exception: this front keeps no sessions. (NOT_IMPLEMENTED)")
        given = parameters.get("query", "").encode()
        sql = b"\n".join(part for part in (given, body) if part)
        settings = {k: v for k, v in parameters.items() if k not in NOT_SETTINGS and not k.startswith("param_")}
        if self.command == "GET":
            settings.setdefault("readonly", "2")
        bound = {k.removeprefix("param_"): v for k, v in parameters.items() if k.startswith("param_")}
        writes = bool(WRITES.match(sql))
        if writes and self.server.mode == REFUSE_INSERTS:
            raise ClickHouseError(
                252, "Code: 252. DB::Exception: Too many parts (300). Merges are too slow. (TOO_MANY_PARTS)"
            )
        handle = Handle(self.server.path)
        try:
            if parameters.get("database"):
                database = parameters["database"].replace("\\", "\\\\").replace("`", "\\`")
                handle.run(f"USE `{database}`")
            handle.set(profile)
            handle.set(settings)
            result, rows_written = self.statement(
                handle, sql, parameters.get("default_format", "TabSeparated"), bound
            )
        finally:
            handle.close()
        if writes and self.server.mode == LOSE_INSERT_ANSWERS:
            raise ConnectionAbortedError
        summary = {"read_rows": "0", "written_rows": str(rows_written), "result_rows": "0", "elapsed_ns": "0"}
        headers = {
            "X-ClickHouse-Query-Id": parameters.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Summary": json.dumps(summary),
            "X-ClickHouse-Timezone": "UTC",
            "Content-Type": "text/plain; charset=UTF-8",
        }
        if ANSWERS.match(sql):
            found = re.search(rb"\bFORMAT\s+(\w+)\s*;?\s*$", sql, re.IGNORECASE)
            headers["X-ClickHouse-Format"] = found.group(1).decode() if found else "TabSeparated"
        if settings.get("enable_http_compression", "1") == "1":
            for method in re.findall(r"\w+", self.headers.get("Accept-Encoding", "")):
                if method in COMPRESS:
                    headers["Content-Encoding"] = method
                    return COMPRESS[method](result), headers
        return result, headers

    @staticmethod
    def statement(handle: Handle, sql: bytes, form: str, bound: dict[str, str]) -> tuple[bytes, int]:
        """Run one statement; return its answer and the rows it wrote."""
        insert = INSERT.match(sql)
        if CLIENT_FILES.search(sql if insert is None else insert["target"]):
            raise ClickHouseError(
                78,
                "Code: 78. DB::Exception: Query has infile and was send directly to server. (UNKNOWN_TYPE_OF_QUERY)",
            )
        if insert is None:
            return handle.run(sql, form, bound).bytes() or b"", 0
        with tempfile.NamedTemporaryFile(suffix=".rows") as rows:
            rows.write(insert["rows"])
            rows.flush()
            target, rows_format = insert["target"].decode(), insert["format"].decode()
            done = handle.run(f"INSERT INTO {target} FROM INFILE {quoted(rows.name)} FORMAT {rows_format}")
            return b"", done.rows_read()

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--path", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--users", type=json.loads, required=True, help="{name: [password, {setting: value}]}")
    chosen = options.parse_args()
    # A front killed between an insert's token and its rows would lose them for good, once in a hundred kills.
    # A real server keeps that gap (docs/servers.md says so); tests that count rows can't.
    with contextlib.redirect_stdout(sys.stderr):  # our first line on stdout is the port, not a log
        forget_lost_tokens(Path(chosen.path))
    front = Front(("127.0.0.1", chosen.port), chosen.path, {k: tuple(v) for k, v in chosen.users.items()})
    threading.Thread(target=front.serve_forever, daemon=True).start()
    print(front.server_port, flush=True)
    # The tests speak to us through our standard input; when it closes, they are gone and so are we.
    for line in sys.stdin:
        front.mode = line.strip()
        print(front.mode, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
