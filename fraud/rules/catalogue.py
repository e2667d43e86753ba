"""Every rule there is: its settings, and which actions make sense for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fraud.entries import AT_THE_EDGE, Action
from fraud.reasons import REASONS
from fraud.rules import conversion_settings as after
from fraud.rules import settings as of

SCORE = "score"
"""Not a reason: what follows from a click's score."""

Subject = Literal["request", "click", "conversion", "score"]
"""What a rule looks at: the request alone, the click among others, a conversion, or the score of all of it."""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule and what can be set on it."""

    code: str
    subject: Subject
    settings: type[of.Settings] = of.RuleSettings

    @property
    def actions(self) -> tuple[Action, ...]:
        """Actions it may have. Only what the edge knows by itself is in time to send the visitor elsewhere."""
        return tuple(action for action in get_args(Action) if action != "fallback" or self.code in AT_THE_EDGE)


_SPECS = (
    RuleSpec("bot_user_agent", "request", of.BotAgent),
    *(RuleSpec(code, "request") for code in ("http_library", "headless_browser", "empty_user_agent")),
    *(RuleSpec(code, "request") for code in ("malformed_user_agent", "datacenter_ip")),
    *(RuleSpec(code, "request") for code in ("spam_referrer", "prefetch", "non_get_method")),
    RuleSpec("private_ip", "request", of.Aside),
    *(RuleSpec(code, "request") for code in ("tor_exit", "anonymous_proxy", "device_mismatch")),
    RuleSpec("outdated_browser", "request", of.Outdated),
    RuleSpec("geo_language_mismatch", "request", of.Aside),
    RuleSpec("geo_timezone_mismatch", "click", of.TimezoneMismatch),
    RuleSpec("out_of_target", "click"),
    RuleSpec("duplicate_click", "click"),
    RuleSpec("ip_velocity", "click", of.IpVelocity),
    RuleSpec("prefix_velocity", "click", of.PrefixVelocity),
    RuleSpec("ua_velocity", "click", of.AgentVelocity),
    RuleSpec("fast_click", "click", of.FastClick),
    RuleSpec("sub_id_spam", "click", of.SubIdSpam),
    RuleSpec("burst_against_baseline", "click", of.Burst),
    RuleSpec("hour_of_day_anomaly", "click", of.HourOfDay),
    RuleSpec("model_outlier", "click", of.ModelOutlier),
    RuleSpec("ctit_too_fast", "conversion", after.TooFast),
    RuleSpec("ctit_flat", "conversion", after.Flat),
    RuleSpec("replayed_click_id", "conversion", after.ReplayedClick),
    RuleSpec("same_second_batch", "conversion", after.SameSecond),
    RuleSpec("cr_outlier", "conversion", after.RateOutlier),
    RuleSpec("amount_outlier", "conversion", after.AmountOutlier),
    RuleSpec("conversion_ip_mismatch", "conversion", after.AddressMismatch),
    RuleSpec("conversion_country_mismatch", "conversion", after.CountryMismatch),
    RuleSpec("duplicate_txn", "conversion", after.DuplicateTransaction),
    RuleSpec("duplicate_customer", "conversion", after.DuplicateCustomer),
    RuleSpec("coupon_leak", "conversion", after.CouponLeak),
    RuleSpec(SCORE, "score", of.Score),
)

RULES: dict[str, RuleSpec] = {spec.code: spec for spec in _SPECS}
"""Every rule by its code."""

if RULES.keys() - {SCORE} != REASONS.keys():
    raise LookupError(f"rules and reasons differ: {sorted((RULES.keys() - {SCORE}) ^ REASONS.keys())}")
