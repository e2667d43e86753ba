-- gross_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_gross_clicks AS m_gross_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_gross_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(click_count) AS p_gross_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_gross_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- unique_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_unique_clicks AS m_unique_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_unique_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_unique_clicks) AS p_unique_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_unique_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- duplicate_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_duplicate_clicks AS m_duplicate_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_duplicate_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_duplicate_clicks) AS p_duplicate_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_duplicate_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- suspect_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_suspect_clicks AS m_suspect_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_suspect_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_suspect_clicks) AS p_suspect_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_suspect_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- invalid_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_invalid_clicks AS m_invalid_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_invalid_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_invalid_clicks) AS p_invalid_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_invalid_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- bot_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_bot_clicks AS m_bot_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_bot_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_bot_clicks) AS p_bot_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_bot_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- trafficback_clicks
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_trafficback_clicks AS m_trafficback_clicks
FROM (
    SELECT
        k_country AS d_country,
        p_trafficback_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_trafficback_clicks) AS p_trafficback_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_trafficback_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- invalid_rate
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_invalid_clicks) / nullIf(toFloat64(p_gross_clicks), 0) AS m_invalid_rate
FROM (
    SELECT
        k_country AS d_country,
        p_invalid_clicks,
        p_gross_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_invalid_clicks) AS p_invalid_clicks,
            sum(click_count) AS p_gross_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_invalid_rate DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- unique_rate
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_unique_clicks) / nullIf(toFloat64(p_clicks), 0) AS m_unique_rate
FROM (
    SELECT
        k_country AS d_country,
        p_unique_clicks,
        p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(n_unique_clicks) AS p_unique_clicks,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_unique_rate DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- impressions
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_impressions AS m_impressions
FROM (
    SELECT
        k_country AS d_country,
        p_impressions
    FROM (
        SELECT
            country AS k_country,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_impressions
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_impressions DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ctr
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_clicks) / nullIf(toFloat64(p_impressions), 0) AS m_ctr
FROM (
    SELECT
        k_country AS d_country,
        sum(p_clicks) AS p_clicks,
        sum(p_impressions) AS p_impressions
    FROM (
        SELECT
            country AS k_country,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_impressions
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            toUInt64(0) AS p_clicks,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_impressions
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_ctr DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
