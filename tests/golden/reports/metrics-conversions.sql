-- conversions
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_country AS d_country,
        p_approved,
        p_pending
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_conversions DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approved
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_approved AS m_approved
FROM (
    SELECT
        k_country AS d_country,
        p_approved
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_approved DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- pending
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_pending AS m_pending
FROM (
    SELECT
        k_country AS d_country,
        p_pending
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_pending DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- held
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_held AS m_held
FROM (
    SELECT
        k_country AS d_country,
        p_held
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'hold' AND attribution != 'adjustment') AS p_held
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_held DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rejected
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_rejected AS m_rejected
FROM (
    SELECT
        k_country AS d_country,
        p_rejected
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'rejected' AND attribution != 'adjustment') AS p_rejected
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_rejected DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- total_conversions
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_total_conversions AS m_total_conversions
FROM (
    SELECT
        k_country AS d_country,
        p_total_conversions
    FROM (
        SELECT
            country AS k_country,
            countIf(attribution != 'adjustment') AS p_total_conversions
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_total_conversions DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- events
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_events AS m_events
FROM (
    SELECT
        k_country AS d_country,
        p_events
    FROM (
        SELECT
            country AS k_country,
            countIf(goal != '' AND status IN ('approved', 'pending') AND attribution != 'adjustment') AS p_events
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_events DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- view_through_conversions
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_view_through_conversions AS m_view_through_conversions
FROM (
    SELECT
        k_country AS d_country,
        p_view_through_conversions
    FROM (
        SELECT
            country AS k_country,
            countIf(attribution = 'view' AND status IN ('approved', 'pending') AND attribution != 'adjustment') AS p_view_through_conversions
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_view_through_conversions DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approval_rate
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_approved) / nullIf(toFloat64(p_total_conversions), 0) AS m_approval_rate
FROM (
    SELECT
        k_country AS d_country,
        p_approved,
        p_total_conversions
    FROM (
        SELECT
            country AS k_country,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(attribution != 'adjustment') AS p_total_conversions
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_approval_rate DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cr
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending,
        sum(p_unique_clicks) AS p_unique_clicks
    FROM (
        SELECT
            country AS k_country,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            sum(n_unique_clicks) AS p_unique_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
            toUInt64(0) AS p_unique_clicks
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_cr DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cr_gross
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_gross_clicks), 0) AS m_cr_gross
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending,
        sum(p_gross_clicks) AS p_gross_clicks
    FROM (
        SELECT
            country AS k_country,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            sum(click_count) AS p_gross_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
            toUInt64(0) AS p_gross_clicks
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_cr_gross DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
