-- revenue
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (p_approved_revenue + p_pending_revenue) AS m_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- payout
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (p_approved_payout + p_pending_payout) AS m_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- profit
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    ((p_approved_revenue + p_pending_revenue) - (p_approved_payout + p_pending_payout)) AS m_profit
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_profit DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- margin
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(((p_approved_revenue + p_pending_revenue) - (p_approved_payout + p_pending_payout))) / nullIf(toFloat64((p_approved_revenue + p_pending_revenue)), 0) AS m_margin
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_margin DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- roi
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(((p_approved_revenue + p_pending_revenue) - (p_approved_payout + p_pending_payout))) / nullIf(toFloat64((p_approved_payout + p_pending_payout)), 0) AS m_roi
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_roi DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cost
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_cost AS m_cost
FROM (
    SELECT
        k_country AS d_country,
        sum(p_cost) AS p_cost
    FROM (
        SELECT
            country AS k_country,
            sumIf(cost_sum, cost_currency = {currency:String}) AS p_cost
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_cost DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- amount
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_amount AS m_amount
FROM (
    SELECT
        k_country AS d_country,
        sum(p_amount) AS p_amount
    FROM (
        SELECT
            country AS k_country,
            sumIf(amount, status IN ('approved', 'pending') AND amount_currency = {currency:String}) AS p_amount
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_amount DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- aov
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_amount) / nullIf(toFloat64(p_sales), 0) AS m_aov
FROM (
    SELECT
        k_country AS d_country,
        sum(p_amount) AS p_amount,
        sum(p_sales) AS p_sales
    FROM (
        SELECT
            country AS k_country,
            sumIf(amount, status IN ('approved', 'pending') AND amount_currency = {currency:String}) AS p_amount,
            countIf(status IN ('approved', 'pending') AND attribution != 'adjustment' AND amount_currency = {currency:String}) AS p_sales
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_aov DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rpc
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved_revenue + p_pending_revenue)) / nullIf(toFloat64(p_clicks), 0) AS m_rpc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_rpc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rpm
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (toFloat64((p_approved_revenue + p_pending_revenue)) / nullIf(toFloat64(p_clicks), 0) * 1000) AS m_rpm
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_rpm DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ecpm
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (toFloat64((p_approved_payout + p_pending_payout)) / nullIf(toFloat64(p_impressions), 0) * 1000) AS m_ecpm
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_impressions) AS p_impressions
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toUInt64(0) AS p_impressions
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_impressions
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout,
            toUInt64(0) AS p_impressions
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_ecpm DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- epc
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved_payout + p_pending_payout)) / nullIf(toFloat64(p_clicks), 0) AS m_epc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toUInt64(0) AS p_clicks
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout,
            toUInt64(0) AS p_clicks
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_epc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- epc_unique
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved_payout + p_pending_payout)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_epc_unique
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_unique_clicks) AS p_unique_clicks
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            sumIf(unique_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toUInt64(0) AS p_unique_clicks
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout,
            toUInt64(0) AS p_unique_clicks
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_epc_unique DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cpa
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64((p_approved_payout + p_pending_payout)) / nullIf(toFloat64(p_payouts), 0) AS m_cpa
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_payouts) AS p_payouts
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toUInt64(0) AS p_payouts
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toUInt64(0) AS p_payouts
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout,
            countIf(status IN ('approved', 'pending') AND attribution != 'adjustment' AND currency = {currency:String}) AS p_payouts
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_cpa DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cpc
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toFloat64(p_cost) / nullIf(toFloat64(p_clicks), 0) AS m_cpc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_cost) AS p_cost,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sumIf(cost_sum, cost_currency = {currency:String}) AS p_cost,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_cpc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approved_revenue
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_approved_revenue AS m_approved_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_approved_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approved_payout
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_approved_payout AS m_approved_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_approved_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- expected_revenue
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (p_approved_revenue + p_pending_revenue) AS m_expected_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue
    FROM (
        SELECT
            country AS k_country,
            sumIf(revenue_sum, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, currency = {currency:String}) AS p_approved_revenue,
            toDecimal128(0, 6) AS p_pending_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(revenue, status = 'approved' AND currency = {currency:String}) AS p_approved_revenue,
            sumIf(revenue, status = 'pending' AND currency = {currency:String}) AS p_pending_revenue
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_expected_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- expected_payout
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    (p_approved_payout + p_pending_payout) AS m_expected_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_expected_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- held_payout
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_held_payout AS m_held_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_held_payout) AS p_held_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout, status = 'hold' AND currency = {currency:String}) AS p_held_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_held_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rejected_payout
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_rejected_payout AS m_rejected_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_rejected_payout) AS p_rejected_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(payout, status = 'rejected' AND currency = {currency:String}) AS p_rejected_payout
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_rejected_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
