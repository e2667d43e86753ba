-- avg_fraud_score
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_fraud_score_sum) / nullIf(toFloat64(p_gross_clicks), 0) AS m_avg_fraud_score
FROM (
    SELECT
        k_country AS d_country,
        p_fraud_score_sum,
        p_gross_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(score_sum) AS p_fraud_score_sum,
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
    m_avg_fraud_score DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- p95_fraud_score
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score
FROM (
    SELECT
        k_country AS d_country,
        p_fraud_score_p95
    FROM (
        SELECT
            country AS k_country,
            quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
)
ORDER BY
    m_p95_fraud_score DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- flagged_rate
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_suspect_clicks + p_invalid_clicks)) / nullIf(toFloat64(p_gross_clicks), 0) AS m_flagged_rate
FROM (
    SELECT
        k_country AS d_country,
        p_gross_clicks,
        p_suspect_clicks,
        p_invalid_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(click_count) AS p_gross_clicks,
            sum(n_suspect_clicks) AS p_suspect_clicks,
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
    m_flagged_rate DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- median_ctit
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(if(isNaN(finalizeAggregation(p_ctit_median_ms)), NULL, finalizeAggregation(p_ctit_median_ms))) / nullIf(toFloat64(1000), 0) AS m_median_ctit
FROM (
    SELECT
        k_country AS d_country,
        p_ctit_median_ms
    FROM (
        SELECT
            country AS k_country,
            quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms
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
    m_median_ctit DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- p95_ctit
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(if(isNaN(finalizeAggregation(p_ctit_p95_ms)), NULL, finalizeAggregation(p_ctit_p95_ms))) / nullIf(toFloat64(1000), 0) AS m_p95_ctit
FROM (
    SELECT
        k_country AS d_country,
        p_ctit_p95_ms
    FROM (
        SELECT
            country AS k_country,
            quantileExactInclusiveStateIf(0.95)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_p95_ms
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
    m_p95_ctit DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
