"""Everything that is known about one conversion's verdict, as the one who asks may see it.

Invariants: a partner gets evidence of its own rejected conversions only, an advertiser of those on its offers, and
neither sees money the other agreed on, nor figures of other partners, nor how risky a partner is held to be, which
is measured against others; what isn't theirs isn't there. Everything
is as it is stored; sentences are those of this version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from clickhouse_connect.driver.client import Client

from fraud.findings import facts_of
from fraud.past.errors import EVIDENCE_UNKNOWN
from fraud.past.evidence import sql
from fraud.past.records import now_ms
from fraud.past.span import DAY_MS
from fraud.reasons import REASONS
from fraud.risk import history
from fraud.risk.telling import sentences
from kernel.auth import Principal
from kernel.hidden_money import hidden_money

BASELINE_DAYS: Final = 28
"""Before the click, its own day included: four of each day of the week."""
_NETWORK_ROLES: Final = frozenset({"admin", "manager", "analyst"})
_CLOCKS_APART_MS: Final = 3_600_000
_MAX_ID: Final = 200
_SHARE_DIGITS: Final = 4
_NAMED: Final = ("partner", "offer")

Row = dict[str, Any]
NamesOf: TypeAlias = Callable[[str, Collection[int]], Mapping[int, str]]
"""Names by id of a kind: partner or offer."""


def gather(client: Client, conversion_id: str, who: Principal, names: NamesOf) -> dict[str, Any]:
    """Return the evidence about a conversion, as JSON can hold it.

    Args:
        client: A reader.
        conversion_id: Its id.
        who: Who asks.
        names: What partner and offer are called now.

    Raises:
        ClickledgerError: ``evidence_unknown``.
        DriverError, OSError: the store refused or is away.

    """
    conversion = _conversion(client, conversion_id, who)
    click_id, click_ms = conversion["click_id"], conversion["click_ts_ms"]
    kind, click = _click(client, click_id, click_ms)
    since = conversion["ts_ms"] - _CLOCKS_APART_MS
    states = _rows(client, sql.STATES, id=conversion_id, since=since)
    history = []
    # Made when something is judged again for the first time.
    if client.query(sql.HAS_HISTORY).result_rows == [(1,)]:
        history = _rows(client, sql.HISTORY, ids=[one for one in (conversion_id, click_id) if one])
    hidden = hidden_money(who.role)
    baseline, shares = _baseline(client, conversion, who)
    risk = {"risk": _risk(client, conversion)} if who.role in _NETWORK_ROLES else {}
    return {
        "evidence_version": 1,
        "made_at": _moment(now_ms()),
        "made_for": who.role,
        "conversion_id": conversion_id,
        **{kind: names(kind, {conversion[f"{kind}_id"]}).get(conversion[f"{kind}_id"], "") for kind in _NAMED},
        "conversion": _shown(conversion, hidden),
        "states": [_shown(state, hidden) for state in states],
        "click_kind": kind,
        "click": _shown(click, hidden) if click else None,
        "verdict": {
            "verdict": conversion["verdict"],
            "category": conversion["fraud_category"],
            "score": int(conversion["fraud_score"]),
            "rules_version": conversion["rules_version"],
            "model_version": conversion["model_version"],
            "model_score": int(conversion["model_score"]),
            "model_features": list(conversion["model_features"]),
        },
        "reasons": _reasons(conversion["fraud_reasons"], conversion["fraud_facts"], shares),
        "former_verdicts": [_shown(row, hidden) for row in history],
        "baseline": baseline,
        **risk,
    }


def _conversion(client: Client, conversion_id: str, who: Principal) -> Row:
    found = (
        _rows(client, sql.CONVERSION, id=conversion_id)
        if len(conversion_id) <= _MAX_ID and conversion_id.isascii()
        else []
    )
    if not found or found[0]["attribution"] == "adjustment":
        raise EVIDENCE_UNKNOWN.error()
    (row,) = found
    limits = {"partner_id": who.partner_id, "advertiser_id": who.advertiser_id}
    if all(value is None for value in limits.values()):
        if who.role not in _NETWORK_ROLES:
            raise EVIDENCE_UNKNOWN.error()
        return row
    if row["status"] != "rejected" or any(
        value is not None and row[name] != value for name, value in limits.items()
    ):
        raise EVIDENCE_UNKNOWN.error()
    return row


def _click(client: Client, click_id: str, click_ms: int) -> tuple[str, Row | None]:
    if click_id:
        for table, kind in (("clicks", "click"), ("impressions", "impression")):
            found = _rows(client, sql.click(table), id=click_id, ts=click_ms)
            if found:
                return kind, found[0]
    return "", None


def _baseline(client: Client, conversion: Row, who: Principal) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Return what the partner's traffic was like around the click, and the share each reason has in it."""
    end = (conversion["click_ts_ms"] // DAY_MS + 1) * DAY_MS
    asked = {"partner": conversion["partner_id"], "begin": end - BASELINE_DAYS * DAY_MS, "end": end}
    (clicks,) = _rows(client, sql.BASELINE, **asked)
    (conversions,) = _rows(client, sql.BASELINE_CONVERSIONS, **asked)
    reasons = dict(_pairs(client, sql.BASELINE_REASONS, asked))
    total, scores = int(clicks.pop("clicks")), int(clicks.pop("scores"))
    shares: dict[str, dict[str, str]] = {}
    for code, number in reasons.items():
        shares[code] = {"of_partner": _share(number, total)}
    if who.role in _NETWORK_ROLES:
        within = {name: asked[name] for name in ("begin", "end")}
        everybody = int(client.query(sql.NETWORK, parameters=within).result_rows[0][0])
        for code, number in _pairs(client, sql.NETWORK_REASONS, within):
            shares.setdefault(code, {"of_partner": _share(0, total)})["of_everybody"] = _share(number, everybody)
    told = {
        "from": _moment(asked["begin"]),
        "to": _moment(end),
        "clicks": total,
        "addresses": int(clicks.pop("addresses")),
        "verdicts": {name: int(number) for name, number in clicks.items()},
        "average_score": f"{scores / total:.1f}" if total else "",
        "conversions": int(conversions["conversions"]),
        "rejected_conversions": int(conversions["rejected"]),
    }
    if conversions["conversions"]:
        told["ctit_tenth_s"] = int(conversions["ctit_tenth_ms"]) // 1000
        told["ctit_median_s"] = int(conversions["ctit_median_ms"]) // 1000
    return told, shares


def _risk(client: Client, conversion: Row) -> dict[str, Any]:
    """Return how risky the partner was held to be on the click's UTC day, and why."""
    day = datetime.fromtimestamp(conversion["click_ts_ms"] / 1000, UTC).date()
    told: dict[str, Any] = {"day": day.isoformat(), "note": "", "reasons": []}
    run = history.run_of(client, day)
    if run is None:
        return told | {"note": "Partners were not scored for this day, or not yet."}
    found = history.ranking(client, day, sort="score", limit=1, partner=conversion["partner_id"])
    if not found:
        return told | {"note": "The partner had no clicks on this day."}
    (risk,) = found
    return told | {
        "score": risk.score,
        "place": risk.place,
        "judged_partners": run.judged,
        "clicks": risk.clicks,
        "method": risk.method,
        "scored_at": run.run_at.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "reasons": [{"code": one["code"], "sentence": one["sentence"]} for one in sentences(risk.reasons)],
    }


def _reasons(
    codes: Sequence[str], facts: Sequence[str], shares: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    told = []
    for code, found in zip_longest(codes, facts[: len(codes)], fillvalue=""):
        reason = REASONS.get(code)
        told.append(
            {
                "code": code,
                "category": reason.category if reason else "",
                "severity": reason.severity if reason else 0,
                "sentence": reason.told(found) if reason else "This version has no sentence for this code.",
                "help": reason.help if reason else "",
                "facts": dict(facts_of(found)),
                "share_of_clicks": dict(shares.get(code, {})),
            }
        )
    return told


def _rows(client: Client, text: str, **parameters: Any) -> list[Row]:
    answer = client.query(text, parameters=parameters)
    return [dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows]


def _pairs(client: Client, text: str, parameters: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [
        (str(code), int(number)) for code, number in client.query(text, parameters=dict(parameters)).result_rows
    ]


def _shown(row: Row, hidden: frozenset[str]) -> dict[str, Any]:
    """Return a row as JSON can hold it exactly: money and times as text, without what the role doesn't see."""
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name in hidden:
            continue
        if name.endswith("_ms") and name != "ctit_ms":
            shown[name.removesuffix("_ms")] = _moment(value) if value else ""
        elif isinstance(value, Decimal):
            shown[name] = f"{value.normalize():f}" if value else "0"
        elif isinstance(value, list | tuple):
            shown[name] = [str(one) for one in value]
        else:
            shown[name] = value
    return shown


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _share(part: int, whole: int) -> str:
    return str(round(part / whole, _SHARE_DIGITS)) if whole else "0"
