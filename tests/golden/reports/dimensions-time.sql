-- minute
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_minute,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        formatDateTime(k_minute, '%Y-%m-%d %H:%i', {tz:String}) AS d_minute,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toStartOfMinute(ts, {tz:String}) AS k_minute,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_minute
        UNION ALL
        SELECT
            toStartOfMinute(ts, {tz:String}) AS k_minute,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_minute
    )
    GROUP BY d_minute
)
ORDER BY
    d_minute ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- minute in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_minute,
    p_clicks AS m_clicks
FROM (
    SELECT
        formatDateTime(k_minute, '%Y-%m-%d %H:%i', {tz:String}) AS d_minute,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toStartOfMinute(ts, {tz:String}) AS k_minute,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_minute
    )
    GROUP BY d_minute
)
ORDER BY
    d_minute ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- hour
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_hour,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toStartOfFifteenMinutes(hour, 'UTC') AS k_hour,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_hourly_program
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour
        UNION ALL
        SELECT
            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour
    )
    GROUP BY d_hour
)
ORDER BY
    d_hour ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- hour in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_hour,
    p_clicks AS m_clicks
FROM (
    SELECT
        formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour
    )
    GROUP BY d_hour
)
ORDER BY
    d_hour ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- day
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_day,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        toString(k_day) AS d_day,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toDate(hour, {tz:String}) AS k_day,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day
        UNION ALL
        SELECT
            toDate(ts, {tz:String}) AS k_day,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day
    )
    GROUP BY d_day
)
ORDER BY
    d_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- day in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_day,
    p_clicks AS m_clicks
FROM (
    SELECT
        toString(k_day) AS d_day,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toDate(ts, {tz:String}) AS k_day,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day
    )
    GROUP BY d_day
)
ORDER BY
    d_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- week
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_week,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        toString(k_week) AS d_week,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toMonday(hour, {tz:String}) AS k_week,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_week
        UNION ALL
        SELECT
            toMonday(ts, {tz:String}) AS k_week,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_week
    )
    GROUP BY d_week
)
ORDER BY
    d_week ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- week in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_week,
    p_clicks AS m_clicks
FROM (
    SELECT
        toString(k_week) AS d_week,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toMonday(ts, {tz:String}) AS k_week,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_week
    )
    GROUP BY d_week
)
ORDER BY
    d_week ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- month
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_month,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        formatDateTime(k_month, '%Y-%m') AS d_month,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toStartOfMonth(hour, {tz:String}) AS k_month,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month
        UNION ALL
        SELECT
            toStartOfMonth(ts, {tz:String}) AS k_month,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month
    )
    GROUP BY d_month
)
ORDER BY
    d_month ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- month in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_month,
    p_clicks AS m_clicks
FROM (
    SELECT
        formatDateTime(k_month, '%Y-%m') AS d_month,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toStartOfMonth(ts, {tz:String}) AS k_month,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month
    )
    GROUP BY d_month
)
ORDER BY
    d_month ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- quarter
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_quarter,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        concat(toString(toYear(k_quarter)), '-Q', toString(toQuarter(k_quarter))) AS d_quarter,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toStartOfQuarter(hour, {tz:String}) AS k_quarter,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_quarter
        UNION ALL
        SELECT
            toStartOfQuarter(ts, {tz:String}) AS k_quarter,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_quarter
    )
    GROUP BY d_quarter
)
ORDER BY
    d_quarter ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- quarter in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_quarter,
    p_clicks AS m_clicks
FROM (
    SELECT
        concat(toString(toYear(k_quarter)), '-Q', toString(toQuarter(k_quarter))) AS d_quarter,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            toStartOfQuarter(ts, {tz:String}) AS k_quarter,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_quarter
    )
    GROUP BY d_quarter
)
ORDER BY
    d_quarter ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- year
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_year,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_year AS d_year,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toYear(hour, {tz:String}) AS k_year,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_year
        UNION ALL
        SELECT
            toYear(ts, {tz:String}) AS k_year,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_year
    )
    GROUP BY d_year
)
ORDER BY
    d_year ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- year in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_year,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_year AS d_year,
        p_clicks
    FROM (
        SELECT
            toYear(ts, {tz:String}) AS k_year,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_year
    )
)
ORDER BY
    d_year ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- hour_of_day
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_hour_of_day,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_hour_of_day AS d_hour_of_day,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toHour(hour, {tz:String}) AS k_hour_of_day,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_hourly_program
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour_of_day
        UNION ALL
        SELECT
            toHour(ts, {tz:String}) AS k_hour_of_day,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour_of_day
    )
    GROUP BY d_hour_of_day
)
ORDER BY
    d_hour_of_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- hour_of_day in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_hour_of_day,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_hour_of_day AS d_hour_of_day,
        p_clicks
    FROM (
        SELECT
            toHour(ts, {tz:String}) AS k_hour_of_day,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_hour_of_day
    )
)
ORDER BY
    d_hour_of_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- day_of_week
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_day_of_week,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_day_of_week AS d_day_of_week,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            toDayOfWeek(hour, 0, {tz:String}) AS k_day_of_week,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day_of_week
        UNION ALL
        SELECT
            toDayOfWeek(ts, 0, {tz:String}) AS k_day_of_week,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day_of_week
    )
    GROUP BY d_day_of_week
)
ORDER BY
    d_day_of_week ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- day_of_week in Kolkata
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_day_of_week,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_day_of_week AS d_day_of_week,
        p_clicks
    FROM (
        SELECT
            toDayOfWeek(ts, 0, {tz:String}) AS k_day_of_week,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_day_of_week
    )
)
ORDER BY
    d_day_of_week ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
