"""``docs/links.md``: what a tracking link may carry, where it leads, and what an advertiser's URL may ask for."""

from __future__ import annotations

from tracker.edge.decision import TRAFFICBACK_REASONS
from tracker.edge.routing import MOST_ALTERNATIVES
from tracker.edge.smart_links import PRIOR_CLICKS
from tracker.links import ALIASES, MAX_VALUE_BYTES
from tracker.macros import MACROS
from tracker.performance import FEWEST_COUNTRY_CLICKS, REFRESH_SECONDS, WINDOW_DAYS
from tracker.reference.tables import check, parameters, table

MEANINGS: dict[str, str] = {
    "offer_id": "The offer. Not needed with a link code",
    "smart_link_id": "The smart link that chooses the offer, where no offer is named",
    "partner_id": "The partner. Not needed with a link code",
    **{f"sub{n}": "The partner's own label" for n in range(1, 11)},
    "partner_click_id": "The partner's own id of this click",
    "source": "Where the partner's traffic comes from; `utm_source` counts when it is missing",
    "creative_id": "Which banner or text",
    "link_id": "Which link, a number; a saved link brings its own",
    "landing_id": "Which landing page",
    "url": "Deep link: the page to lead to instead of the offer's own",
    "cost": "What the click cost the partner",
    "currency": "Currency of `cost`",
    "coupon": "Coupon code",
    "idfa": "Apple's advertising id",
    "gaid": "Google's advertising id",
    **{f"ext{n}": "Anything else" for n in range(1, 6)},
    **{f"utm_{name}": "Campaign label" for name in ("source", "medium", "campaign", "term", "content")},
}
"""What each parameter is for; also told in the OpenAPI document."""

_MACROS: dict[str, str] = {
    "click_id": "The click id, which the postback sends back",
    "offer_id": "Id of the offer",
    "offer_name": "Name of the offer",
    "partner_id": "Id of the partner",
    "partner_id_hash": "The same as a keyed hash",
    "advertiser_id": "Id of the advertiser",
    **{f"sub{n}": "The partner's label" for n in range(1, 11)},
    **{f"sub{n}_hash": "The same as a keyed hash" for n in range(1, 11)},
    "source": "Where the partner's traffic comes from",
    "source_hash": "The same as a keyed hash",
    "partner_click_id": "The partner's own id of this click",
    "creative_id": "Which banner or text",
    "coupon": "Coupon code",
    **{f"ext{n}": "What the link carried" for n in range(1, 6)},
    "country": "Two letters, such as `DE`",
    "region": "Region, when a City database is configured",
    "city": "City, when a City database is configured",
    "device": "Kind of device: `desktop`, `mobile`, `tablet` and so on",
    "os": "Operating system",
    "browser": "Browser",
    "language": "First language the browser asks for",
    "ip": "The visitor's address",
    "timestamp": "Seconds since 1970, UTC",
    "random": "A new number for each click",
}

_PAGE = """# Tracking links

<!-- Made from the tables in tracker/ by tracker/reference; change it there. -->

For partners, who embed links, and for everybody who writes an offer's destination URL. What advertisers send
back is in [postbacks.md](postbacks.md).

```
https://go.example.net/click?offer_id=3&partner_id=3&sub1=newsletter
https://go.example.net/c/nora?sub1=newsletter
```

The second is a saved link: its code brings offer and partner, and parameters of its own that count where the
request has none. `clickledger link create` makes one.

A click is answered with `302` to the landing page, or with a plain page and `404` when there is nowhere to
lead to. Either is sent only after the click is on the disk. When the disk can't take it, the answer is `503`
and the click did not happen. Answers are never cached. `HEAD`, prefetching browsers and link-preview bots are
answered alike and recorded with the reason why they are no person's click; reports have them in
`gross_clicks`, not in `clicks`.

## Parameters

{parameters}

- Names are matched exactly. Of a name given twice, in any spelling, the first counts. Unknown names are
  kept with the click and mean nothing.
- A value is percent-encoded UTF-8 and at most {most} bytes long; what is longer is cut between two
  characters and the cut is recorded. Nothing about a parameter refuses a click.

## Deep links

`url=https%3A%2F%2Fshop.example%2Fshoes%3Fsize%3D42` leads to that page if the offer allows its host
(`offer create --deep-link-host`): `shop.example` allows that host alone, `*.shop.example` every host below it.
The query of the offer's own destination, which carries the click id, is added to the page's.

A page that isn't allowed leads to the offer's own. Allowed are `http` and `https` on the usual ports, with a
host in ASCII (an international name in its `xn--` form), without user name, backslash, space or control
character, and no longer than any other value.

## Where a click goes

Rules are judged in the order of this table, and the first that fails is recorded as `trafficback_reason`:

{reasons}

- What fails goes to the offer's alternative offer, where all of that offer's rules are judged, then to the
  alternative's alternative, {alternatives} offers far at most. Such a click counts for the offer that takes it;
  reports have the named one as `requested_offer_id`.
- What no offer takes goes to the named offer's fallback URL, else to the partner's, else to the network's, else to
  the plain page. It stays with the offer that was named and is not counted as a click.
- What isn't known about a visitor fails a rule that allows only some, and passes one that denies some.
- A version is compared as exactly as the rule is written: 12.1 is `=12` and `<=12`, and isn't `>12`.
- A click that is refused takes nothing from a cap. Beyond a soft cap clicks go on, marked `is_over_cap`.
- `landing_id` chooses one of the offer's active landing pages; otherwise they take turns by weight. A page of
  weight 0 is never shown by chance, only where a link names it; while no page has a weight, clicks go to the
  offer's destination.

## Smart links

A smart link (`smart_link_id=3`, or a saved link that leads to one) sends each click to one of its offers, among
those whose rules take it. An offer of weight 0 gets no clicks until it has another weight; one offer at least has
more. How the rest is chosen is its strategy:

| strategy | choice |
| --- | --- |
| `weight` | Each offer's share of the clicks is its weight's share |
| `epc` | The share is that of earnings per click; an offer starts with {prior} clicks of the average one |
| `thompson` | Thompson sampling: the highest of conversion rates drawn from what is known, times average payout |

Earnings are payouts of the last {days} days, over all partners, and by country where an offer has {country_clicks}
clicks or more there. They are computed every {refresh} seconds; without any, the weights decide. What no offer
takes goes to the smart link's fallback URL, else to the partner's and the network's; the reason is the offers' own
where it is the same for all.

## Macros

An offer's destination and every fallback is a template. `{{name}}` is replaced by its value:

```
https://shop.example/lp?cid={{click_id}}&src={{partner_id_hash}}&label={{sub1}}
```

{macros}

- A value is percent-encoded, so it stays in its place. Scheme and host are literal; a macro can't stand there.
- What isn't known is empty. Any other name in braces is refused when the offer is made, and stays as it is in
  a deep link.
- A keyed hash has 16 hex digits: the same value gives the same digits on this installation, so that an
  advertiser can tell partners, sources and labels apart without learning them. The same text under two names
  gives different digits.
- Only what a template names is looked up; a destination without visitor macros costs nothing more.
"""


def page() -> str:
    """Return the page."""
    check(MACROS, _MACROS)
    return _PAGE.format(
        parameters=parameters(ALIASES, MEANINGS),
        most=MAX_VALUE_BYTES,
        reasons=table(("reason", "meaning"), ((f"`{code}`", text) for code, text in TRAFFICBACK_REASONS.items())),
        alternatives=MOST_ALTERNATIVES,
        prior=PRIOR_CLICKS,
        days=WINDOW_DAYS,
        country_clicks=FEWEST_COUNTRY_CLICKS,
        refresh=REFRESH_SECONDS,
        macros=table(("macro", "value"), ((f"`{{{name}}}`", text) for name, text in _MACROS.items())),
    )
