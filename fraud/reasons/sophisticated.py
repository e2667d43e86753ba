"""Sophisticated invalid traffic (SIVT): suspicions about clicks that need corroboration."""

from __future__ import annotations

from typing import Final

from fraud.reasons.reason import Reason

DUPLICATE_CLICK: Final = "duplicate_click"
"""Given by uniqueness, not by a rule: the store of visitors knows it, the request does not."""
MODEL_OUTLIER: Final = "model_outlier"
"""Given by the model."""

SOPHISTICATED = (
    Reason(
        "tor_exit",
        "SIVT",
        "network",
        60,
        "The click came through the Tor network.",
        "Tor hides who clicks. Few customers come that way, and many of its clicks are made by programs. Needs a "
        "list of exit addresses (CLICKLEDGER_FRAUD_TOR_LIST).",
    ),
    Reason(
        "ip_velocity",
        "SIVT",
        "repetition",
        55,
        "Far more clicks came from this address in one minute than one person makes.",
        "Click farms and scripts repeat themselves. Large mobile networks put many people behind one address; "
        "if a carrier's addresses are among them, raise the threshold for the partners concerned.",
        "{count} clicks from this address in one {window}, usually {usual}.",
    ),
    Reason(
        "fast_click",
        "SIVT",
        "timing",
        50,
        "The click came sooner after the banner was shown than a person can react.",
        "Scripts click what they have loaded at once. People need about a second to see, decide and point.",
        "The click came {ms} ms after the banner was shown; people need {usual} ms and more.",
    ),
    Reason(
        "anonymous_proxy",
        "SIVT",
        "network",
        45,
        "The click came through a public proxy, a VPN or the Tor network.",
        "Many honest people use a VPN, so this alone only makes the click suspect. Watch partners whose "
        "share of it is far above the others'. Needs the Anonymous-IP database or a list of addresses "
        "(CLICKLEDGER_FRAUD_PROXY_LIST).",
    ),
    Reason(
        "device_mismatch",
        "SIVT",
        "agent",
        45,
        "The user agent names another kind of device than the browser's own hints.",
        "Programs that lend themselves a phone's user agent forget the client hints (Sec-CH-UA), which the "
        "browser writes itself.",
        "The user agent names {agent}, the browser's own hints {hint}.",
    ),
    Reason(
        "prefix_velocity",
        "SIVT",
        "repetition",
        40,
        "Far more clicks came from this network in one minute than its size explains.",
        "A farm that changes addresses often stays within its network (/24 of IPv4, /48 of IPv6).",
        "{count} clicks from the network {prefix} in one minute, usually {usual}.",
    ),
    Reason(
        "sub_id_spam",
        "SIVT",
        "label",
        35,
        "The partner's label makes no sense, or one device brings ever new ones.",
        "Labels tell a partner's sources apart. Unfilled placeholders and one label per click from the same "
        "device hide where clicks come from; ask the partner how sub1 is filled.",
        "{what}",
    ),
    Reason(
        "ua_velocity",
        "SIVT",
        "repetition",
        30,
        "Nearly all of the partner's clicks of that minute came from the very same browser version.",
        "A farm of equal devices or one script behind many addresses looks like this; so does an app that only "
        "opens links in its own browser, for which the rule can be switched off.",
        "{count} of the partner's {of} clicks in one minute came from the very same browser version.",
    ),
    Reason(
        "outdated_browser",
        "SIVT",
        "agent",
        25,
        "The browser's version had been replaced years before.",
        "Browsers of computers update themselves. Scripts carry the user agent they were written with.",
        "{browser} {version} was {age} years old at the time of the click.",
    ),
    Reason(
        "geo_timezone_mismatch",
        "SIVT",
        "network",
        25,
        "The device's clock runs in another part of the world than its address lies.",
        "People behind a VPN and travellers show this too, so it only corroborates. Needs the City database and "
        "a click recorded by the page's script.",
        "The device's clock runs in {device}, its address lies in {address}: {hours} hours apart.",
    ),
    Reason(
        "burst_against_baseline",
        "SIVT",
        "baseline",
        20,
        "Far more clicks came from the partner in one minute than ever in the past days.",
        "Bought or made traffic comes in bursts. A newsletter or a mention does so too: ask the partner, and "
        "raise the factor for those who announce theirs.",
        "{count} clicks of this partner in one minute, usually {usual} and never more than {most}.",
    ),
    Reason(
        "out_of_target",
        "SIVT",
        "target",
        20,
        "The visitor is none of those whom the offer is for.",
        "One of them is ordinary; a partner with many ignores the offer's terms. Such clicks reach no offer, so "
        "that nothing is paid for them.",
        "The offer's targeting turned the visitor away: {why}.",
    ),
    Reason(
        DUPLICATE_CLICK,
        "SIVT",
        "repetition",
        15,
        "The same visitor had clicked this offer shortly before.",
        "Same offer, address and user agent within the unique window. Alone it makes the click a "
        "duplicate: double clicks and shared addresses are ordinary.",
    ),
    Reason(
        "geo_language_mismatch",
        "SIVT",
        "network",
        15,
        "The browser asks for a language that is not spoken where the address lies.",
        "Millions of people live abroad or travel, so by itself it proves nothing; it is recorded, and the rule's "
        "setting counts lets it weigh. Look at partners whose share is far above the others'.",
        "The browser asks for {language}, which is not spoken in {country}.",
        counts=False,
    ),
    Reason(
        "hour_of_day_anomaly",
        "SIVT",
        "baseline",
        15,
        "The partner hardly ever has clicks at this hour of the day, and suddenly many.",
        "People sleep; scripts don't. A partner who opens a new country looks the same, so it is recorded, and "
        "the rule's setting counts lets it weigh.",
        "{count} clicks of this partner in the hour from {hour}:00 UTC, usually {usual} at that time of day.",
        counts=False,
    ),
    Reason(
        MODEL_OUTLIER,
        "SIVT",
        "model",
        20,
        "The model has seen hardly any click that stands so far apart from the others.",
        "The features that set it apart are beside it, the strongest first. It is made of the same facts as the "
        "other reasons, so that it corroborates none of them.",
        "The click stands further apart than {percentile} % of the past ones, above all by {features}.",
    ),
)
