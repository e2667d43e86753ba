-- revenue
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
    (toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) AS m_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue
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
    m_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- payout
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
    (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) AS m_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
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
ORDER BY
    m_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- profit
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
    ((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) AS m_profit
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
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
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
ORDER BY
    m_profit DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- margin
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
    toFloat64(((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)))) / nullIf(toFloat64((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6))), 0) AS m_margin
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
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
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
ORDER BY
    m_margin DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- roi
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
    toFloat64(((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)))) / nullIf(toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))), 0) AS m_roi
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
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
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
ORDER BY
    m_roi DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cost
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
    toDecimal128(roundBankers(p_cost, 6), 6) AS m_cost
FROM (
    SELECT
        k_country AS d_country,
        p_cost
    FROM (
        SELECT
            country AS k_country,
            sum(if(cost_currency = {currency:String}, toDecimal256(cost_sum, 24), cost_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(cost_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_cost
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
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
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    toDecimal128(roundBankers(p_amount, 6), 6) AS m_amount
FROM (
    SELECT
        k_country AS d_country,
        p_amount
    FROM (
        SELECT
            country AS k_country,
            sum(if(status IN ('approved', 'pending'), if(amount_currency = {currency:String}, toDecimal256(amount, 24), amount * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(amount_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_amount
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
    m_amount DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- aov
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
    toFloat64(toDecimal128(roundBankers(p_amount, 6), 6)) / nullIf(toFloat64(p_sales), 0) AS m_aov
FROM (
    SELECT
        k_country AS d_country,
        p_amount,
        p_sales
    FROM (
        SELECT
            country AS k_country,
            sum(if(status IN ('approved', 'pending'), if(amount_currency = {currency:String}, toDecimal256(amount, 24), amount * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(amount_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_amount,
            countIf(if(status IN ('approved', 'pending') AND attribution != 'adjustment', if(amount_currency = {currency:String}, true, {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(amount_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] != 0), false)) AS p_sales
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
    m_aov DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rpc
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
    toFloat64((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_rpc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
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
    m_rpc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rpm
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
    (toFloat64((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6))) / nullIf(toFloat64(p_clicks), 0) * 1000) AS m_rpm
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
            toUInt64(0) AS p_clicks
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
    m_rpm DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ecpm
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
    (toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_impressions), 0) * 1000) AS m_ecpm
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_impressions) AS p_impressions
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
            toUInt64(0) AS p_impressions
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
    m_ecpm DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- epc
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
    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
            toUInt64(0) AS p_clicks
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
    m_epc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- epc_unique
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
    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_unique_clicks), 0) AS m_epc_unique
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_unique_clicks) AS p_unique_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
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
    m_epc_unique DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cpa
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
    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_payouts), 0) AS m_cpa
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_payouts) AS p_payouts
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            toUInt64(0) AS p_payouts
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
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
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
            countIf(if(status IN ('approved', 'pending') AND attribution != 'adjustment', if(currency = {currency:String}, true, {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] != 0), false)) AS p_payouts
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
    m_cpa DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- cpc
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
    toFloat64(toDecimal128(roundBankers(p_cost, 6), 6)) / nullIf(toFloat64(p_clicks), 0) AS m_cpc
FROM (
    SELECT
        k_country AS d_country,
        p_cost,
        p_clicks
    FROM (
        SELECT
            country AS k_country,
            sum(if(cost_currency = {currency:String}, toDecimal256(cost_sum, 24), cost_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(cost_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_cost,
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
    m_cpc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approved_revenue
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
    toDecimal128(roundBankers(p_approved_revenue, 6), 6) AS m_approved_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue
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
    m_approved_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- approved_payout
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
    toDecimal128(roundBankers(p_approved_payout, 6), 6) AS m_approved_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout
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
    m_approved_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- expected_revenue
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
    (toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) AS m_expected_revenue
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue
    FROM (
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
        UNION ALL
        SELECT
            country AS k_country,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue
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
    m_expected_revenue DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- expected_payout
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
    (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) AS m_expected_payout
FROM (
    SELECT
        k_country AS d_country,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            country AS k_country,
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
ORDER BY
    m_expected_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- held_payout
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
    toDecimal128(roundBankers(p_held_payout, 6), 6) AS m_held_payout
FROM (
    SELECT
        k_country AS d_country,
        p_held_payout
    FROM (
        SELECT
            country AS k_country,
            sum(if(status = 'hold', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_held_payout
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
    m_held_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rejected_payout
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
    toDecimal128(roundBankers(p_rejected_payout, 6), 6) AS m_rejected_payout
FROM (
    SELECT
        k_country AS d_country,
        p_rejected_payout
    FROM (
        SELECT
            country AS k_country,
            sum(if(status = 'rejected', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_rejected_payout
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
    m_rejected_payout DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
