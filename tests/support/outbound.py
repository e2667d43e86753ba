"""Conversions, hooks and receivers on loopback, for tests of outgoing postbacks and webhooks."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kernel.clickhouse.arrow import arrow_table
from kernel.settings import Settings
from tracker.outbound.guard import Guard
from tracker.outbound.messages import Message, message_id
from tracker.routes import HookRoute

LOOPBACK = Guard(Settings(outbound_allowed_networks="127.0.0.0/8,::1/128").outbound_networks)
"""A guard that lets tests reach their own receivers."""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON = 1_760_000_000_000
_EMPTY = arrow_table("conversion_changes", {}, 1).to_pylist()[0]


def change(**columns: Any) -> dict[str, Any]:
    """Return a row of ``conversion_changes``: an approved conversion that pays 2.50, but for what is named."""
    return _EMPTY | {
        "conversion_id": "conv-1",
        "click_id": "click-1",
        "change_seq": NOON * 1000,
        "ts": NOON,
        "changed_at": NOON,
        "click_ts": NOON - 60_000,
        "status": "approved",
        "outcome": "accepted",
        "partner_id": 3,
        "advertiser_id": 2,
        "offer_id": 7,
        "txn_id": "t 1",
        "amount": Decimal("100.000000"),
        "amount_currency": "EUR",
        "payout": Decimal("2.500000"),
        "revenue": Decimal("4.000000"),
        "currency": "USD",
        "attribution": "click",
        **columns,
    }


def hook(**changes: Any) -> HookRoute:
    """Return a hook that is told of every approved conversion, but for what is named."""
    fields: dict[str, Any] = {
        "id": 1,
        "kind": "postback",
        "method": "GET",
        "url": "https://partner.example/pb?cid={partner_click_id}",
        "statuses": ("approved",),
    }
    return HookRoute(**(fields | changes))


def message(url: str, conversion: str = "conv-1", seq: int = 1, hook_id: int = 1, **changes: Any) -> Message:
    """Return a message to a URL."""
    fields: dict[str, Any] = {
        "id": message_id(hook_id, conversion, seq),
        "hook_id": hook_id,
        "kind": "postback",
        "hook_partner_id": 3,
        "conversion_id": conversion,
        "change_seq": seq,
        "partner_id": 3,
        "advertiser_id": 2,
        "offer_id": 7,
        "method": "GET",
        "url": url,
        "body": "",
    }
    return Message(**(fields | changes))


@dataclass
class Request:
    """What a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


Behave = Callable[[BaseHTTPRequestHandler, Request], None]


def status(code: int, body: bytes = b"ok", **headers: str) -> Behave:
    """Return a behaviour: answer with a status at once."""

    def behave(handler: BaseHTTPRequestHandler, _request: Request) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


class Receiver:
    """An HTTP server on loopback that keeps what it got."""

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.got: list[Request] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length))
                with receiver._arrived:
                    receiver.got.append(request)
                    receiver._arrived.notify_all()
                try:
                    receiver.behave(self, request)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = _take  # noqa: N815 - http.server's names

            def log_message(self, *_args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wait(self, count: int, what: str, seconds: float = 20.0) -> list[Request]:
        """Return the requests once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= count, seconds), (
                f"waited for {what}: {count} requests, got {[r.path for r in self.got]}"
            )
            return list(self.got)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiving(behave: Behave | None = None) -> Iterator[Receiver]:
    """Run a receiver for the length of the block; it answers 200 unless told otherwise."""
    receiver = Receiver(behave or status(200))
    try:
        yield receiver
    finally:
        receiver.close()


@contextmanager
def silence() -> Iterator[str]:
    """Yield the URL of a receiver that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Return the condition's value once it holds; fail naming what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain for {what}")
