"""The statements of partner risk: what all partners did between two UTC days, and the history of their scores.

Why it looks like this (measured on 20 million clicks of one day and 5,000 partners): reading six texts of every
click takes as long as everything else, so concentration over all windows is one statement that reads each click
once. It reads the partners of a range of ids, which the table is sorted by, so a large network is asked a part
at a time, each within a report's memory. Grouping 36 numbers of every click would take minutes: beyond ``most``
clicks of a partner a sample speaks for all, drawn by hash, so the same clicks are drawn again. Windows up to
five minutes are drawn whole, as half a minute's clicks say nothing of a minute; longer ones are thinned by
moments.

Measures of concentration depend on how many clicks a window has, and the largest partners have no peers of their
size. So no more than ``enough`` clicks of a partner are looked at even where there is time: among partners beyond
it the measures compare whatever their size.

Error of a sample: a share of ``most`` clicks has a standard error of at most 0.5 / sqrt(most), 1.6 points at
1,000. Nothing is drawn, and nothing errs, where partners have fewer clicks than that.

Invariants: values travel as typed parameters; tests are never counted, nor clicks of no partner.
"""

from __future__ import annotations

from typing import Final

from fraud.risk.behaviours import DAY_PARTS, DIMENSIONS, WINDOWS

DRAWN_WHOLE: Final = WINDOWS["5m"]
"""Seconds: windows up to this length are drawn whole."""
MOST_UNDRAWN: Final = 24
"""One of so many windows is drawn at least: a dozen of each day's 288, however busy the partner."""
_NAMES: Final = tuple(WINDOWS)
_SHORT: Final = [at for at, name in enumerate(_NAMES) if WINDOWS[name] <= DRAWN_WHOLE]
_LONG: Final = [at for at, name in enumerate(_NAMES) if WINDOWS[name] > DRAWN_WHOLE]
_IDENTICAL: Final = len(DIMENSIONS)
"""Number of the "dimension" whose value is all of agent, country, address and referrer."""
_KINDS: Final = 64
"""More than there are pairs of a window and a dimension."""
_PER_WINDOW: Final = 8
"""More than there are dimensions."""

BETWEEN: Final = "ts >= {begin:DateTime('UTC')} AND ts < {end:DateTime('UTC')}"
_OF_ROLLUP: Final = "hour >= {begin:DateTime('UTC')} AND hour < {end:DateTime('UTC')} AND NOT is_test"
_PARTNERS: Final = "partner_id BETWEEN {first:UInt32} AND {last:UInt32}"

TOTALS: Final = f"""SELECT
    partner_id,
    sum(click_count) AS clicks,
    sumIf(click_count, verdict = 'invalid') AS invalid,
    sumIf(click_count, verdict = 'suspect') AS suspect,
    sumIf(click_count, verdict = 'duplicate') AS duplicate,
    sumIf(click_count, is_bot) AS bots
FROM clicks_daily_verdicts
WHERE {_OF_ROLLUP} AND partner_id > 0
GROUP BY partner_id
ORDER BY partner_id"""

_STEPS: Final = f"""(
    SELECT (groupArray(partner_id), groupArray(drawn_of), groupArray(kept_of)) FROM (
        SELECT
            partner_id,
            toUInt32(intDiv(sum(click_count) + {{most:UInt32}} - 1, {{most:UInt32}})) AS drawn_of,
            toUInt32(intDiv(sum(click_count) + {{enough:UInt32}} - 1, {{enough:UInt32}})) AS kept_of
        FROM clicks_daily_verdicts WHERE {_OF_ROLLUP} AND {_PARTNERS} GROUP BY partner_id
    )
) AS steps,
transform(partner_id, steps.1, steps.2, toUInt32(1)) AS step,
transform(partner_id, steps.1, steps.3, toUInt32(1)) AS keep"""


def _numbers(values: list[int]) -> str:
    return "[" + ", ".join(map(str, values)) + "]"


def _lengths(which: list[int]) -> str:
    return f"CAST({_numbers([WINDOWS[_NAMES[at]] for at in which])}, 'Array(UInt32)')"


def concentration() -> str:
    """Return the statement of how concentrated everything is: a row for each partner and kind.

    A kind is ``kind_of`` a window and a dimension, or ``part_kind`` of a day part for identical clicks. Columns:
    partner_id, kind, clicks, different (values, windows added up), share, entropy, gini, most (the largest count).
    """
    values = ", ".join(f"if({column} = '', 0, cityHash64({column}))" for column in DIMENSIONS.values())
    nothing = ", ".join("0" for _ in DIMENSIONS)
    identical = "cityHash64(user_agent, country, ip, referrer_host)"
    every = [*_SHORT, *_LONG]
    is_drawn = (
        f"cityHash64(partner_id, intDiv(toUnixTimestamp(ts), {DRAWN_WHOLE})) % least(step, {MOST_UNDRAWN}) = 0"
    )
    is_thinned = "cityHash64(ts) % greatest(step, keep) = 0"
    part = f"{_KINDS} + intDiv(intDiv(packed, {_KINDS}) % 1440, 360)"
    is_identical = f"packed % {_KINDS} = {_IDENTICAL}"
    return f"""WITH {_STEPS}
SELECT
    partner_id,
    if({is_identical}, {part}, packed % {_KINDS}) AS kind,
    sum(inside) AS clicks,
    sum(values_inside) AS different,
    sum(largest - 1) / sum(inside - 1) AS share,
    1 - sum(repeated) / sum(inside * log(inside)) AS entropy,
    sum((inside - 1) * unevenness) / sum(inside - 1) AS gini,
    max(largest) AS most
FROM (
    SELECT
        partner_id,
        packed,
        arraySort(groupArray(n)) AS counts,
        length(counts) AS values_inside,
        sum(n) AS inside,
        max(n) AS largest,
        sum(n * log(n)) AS repeated,
        2 * arraySum((count, at) -> count * at, counts, arrayEnumerate(counts)) / (values_inside * inside)
            - (values_inside + 1) / values_inside AS unevenness
    FROM (
        SELECT
            partner_id,
            toUInt32(intDiv(second, length_s) * {_KINDS} + number * {_PER_WINDOW} + dimension) AS packed,
            value,
            count() AS n
        FROM (
            SELECT partner_id, second, hashes, length_s, number
            FROM (
                SELECT
                    partner_id,
                    toUInt32(toUnixTimestamp(ts) - toUnixTimestamp({{begin:DateTime('UTC')}})) AS second,
                    if(thinned OR cityHash64(ts) % keep = 0, [{values}, {identical}], [{nothing}, {identical}])
                        AS hashes,
                    {is_drawn} AS drawn,
                    {is_thinned} AS thinned,
                    multiIf(drawn AND thinned, {_lengths(every)}, drawn, {_lengths(_SHORT)}, {_lengths(_LONG)})
                        AS lengths,
                    multiIf(drawn AND thinned, {_numbers(every)}, drawn, {_numbers(_SHORT)}, {_numbers(_LONG)})
                        AS numbers
                FROM clicks
                PREWHERE {is_drawn} OR {is_thinned}
                WHERE {BETWEEN} AND {_PARTNERS} AND partner_id > 0 AND NOT is_test
            )
            ARRAY JOIN lengths AS length_s, numbers AS number
        )
        ARRAY JOIN hashes AS value, {_numbers([*range(len(DIMENSIONS)), _IDENTICAL])} AS dimension
        WHERE value != 0 AND (dimension != {_IDENTICAL} OR number = 0)
        GROUP BY partner_id, packed, value
    )
    GROUP BY partner_id, packed
)
GROUP BY partner_id, kind"""


def kind_of(window: str, dimension: str) -> int:
    """Return the number under which ``concentration`` answers."""
    return _NAMES.index(window) * _PER_WINDOW + list(DIMENSIONS).index(dimension)


def part_kind(part: str) -> int:
    """Return the number under which ``concentration`` answers for identical clicks of a part of the day."""
    return _KINDS + list(DAY_PARTS).index(part)


def velocity() -> str:
    """Return the statement of how clicks are spread over time: a row for each partner.

    Columns: partner_id, night (clicks of the night), then for each window but the day its largest number of clicks
    and its sum of squared numbers. Each level is made of the one below it, so that clicks are read once.
    """
    inner = list(_NAMES[:-1])
    first, *rest = inner
    text = f"""SELECT
    partner_id, intDiv(toUnixTimestamp(ts), {WINDOWS[first]}) * {WINDOWS[first]} AS begins, count() AS n,
    n AS largest_{first}, toFloat64(n) * n AS squares_{first}
FROM clicks
WHERE {BETWEEN} AND {_PARTNERS} AND partner_id > 0 AND NOT is_test
GROUP BY partner_id, begins"""
    known = [first]
    for window in rest:
        below = ", ".join(f"max(b.largest_{w}) AS largest_{w}, sum(b.squares_{w}) AS squares_{w}" for w in known)
        text = f"""SELECT
    partner_id, intDiv(b.begins, {WINDOWS[window]}) * {WINDOWS[window]} AS begins, sum(b.n) AS n,
    n AS largest_{window}, toFloat64(n) * n AS squares_{window}, {below}
FROM ({text}) AS b GROUP BY partner_id, begins"""
        known.append(window)
    told = ", ".join(f"max(t.largest_{w}), sum(t.squares_{w})" for w in known)
    night = f"sumIf(t.n, t.begins % 86400 < {list(DAY_PARTS.values())[1] * 3600})"
    return f"SELECT partner_id, {night}, {told}\nFROM ({text}) AS t GROUP BY partner_id"


FAST_MS: Final = 10_000
"""Nobody reads an offer, fills a form and is confirmed in ten seconds."""
LATE_MS: Final = 86_400_000

CONVERSIONS: Final = f"""SELECT
    partner_id,
    count() AS conversions,
    countIf(ctit_ms < {FAST_MS}) AS fast,
    countIf(ctit_ms >= {LATE_MS}) AS late,
    quantilesExactInclusive(0.05, 0.5, 0.95)(ctit_ms) AS ctit
FROM conversions FINAL
WHERE {BETWEEN} AND click_ts < {{end:DateTime('UTC')}} AND click_ts >= {{begin:DateTime('UTC')}} - INTERVAL 366 DAY
    AND attribution = 'click' AND partner_id > 0 AND NOT is_test
GROUP BY partner_id"""
"""Conversions received in the range, of any status; clicks older than a year convert no more."""


# History. A run writes all its rows at once, with the moment it began; only a day's latest run counts.

_LATEST: Final = (
    "day = {{{day}:Date}} AND run_at = (SELECT max(run_at) FROM partner_risk WHERE day = {{{day}:Date}})"
)

RUN: Final = (
    "SELECT run_at, judged, method, version, note, clicks FROM partner_risk "
    f"WHERE {_LATEST.format(day='day')} AND partner_id = 0 LIMIT 1"
)
"""What a day's latest run says of itself."""

LATEST_DAY: Final = "SELECT max(day), count() FROM partner_risk"

_SORTS: Final = {
    "score": "place = 0, place",
    "change": "is_new, change DESC, place = 0, place",
    "clicks": "clicks DESC",
    "partner": "partner_id",
}
SORTS: Final = tuple(_SORTS)


def ranking(sort: str, *, one_partner: bool = False) -> str:
    """Return the statement of a day's partners beside their scores of an earlier day.

    Columns: partner_id, clicks, score, place, method, reasons, before (their score then), is_new (there was none).

    Args:
        sort: One of ``SORTS``.
        one_partner: Only ``{partner:UInt32}``.

    """
    which = "AND partner_id = {partner:UInt32}" if one_partner else ""
    return f"""SELECT
    r.partner_id AS partner_id, r.clicks AS clicks, r.score AS score, r.place AS place, r.method AS method,
    r.reasons AS reasons, b.score AS before, b.method = '' OR r.method = 'too_few' AS is_new,
    if(is_new, 0, toInt32(r.score) - toInt32(b.score)) AS change
FROM (
    SELECT partner_id, clicks, score, place, method, reasons FROM partner_risk
    WHERE {_LATEST.format(day="day")} AND partner_id > 0 {which} LIMIT 1 BY partner_id
) AS r
LEFT JOIN (
    SELECT partner_id, score, method FROM partner_risk
    WHERE {_LATEST.format(day="before")} AND partner_id > 0 AND method != 'too_few' {which} LIMIT 1 BY partner_id
) AS b ON r.partner_id = b.partner_id
ORDER BY {_SORTS[sort]}, partner_id
LIMIT {{limit:UInt32}}"""


BEHAVIOUR: Final = (
    "SELECT names, values, usual FROM partner_risk "
    f"WHERE {_LATEST.format(day='day')} AND partner_id = {{partner:UInt32}} LIMIT 1"
)

_OF_LATEST_RUNS: Final = "(day, run_at) IN (SELECT day, max(run_at) FROM partner_risk WHERE {days} GROUP BY day)"
_FROM_TO: Final = "day >= {first:Date} AND day <= {last:Date}"

HISTORY: Final = f"""SELECT day, score, place, judged, method, clicks FROM partner_risk
WHERE {_FROM_TO} AND partner_id = {{partner:UInt32}} AND {_OF_LATEST_RUNS.format(days=_FROM_TO)}
ORDER BY day LIMIT 1 BY day"""

REMEMBERED: Final = f"""SELECT partner_id, names, values FROM partner_risk
WHERE {_FROM_TO} AND partner_id IN {{partners:Array(UInt32)}}
    AND method != 'too_few' AND version = {{version:String}}
    AND {_OF_LATEST_RUNS.format(days=_FROM_TO)}
ORDER BY day DESC LIMIT 1 BY partner_id"""
"""Marked partners' behaviours on the last day they were judged."""

MISSING: Final = """SELECT toDate(hour) AS day FROM clicks_daily_verdicts
WHERE hour >= {begin:DateTime('UTC')} AND hour < {end:DateTime('UTC')} AND NOT is_test AND partner_id > 0
    AND day NOT IN (
        SELECT day FROM partner_risk
        WHERE day >= toDate({begin:DateTime('UTC')}) AND partner_id = 0 AND toDate(run_at, 'UTC') > day
    )
GROUP BY day ORDER BY day"""
"""Days with clicks that were never scored, or only while they went on."""
