"""``docs/postbacks.md``: what an advertiser sends, how it is signed, and what every answer means."""

from __future__ import annotations

import json

from tracker import errors, test_mode
from tracker.conversion_life import TRANSITIONS
from tracker.links import MAX_VALUE_BYTES
from tracker.postbacks import ALIASES, MAX_AMOUNT, MAX_RETURN_CHARACTERS, STATUSES
from tracker.reference.tables import codes, parameters, table
from tracker.senders import canonical_text, sign

MEANINGS: dict[str, str] = {
    "click_id": "The id that the landing page was given. Required, except [without a click](#without-a-click)",
    "txn_id": "Your own id of the event, such as the order's",
    "goal": "What happened, by the goal's code or id, when the offer has several; empty is its base goal",
    "amount": "Sale amount",
    "payout": "What the partner gets, if the offer lets you say",
    "revenue": "What you pay, if the offer lets you say",
    "currency": "ISO 4217 code of the amounts; the offer's when missing",
    "status": "See below; the offer's default when missing",
    **{f"adv{n}": "Your own label" for n in range(1, 6)},
    "coupon": "Coupon code",
    "customer_id": "Your id of the customer",
    "ip": "The customer's address",
    "user_agent": "The customer's browser as it calls itself, for conversions without a click",
    "offer_id": "The offer, for conversions without a click",
    "reject_reason": "Why it is rejected or on hold",
    "token": "Your token",
    "signature": "Made with your token, see below",
    "expires": "Until when the signature holds: seconds since 1970",
    test_mode.PARAMETER: "Marks a test; made by the link's self-test, holds ten minutes",
    "return": f"Text to be answered with instead of JSON, at most {MAX_RETURN_CHARACTERS} characters",
}
"""What each parameter is for; also told in the OpenAPI document."""

_LATER = (
    *("click_not_found", "outside_window", "conversion_too_early", "not_attributed"),
    "conversion_unknown",
)
"""Found after the answer and by the advertiser's doing."""
_SOMETIMES_AT_ONCE = ("conversion_too_early",)
"""Of those, what an edge answers where the click's id alone tells."""
_UPLOADS = ("upload_invalid", "row_invalid", "partner_unknown")
"""Answered to the network's own people."""
_CLICKS = ("click_body_invalid", "click_body_too_large", "key_not_accepted", "key_missing", "partner_not_allowed")
"""Answered to ``POST /click.json``; see docs/pixels.md."""
_NOBODYS = ("frame_unreadable", "enrichment_failed", "postback_not_processed")
"""Found after the answer and by ours."""

_EXAMPLE = {
    "click_id": "AZm6JwAAcJ6EAAAADAuYcXJ0Y2xpY2tz",
    "txn_id": "order 7/b",
    "amount": "49.90",
    "expires": "1790000000",
}
_EXAMPLE_TOKEN = "advertiser-token-1"  # noqa: S105 - made up, stands in the documentation

_PAGE = """# Postbacks

<!-- Made from the tables in tracker/ by tracker/reference; change it there. -->

For advertisers. When a visitor that a partner sent does what an offer pays for, your server says so with the
click id that its landing page was given (`{{click_id}}` in the offer's destination, see [links.md](links.md)):

```
https://go.example.net/postback?click_id=AZm6JwAAcJ6EAAAADAuYcXJ0Y2xpY2tz&txn_id=order-7&amount=49.90
```

`GET` with a query, or `POST` with a form or one flat JSON object. Query and body may be mixed; what the query
says counts before the body. Everything is UTF-8. For programs, the edge describes itself: `GET /openapi.json`
(OpenAPI 3.1) where the postbacks go has every parameter, answer and code.

## Parameters

{parameters}

- Names are matched exactly; unknown ones are kept with the request. Of a name given twice the first counts; of
  several spellings of one parameter, the first that isn't empty. In JSON, numbers and texts say the same, and
  `null` says nothing.
- Values are cut at {most} bytes.
- An amount is a plain decimal such as `12.50`: no sign, no exponent in a query or form, no thousands
  separator, a point and not a comma, at most {amount}. Digits after the sixth are rounded half to even.
- A goal that the offer doesn't know is kept under the name it was sent with, and earns what the postback's own
  `payout` and `revenue` say, if the offer lets you say.

## One conversion, however often it is sent

Click, goal and `txn_id` make a conversion's key. Without `txn_id` a click has one conversion for each goal.
The same postback again, at the same moment or days later, changes nothing and is answered with `duplicate`, so
send again whenever no answer came. A later postback with the same key changes what it names and leaves the
rest: the status, the amount, labels.

| answer | HTTP | what happened |
|---|---|---|
| `accepted` | 200 | A new conversion |
| `duplicate` | 200 | Known already with these values; nothing changed |
| `updated` | 200 | Changed; what it was before is kept |
| `rejected` | 4xx | Not taken; `error.code` says why, and the request is kept with that reason |

```json
{{"status": "accepted", "conversion_id": "…", "click_id": "…", "conversion_status": "approved"}}
{refusal}
```

`"ignored": ["payout"]` says that the offer doesn't let you set it. `"provisional": true` says that the memory
of earlier postbacks was away for a moment: the postback is safe and will be counted once, but `accepted` may
turn out to be a `duplicate`. `200` and `4xx` are sent only after the request is on the disk. `405` is
answered to other methods than GET and POST, which are not kept.

With `return=OK` the answer to a postback that was taken is the text `OK` and nothing else, for networks
that look for one.

## Without a click

A sale that knows no click id may still have come through a partner. Send `offer_id` instead of `click_id`,
your `txn_id`, and one of these:

- `coupon`: a code that a partner was given for the offer gives the sale to that partner.
- `ip` and `user_agent` of the customer: their last click on the offer, else the last impression where the offer
  pays for views, is looked for within the offer's windows.

With both, a valid coupon comes first. Such a postback always needs your token or a signature, whatever your
account says. Offer, goal and `txn_id` make its key: the same sale sent once with and once without its click id is
two conversions. For shops without a server there are pixels and a script, see [pixels.md](pixels.md).

## Status

{spellings}

Case doesn't matter. A conversion's status may go:

{transitions}

Anything else is refused with `transition_not_allowed`. A rejected conversion is final and can't be changed;
approved to rejected is a chargeback.

Some conversions are held or rejected whatever their postback says, and the same postback again is a `duplicate`:
on hold with `hold_period` until the goal's hold period is over, when it approves itself; rejected or on hold with
`cap_reached` beyond a cap; on hold with `currency_rate_missing` when its amount is in a currency without a rate.
[pricing.md](pricing.md) tells each of them. Rejected or on hold with `fraud` where the network's fraud rules say
so: that is decided when the conversion is stored, a moment after its first postback was answered, so that answer
may still say `approved`; later ones tell. Only one of the network's people can approve it then, and no later
postback undoes that but a rejection. See [conversions.md](conversions.md#fraud).

## Addresses

Your account may name the networks your servers send from. Then postbacks from anywhere else are refused with
`address_not_allowed`; a page's pixel needs a signature instead. Behind a proxy of ours the address is the one the
proxy saw.

## Token and signature

Every advertiser has a token, good for that advertiser's offers and nothing else. Send it as `token=…`, or don't
send it and sign with it. If your account requires one, postbacks with neither are refused; a wrong one is refused
always. When a token is replaced, the old one holds for a while longer, for tokens and signatures alike, so that
your servers can follow.

A signature is HMAC-SHA256 with the token as key, in hex, over all parameters but `signature` itself, under
the names you send them: sorted by name, written as `name=value`, both percent-encoded (everything but
letters, digits and `- . _ ~`, a space as `%20`), joined with `&`. `expires` must be among them. With the token
`{token}` and the parameters

{example_parameters}

the text to be signed is

```
{text}
```

and

```
printf '%s' '{text}' | openssl dgst -sha256 -hmac '{token}' -r
```

gives `{signature}`. So the postback is

```
https://go.example.net/postback?{text}&signature={signature}
```

In which order the parameters are sent, and whether as query, form or JSON, makes no difference to the
signature. In JSON, send numbers as texts if you sign them: `49.90` and `"49.90"` are the same, `49.9` is not.

## Codes

{codes}

After `503` send the postback again; after `4xx` it has to be changed first. A click id is refused by itself:
nobody can make one up, and it knows its offer and its time.

Some things are known only when the click has been looked up; such postbacks were answered with `200` and are
then kept as rejected:

{later}
"""


def page() -> str:
    """Return the page."""
    text = canonical_text(_EXAMPLE)
    later = set(_LATER).difference(_SOMETIMES_AT_ONCE)
    unanswered = later.union(_NOBODYS, _UPLOADS, _CLICKS)
    answered = [kind for code, kind in errors.ERRORS.items() if code not in unanswered]
    header = ("code", "HTTP", "what to do")
    return _PAGE.format(
        parameters=parameters(ALIASES, MEANINGS),
        most=MAX_VALUE_BYTES,
        amount=MAX_AMOUNT,
        spellings=table(
            ("status", "also sent as"),
            (
                (f"`{status}`", codes(text for text, meant in STATUSES.items() if meant == status != text))
                for status in TRANSITIONS
            ),
        ),
        transitions=table(
            ("from", "to"),
            ((f"`{before}`", codes(sorted(after)) or "nowhere") for before, after in TRANSITIONS.items()),
        ),
        token=_EXAMPLE_TOKEN,
        example_parameters=table(("name", "value"), ((f"`{n}`", f"`{v}`") for n, v in _EXAMPLE.items())),
        text=text,
        signature=sign(_EXAMPLE, _EXAMPLE_TOKEN.encode()),
        refusal=json.dumps({"status": "rejected", **errors.AMOUNT_NEGATIVE.error().as_json()}),
        codes=table(header, ((f"`{kind.code}`", str(kind.status), kind.advice) for kind in answered)),
        later=table(("code", "what to do"), ((f"`{code}`", errors.ERRORS[code].advice) for code in _LATER)),
    )
