"""What pages load."""

from __future__ import annotations

import gzip

from reports.web import assets
from tests.support.pages import Visitor


def test_each_asset_is_kept_for_good_under_the_name_with_its_hash(web):
    for name in assets.names():
        kept = web.client.get(assets.address(name))
        assert (kept.status_code, kept.headers["cache-control"]) == (200, assets.FOREVER)
        asked = web.client.get(f"/assets/{name}", headers={"If-None-Match": kept.headers["etag"]})
        assert (asked.status_code, asked.headers["cache-control"]) == (304, "no-cache")


def test_nothing_but_assets_is_answered(web):
    for name in ("nothing.js", "app.000000000000.css", "%2e%2e", "..%2fpage.py", "__init__.py"):
        assert web.client.get(f"/assets/{name}").status_code == 404


def test_the_first_page_is_small(web):
    page = Visitor(web, None).see("/sign-in")
    own = [name for name in assets.names() if name != assets.PLOTLY]
    sent = sum(len(gzip.compress(web.client.get(f"/assets/{name}").content)) for name in own)
    assert sent + len(page.answer.content) < 200_000
