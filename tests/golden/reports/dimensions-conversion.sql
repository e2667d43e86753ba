-- goal
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_goal,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_goal AS d_goal,
        p_approved,
        p_pending
    FROM (
        SELECT
            goal AS k_goal,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_goal
    )
)
ORDER BY
    d_goal ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- conversion_status
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_conversion_status,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_conversion_status AS d_conversion_status,
        p_approved,
        p_pending
    FROM (
        SELECT
            status AS k_conversion_status,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_conversion_status
    )
)
ORDER BY
    d_conversion_status ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- reject_reason
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_reject_reason,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_reject_reason AS d_reject_reason,
        p_approved,
        p_pending
    FROM (
        SELECT
            reject_reason AS k_reject_reason,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_reject_reason
    )
)
ORDER BY
    d_reject_reason ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ctit_bucket
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ctit_bucket,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ctit_bucket AS d_ctit_bucket,
        p_approved,
        p_pending
    FROM (
        SELECT
            multiIf(attribution NOT IN ('click', 'view'), '', ctit_ms < 10000, 'under 10 s', ctit_ms < 60000, '10 s to 1 min', ctit_ms < 600000, '1 to 10 min', ctit_ms < 3600000, '10 min to 1 h', ctit_ms < 86400000, '1 to 24 h', ctit_ms < 604800000, '1 to 7 d', 'over 7 d') AS k_ctit_bucket,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ctit_bucket
    )
)
ORDER BY
    indexOf(['under 10 s', '10 s to 1 min', '1 to 10 min', '10 min to 1 h', '1 to 24 h', '1 to 7 d', 'over 7 d'], d_ctit_bucket) ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- txn_id
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_txn_id,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_txn_id AS d_txn_id,
        p_approved,
        p_pending
    FROM (
        SELECT
            txn_id AS k_txn_id,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_txn_id
    )
)
ORDER BY
    d_txn_id ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- currency
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_currency,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_currency AS d_currency,
        p_approved,
        p_pending
    FROM (
        SELECT
            currency AS k_currency,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_currency
    )
)
ORDER BY
    d_currency ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- attribution
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_attribution,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_attribution AS d_attribution,
        p_approved,
        p_pending
    FROM (
        SELECT
            attribution AS k_attribution,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_attribution
    )
)
ORDER BY
    d_attribution ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- conversion_source
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_conversion_source,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_conversion_source AS d_conversion_source,
        p_approved,
        p_pending
    FROM (
        SELECT
            conversion_source AS k_conversion_source,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_conversion_source
    )
)
ORDER BY
    d_conversion_source ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
