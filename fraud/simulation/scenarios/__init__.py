"""Every scenario by name: what it does, what of it is judged, and which reasons are meant to find it.

Invariants: names are what ``clickledger simulate`` takes and prints, so they aren't changed lightly; the reasons
named here are for reading, nothing is judged by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fraud.simulation.scenarios import machines, masks, programs, sales
from fraud.simulation.stage import Part


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to cheat, or to be a machine."""

    name: str
    help: str
    """What happens, in a sentence."""
    run: Callable[[Part, int], None]
    meant_for: tuple[str, ...]
    """Reason codes of FRAUD that are made for it."""
    judged: Literal["clicks", "conversions"] = "clicks"
    """What is counted as caught: its clicks, or what they claim to have sold."""
    found_by_list: str = ""
    """Setting that names the only list which finds it, '' when rules find it without."""
    times: float = 1.0
    """Events for each one asked for: a flood needs many, and faked sales stay few beside an offer's real ones."""


_CONVERSIONS: Literal["conversions"] = "conversions"

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "crawlers",
            "Search engines, link previews and monitors follow the partner's links.",
            programs.crawlers,
            ("bot_user_agent",),
        ),
        Scenario(
            "http-libraries",
            "Scripts fetch the links with programming libraries and command line tools.",
            programs.libraries,
            ("http_library",),
        ),
        Scenario(
            "headless",
            "Browsers without a screen, steered by a program, open the links.",
            programs.steered,
            ("headless_browser",),
        ),
        Scenario(
            "no-browser",
            "Programs send no user agent, or what can't be one.",
            programs.no_browser,
            ("empty_user_agent", "malformed_user_agent"),
        ),
        Scenario(
            "link-checkers",
            "Link checkers and previews ask with HEAD, under a browser's user agent.",
            programs.link_checkers,
            ("non_get_method",),
        ),
        Scenario(
            "prefetches",
            "Ordinary people's browsers load the link ahead of a click that may never come.",
            programs.prefetches,
            ("prefetch",),
        ),
        Scenario(
            "hosted-bots",
            "Some hosted servers click in rounds, each click under another real browser's user agent, in English.",
            machines.hosted_bots,
            ("datacenter_ip",),
            found_by_list="fraud_datacenter_list",
        ),
        Scenario(
            "fast-clicks",
            "A script clicks banners before anybody could have looked at them.",
            machines.fast_clicks,
            ("fast_click",),
        ),
        Scenario(
            "sub-id-farm",
            "A farm clicks from few addresses and user agents under a new random sub id each time.",
            machines.sub_id_farm,
            ("sub_id_spam",),
            times=4.0,
        ),
        Scenario(
            "address-velocity",
            "One address clicks twice a second under many user agents.",
            machines.address_velocity,
            ("ip_velocity",),
        ),
        Scenario(
            "prefix-velocity",
            "The addresses of one /24 take turns, so that none of them alone is fast.",
            machines.prefix_velocity,
            ("prefix_velocity",),
            times=3.0,
        ),
        Scenario(
            "agent-velocity",
            "One and the same rare user agent clicks from everywhere twice a second.",
            machines.agent_velocity,
            ("ua_velocity",),
            times=2.0,
        ),
        Scenario(
            "identical-clicks",
            "Bursts of clicks that are equal in address, user agent and referrer: a button pressed by a machine.",
            machines.identical_clicks,
            ("duplicate_click",),
        ),
        Scenario(
            "device-mismatch",
            "Phones by their user agent, whose client hints speak of a desktop.",
            masks.devices,
            ("device_mismatch",),
        ),
        Scenario(
            "language-mismatch",
            "Addresses of one country with browsers that ask for the language of a far one: "
            "hired or proxied clicks.",
            masks.languages,
            ("geo_language_mismatch",),
        ),
        Scenario(
            "hidden-addresses",
            "Clicks come through public proxies and Tor exits.",
            masks.hidden_addresses,
            ("anonymous_proxy", "tor_exit"),
            found_by_list="fraud_proxy_list",
        ),
        Scenario(
            "spam-referrers",
            "Clicks name pages as their origin that want to be seen in statistics.",
            masks.spam_referrers,
            ("spam_referrer",),
            found_by_list="fraud_referrer_list",
        ),
        Scenario(
            "old-browsers",
            "Browsers nobody has updated for eight years, as the lists of bots hold them.",
            masks.old_browsers,
            ("outdated_browser",),
        ),
        Scenario(
            "flooding",
            "A partner fires clicks for many real people, some of whom buy on their own in the days that follow.",
            sales.flooding,
            ("ctit_flat",),
            _CONVERSIONS,
            times=2.0,
        ),
        Scenario(
            "injection",
            "An app sees an install begin and fires a click seconds before it ends.",
            sales.injection,
            ("ctit_too_fast",),
            _CONVERSIONS,
            times=0.125,
        ),
        Scenario(
            "incentivised",
            "People paid to buy the cheapest thing come within a quarter of an hour, at an "
            "hour when nobody else does.",
            sales.incentivised,
            ("burst_against_baseline", "cr_outlier"),
            _CONVERSIONS,
            times=3.0,
        ),
        Scenario(
            "coupon-leak",
            "A coupon that belongs to one partner is published elsewhere: others' buyers come with it.",
            sales.coupon_leak,
            ("coupon_leak",),
            _CONVERSIONS,
            times=0.125,
        ),
        Scenario(
            "repeated-sales",
            "One transaction is reported for click after click, and one customer buys for "
            "the first time again and again.",
            sales.repeated_sales,
            ("duplicate_txn", "duplicate_customer"),
            _CONVERSIONS,
            times=0.5,
        ),
        Scenario(
            "replayed-clicks",
            "One click's id is sent with transaction after transaction.",
            sales.replayed_clicks,
            ("replayed_click_id",),
            _CONVERSIONS,
            times=0.5,
        ),
        Scenario(
            "same-second",
            "A script reports dozens of sales of different clicks within one second.",
            sales.same_second,
            ("same_second_batch",),
            _CONVERSIONS,
            times=0.25,
        ),
        Scenario(
            "amounts",
            "Sales are reported in cents where the offer counts in euros: a hundred times too much.",
            sales.amounts,
            ("amount_outlier",),
            _CONVERSIONS,
            times=0.0625,
        ),
        Scenario(
            "other-buyers",
            "Sales reported from another country than the click's: the buyer is not who clicked.",
            sales.other_buyers,
            ("conversion_country_mismatch",),
            _CONVERSIONS,
            times=0.125,
        ),
    )
}
"""Every scenario by its name, in the order they are shown."""
