"""The web role's front page: what runs here and how to use it. Shows no one's figures, so it needs no key."""

from __future__ import annotations

from html import escape
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kernel.settings import Settings

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>clickledger</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem; }}
h1 {{ font-size: 1.6rem; margin-bottom: 0; }} h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
pre {{ overflow-x: auto; padding: .75rem 1rem; border: 1px solid #8884; border-radius: .4rem; font-size: .85rem; }}
code {{ font-family: ui-monospace, monospace; }} table {{ border-collapse: collapse; width: 100%; }}
td {{ padding: .3rem .8rem .3rem 0; vertical-align: top; border-bottom: 1px solid #8883; }}
</style>
<h1>clickledger</h1>
<p>Version {version}. Affiliate click and conversion tracking, running on this machine.</p>
<h2>A tracking link</h2>
<pre><code>{edge}/click?offer_id=1&amp;partner_id=1&amp;sub1=newsletter</code></pre>
<h2>An advertiser's postback</h2>
<pre><code>{edge}/postback?click_id=CLICK_ID&amp;txn_id=ORDER_ID&amp;amount=49.90</code></pre>
<h2>A report</h2>
<pre><code>curl -s {web}/api/v1/reports/query \\
  -H "Authorization: Bearer $(cat {data}/admin.key)" \\
  -d '{{"from": "2026-01-01", "to": "2027-01-01", "dimensions": ["partner", "day"],
       "metrics": ["gross_clicks", "clicks", "total_conversions", "payout"]}}'</code></pre>
<h2>Addresses</h2>
<table>
<tr><td><a href="/openapi.json"><code>/openapi.json</code></a><td>Everything the API takes and answers, as OpenAPI 3.1
<tr><td><code>/api/v1/partners</code>, <code>advertisers</code>, <code>offers</code>, <code>links</code>, …<td>The program
<tr><td><code>/api/v1/me</code>, <code>sessions</code>, <code>keys</code>, <code>users</code><td>Who you are, signing in, keys and users
<tr><td><code>/api/v1/reports/schema</code><td>Every dimension, metric and operator
<tr><td><code>/api/v1/pipeline</code><td>How far the journals are
<tr><td><a href="/readyz"><code>/readyz</code></a>, <a href="/metrics"><code>/metrics</code></a><td>Health and Prometheus metrics
</table>
</html>
"""


async def welcome(request: Request) -> Response:
    """Answer ``/``."""
    chosen: Settings = request.app.state.settings
    page = _PAGE.format(
        version=escape(version("clickledger")),
        edge=escape(chosen.edge_url),
        web=escape(chosen.web_url),
        data=escape(chosen.data_dir.name),
    )
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(page, headers=headers)
