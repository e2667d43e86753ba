-- unique_ips
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    finalizeAggregation(p_unique_ips) AS m_unique_ips
FROM (
    SELECT
        k_country AS d_country,
        p_unique_ips
    FROM (
        SELECT
            country AS k_country,
            uniqMergeState(ips) AS p_unique_ips
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_unique_ips DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- clicks_per_ip
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_gross_clicks) / nullIf(toFloat64(finalizeAggregation(p_unique_ips)), 0) AS m_clicks_per_ip
FROM (
    SELECT
        k_country AS d_country,
        p_gross_clicks,
        p_unique_ips
    FROM (
        SELECT
            country AS k_country,
            sum(click_count) AS p_gross_clicks,
            uniqMergeState(ips) AS p_unique_ips
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_clicks_per_ip DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- active_partners
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    finalizeAggregation(p_active_partners) AS m_active_partners
FROM (
    SELECT
        k_country AS d_country,
        p_active_partners
    FROM (
        SELECT
            country AS k_country,
            uniqStateIf(partner_id, partner_id != 0) AS p_active_partners
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_active_partners DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- active_offers
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    finalizeAggregation(p_active_offers) AS m_active_offers
FROM (
    SELECT
        k_country AS d_country,
        p_active_offers
    FROM (
        SELECT
            country AS k_country,
            uniqStateIf(offer_id, offer_id != 0) AS p_active_offers
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_active_offers DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- first_click_at
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_first_click_at AS m_first_click_at
FROM (
    SELECT
        k_country AS d_country,
        p_first_click_at
    FROM (
        SELECT
            country AS k_country,
            minOrNull(first_ts) AS p_first_click_at
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_first_click_at DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- last_click_at
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_last_click_at AS m_last_click_at
FROM (
    SELECT
        k_country AS d_country,
        p_last_click_at
    FROM (
        SELECT
            country AS k_country,
            maxOrNull(last_ts) AS p_last_click_at
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_last_click_at DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
