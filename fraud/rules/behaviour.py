"""Rules about a click among others: how often, how soon, how unlike what is usual.

Invariants: impressions and self-tests are never found; where nothing is counted or known of what is usual, nothing
is found; a rule costs a comparison over an array and a few words for each row it names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fraud.findings import facts_text
from fraud.places import hours_apart
from fraud.reasons import MODEL_OUTLIER
from fraud.rules.look import Found, Look, Rule
from fraud.rules.settings import (
    AgentVelocity,
    Burst,
    FastClick,
    HourOfDay,
    IpVelocity,
    PrefixVelocity,
    RuleSettings,
    SubIdSpam,
    TimezoneMismatch,
)

_HOUR_MS: Final = 3_600_000
_HOURS: Final = 24
_TARGETING: Final = "targeting_"

_PLACEHOLDER: Final = re.compile(
    r"""^\s*(?:\{+[^{}]*\}+ | %7b.*%7d | \[[\w.-]+\] | <[\w./ -]+> | %%?\w+%%?
    | \$\w+\$? | \$\{\w*\} | \#\w+\#)\s*$
    | ^(?:undefined|null|none|nan|\[object\ Object\])$""",
    re.IGNORECASE | re.VERBOSE,
)
"""A label that nobody has filled in: {sub_id}, %SUBID%, [clickid], undefined …"""
_CODE: Final = re.compile(
    r"<\s*/?\s*(?:script|img|iframe|svg)\b|javascript:|\bunion\s+(?:all\s+)?select\b|'\s*(?:or|and)\s+'?\d|\.\./\.\./"
    r"|\$\{jndi:|[\x00-\x08\x0b\x0c\x0e-\x1f]|;\s*(?:drop|delete|insert)\s",
    re.IGNORECASE,
)
"""A label that is an attempt to break in."""


def _rows(where: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(where).tolist()
    return found


def _usual(number: float) -> str:
    """Write what is usual as a person would; one click at least, as there is at least the click itself."""
    return f"{max(1.0, number):.0f}"


def _ip_velocity(look: Look, settings: IpVelocity) -> Found:
    minute, hour = look.counted("address_minute"), look.counted("address_hour")
    usual = _usual(look.usual.address_minute)
    for row in _rows(((minute > settings.per_minute) | (hour > settings.per_hour)) & look.public):
        if minute[row] > settings.per_minute:
            yield row, facts_text(count=minute[row], window="minute", usual=usual)
        else:
            yield row, facts_text(count=hour[row], window="hour", usual=f"{settings.per_hour} at most")


def _prefix_velocity(look: Look, settings: PrefixVelocity) -> Found:
    counts, prefixes = look.counted("prefix_minute"), look.traffic.prefixes
    usual = _usual(look.usual.prefix_minute)
    for row in _rows((counts > settings.per_minute) & look.public):
        if prefixes[row]:
            yield row, facts_text(count=counts[row], prefix=prefixes[row], usual=usual)


def _agent_velocity(look: Look, settings: AgentVelocity) -> Found:
    counts, partners = look.counted("agent_minute"), look.counted("partner_minute")
    for row in _rows((counts > settings.per_minute) & (counts >= settings.share * partners)):
        yield row, facts_text(count=counts[row], of=partners[row])


def _fast_click(look: Look, settings: FastClick) -> Found:
    for row, age in enumerate(look.traffic.impression_ages):
        if 0 <= age < settings.milliseconds:
            yield row, facts_text(ms=age, usual=settings.milliseconds)


def _timezone(look: Look, settings: TimezoneMismatch) -> Found:
    traffic = look.traffic
    for row, device in enumerate(traffic.client_zones):
        if not device or not traffic.timezones[row]:
            continue
        apart = hours_apart(device, traffic.timezones[row], traffic.ts[row] // _HOUR_MS)
        if apart is not None and apart > settings.hours:
            yield row, facts_text(device=device, address=traffic.timezones[row], hours=f"{apart:g}")


def _sub_ids(look: Look, settings: SubIdSpam) -> Found:
    labels, ips = look.counted("labels_hour"), look.public
    many = set(_rows((labels > settings.labels_per_hour) & ips))
    for row in many:
        told = f"{labels[row]} different sub1 came from the same device in one hour."
        yield row, facts_text(what=told)
    for row, label in enumerate(look.traffic.sub1s):
        if label and row not in many and (told := oddity(label)):
            yield row, facts_text(what=told)


@lru_cache(maxsize=16_384)
def oddity(label: str) -> str:
    """Return what is wrong with a label in a sentence, '' for nothing."""
    if _PLACEHOLDER.search(label):
        return f"The label sub1 is a placeholder that nobody has filled in: {label.strip()[:40]}"
    if _CODE.search(label):
        return "The label sub1 is program code, sent to break something."
    return ""


def _out_of_target(look: Look, _: RuleSettings) -> Found:
    for row, reason in enumerate(look.traffic.trafficback_reasons):
        if reason.startswith(_TARGETING):
            yield row, facts_text(why=reason.removeprefix(_TARGETING))


def _burst(look: Look, settings: Burst) -> Found:
    if not look.usual.partners:
        return
    counts, partners = look.counted("partner_minute"), look.traffic.partner_ids
    for row in _rows(counts > settings.clicks):
        pace = look.usual.partners.get(partners[row])
        if pace is None or pace.days < settings.days or counts[row] <= settings.factor * pace.busiest_minute:
            continue
        yield row, facts_text(count=counts[row], usual=_usual(pace.in_minute), most=_usual(pace.busiest_minute))


def _hour_of_day(look: Look, settings: HourOfDay) -> Found:
    if not look.usual.partners:
        return
    counts, traffic = look.counted("partner_hour"), look.traffic
    for row in _rows(counts > settings.clicks):
        pace = look.usual.partners.get(traffic.partner_ids[row])
        if pace is None or pace.days < settings.days:
            continue
        hour = traffic.ts[row] // _HOUR_MS % _HOURS
        # The trailing hour began in the hour before.
        usual = max(pace.by_hour[hour], pace.by_hour[hour - 1])
        if counts[row] > settings.factor * usual:
            yield row, facts_text(count=counts[row], hour=f"{hour:02}", usual=f"{usual:.0f}")


BEHAVIOUR_RULES: Final = (
    Rule("ip_velocity", _ip_velocity),
    Rule("prefix_velocity", _prefix_velocity),
    Rule("ua_velocity", _agent_velocity),
    Rule("fast_click", _fast_click),
    Rule("geo_timezone_mismatch", _timezone),
    Rule("sub_id_spam", _sub_ids),
    Rule("out_of_target", _out_of_target),
    Rule("burst_against_baseline", _burst),
    Rule("hour_of_day_anomaly", _hour_of_day),
)
"""In the order their reasons are found; ``duplicate_click`` is uniqueness's, and ``model_outlier`` the model's."""

GIVEN_ELSEWHERE: Final = frozenset({"duplicate_click", MODEL_OUTLIER})
