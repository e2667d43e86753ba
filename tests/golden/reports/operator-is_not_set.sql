-- is_not_set on text
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        p_clicks
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (country != '')
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_not_set on time
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
        p_clicks
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (toString(toDate(hour, {tz:String})) != '')
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_not_set on number
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        p_clicks
    FROM (
        SELECT
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (asn != 0)
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_not_set on id
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        p_clicks
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (partner_id != 0)
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_not_set on labels
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks
FROM (
    SELECT
        p_clicks
    FROM (
        SELECT
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (arrayExists(x -> x != '', if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- is_not_set on metric
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    p_clicks AS m_clicks,
    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_clicks) AS p_clicks,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
            sum(n_clicks) AS p_clicks,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout
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
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout
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
WHERE NOT (isNotNull(m_epc))
ORDER BY
    m_clicks DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
