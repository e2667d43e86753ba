-- referrer_host
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_referrer_host,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_referrer_host AS d_referrer_host,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            referrer_host AS k_referrer_host,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_referrer_host
        UNION ALL
        SELECT
            referrer_host AS k_referrer_host,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_referrer_host
    )
    GROUP BY d_referrer_host
)
ORDER BY
    d_referrer_host ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- referrer_url
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_referrer_url,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_referrer_url AS d_referrer_url,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            referrer_url AS k_referrer_url,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_referrer_url
        UNION ALL
        SELECT
            referrer_url AS k_referrer_url,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_referrer_url
    )
    GROUP BY d_referrer_url
)
ORDER BY
    d_referrer_url ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- utm_source
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_utm_source,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_utm_source AS d_utm_source,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            utm_source AS k_utm_source,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_source
        UNION ALL
        SELECT
            utm_source AS k_utm_source,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_source
    )
    GROUP BY d_utm_source
)
ORDER BY
    d_utm_source ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- utm_medium
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_utm_medium,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_utm_medium AS d_utm_medium,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            utm_medium AS k_utm_medium,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_medium
        UNION ALL
        SELECT
            utm_medium AS k_utm_medium,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_medium
    )
    GROUP BY d_utm_medium
)
ORDER BY
    d_utm_medium ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- utm_campaign
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_utm_campaign,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_utm_campaign AS d_utm_campaign,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            utm_campaign AS k_utm_campaign,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_campaign
        UNION ALL
        SELECT
            utm_campaign AS k_utm_campaign,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_campaign
    )
    GROUP BY d_utm_campaign
)
ORDER BY
    d_utm_campaign ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- utm_term
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_utm_term,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_utm_term AS d_utm_term,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            utm_term AS k_utm_term,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_term
        UNION ALL
        SELECT
            utm_term AS k_utm_term,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_term
    )
    GROUP BY d_utm_term
)
ORDER BY
    d_utm_term ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- utm_content
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_utm_content,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_utm_content AS d_utm_content,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            utm_content AS k_utm_content,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_content
        UNION ALL
        SELECT
            utm_content AS k_utm_content,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_utm_content
    )
    GROUP BY d_utm_content
)
ORDER BY
    d_utm_content ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- click_source
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_click_source,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_click_source AS d_click_source,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            click_source AS k_click_source,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_click_source
        UNION ALL
        SELECT
            click_source AS k_click_source,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_click_source
    )
    GROUP BY d_click_source
)
ORDER BY
    d_click_source ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_in_app
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_is_in_app,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_is_in_app AS d_is_in_app,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            is_in_app AS k_is_in_app,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_is_in_app
        UNION ALL
        SELECT
            is_in_app AS k_is_in_app,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_is_in_app
    )
    GROUP BY d_is_in_app
)
ORDER BY
    d_is_in_app ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
