"""The JavaScript snippet: as it is served, and as a real browser runs it on a page of another origin."""

from __future__ import annotations

import html
import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest

from tests.support.edge import GOOD, KEYS, OPEN, SHARE
from tests.support.waiting import ended
from tracker.edge.script import SOURCE
from tracker.events import Click, Postback

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BROWSER_SECONDS = 90
"""A loaded machine takes a while to start a browser; a page is done in a second."""

PAGE = """<!doctype html><meta charset="utf-8"><title>Landing</title>
<a class="shop" href="https://shop.example/buy?x=1">Buy</a><a class="shop" href="mailto:a@b.example">Write</a>
<pre id="told"></pre>
<script src="EDGE/clickledger.js"></script>
<script>
  var told = {};
  function tell() { document.getElementById("told").textContent = JSON.stringify(told); }
  clickledger.impression({offer_id: 1, partner_id: 1, sub1: "banner"})
    .then(function () { return clickledger.click({offer_id: 1, partner_id: 1, sub1: "mine"}); })
    .then(function (click) {
      told.click = click;
      told.kept = [clickledger.clickId(1), clickledger.clickId(), document.cookie,
                   JSON.parse(localStorage.getItem("clickledger.cl1")).id];
      clickledger.decorate("a.shop", "cid", 1);
      told.links = [].map.call(document.querySelectorAll("a.shop"), function (a) { return a.href; });
      return clickledger.conversion({offer_id: 1, txn_id: "order-7", amount: "49.90"});
    })
    .then(function (conversion) {
      told.conversion = conversion;
      return clickledger.conversion({offer_id: 6, amount: "abc"});
    })
    .catch(function (error) { told.error = [error.code, error.message]; })
    .then(tell);
</script>
"""


class Relay(http.server.BaseHTTPRequestHandler):
    """Hands a browser's requests to the edge app; requests for / get the page of another site."""

    def do_GET(self):
        edge, page = self.server.edge, self.server.page
        path, _, query = self.path.partition("?")
        if page is not None:
            status, headers, body = 200, {"content-type": "text/html; charset=utf-8"}, page if path == "/" else b""
        else:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
            with self.server.turn:  # the edge's loop runs in one thread at a time
                answer = edge.run(
                    edge.ask(self.command, path, query.encode(), raw, body=[sent], peer="203.0.113.9")
                )
            status, headers, body = answer.status, answer.headers, answer.body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    timeout = BROWSER_SECONDS  # a browser opens connections it may never ask anything on

    do_POST = do_OPTIONS = do_GET  # noqa: N815 - names the server looks for

    def log_message(self, *_):
        pass


@pytest.fixture
def sites(edge):
    """The addresses of the edge and of a landing page on another origin."""
    servers = []
    for page in (None, b""):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        server.edge, server.page, server.turn = edge, page, threading.Lock()
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
    tracking, landing = servers
    edge_url = f"http://127.0.0.1:{tracking.server_port}"
    landing.page = PAGE.replace("EDGE", edge_url).encode()
    yield edge_url, f"http://127.0.0.1:{landing.server_port}"
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_script_is_kept_an_hour_and_then_asked_for_by_its_hash(edge, events):
    answer = edge.get("/clickledger.js")
    assert (answer.status, answer.body) == (200, SOURCE.read_bytes())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["access-control-allow-origin"] == "*"
    etag = answer.headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = edge.get("/clickledger.js", "", {"if-none-match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert edge.get("/clickledger.js", "", {"if-none-match": '"other"'}).status == 200
    assert edge.send("HEAD", "/clickledger.js").body == b""
    assert edge.post("/clickledger.js", b"").status == 405
    assert events() == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to run the script in")
def test_a_browser_records_impression_click_and_conversion_from_a_page_of_another_origin(sites, events, tmp_path):
    edge_url, landing_url = sites
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--window-size=1280,720", "--virtual-time-budget=20000", "--dump-dom"]
    # Into files: the browser's own children outlive it for a moment, and would keep the end of a pipe open.
    dom, said = tmp_path / "dom", tmp_path / "said"
    with dom.open("wb") as out, said.open("wb") as err:
        browser = subprocess.Popen(
            [*command, f"{landing_url}/?sub2=from+page&sub1=lost&gclid=g1"], stdout=out, stderr=err
        )
        ended(browser, BROWSER_SECONDS)
    match = re.search(r'<pre id="told">(.+?)</pre>', dom.read_text(), re.DOTALL)
    assert match, f"the page told nothing: {said.read_text(errors='replace')[-2000:]}"
    told = json.loads(html.unescape(match[1]))

    seen, click, conversion = (event for event in events() if isinstance(event, Click | Postback))
    click_id = click.click_id
    assert told["click"] == {
        "status": "accepted",
        "click_id": click_id,
        "destination": f"https://shop.example/lp?cid={click_id}&src=1&s=mine",
    }
    assert told["kept"] == [click_id, click_id, f"cl1={click_id}; cl={click_id}", click_id]
    assert told["links"] == [f"https://shop.example/buy?x=1&cid={click_id}", "mailto:a@b.example"]
    assert (told["conversion"]["status"], told["conversion"]["click_id"]) == ("accepted", click_id)
    assert told["error"][0] == "amount_invalid"

    assert (seen.kind, seen.source, seen.offer_id) == ("impression", "redirect", OPEN)
    assert b"sub1=banner" in seen.query
    assert (click.kind, click.source, click.offer_id, click.partner_id) == ("click", "js", OPEN, GOOD)
    assert KEYS.read(click_id).ts == click.ts
    assert sorted(click.query.split(b"&")) == [
        b"gclid=g1",
        b"offer_id=1",
        b"partner_id=1",
        b"sub1=mine",
        b"sub2=from+page",
    ]
    assert "Chrome" in click.user_agent
    assert re.fullmatch(r"\d+x\d+", click.page["screen"])
    assert click.page["timezone"]
    assert click.page["title"] == "Landing"
    assert click.page["url"].startswith(f"{landing_url}/?sub2=from+page")
    assert float(click.page["pixel_ratio"]) > 0
    assert (conversion.source, conversion.fields.click_id, conversion.fields.txn_id) == (
        "script",
        click_id,
        "order-7",
    )
    assert conversion.fields.amount == "49.9"
    assert events()[-1].reason == "amount_invalid"
    assert events()[-1].raw == b'\n{"offer_id":"%d","amount":"abc"}' % SHARE
    assert edge_url not in click.page["url"]
