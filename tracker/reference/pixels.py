"""``docs/pixels.md``: impressions, pixels, the JavaScript snippet and the API for clicks without a redirect."""

from __future__ import annotations

from tracker import errors
from tracker.edge.click_bodies import MOST_CLICKS, MOST_PAGE_FACT_BYTES, MOST_PAGE_FACTS
from tracker.reference.tables import table

_CODES = (
    *("click_body_invalid", "click_body_too_large", "address_invalid"),
    *("key_missing", "key_not_accepted", "partner_not_allowed"),
)

_PAGE = """# Impressions, pixels, script and API

<!-- Made from the tables in tracker/ by tracker/reference; change it there. -->

For pages that don't redirect and shops without a server. What a link carries is in [links.md](links.md), what a
conversion carries in [postbacks.md](postbacks.md). Whatever is sent is on the disk before it is answered.

## Impressions

```
<img src="https://go.example.net/i?offer_id=3&partner_id=3&creative_id=banner-1" width="1" height="1" alt="">
```

`GET /i` takes a link's parameters and answers an invisible image, never cached. An impression takes nothing from
caps. Where the offer pays for views (a view window) and uses pixels with cookies, the visitor's browser keeps the
impression's id in the cookie `cv<offer id>` for the length of the window. When the disk refuses, the answer is
`503`, with the image all the same.

## Pixels

On the page that a customer sees after the sale, as an image or as a frame:

```
<img src="https://go.example.net/pixel.gif?offer_id=3&txn_id=order-7&amount=49.90" width="1" height="1" alt="">
<iframe src="https://go.example.net/pixel?offer_id=3&txn_id=order-7&amount=49.90" width="1" height="1"></iframe>
```

The parameters are a postback's. Whose conversion it is, is found by `click_id`, else by the cookie `cl<offer id>`
of the last click, else by `cv<offer id>` of the last impression, else by the visitor: the last click from the same
address and browser, within the offer's windows.

- The answer is the image or the frame with `200`, whatever came of it, as a broken image helps nobody. The header
  `X-Clickledger` says `accepted`, `duplicate` or `rejected` with a code; what is refused is kept with its reason.
  Only when the disk refuses, the answer is `503` (the image is whole then too) and nothing was recorded.
- Send `txn_id`. Without one a click has one conversion for each goal; without click and `txn_id` a visitor has.
- Everybody can read a page and send what it sends again, so a pixel makes conversions and never changes one,
  and never sets `payout` or `revenue`. Without a signature `status`, `reject_reason` and, where there is no click,
  `coupon` mean nothing.
- **Never put your token into a page.** If your account requires one, or limits addresses, let your server sign the
  parameters and print them into the page: `signature=` and `expires=` as in
  [postbacks.md](postbacks.md#token-and-signature), with `expires` a few minutes ahead.

## Script

```
<script src="https://go.example.net/clickledger.js"></script>
<script>
  clickledger.click({{offer_id: 3, partner_id: 3, sub1: "newsletter"}})
    .then(function (click) {{ clickledger.decorate("a.shop", "cid", 3); }});
</script>
```

Small, readable, without dependencies, kept by browsers for an hour. It works without third-party cookies: the
click id is kept on the page's own site, in a cookie and in `localStorage`, for 30 days.

{functions}

All but `clickId` and `decorate` return a promise; a refusal rejects it with an error that has a `code`. `click`
reads the page's own query parameters too; what you say comes before them. With the click go the page's address
and title, the sizes of screen and window, pixel ratio, time zone, languages, platform and, where the browser tells
them, its client hints (brands, model, versions): at most {facts} facts of {fact_bytes} bytes.

The script may come from any site and be used on any. Answers allow every origin and no credentials.

## Clicks by a server

`POST /click.json` with a key that has the scope `clicks:write`:

```
curl https://go.example.net/click.json -H "Authorization: Bearer $KEY" -d '{{
  "offer_id": 3, "partner_id": 3, "sub1": "app",
  "ip": "198.51.100.7", "user_agent": "Mozilla/5.0 …", "referrer": "https://news.example/", "language": "de-DE"}}'
```

A flat JSON object of link parameters, and of the visitor: `ip` (needed), `user_agent`, `referrer`, `language`.
`code` names a saved link instead of offer and partner. A partner's key records that partner's clicks alone and
needs no `partner_id`. The click is decided on as a redirect would be, caps and duplicates included:

```json
{{"status": "accepted", "click_id": "…", "destination": "https://shop.example/lp?cid=…"}}
```

{statuses}

An array of at most {most} clicks is answered with `{{"results": [ … ]}}`, one for each in their order; a click
that is refused is `{{"status": "rejected", "error": {{"code": …, "message": …}}}}` and keeps no other from being
recorded. All are durable before the answer; after `503` none was accepted. Without a key a request is a page's
own: one click, of the visitor who sends it.

{codes}
"""

_FUNCTIONS = (
    ("`clickledger.click({…})`", "Records a click and remembers its id"),
    (
        "`clickledger.conversion({…})`",
        "Reports a conversion by `POST /pixel`, with the remembered click of `offer_id`",
    ),
    ("`clickledger.impression({…})`", "Records an impression"),
    ("`clickledger.clickId(offer_id)`", "The remembered click id, or the last of all; empty for none"),
    ("`clickledger.decorate(selector, parameter, offer_id)`", "Adds the click id to links"),
    ("`clickledger.url`", "Where all is sent: where the script came from, unless you set it"),
)
_STATUSES = (
    ("`accepted`", "An offer took the click; `reason` says why another than the named one did"),
    ("`trafficback`", "`destination` is a fallback; `reason` as in [links.md](links.md#where-a-click-goes)"),
    ("`page`", "There is nowhere to lead to; `reason` says why"),
)


def page() -> str:
    """Return the page."""
    return _PAGE.format(
        facts=MOST_PAGE_FACTS,
        fact_bytes=MOST_PAGE_FACT_BYTES,
        most=f"{MOST_CLICKS:,}",
        functions=table(("function", "what it does"), _FUNCTIONS),
        statuses=table(("status", "what happened"), _STATUSES),
        codes=table(
            ("code", "HTTP", "what to do"),
            ((f"`{c}`", str(errors.ERRORS[c].status), errors.ERRORS[c].advice) for c in _CODES),
        ),
    )
