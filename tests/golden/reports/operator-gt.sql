-- gt on text
-- f0 = 'DE'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND country > {f0:String}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- gt on time
-- f0 = '2026-11-01'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND toString(toDate(hour, {tz:String})) > {f0:String}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- gt on number
-- f0 = 15169
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND asn > {f0:Int64}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- gt on metric
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- h0 = 10.0
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_clicks AS m_clicks,
    toFloat64((p_approved_payout + p_pending_payout)) / nullIf(toFloat64(p_clicks), 0) AS m_epc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_clicks) AS p_clicks,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
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
            toUInt64(0) AS p_clicks,
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
            toUInt64(0) AS p_clicks,
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
WHERE toFloat64(m_epc) > {h0:Float64}
ORDER BY
    m_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
