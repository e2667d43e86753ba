-- everything at once
-- currency = 'EUR'
-- f0 = ['DE', 'FR']
-- f1 = '^Sh'
-- f2 = 'prefetch'
-- from = '2026-10-31 18:30:00.000'
-- h0 = 100.0
-- h1 = 0.0
-- limit = 101
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- offset = 200
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- rate_currencies = ['USD']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('0.909090909090909091'), Decimal('0.800000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    d_partner,
    d_hour,
    d_fraud_reason,
    p_clicks AS m_clicks,
    toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
    finalizeAggregation(p_unique_ips) AS m_unique_ips,
    if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score,
    toFloat64(if(isNaN(finalizeAggregation(p_ctit_median_ms)), NULL, finalizeAggregation(p_ctit_median_ms))) / nullIf(toFloat64(1000), 0) AS m_median_ctit,
    p_first_click_at AS m_first_click_at,
    ((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) AS m_profit,
    p_rejected AS m_rejected,
    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
FROM (
    SELECT
        k_partner AS d_partner,
        formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
        k_fraud_reason AS d_fraud_reason,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending,
        sum(p_unique_clicks) AS p_unique_clicks,
        uniqMergeState(p_unique_ips) AS p_unique_ips,
        quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95,
        quantileExactInclusiveMergeState(0.5)(p_ctit_median_ms) AS p_ctit_median_ms,
        min(p_first_click_at) AS p_first_click_at,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_pending_revenue) AS p_pending_revenue,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_rejected) AS p_rejected
    FROM (
        SELECT
            partner_id AS k_partner,
            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
            arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            countIf(is_unique AND verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks,
            uniqState(ip) AS p_unique_ips,
            quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95,
            quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
            minOrNull(ts) AS p_first_click_at,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            toUInt64(0) AS p_rejected
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND country IN {f0:Array(String)}
            AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
            AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner, k_hour, k_fraud_reason
        UNION ALL
        SELECT
            partner_id AS k_partner,
            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
            arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
            toUInt64(0) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            toUInt64(0) AS p_unique_clicks,
            uniqStateIf('', false) AS p_unique_ips,
            quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
            quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
            CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toDecimal256(0, 24) AS p_pending_revenue,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            toUInt64(0) AS p_rejected
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND country IN {f0:Array(String)}
            AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
            AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner, k_hour, k_fraud_reason
        UNION ALL
        SELECT
            partner_id AS k_partner,
            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
            arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
            toUInt64(0) AS p_unique_clicks,
            uniqStateIf('', false) AS p_unique_ips,
            quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
            quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms,
            CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
            countIf(status = 'rejected' AND attribution != 'adjustment') AS p_rejected
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND country IN {f0:Array(String)}
            AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
            AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner, k_hour, k_fraud_reason
    )
    GROUP BY d_partner, d_hour, d_fraud_reason
)
WHERE toFloat64(m_clicks) >= {h0:Float64}
    AND toFloat64(m_rejected) = {h1:Float64}
ORDER BY
    m_epc DESC NULLS LAST,
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
    d_partner ASC NULLS LAST,
    d_hour ASC NULLS LAST,
    d_fraud_reason ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- totals of everything at once
-- currency = 'EUR'
-- f0 = ['DE', 'FR']
-- f1 = '^Sh'
-- f2 = 'prefetch'
-- from = '2026-10-31 18:30:00.000'
-- h0 = 100.0
-- h1 = 0.0
-- limit = 101
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- offset = 200
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- rate_currencies = ['USD']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('0.909090909090909091'), Decimal('0.800000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    is_total,
    d_partner,
    d_hour,
    d_fraud_reason,
    m_clicks,
    m_cr,
    m_unique_ips,
    m_p95_fraud_score,
    m_median_ctit,
    m_first_click_at,
    m_profit,
    m_rejected,
    m_epc
FROM (
    SELECT
        0 AS is_total,
        d_partner,
        d_hour,
        d_fraud_reason,
        p_clicks AS m_clicks,
        toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
        finalizeAggregation(p_unique_ips) AS m_unique_ips,
        if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score,
        toFloat64(if(isNaN(finalizeAggregation(p_ctit_median_ms)), NULL, finalizeAggregation(p_ctit_median_ms))) / nullIf(toFloat64(1000), 0) AS m_median_ctit,
        p_first_click_at AS m_first_click_at,
        ((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) AS m_profit,
        p_rejected AS m_rejected,
        toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
    FROM (
        SELECT
            k_partner AS d_partner,
            formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
            k_fraud_reason AS d_fraud_reason,
            sum(p_clicks) AS p_clicks,
            sum(p_approved) AS p_approved,
            sum(p_pending) AS p_pending,
            sum(p_unique_clicks) AS p_unique_clicks,
            uniqMergeState(p_unique_ips) AS p_unique_ips,
            quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95,
            quantileExactInclusiveMergeState(0.5)(p_ctit_median_ms) AS p_ctit_median_ms,
            min(p_first_click_at) AS p_first_click_at,
            sum(p_approved_revenue) AS p_approved_revenue,
            sum(p_pending_revenue) AS p_pending_revenue,
            sum(p_approved_payout) AS p_approved_payout,
            sum(p_pending_payout) AS p_pending_payout,
            sum(p_rejected) AS p_rejected
        FROM (
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                countIf(is_unique AND verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks,
                uniqState(ip) AS p_unique_ips,
                quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                minOrNull(ts) AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_rejected
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
            UNION ALL
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                toUInt64(0) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_rejected
            FROM impressions
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
            UNION ALL
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                toUInt64(0) AS p_clicks,
                countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
                countIf(status = 'rejected' AND attribution != 'adjustment') AS p_rejected
            FROM conversions FINAL
            PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
        )
        GROUP BY d_partner, d_hour, d_fraud_reason
    )
    WHERE toFloat64(m_clicks) >= {h0:Float64}
        AND toFloat64(m_rejected) = {h1:Float64}
    ORDER BY
        m_epc DESC NULLS LAST,
        lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
        d_partner ASC NULLS LAST,
        d_hour ASC NULLS LAST,
        d_fraud_reason ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_partner,
        NULL AS d_hour,
        NULL AS d_fraud_reason,
        t_p_clicks AS m_clicks,
        toFloat64((t_p_approved + t_p_pending)) / nullIf(toFloat64(t_p_unique_clicks), 0) AS m_cr,
        t_p_unique_ips AS m_unique_ips,
        t_p_fraud_score_p95 AS m_p95_fraud_score,
        toFloat64(t_p_ctit_median_ms) / nullIf(toFloat64(1000), 0) AS m_median_ctit,
        t_p_first_click_at AS m_first_click_at,
        ((t_p_approved_revenue + t_p_pending_revenue) - (t_p_approved_payout + t_p_pending_payout)) AS m_profit,
        t_p_rejected AS m_rejected,
        toFloat64((t_p_approved_payout + t_p_pending_payout)) / nullIf(toFloat64(t_p_clicks), 0) AS m_epc
    FROM (
        SELECT
            sum(p_clicks) AS t_p_clicks,
            sum(p_approved) AS t_p_approved,
            sum(p_pending) AS t_p_pending,
            sum(p_unique_clicks) AS t_p_unique_clicks,
            uniqMerge(p_unique_ips) AS t_p_unique_ips,
            if(isNaN(quantileExactInclusiveMerge(0.95)(p_fraud_score_p95)), NULL, quantileExactInclusiveMerge(0.95)(p_fraud_score_p95)) AS t_p_fraud_score_p95,
            if(isNaN(quantileExactInclusiveMerge(0.5)(p_ctit_median_ms)), NULL, quantileExactInclusiveMerge(0.5)(p_ctit_median_ms)) AS t_p_ctit_median_ms,
            min(p_first_click_at) AS t_p_first_click_at,
            toDecimal128(roundBankers(sum(p_approved_revenue), 6), 6) AS t_p_approved_revenue,
            toDecimal128(roundBankers(sum(p_pending_revenue), 6), 6) AS t_p_pending_revenue,
            toDecimal128(roundBankers(sum(p_approved_payout), 6), 6) AS t_p_approved_payout,
            toDecimal128(roundBankers(sum(p_pending_payout), 6), 6) AS t_p_pending_payout,
            sum(p_rejected) AS t_p_rejected
        FROM (
            SELECT
                p_clicks,
                p_approved,
                p_pending,
                p_unique_clicks,
                p_unique_ips,
                p_fraud_score_p95,
                p_ctit_median_ms,
                p_first_click_at,
                p_approved_revenue,
                p_pending_revenue,
                p_approved_payout,
                p_pending_payout,
                p_rejected,
                p_clicks AS m_clicks,
                p_rejected AS m_rejected
            FROM (
                SELECT
                    k_partner AS d_partner,
                    formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
                    k_fraud_reason AS d_fraud_reason,
                    sum(p_clicks) AS p_clicks,
                    sum(p_approved) AS p_approved,
                    sum(p_pending) AS p_pending,
                    sum(p_unique_clicks) AS p_unique_clicks,
                    uniqMergeState(p_unique_ips) AS p_unique_ips,
                    quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95,
                    quantileExactInclusiveMergeState(0.5)(p_ctit_median_ms) AS p_ctit_median_ms,
                    min(p_first_click_at) AS p_first_click_at,
                    sum(p_approved_revenue) AS p_approved_revenue,
                    sum(p_pending_revenue) AS p_pending_revenue,
                    sum(p_approved_payout) AS p_approved_payout,
                    sum(p_pending_payout) AS p_pending_payout,
                    sum(p_rejected) AS p_rejected
                FROM (
                    SELECT
                        partner_id AS k_partner,
                        toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                        arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                        countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        countIf(is_unique AND verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks,
                        uniqState(ip) AS p_unique_ips,
                        quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95,
                        quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                        minOrNull(ts) AS p_first_click_at,
                        sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                        toDecimal256(0, 24) AS p_pending_revenue,
                        sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_rejected
                    FROM clicks
                    WHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND country IN {f0:Array(String)}
                        AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                        AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_partner, k_hour, k_fraud_reason
                    UNION ALL
                    SELECT
                        partner_id AS k_partner,
                        toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                        arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                        toUInt64(0) AS p_clicks,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        uniqStateIf('', false) AS p_unique_ips,
                        quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                        quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                        sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                        toDecimal256(0, 24) AS p_pending_revenue,
                        sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_rejected
                    FROM impressions
                    WHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND country IN {f0:Array(String)}
                        AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                        AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_partner, k_hour, k_fraud_reason
                    UNION ALL
                    SELECT
                        partner_id AS k_partner,
                        toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                        arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                        toUInt64(0) AS p_clicks,
                        countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                        countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        uniqStateIf('', false) AS p_unique_ips,
                        quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                        quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms,
                        CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                        sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
                        sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
                        sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
                        sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
                        countIf(status = 'rejected' AND attribution != 'adjustment') AS p_rejected
                    FROM conversions FINAL
                    PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND partner_id = {scope_partner:UInt32}
                    WHERE NOT is_test
                        AND country IN {f0:Array(String)}
                        AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                        AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_partner, k_hour, k_fraud_reason
                )
                GROUP BY d_partner, d_hour, d_fraud_reason
            )
            WHERE toFloat64(m_clicks) >= {h0:Float64}
                AND toFloat64(m_rejected) = {h1:Float64}
        )
    )
)
ORDER BY
    is_total,
    m_epc DESC NULLS LAST,
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
    d_partner ASC NULLS LAST,
    d_hour ASC NULLS LAST,
    d_fraud_reason ASC NULLS LAST;

-- totals without metric filters
-- currency = 'EUR'
-- f0 = ['DE', 'FR']
-- f1 = '^Sh'
-- f2 = 'prefetch'
-- from = '2026-10-31 18:30:00.000'
-- limit = 101
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- offset = 200
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- rate_currencies = ['USD']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('0.909090909090909091'), Decimal('0.800000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    is_total,
    d_partner,
    d_hour,
    d_fraud_reason,
    m_clicks,
    m_cr,
    m_unique_ips,
    m_p95_fraud_score,
    m_median_ctit,
    m_first_click_at,
    m_profit,
    m_epc
FROM (
    SELECT
        0 AS is_total,
        d_partner,
        d_hour,
        d_fraud_reason,
        p_clicks AS m_clicks,
        toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
        finalizeAggregation(p_unique_ips) AS m_unique_ips,
        if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score,
        toFloat64(if(isNaN(finalizeAggregation(p_ctit_median_ms)), NULL, finalizeAggregation(p_ctit_median_ms))) / nullIf(toFloat64(1000), 0) AS m_median_ctit,
        p_first_click_at AS m_first_click_at,
        ((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) AS m_profit,
        toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
    FROM (
        SELECT
            k_partner AS d_partner,
            formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
            k_fraud_reason AS d_fraud_reason,
            sum(p_clicks) AS p_clicks,
            sum(p_approved) AS p_approved,
            sum(p_pending) AS p_pending,
            sum(p_unique_clicks) AS p_unique_clicks,
            uniqMergeState(p_unique_ips) AS p_unique_ips,
            quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95,
            quantileExactInclusiveMergeState(0.5)(p_ctit_median_ms) AS p_ctit_median_ms,
            min(p_first_click_at) AS p_first_click_at,
            sum(p_approved_revenue) AS p_approved_revenue,
            sum(p_pending_revenue) AS p_pending_revenue,
            sum(p_approved_payout) AS p_approved_payout,
            sum(p_pending_payout) AS p_pending_payout
        FROM (
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                countIf(is_unique AND verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks,
                uniqState(ip) AS p_unique_ips,
                quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                minOrNull(ts) AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
            UNION ALL
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                toUInt64(0) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout
            FROM impressions
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
            UNION ALL
            SELECT
                partner_id AS k_partner,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                arrayJoin(if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))) AS k_fraud_reason,
                toUInt64(0) AS p_clicks,
                countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout
            FROM conversions FINAL
            PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_partner, k_hour, k_fraud_reason
        )
        GROUP BY d_partner, d_hour, d_fraud_reason
    )
    ORDER BY
        m_epc DESC NULLS LAST,
        lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
        d_partner ASC NULLS LAST,
        d_hour ASC NULLS LAST,
        d_fraud_reason ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_partner,
        NULL AS d_hour,
        NULL AS d_fraud_reason,
        p_clicks AS m_clicks,
        toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
        finalizeAggregation(p_unique_ips) AS m_unique_ips,
        if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score,
        toFloat64(if(isNaN(finalizeAggregation(p_ctit_median_ms)), NULL, finalizeAggregation(p_ctit_median_ms))) / nullIf(toFloat64(1000), 0) AS m_median_ctit,
        p_first_click_at AS m_first_click_at,
        ((toDecimal128(roundBankers(p_approved_revenue, 6), 6) + toDecimal128(roundBankers(p_pending_revenue, 6), 6)) - (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) AS m_profit,
        toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS m_epc
    FROM (
        SELECT
            sum(p_clicks) AS p_clicks,
            sum(p_approved) AS p_approved,
            sum(p_pending) AS p_pending,
            sum(p_unique_clicks) AS p_unique_clicks,
            uniqMergeState(p_unique_ips) AS p_unique_ips,
            quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95,
            quantileExactInclusiveMergeState(0.5)(p_ctit_median_ms) AS p_ctit_median_ms,
            min(p_first_click_at) AS p_first_click_at,
            sum(p_approved_revenue) AS p_approved_revenue,
            sum(p_pending_revenue) AS p_pending_revenue,
            sum(p_approved_payout) AS p_approved_payout,
            sum(p_pending_payout) AS p_pending_payout
        FROM (
            SELECT
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                countIf(is_unique AND verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_unique_clicks,
                uniqState(ip) AS p_unique_ips,
                quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                minOrNull(ts) AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            UNION ALL
            SELECT
                toUInt64(0) AS p_clicks,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(toInt64(0), false) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
                toDecimal256(0, 24) AS p_pending_revenue,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout
            FROM impressions
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
            UNION ALL
            SELECT
                toUInt64(0) AS p_clicks,
                countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                uniqStateIf('', false) AS p_unique_ips,
                quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95,
                quantileExactInclusiveStateIf(0.5)(ctit_ms, attribution IN ('click', 'view')) AS p_ctit_median_ms,
                CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))') AS p_first_click_at,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_revenue,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout
            FROM conversions FINAL
            PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND country IN {f0:Array(String)}
                AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
                AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
                AND partner_id = {scope_partner:UInt32}
        )
    )
)
ORDER BY
    is_total,
    m_epc DESC NULLS LAST,
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
    d_partner ASC NULLS LAST,
    d_hour ASC NULLS LAST,
    d_fraud_reason ASC NULLS LAST;

-- whether there are other currencies of everything at once
-- currency = 'EUR'
-- f0 = ['DE', 'FR']
-- f1 = '^Sh'
-- f2 = 'prefetch'
-- from = '2026-10-31 18:30:00.000'
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- rate_currencies = ['USD']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('0.909090909090909091'), Decimal('0.800000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
SELECT 1
FROM (
    SELECT
        arrayJoin(arrayDistinct([currency])) AS other,
        ts
    FROM conversions
    WHERE ts >= {from:DateTime64(3, 'UTC')}
        AND ts < {to:DateTime64(3, 'UTC')}
        AND NOT is_test
        AND country IN {f0:Array(String)}
        AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
        AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
        AND NOT (currency = {currency:String})
        AND partner_id = {scope_partner:UInt32}
)
WHERE other != {currency:String}
    AND {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(other, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] = 0
LIMIT 1;

-- whether there are other currencies of payouts
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT 1
FROM (
    SELECT
        arrayJoin(arrayDistinct([currency])) AS other,
        ts
    FROM conversions
    WHERE ts >= {from:DateTime64(3, 'UTC')}
        AND ts < {to:DateTime64(3, 'UTC')}
        AND NOT is_test
        AND NOT (currency = {currency:String})
        AND partner_id = {scope_partner:UInt32}
)
WHERE other != {currency:String}
    AND {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(other, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] = 0
LIMIT 1;

-- other currencies of everything at once
-- currency = 'EUR'
-- f0 = ['DE', 'FR']
-- f1 = '^Sh'
-- f2 = 'prefetch'
-- from = '2026-10-31 18:30:00.000'
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- rate_currencies = ['USD']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('0.909090909090909091'), Decimal('0.800000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-07 18:30:00.000'
SELECT
    other,
    count()
FROM (
    SELECT
        arrayJoin(arrayDistinct([currency])) AS other,
        ts
    FROM conversions FINAL
    PREWHERE ts >= {from:DateTime64(3, 'UTC')}
        AND ts < {to:DateTime64(3, 'UTC')}
        AND partner_id = {scope_partner:UInt32}
    WHERE NOT is_test
        AND country IN {f0:Array(String)}
        AND (match(transform(offer_id, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(offer_id))), {f1:String}) AND match('', {f1:String}) >= 0)
        AND NOT (arrayExists(x -> x = {f2:String}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
        AND NOT (currency = {currency:String})
        AND partner_id = {scope_partner:UInt32}
)
WHERE other != {currency:String}
    AND {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(other, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] = 0
GROUP BY other
ORDER BY other;

-- other currencies of sales and payouts
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    other,
    count()
FROM (
    SELECT
        arrayJoin(arrayDistinct([amount_currency, currency])) AS other,
        ts
    FROM conversions FINAL
    PREWHERE ts >= {from:DateTime64(3, 'UTC')}
        AND ts < {to:DateTime64(3, 'UTC')}
        AND partner_id = {scope_partner:UInt32}
    WHERE NOT is_test
        AND NOT (amount_currency = {currency:String} AND currency = {currency:String})
        AND partner_id = {scope_partner:UInt32}
)
WHERE other != {currency:String}
    AND {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(other, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] = 0
GROUP BY other
ORDER BY other;

-- no dimensions
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- rollup
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_partner,
    d_day,
    d_country,
    p_clicks AS m_clicks,
    finalizeAggregation(p_unique_ips) AS m_unique_ips,
    toDecimal128(roundBankers(p_cost, 6), 6) AS m_cost
FROM (
    SELECT
        k_partner AS d_partner,
        toString(k_day) AS d_day,
        k_country AS d_country,
        sum(p_clicks) AS p_clicks,
        uniqMergeState(p_unique_ips) AS p_unique_ips,
        sum(p_cost) AS p_cost
    FROM (
        SELECT
            partner_id AS k_partner,
            toDate(hour, {tz:String}) AS k_day,
            country AS k_country,
            sum(n_clicks) AS p_clicks,
            uniqMergeState(ips) AS p_unique_ips,
            sum(if(cost_currency = {currency:String}, toDecimal256(cost_sum, 24), cost_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(cost_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_cost
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner, k_day, k_country
    )
    GROUP BY d_partner, d_day, d_country
)
ORDER BY
    d_day ASC NULLS LAST,
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
    d_partner ASC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- raw because of a dimension
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub1,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_sub1 AS d_sub1,
        p_clicks
    FROM (
        SELECT
            sub1 AS k_sub1,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub1
    )
)
ORDER BY
    m_clicks DESC NULLS LAST,
    d_sub1 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- raw because of a filter
-- f0 = 'Bonn'
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
            AND city = {f0:String}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- raw because of a metric
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS m_p95_fraud_score
FROM (
    SELECT
        p_fraud_score_p95
    FROM (
        SELECT
            quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_p95_fraud_score DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- raw because of a half hour
-- from = '2026-11-01 00:30:00.000'
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
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- click metrics beside a goal are null
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
    m_clicks DESC NULLS LAST,
    d_goal ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- nothing but nulls
-- f0 = 'sale'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    CAST(NULL, 'Nullable(Float64)') AS m_clicks
FROM (
    SELECT
        count()
    FROM (
        SELECT
            count()
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND goal = {f0:String}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- totals of nothing but nulls
-- f0 = 'sale'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    is_total,
    m_clicks
FROM (
    SELECT
        0 AS is_total,
        CAST(NULL, 'Nullable(Float64)') AS m_clicks
    FROM (
        SELECT
            count()
        FROM (
            SELECT
                count()
            FROM conversions FINAL
            PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND goal = {f0:String}
                AND partner_id = {scope_partner:UInt32}
        )
    )
    WHERE NOT (isNotNull(m_clicks))
    ORDER BY
        m_clicks DESC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        CAST(NULL, 'Nullable(Float64)') AS m_clicks
    FROM (
        SELECT
            count()
        FROM (
            SELECT
                CAST(NULL, 'Nullable(Float64)') AS m_clicks
            FROM (
                SELECT
                    count()
                FROM (
                    SELECT
                        count()
                    FROM conversions FINAL
                    PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND partner_id = {scope_partner:UInt32}
                    WHERE NOT is_test
                        AND goal = {f0:String}
                        AND partner_id = {scope_partner:UInt32}
                )
            )
            WHERE NOT (isNotNull(m_clicks))
        )
    )
)
ORDER BY
    is_total,
    m_clicks DESC NULLS LAST;

-- a tag and the name of a creative
-- creative_name_is = ['Banner']
-- creative_name_of = ['1']
-- f0 = 'sale'
-- f1 = '^G'
-- f3 = 'CPA'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offer_tag_is = ['summer\x1fsale', 'sale']
-- offer_tag_of = [10, 11]
-- offset = 0
-- partner_tier_is = ['Gold', 'Silver']
-- partner_tier_of = [1, 2]
-- payout_model_is = ['CPA', 'CPC']
-- payout_model_of = [10, 11]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_offer_tag,
    d_creative_name,
    p_clicks AS m_clicks
FROM (
    SELECT
        arrayJoin(splitByChar('\x1f', transform(k_offer_tag, {offer_tag_of:Array(UInt32)}, {offer_tag_is:Array(String)}, ''))) AS d_offer_tag,
        transform(toString(k_creative_name), {creative_name_of:Array(String)}, {creative_name_is:Array(String)}, '') AS d_creative_name,
        sum(p_clicks) AS p_clicks
    FROM (
        SELECT
            offer_id AS k_offer_tag,
            creative_id AS k_creative_name,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND NOT (if('' = {f0:String}, offer_id NOT IN (SELECT arrayJoin(arrayFilter((id, values) -> NOT arrayExists(x -> x = {f0:String}, splitByChar('\x1f', values)), {offer_tag_of:Array(UInt32)}, {offer_tag_is:Array(String)}))), offer_id IN (SELECT arrayJoin(arrayFilter((id, values) -> arrayExists(x -> x = {f0:String}, splitByChar('\x1f', values)), {offer_tag_of:Array(UInt32)}, {offer_tag_is:Array(String)})))))
            AND if((match('', {f1:String}) AND match('', {f1:String}) >= 0), partner_id NOT IN (SELECT arrayJoin(arrayFilter((id, values) -> NOT arrayExists(x -> (match(x, {f1:String}) AND match('', {f1:String}) >= 0), splitByChar('\x1f', values)), {partner_tier_of:Array(UInt32)}, {partner_tier_is:Array(String)}))), partner_id IN (SELECT arrayJoin(arrayFilter((id, values) -> arrayExists(x -> (match(x, {f1:String}) AND match('', {f1:String}) >= 0), splitByChar('\x1f', values)), {partner_tier_of:Array(UInt32)}, {partner_tier_is:Array(String)}))))
            AND NOT (if('' != '', creative_id NOT IN (SELECT arrayJoin(arrayFilter((id, values) -> NOT arrayExists(x -> x != '', splitByChar('\x1f', values)), {creative_name_of:Array(String)}, {creative_name_is:Array(String)}))), creative_id IN (SELECT arrayJoin(arrayFilter((id, values) -> arrayExists(x -> x != '', splitByChar('\x1f', values)), {creative_name_of:Array(String)}, {creative_name_is:Array(String)})))))
            AND transform(offer_id, {payout_model_of:Array(UInt32)}, {payout_model_is:Array(String)}, '') = {f3:String}
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer_tag, k_creative_name
    )
    GROUP BY d_offer_tag, d_creative_name
)
ORDER BY
    m_clicks DESC NULLS LAST,
    d_offer_tag ASC NULLS LAST,
    d_creative_name ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ids offered by a picker
-- most = 10000
-- scope_partner = 7
-- since = '2026-11-01 00:00:00.000'
SELECT DISTINCT toString(id) FROM (
SELECT offer_id AS id
FROM clicks_hourly
WHERE hour >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
UNION ALL
SELECT offer_id AS id
FROM impressions
WHERE ts >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
UNION ALL
SELECT offer_id AS id
FROM conversions
WHERE ts >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
) LIMIT {most:UInt64};

-- ids of text offered by a picker
-- most = 10000
-- scope_partner = 7
-- since = '2026-11-01 00:00:00.000'
SELECT DISTINCT toString(id) FROM (
SELECT creative_id AS id
FROM clicks
WHERE ts >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
UNION ALL
SELECT creative_id AS id
FROM impressions
WHERE ts >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
UNION ALL
SELECT creative_id AS id
FROM conversions
WHERE ts >= {since:DateTime64(3, 'UTC')} AND NOT is_test AND partner_id = {scope_partner:UInt32}
) LIMIT {most:UInt64};

-- a name nobody has
-- f0 = []
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
            AND partner_id IN {f0:Array(UInt32)}
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- compared with the previous period
-- before_from = '2026-10-24 18:30:00.000'
-- before_to = '2026-10-31 18:30:00.000'
-- from = '2026-10-31 18:30:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- shift_day = 7
-- shift_hour = 7
-- shift_seconds = 0
-- to = '2026-11-07 18:30:00.000'
-- tz = 'Asia/Kolkata'
SELECT
    is_total,
    d_day,
    d_hour,
    m_clicks,
    b_clicks
FROM (
    SELECT
        0 AS is_total,
        d_day,
        d_hour,
        p_clicks AS m_clicks,
        q_clicks AS b_clicks
    FROM (
        SELECT
            toString(k_day) AS d_day,
            formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
            sum(p_clicks) AS p_clicks,
            sum(q_clicks) AS q_clicks
        FROM (
            SELECT
                toDate(ts, {tz:String}) AS k_day,
                toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS q_clicks
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_day, k_hour
            UNION ALL
            SELECT
                addDays(toDate(ts, {tz:String}), {shift_day:Int32}) AS k_day,
                toTimeZone(addSeconds(addDays(toTimeZone(toStartOfFifteenMinutes(ts, 'UTC'), {tz:String}), {shift_hour:Int32}), {shift_seconds:Int32}), 'UTC') AS k_hour,
                toUInt64(0) AS p_clicks,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS q_clicks
            FROM clicks
            WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                AND ts < {before_to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_day, k_hour
        )
        GROUP BY d_day, d_hour
    )
    ORDER BY
        d_day ASC NULLS LAST,
        d_hour ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_day,
        NULL AS d_hour,
        p_clicks AS m_clicks,
        q_clicks AS b_clicks
    FROM (
        SELECT
            sum(p_clicks) AS p_clicks,
            sum(q_clicks) AS q_clicks
        FROM (
            SELECT
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS q_clicks
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
            UNION ALL
            SELECT
                toUInt64(0) AS p_clicks,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS q_clicks
            FROM clicks
            WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                AND ts < {before_to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
        )
    )
)
ORDER BY
    is_total,
    d_day ASC NULLS LAST,
    d_hour ASC NULLS LAST;

-- compared with the previous year
-- before_from = '2025-11-01 00:00:00.000'
-- before_to = '2025-11-08 00:00:00.000'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- shift_month = 12
-- shift_quarter = 4
-- shift_week = 52
-- shift_year = 1
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_month,
    d_quarter,
    d_year,
    d_week,
    toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
    toFloat64((q_approved + q_pending)) / nullIf(toFloat64(q_unique_clicks), 0) AS b_cr
FROM (
    SELECT
        formatDateTime(k_month, '%Y-%m') AS d_month,
        concat(toString(toYear(k_quarter)), '-Q', toString(toQuarter(k_quarter))) AS d_quarter,
        k_year AS d_year,
        toString(k_week) AS d_week,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending,
        sum(p_unique_clicks) AS p_unique_clicks,
        sum(q_approved) AS q_approved,
        sum(q_pending) AS q_pending,
        sum(q_unique_clicks) AS q_unique_clicks
    FROM (
        SELECT
            toStartOfMonth(hour, {tz:String}) AS k_month,
            toStartOfQuarter(hour, {tz:String}) AS k_quarter,
            toYear(hour, {tz:String}) AS k_year,
            toMonday(hour, {tz:String}) AS k_week,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            sum(n_unique_clicks) AS p_unique_clicks,
            toUInt64(0) AS q_approved,
            toUInt64(0) AS q_pending,
            toUInt64(0) AS q_unique_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month, k_quarter, k_year, k_week
        UNION ALL
        SELECT
            toStartOfMonth(ts, {tz:String}) AS k_month,
            toStartOfQuarter(ts, {tz:String}) AS k_quarter,
            toYear(ts, {tz:String}) AS k_year,
            toMonday(ts, {tz:String}) AS k_week,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
            toUInt64(0) AS p_unique_clicks,
            toUInt64(0) AS q_approved,
            toUInt64(0) AS q_pending,
            toUInt64(0) AS q_unique_clicks
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month, k_quarter, k_year, k_week
        UNION ALL
        SELECT
            addMonths(toStartOfMonth(hour, {tz:String}), {shift_month:Int32}) AS k_month,
            addQuarters(toStartOfQuarter(hour, {tz:String}), {shift_quarter:Int32}) AS k_quarter,
            toUInt16(toYear(hour, {tz:String}) + {shift_year:Int32}) AS k_year,
            addWeeks(toMonday(hour, {tz:String}), {shift_week:Int32}) AS k_week,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            toUInt64(0) AS p_unique_clicks,
            toUInt64(0) AS q_approved,
            toUInt64(0) AS q_pending,
            sum(n_unique_clicks) AS q_unique_clicks
        FROM clicks_daily
        WHERE hour >= {before_from:DateTime64(3, 'UTC')}
            AND hour < {before_to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month, k_quarter, k_year, k_week
        UNION ALL
        SELECT
            addMonths(toStartOfMonth(ts, {tz:String}), {shift_month:Int32}) AS k_month,
            addQuarters(toStartOfQuarter(ts, {tz:String}), {shift_quarter:Int32}) AS k_quarter,
            toUInt16(toYear(ts, {tz:String}) + {shift_year:Int32}) AS k_year,
            addWeeks(toMonday(ts, {tz:String}), {shift_week:Int32}) AS k_week,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending,
            toUInt64(0) AS p_unique_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS q_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS q_pending,
            toUInt64(0) AS q_unique_clicks
        FROM conversions FINAL
        PREWHERE ts >= {before_from:DateTime64(3, 'UTC')}
            AND ts < {before_to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_month, k_quarter, k_year, k_week
    )
    GROUP BY d_month, d_quarter, d_year, d_week
)
ORDER BY
    d_month ASC NULLS LAST,
    d_quarter ASC NULLS LAST,
    d_year ASC NULLS LAST,
    d_week ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sorted and filtered by what was before and by the change
-- before_from = '2026-10-25 00:00:00.000'
-- before_to = '2026-11-01 00:00:00.000'
-- currency = 'USD'
-- from = '2026-11-01 00:00:00.000'
-- h0 = 10.0
-- h1 = -0.25
-- limit = 1001
-- offset = 0
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.100000000000000000'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294987296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    is_total,
    d_country,
    m_clicks,
    m_payout,
    m_cr,
    b_clicks,
    b_payout,
    b_cr
FROM (
    SELECT
        0 AS is_total,
        d_country,
        p_clicks AS m_clicks,
        (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) AS m_payout,
        toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS m_cr,
        q_clicks AS b_clicks,
        (toDecimal128(roundBankers(q_approved_payout, 6), 6) + toDecimal128(roundBankers(q_pending_payout, 6), 6)) AS b_payout,
        toFloat64((q_approved + q_pending)) / nullIf(toFloat64(q_unique_clicks), 0) AS b_cr
    FROM (
        SELECT
            k_country AS d_country,
            sum(p_clicks) AS p_clicks,
            sum(p_approved_payout) AS p_approved_payout,
            sum(p_pending_payout) AS p_pending_payout,
            sum(p_approved) AS p_approved,
            sum(p_pending) AS p_pending,
            sum(p_unique_clicks) AS p_unique_clicks,
            sum(q_clicks) AS q_clicks,
            sum(q_approved_payout) AS q_approved_payout,
            sum(q_pending_payout) AS q_pending_payout,
            sum(q_approved) AS q_approved,
            sum(q_pending) AS q_pending,
            sum(q_unique_clicks) AS q_unique_clicks
        FROM (
            SELECT
                country AS k_country,
                sum(n_clicks) AS p_clicks,
                sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                sum(n_unique_clicks) AS p_unique_clicks,
                toUInt64(0) AS q_clicks,
                toDecimal256(0, 24) AS q_approved_payout,
                toDecimal256(0, 24) AS q_pending_payout,
                toUInt64(0) AS q_approved,
                toUInt64(0) AS q_pending,
                toUInt64(0) AS q_unique_clicks
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
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                toUInt64(0) AS q_clicks,
                toDecimal256(0, 24) AS q_approved_payout,
                toDecimal256(0, 24) AS q_pending_payout,
                toUInt64(0) AS q_approved,
                toUInt64(0) AS q_pending,
                toUInt64(0) AS q_unique_clicks
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
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
                countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                toUInt64(0) AS q_clicks,
                toDecimal256(0, 24) AS q_approved_payout,
                toDecimal256(0, 24) AS q_pending_payout,
                toUInt64(0) AS q_approved,
                toUInt64(0) AS q_pending,
                toUInt64(0) AS q_unique_clicks
            FROM conversions FINAL
            PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_country
            UNION ALL
            SELECT
                country AS k_country,
                toUInt64(0) AS p_clicks,
                toDecimal256(0, 24) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                sum(n_clicks) AS q_clicks,
                sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS q_approved_payout,
                toDecimal256(0, 24) AS q_pending_payout,
                toUInt64(0) AS q_approved,
                toUInt64(0) AS q_pending,
                sum(n_unique_clicks) AS q_unique_clicks
            FROM clicks_daily
            WHERE hour >= {before_from:DateTime64(3, 'UTC')}
                AND hour < {before_to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_country
            UNION ALL
            SELECT
                country AS k_country,
                toUInt64(0) AS p_clicks,
                toDecimal256(0, 24) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                toUInt64(0) AS q_clicks,
                sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS q_approved_payout,
                toDecimal256(0, 24) AS q_pending_payout,
                toUInt64(0) AS q_approved,
                toUInt64(0) AS q_pending,
                toUInt64(0) AS q_unique_clicks
            FROM impressions
            WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                AND ts < {before_to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_country
            UNION ALL
            SELECT
                country AS k_country,
                toUInt64(0) AS p_clicks,
                toDecimal256(0, 24) AS p_approved_payout,
                toDecimal256(0, 24) AS p_pending_payout,
                toUInt64(0) AS p_approved,
                toUInt64(0) AS p_pending,
                toUInt64(0) AS p_unique_clicks,
                toUInt64(0) AS q_clicks,
                sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS q_approved_payout,
                sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS q_pending_payout,
                countIf(status = 'approved' AND attribution != 'adjustment') AS q_approved,
                countIf(status = 'pending' AND attribution != 'adjustment') AS q_pending,
                toUInt64(0) AS q_unique_clicks
            FROM conversions FINAL
            PREWHERE ts >= {before_from:DateTime64(3, 'UTC')}
                AND ts < {before_to:DateTime64(3, 'UTC')}
                AND partner_id = {scope_partner:UInt32}
            WHERE NOT is_test
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_country
        )
        GROUP BY d_country
    )
    WHERE toFloat64(b_payout) > {h0:Float64}
        AND toFloat64(if(isFinite(round(toFloat64(m_clicks - b_clicks) / nullIf(toFloat64(b_clicks), 0), 12)), round(toFloat64(m_clicks - b_clicks) / nullIf(toFloat64(b_clicks), 0), 12), NULL)) <= {h1:Float64}
    ORDER BY
        if(isFinite(round(toFloat64(m_cr - b_cr) / nullIf(toFloat64(b_cr), 0), 12)), round(toFloat64(m_cr - b_cr) / nullIf(toFloat64(b_cr), 0), 12), NULL) DESC NULLS LAST,
        b_clicks ASC NULLS LAST,
        d_country ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_country,
        t_p_clicks AS m_clicks,
        (t_p_approved_payout + t_p_pending_payout) AS m_payout,
        toFloat64((t_p_approved + t_p_pending)) / nullIf(toFloat64(t_p_unique_clicks), 0) AS m_cr,
        t_q_clicks AS b_clicks,
        (t_q_approved_payout + t_q_pending_payout) AS b_payout,
        toFloat64((t_q_approved + t_q_pending)) / nullIf(toFloat64(t_q_unique_clicks), 0) AS b_cr
    FROM (
        SELECT
            sum(p_clicks) AS t_p_clicks,
            toDecimal128(roundBankers(sum(p_approved_payout), 6), 6) AS t_p_approved_payout,
            toDecimal128(roundBankers(sum(p_pending_payout), 6), 6) AS t_p_pending_payout,
            sum(p_approved) AS t_p_approved,
            sum(p_pending) AS t_p_pending,
            sum(p_unique_clicks) AS t_p_unique_clicks,
            sum(q_clicks) AS t_q_clicks,
            toDecimal128(roundBankers(sum(q_approved_payout), 6), 6) AS t_q_approved_payout,
            toDecimal128(roundBankers(sum(q_pending_payout), 6), 6) AS t_q_pending_payout,
            sum(q_approved) AS t_q_approved,
            sum(q_pending) AS t_q_pending,
            sum(q_unique_clicks) AS t_q_unique_clicks
        FROM (
            SELECT
                p_clicks,
                p_approved_payout,
                p_pending_payout,
                p_approved,
                p_pending,
                p_unique_clicks,
                q_clicks,
                q_approved_payout,
                q_pending_payout,
                q_approved,
                q_pending,
                q_unique_clicks,
                p_clicks AS m_clicks,
                (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) AS m_payout,
                q_clicks AS b_clicks,
                (toDecimal128(roundBankers(q_approved_payout, 6), 6) + toDecimal128(roundBankers(q_pending_payout, 6), 6)) AS b_payout
            FROM (
                SELECT
                    k_country AS d_country,
                    sum(p_clicks) AS p_clicks,
                    sum(p_approved_payout) AS p_approved_payout,
                    sum(p_pending_payout) AS p_pending_payout,
                    sum(p_approved) AS p_approved,
                    sum(p_pending) AS p_pending,
                    sum(p_unique_clicks) AS p_unique_clicks,
                    sum(q_clicks) AS q_clicks,
                    sum(q_approved_payout) AS q_approved_payout,
                    sum(q_pending_payout) AS q_pending_payout,
                    sum(q_approved) AS q_approved,
                    sum(q_pending) AS q_pending,
                    sum(q_unique_clicks) AS q_unique_clicks
                FROM (
                    SELECT
                        country AS k_country,
                        sum(n_clicks) AS p_clicks,
                        sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        sum(n_unique_clicks) AS p_unique_clicks,
                        toUInt64(0) AS q_clicks,
                        toDecimal256(0, 24) AS q_approved_payout,
                        toDecimal256(0, 24) AS q_pending_payout,
                        toUInt64(0) AS q_approved,
                        toUInt64(0) AS q_pending,
                        toUInt64(0) AS q_unique_clicks
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
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        toUInt64(0) AS q_clicks,
                        toDecimal256(0, 24) AS q_approved_payout,
                        toDecimal256(0, 24) AS q_pending_payout,
                        toUInt64(0) AS q_approved,
                        toUInt64(0) AS q_pending,
                        toUInt64(0) AS q_unique_clicks
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
                        sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
                        countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                        countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        toUInt64(0) AS q_clicks,
                        toDecimal256(0, 24) AS q_approved_payout,
                        toDecimal256(0, 24) AS q_pending_payout,
                        toUInt64(0) AS q_approved,
                        toUInt64(0) AS q_pending,
                        toUInt64(0) AS q_unique_clicks
                    FROM conversions FINAL
                    PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND partner_id = {scope_partner:UInt32}
                    WHERE NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_country
                    UNION ALL
                    SELECT
                        country AS k_country,
                        toUInt64(0) AS p_clicks,
                        toDecimal256(0, 24) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        sum(n_clicks) AS q_clicks,
                        sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS q_approved_payout,
                        toDecimal256(0, 24) AS q_pending_payout,
                        toUInt64(0) AS q_approved,
                        toUInt64(0) AS q_pending,
                        sum(n_unique_clicks) AS q_unique_clicks
                    FROM clicks_daily
                    WHERE hour >= {before_from:DateTime64(3, 'UTC')}
                        AND hour < {before_to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_country
                    UNION ALL
                    SELECT
                        country AS k_country,
                        toUInt64(0) AS p_clicks,
                        toDecimal256(0, 24) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        toUInt64(0) AS q_clicks,
                        sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS q_approved_payout,
                        toDecimal256(0, 24) AS q_pending_payout,
                        toUInt64(0) AS q_approved,
                        toUInt64(0) AS q_pending,
                        toUInt64(0) AS q_unique_clicks
                    FROM impressions
                    WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                        AND ts < {before_to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_country
                    UNION ALL
                    SELECT
                        country AS k_country,
                        toUInt64(0) AS p_clicks,
                        toDecimal256(0, 24) AS p_approved_payout,
                        toDecimal256(0, 24) AS p_pending_payout,
                        toUInt64(0) AS p_approved,
                        toUInt64(0) AS p_pending,
                        toUInt64(0) AS p_unique_clicks,
                        toUInt64(0) AS q_clicks,
                        sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS q_approved_payout,
                        sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS q_pending_payout,
                        countIf(status = 'approved' AND attribution != 'adjustment') AS q_approved,
                        countIf(status = 'pending' AND attribution != 'adjustment') AS q_pending,
                        toUInt64(0) AS q_unique_clicks
                    FROM conversions FINAL
                    PREWHERE ts >= {before_from:DateTime64(3, 'UTC')}
                        AND ts < {before_to:DateTime64(3, 'UTC')}
                        AND partner_id = {scope_partner:UInt32}
                    WHERE NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_country
                )
                GROUP BY d_country
            )
            WHERE toFloat64(b_payout) > {h0:Float64}
                AND toFloat64(if(isFinite(round(toFloat64(m_clicks - b_clicks) / nullIf(toFloat64(b_clicks), 0), 12)), round(toFloat64(m_clicks - b_clicks) / nullIf(toFloat64(b_clicks), 0), 12), NULL)) <= {h1:Float64}
        )
    )
)
ORDER BY
    is_total,
    if(isFinite(round(toFloat64(m_cr - b_cr) / nullIf(toFloat64(b_cr), 0), 12)), round(toFloat64(m_cr - b_cr) / nullIf(toFloat64(b_cr), 0), 12), NULL) DESC NULLS LAST,
    b_clicks ASC NULLS LAST,
    d_country ASC NULLS LAST;

-- compared with a range of its own
-- before_from = '2026-09-01 00:00:00.000'
-- before_to = '2026-09-03 00:00:00.000'
-- f0 = '2026-11-02'
-- from = '2026-11-01 00:00:00.000'
-- h0 = 1.0
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- shift_day = 61
-- shift_minute = 61
-- shift_seconds = 0
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    is_total,
    d_minute,
    d_hour_of_day,
    m_clicks,
    b_clicks
FROM (
    SELECT
        0 AS is_total,
        d_minute,
        d_hour_of_day,
        p_clicks AS m_clicks,
        q_clicks AS b_clicks
    FROM (
        SELECT
            formatDateTime(k_minute, '%Y-%m-%d %H:%i', {tz:String}) AS d_minute,
            k_hour_of_day AS d_hour_of_day,
            sum(p_clicks) AS p_clicks,
            sum(q_clicks) AS q_clicks
        FROM (
            SELECT
                toStartOfMinute(ts, {tz:String}) AS k_minute,
                toHour(ts, {tz:String}) AS k_hour_of_day,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                toUInt64(0) AS q_clicks
            FROM clicks
            WHERE ts >= {from:DateTime64(3, 'UTC')}
                AND ts < {to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND toString(toDate(ts, {tz:String})) = {f0:String}
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_minute, k_hour_of_day
            UNION ALL
            SELECT
                toTimeZone(addSeconds(addDays(toTimeZone(toStartOfMinute(ts, {tz:String}), {tz:String}), {shift_minute:Int32}), {shift_seconds:Int32}), 'UTC') AS k_minute,
                toHour(ts, {tz:String}) AS k_hour_of_day,
                toUInt64(0) AS p_clicks,
                countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS q_clicks
            FROM clicks
            WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                AND ts < {before_to:DateTime64(3, 'UTC')}
                AND NOT is_test
                AND toString(addDays(toDate(ts, {tz:String}), {shift_day:Int32})) = {f0:String}
                AND partner_id = {scope_partner:UInt32}
            GROUP BY k_minute, k_hour_of_day
        )
        GROUP BY d_minute, d_hour_of_day
    )
    WHERE toFloat64(m_clicks) > {h0:Float64}
    ORDER BY
        d_minute ASC NULLS LAST,
        d_hour_of_day ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_minute,
        NULL AS d_hour_of_day,
        t_p_clicks AS m_clicks,
        t_q_clicks AS b_clicks
    FROM (
        SELECT
            sum(p_clicks) AS t_p_clicks,
            sum(q_clicks) AS t_q_clicks
        FROM (
            SELECT
                p_clicks,
                q_clicks,
                p_clicks AS m_clicks
            FROM (
                SELECT
                    formatDateTime(k_minute, '%Y-%m-%d %H:%i', {tz:String}) AS d_minute,
                    k_hour_of_day AS d_hour_of_day,
                    sum(p_clicks) AS p_clicks,
                    sum(q_clicks) AS q_clicks
                FROM (
                    SELECT
                        toStartOfMinute(ts, {tz:String}) AS k_minute,
                        toHour(ts, {tz:String}) AS k_hour_of_day,
                        countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                        toUInt64(0) AS q_clicks
                    FROM clicks
                    WHERE ts >= {from:DateTime64(3, 'UTC')}
                        AND ts < {to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND toString(toDate(ts, {tz:String})) = {f0:String}
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_minute, k_hour_of_day
                    UNION ALL
                    SELECT
                        toTimeZone(addSeconds(addDays(toTimeZone(toStartOfMinute(ts, {tz:String}), {tz:String}), {shift_minute:Int32}), {shift_seconds:Int32}), 'UTC') AS k_minute,
                        toHour(ts, {tz:String}) AS k_hour_of_day,
                        toUInt64(0) AS p_clicks,
                        countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS q_clicks
                    FROM clicks
                    WHERE ts >= {before_from:DateTime64(3, 'UTC')}
                        AND ts < {before_to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND toString(addDays(toDate(ts, {tz:String}), {shift_day:Int32})) = {f0:String}
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_minute, k_hour_of_day
                )
                GROUP BY d_minute, d_hour_of_day
            )
            WHERE toFloat64(m_clicks) > {h0:Float64}
        )
    )
)
ORDER BY
    is_total,
    d_minute ASC NULLS LAST,
    d_hour_of_day ASC NULLS LAST;

-- filled
-- currency = 'USD'
-- fill_count = 673
-- fill_last = '2026-11-07 23:59:59.999'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- rate_currencies = ['EUR']
-- rate_factors = [Decimal('0'), Decimal('0'), Decimal('1.250000000000000000')]
-- rate_numbers = [4294967296]
-- rate_steps = [0, 4294967296, 4294988054]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_hour,
    d_country,
    w_u_m_clicks AS m_clicks,
    w_u_m_epc AS m_epc,
    w_u_m_p95_fraud_score AS m_p95_fraud_score
FROM (
    SELECT
        tupleElement(one, 1) AS d_hour,
        d_country,
        tupleElement(one, 2) AS w_u_m_clicks,
        tupleElement(one, 3) AS w_u_m_epc,
        tupleElement(one, 4) AS w_u_m_p95_fraud_score
    FROM (
        SELECT
            d_country,
            arrayJoin(arrayFilter((one, n) -> n = 1, arrayConcat(found, arrayMap(b -> (b, toUInt64(0), toFloat64((toDecimal128(roundBankers(toDecimal256(0, 24), 6), 6) + toDecimal128(roundBankers(toDecimal256(0, 24), 6), 6))) / nullIf(toFloat64(toUInt64(0)), 0), CAST(NULL, 'Nullable(Float64)')), (SELECT groupArray(b) FROM (SELECT DISTINCT formatDateTime(k, '%Y-%m-%d %H:00', {tz:String}) AS b FROM (SELECT DISTINCT toStartOfFifteenMinutes(ts, 'UTC') AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 900), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts)))))), arrayEnumerateUniq(arrayConcat(arrayMap(one -> tupleElement(one, 1), found), (SELECT groupArray(b) FROM (SELECT DISTINCT formatDateTime(k, '%Y-%m-%d %H:00', {tz:String}) AS b FROM (SELECT DISTINCT toStartOfFifteenMinutes(ts, 'UTC') AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 900), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts)))))))) AS one
        FROM (
            SELECT
                d_country,
                groupArray((d_hour, u_m_clicks, u_m_epc, u_m_p95_fraud_score)) AS found
            FROM (
                SELECT
                    d_hour,
                    d_country,
                    p_clicks AS u_m_clicks,
                    toFloat64((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6))) / nullIf(toFloat64(p_clicks), 0) AS u_m_epc,
                    if(isNaN(finalizeAggregation(p_fraud_score_p95)), NULL, finalizeAggregation(p_fraud_score_p95)) AS u_m_p95_fraud_score
                FROM (
                    SELECT
                        formatDateTime(k_hour, '%Y-%m-%d %H:00', {tz:String}) AS d_hour,
                        k_country AS d_country,
                        sum(p_clicks) AS p_clicks,
                        sum(p_approved_payout) AS p_approved_payout,
                        sum(p_pending_payout) AS p_pending_payout,
                        quantileExactInclusiveMergeState(0.95)(p_fraud_score_p95) AS p_fraud_score_p95
                    FROM (
                        SELECT
                            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                            country AS k_country,
                            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
                            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                            toDecimal256(0, 24) AS p_pending_payout,
                            quantileExactInclusiveState(0.95)(fraud_score) AS p_fraud_score_p95
                        FROM clicks
                        WHERE ts >= {from:DateTime64(3, 'UTC')}
                            AND ts < {to:DateTime64(3, 'UTC')}
                            AND NOT is_test
                            AND partner_id = {scope_partner:UInt32}
                        GROUP BY k_hour, k_country
                        UNION ALL
                        SELECT
                            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                            country AS k_country,
                            toUInt64(0) AS p_clicks,
                            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
                            toDecimal256(0, 24) AS p_pending_payout,
                            quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95
                        FROM impressions
                        WHERE ts >= {from:DateTime64(3, 'UTC')}
                            AND ts < {to:DateTime64(3, 'UTC')}
                            AND NOT is_test
                            AND partner_id = {scope_partner:UInt32}
                        GROUP BY k_hour, k_country
                        UNION ALL
                        SELECT
                            toStartOfFifteenMinutes(ts, 'UTC') AS k_hour,
                            country AS k_country,
                            toUInt64(0) AS p_clicks,
                            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
                            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
                            quantileExactInclusiveStateIf(0.95)(toUInt8(0), false) AS p_fraud_score_p95
                        FROM conversions FINAL
                        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                            AND ts < {to:DateTime64(3, 'UTC')}
                            AND partner_id = {scope_partner:UInt32}
                        WHERE NOT is_test
                            AND partner_id = {scope_partner:UInt32}
                        GROUP BY k_hour, k_country
                    )
                    GROUP BY d_hour, d_country
                )
            )
            GROUP BY d_country
        )
    )
)
ORDER BY
    d_hour ASC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- filled within a filter
-- f0 = 8
-- fill_count = 169
-- fill_last = '2026-11-07 23:59:59.999'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_day,
    w_u_m_clicks AS m_clicks
FROM (
    SELECT
        tupleElement(one, 1) AS d_day,
        tupleElement(one, 2) AS w_u_m_clicks
    FROM (
        SELECT
            arrayJoin(arrayFilter((one, n) -> n = 1, arrayConcat(found, arrayMap(b -> (b, toUInt64(0)), (SELECT groupArray(b) FROM (SELECT DISTINCT toString(k) AS b FROM (SELECT DISTINCT toDate(ts, {tz:String}) AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 3600), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts) WHERE toHour(ts, {tz:String}) > {f0:Int64}))))), arrayEnumerateUniq(arrayConcat(arrayMap(one -> tupleElement(one, 1), found), (SELECT groupArray(b) FROM (SELECT DISTINCT toString(k) AS b FROM (SELECT DISTINCT toDate(ts, {tz:String}) AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 3600), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts) WHERE toHour(ts, {tz:String}) > {f0:Int64}))))))) AS one
        FROM (
            SELECT
                groupArray((d_day, u_m_clicks)) AS found
            FROM (
                SELECT
                    d_day,
                    p_clicks AS u_m_clicks
                FROM (
                    SELECT
                        toString(k_day) AS d_day,
                        sum(p_clicks) AS p_clicks
                    FROM (
                        SELECT
                            toDate(hour, {tz:String}) AS k_day,
                            sum(n_clicks) AS p_clicks
                        FROM clicks_hourly_program
                        WHERE hour >= {from:DateTime64(3, 'UTC')}
                            AND hour < {to:DateTime64(3, 'UTC')}
                            AND NOT is_test
                            AND toHour(hour, {tz:String}) > {f0:Int64}
                            AND partner_id = {scope_partner:UInt32}
                        GROUP BY k_day
                    )
                    GROUP BY d_day
                )
            )
        )
    )
)
ORDER BY
    d_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- pivoted
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- pivot_values = ['DE', 'FR']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    d_day,
    v_m_clicks AS m_clicks,
    v_m_cr AS m_cr,
    cells,
    (toUInt64(0), toFloat64((toUInt64(0) + toUInt64(0))) / nullIf(toFloat64(toUInt64(0)), 0),) AS blank
FROM (
    SELECT
        d_day,
        anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
        anyIf(u_m_cr, c = 1000) AS v_m_cr,
        groupArrayIf((c, u_m_clicks, u_m_cr), c != 1000) AS cells
    FROM (
        SELECT
            d_day,
            c,
            p_clicks AS u_m_clicks,
            toFloat64((p_approved + p_pending)) / nullIf(toFloat64(p_unique_clicks), 0) AS u_m_cr
        FROM (
            SELECT
                toString(k_day) AS d_day,
                arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_country])))) AS c,
                sum(p_clicks) AS p_clicks,
                sum(p_approved) AS p_approved,
                sum(p_pending) AS p_pending,
                sum(p_unique_clicks) AS p_unique_clicks
            FROM (
                SELECT
                    toDate(hour, {tz:String}) AS k_day,
                    country AS k_country,
                    sum(n_clicks) AS p_clicks,
                    toUInt64(0) AS p_approved,
                    toUInt64(0) AS p_pending,
                    sum(n_unique_clicks) AS p_unique_clicks
                FROM clicks_daily
                WHERE hour >= {from:DateTime64(3, 'UTC')}
                    AND hour < {to:DateTime64(3, 'UTC')}
                    AND NOT is_test
                    AND partner_id = {scope_partner:UInt32}
                GROUP BY k_day, k_country
                UNION ALL
                SELECT
                    toDate(ts, {tz:String}) AS k_day,
                    country AS k_country,
                    toUInt64(0) AS p_clicks,
                    countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
                    countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending,
                    toUInt64(0) AS p_unique_clicks
                FROM conversions FINAL
                PREWHERE ts >= {from:DateTime64(3, 'UTC')}
                    AND ts < {to:DateTime64(3, 'UTC')}
                    AND partner_id = {scope_partner:UInt32}
                WHERE NOT is_test
                    AND partner_id = {scope_partner:UInt32}
                GROUP BY k_day, k_country
            )
            GROUP BY d_day, c
        )
    )
    GROUP BY d_day
)
ORDER BY
    d_day ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- pivoted by labels
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- offset = 0
-- pivot_values = ['DE', 'FR']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_offer,
    v_m_clicks AS m_clicks,
    cells,
    (toUInt64(0),) AS blank
FROM (
    SELECT
        d_offer,
        anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
        groupArrayIf((c, u_m_clicks), c != 1000) AS cells
    FROM (
        SELECT
            d_offer,
            c,
            p_clicks AS u_m_clicks
        FROM (
            SELECT
                k_offer AS d_offer,
                k_fraud_reason AS c,
                sum(p_clicks) AS p_clicks
            FROM (
                SELECT
                    offer_id AS k_offer,
                    arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons)))))) AS k_fraud_reason,
                    countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
                FROM clicks
                WHERE ts >= {from:DateTime64(3, 'UTC')}
                    AND ts < {to:DateTime64(3, 'UTC')}
                    AND NOT is_test
                    AND partner_id = {scope_partner:UInt32}
                GROUP BY k_offer, k_fraud_reason
            )
            GROUP BY d_offer, c
        )
    )
    GROUP BY d_offer
)
ORDER BY
    m_clicks DESC NULLS LAST,
    lowerUTF8(transform(d_offer, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(d_offer)))) ASC NULLS LAST,
    d_offer ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- pivoted by tags
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_tag_is = ['blog\x1feu', 'eu']
-- partner_tag_of = [1, 3]
-- pivot_values = ['DE', 'FR']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    v_m_clicks AS m_clicks,
    cells,
    (toUInt64(0),) AS blank
FROM (
    SELECT
        anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
        groupArrayIf((c, u_m_clicks), c != 1000) AS cells
    FROM (
        SELECT
            c,
            p_clicks AS u_m_clicks
        FROM (
            SELECT
                arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), splitByChar('\x1f', transform(k_partner_tag, {partner_tag_of:Array(UInt32)}, {partner_tag_is:Array(String)}, '')))))) AS c,
                sum(p_clicks) AS p_clicks
            FROM (
                SELECT
                    partner_id AS k_partner_tag,
                    sum(n_clicks) AS p_clicks
                FROM clicks_daily
                WHERE hour >= {from:DateTime64(3, 'UTC')}
                    AND hour < {to:DateTime64(3, 'UTC')}
                    AND NOT is_test
                    AND partner_id = {scope_partner:UInt32}
                GROUP BY k_partner_tag
            )
            GROUP BY c
        )
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- pivoted by names
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- pivot_values = ['2']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_country,
    v_m_clicks AS m_clicks,
    cells,
    (toUInt64(0),) AS blank
FROM (
    SELECT
        d_country,
        anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
        groupArrayIf((c, u_m_clicks), c != 1000) AS cells
    FROM (
        SELECT
            d_country,
            c,
            p_clicks AS u_m_clicks
        FROM (
            SELECT
                k_country AS d_country,
                arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_offer])))) AS c,
                sum(p_clicks) AS p_clicks
            FROM (
                SELECT
                    country AS k_country,
                    offer_id AS k_offer,
                    sum(n_clicks) AS p_clicks
                FROM clicks_daily
                WHERE hour >= {from:DateTime64(3, 'UTC')}
                    AND hour < {to:DateTime64(3, 'UTC')}
                    AND NOT is_test
                    AND partner_id = {scope_partner:UInt32}
                GROUP BY k_country, k_offer
            )
            GROUP BY d_country, c
        )
    )
    GROUP BY d_country
)
ORDER BY
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- totals of a pivot with metric filters
-- from = '2026-11-01 00:00:00.000'
-- h0 = 1.0
-- limit = 1001
-- offset = 0
-- pivot_values = ['DE', 'FR']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    is_total,
    d_day,
    m_clicks,
    cells,
    blank
FROM (
    SELECT
        0 AS is_total,
        d_day,
        v_m_clicks AS m_clicks,
        cells,
        (toUInt64(0),) AS blank
    FROM (
        SELECT
            d_day,
            anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
            groupArrayIf((c, u_m_clicks), c != 1000) AS cells
        FROM (
            SELECT
                d_day,
                c,
                p_clicks AS u_m_clicks
            FROM (
                SELECT
                    toString(k_day) AS d_day,
                    arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_country])))) AS c,
                    sum(p_clicks) AS p_clicks
                FROM (
                    SELECT
                        toDate(hour, {tz:String}) AS k_day,
                        country AS k_country,
                        sum(n_clicks) AS p_clicks
                    FROM clicks_daily
                    WHERE hour >= {from:DateTime64(3, 'UTC')}
                        AND hour < {to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_day, k_country
                )
                GROUP BY d_day, c
            )
        )
        GROUP BY d_day
    )
    WHERE toFloat64(m_clicks) > {h0:Float64}
    ORDER BY
        d_day ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_day,
        v_m_clicks AS m_clicks,
        cells,
        (toUInt64(0),) AS blank
    FROM (
        SELECT
            anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
            groupArrayIf((c, u_m_clicks), c != 1000) AS cells
        FROM (
            SELECT
                c,
                t_p_clicks AS u_m_clicks
            FROM (
                SELECT
                    c,
                    sum(p_clicks) AS t_p_clicks
                FROM (
                    SELECT
                        c,
                        p_clicks
                    FROM (
                        SELECT
                            c,
                            p_clicks,
                            p_clicks AS m_clicks,
                            max(c = 1000 AND toFloat64(m_clicks) > {h0:Float64}) OVER (PARTITION BY d_day) AS passes
                        FROM (
                            SELECT
                                toString(k_day) AS d_day,
                                arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_country])))) AS c,
                                sum(p_clicks) AS p_clicks
                            FROM (
                                SELECT
                                    toDate(hour, {tz:String}) AS k_day,
                                    country AS k_country,
                                    sum(n_clicks) AS p_clicks
                                FROM clicks_daily
                                WHERE hour >= {from:DateTime64(3, 'UTC')}
                                    AND hour < {to:DateTime64(3, 'UTC')}
                                    AND NOT is_test
                                    AND partner_id = {scope_partner:UInt32}
                                GROUP BY k_day, k_country
                            )
                            GROUP BY d_day, c
                        )
                    )
                    WHERE passes
                )
                GROUP BY c
            )
        )
    )
)
ORDER BY
    is_total,
    d_day ASC NULLS LAST;

-- pivoted, filled and compared
-- before_from = '2026-10-25 00:00:00.000'
-- before_to = '2026-11-01 00:00:00.000'
-- fill_count = 169
-- fill_last = '2026-11-07 23:59:59.999'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- pivot_values = ['DE', 'FR']
-- scope_partner = 7
-- shift_day = 7
-- to = '2026-11-08 00:00:00.000'
-- tz = 'UTC'
SELECT
    is_total,
    d_day,
    m_clicks,
    b_clicks,
    cells,
    blank
FROM (
    SELECT
        0 AS is_total,
        d_day,
        w_v_m_clicks AS m_clicks,
        w_v_b_clicks AS b_clicks,
        w_cells AS cells,
        (toUInt64(0), toUInt64(0),) AS blank
    FROM (
        SELECT
            tupleElement(one, 1) AS d_day,
            tupleElement(one, 2) AS w_v_m_clicks,
            tupleElement(one, 3) AS w_v_b_clicks,
            tupleElement(one, 4) AS w_cells
        FROM (
            SELECT
                arrayJoin(arrayFilter((one, n) -> n = 1, arrayConcat(found, arrayMap(b -> (b, toUInt64(0), toUInt64(0), []), (SELECT groupArray(b) FROM (SELECT DISTINCT toString(k) AS b FROM (SELECT DISTINCT toDate(ts, {tz:String}) AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 3600), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts)))))), arrayEnumerateUniq(arrayConcat(arrayMap(one -> tupleElement(one, 1), found), (SELECT groupArray(b) FROM (SELECT DISTINCT toString(k) AS b FROM (SELECT DISTINCT toDate(ts, {tz:String}) AS k FROM (SELECT arrayJoin(arrayMap(i -> least(addSeconds({from:DateTime64(3, 'UTC')}, i * 3600), {fill_last:DateTime64(3, 'UTC')}), range({fill_count:UInt32}))) AS ts)))))))) AS one
            FROM (
                SELECT
                    groupArray((d_day, v_m_clicks, v_b_clicks, cells)) AS found
                FROM (
                    SELECT
                        d_day,
                        anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
                        anyIf(u_b_clicks, c = 1000) AS v_b_clicks,
                        groupArrayIf((c, u_m_clicks, u_b_clicks), c != 1000) AS cells
                    FROM (
                        SELECT
                            d_day,
                            c,
                            p_clicks AS u_m_clicks,
                            q_clicks AS u_b_clicks
                        FROM (
                            SELECT
                                toString(k_day) AS d_day,
                                arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_country])))) AS c,
                                sum(p_clicks) AS p_clicks,
                                sum(q_clicks) AS q_clicks
                            FROM (
                                SELECT
                                    toDate(hour, {tz:String}) AS k_day,
                                    country AS k_country,
                                    sum(n_clicks) AS p_clicks,
                                    toUInt64(0) AS q_clicks
                                FROM clicks_daily
                                WHERE hour >= {from:DateTime64(3, 'UTC')}
                                    AND hour < {to:DateTime64(3, 'UTC')}
                                    AND NOT is_test
                                    AND partner_id = {scope_partner:UInt32}
                                GROUP BY k_day, k_country
                                UNION ALL
                                SELECT
                                    addDays(toDate(hour, {tz:String}), {shift_day:Int32}) AS k_day,
                                    country AS k_country,
                                    toUInt64(0) AS p_clicks,
                                    sum(n_clicks) AS q_clicks
                                FROM clicks_daily
                                WHERE hour >= {before_from:DateTime64(3, 'UTC')}
                                    AND hour < {before_to:DateTime64(3, 'UTC')}
                                    AND NOT is_test
                                    AND partner_id = {scope_partner:UInt32}
                                GROUP BY k_day, k_country
                            )
                            GROUP BY d_day, c
                        )
                    )
                    GROUP BY d_day
                )
            )
        )
    )
    ORDER BY
        d_day ASC NULLS LAST
    LIMIT {limit:UInt64} OFFSET {offset:UInt64}
    UNION ALL
    SELECT
        1 AS is_total,
        NULL AS d_day,
        v_m_clicks AS m_clicks,
        v_b_clicks AS b_clicks,
        cells,
        (toUInt64(0), toUInt64(0),) AS blank
    FROM (
        SELECT
            anyIf(u_m_clicks, c = 1000) AS v_m_clicks,
            anyIf(u_b_clicks, c = 1000) AS v_b_clicks,
            groupArrayIf((c, u_m_clicks, u_b_clicks), c != 1000) AS cells
        FROM (
            SELECT
                c,
                p_clicks AS u_m_clicks,
                q_clicks AS u_b_clicks
            FROM (
                SELECT
                    arrayJoin(arrayDistinct(arrayConcat([toUInt64(1000)], arrayMap(x -> indexOf({pivot_values:Array(String)}, toString(x)), [k_country])))) AS c,
                    sum(p_clicks) AS p_clicks,
                    sum(q_clicks) AS q_clicks
                FROM (
                    SELECT
                        country AS k_country,
                        sum(n_clicks) AS p_clicks,
                        toUInt64(0) AS q_clicks
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
                        sum(n_clicks) AS q_clicks
                    FROM clicks_daily
                    WHERE hour >= {before_from:DateTime64(3, 'UTC')}
                        AND hour < {before_to:DateTime64(3, 'UTC')}
                        AND NOT is_test
                        AND partner_id = {scope_partner:UInt32}
                    GROUP BY k_country
                )
                GROUP BY c
            )
        )
    )
)
ORDER BY
    is_total,
    d_day ASC NULLS LAST;

-- the columns of a pivot
-- currency = 'USD'
-- f0 = 15169
-- from = '2026-11-01 00:00:00.000'
-- limit = 11
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
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND asn = {f0:Int64}
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
            AND asn = {f0:Int64}
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
            AND asn = {f0:Int64}
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_country
    )
    GROUP BY d_country
)
ORDER BY
    m_epc DESC NULLS LAST,
    d_country ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- earned money
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
    toDecimal128(roundBankers(p_approved_payout, 6), 6) AS m_payout,
    toFloat64((toDecimal128(roundBankers(p_approved_revenue, 6), 6) - toDecimal128(roundBankers(p_approved_payout, 6), 6))) / nullIf(toFloat64(toDecimal128(roundBankers(p_approved_payout, 6), 6)), 0) AS m_roi,
    toFloat64(toDecimal128(roundBankers(p_approved_payout, 6), 6)) / nullIf(toFloat64(p_approved_payouts), 0) AS m_cpa,
    toFloat64(toDecimal128(roundBankers(p_approved_amount, 6), 6)) / nullIf(toFloat64(p_approved_sales), 0) AS m_aov,
    (toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) AS m_expected_payout
FROM (
    SELECT
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_approved_revenue) AS p_approved_revenue,
        sum(p_approved_payouts) AS p_approved_payouts,
        sum(p_approved_amount) AS p_approved_amount,
        sum(p_approved_sales) AS p_approved_sales,
        sum(p_pending_payout) AS p_pending_payout
    FROM (
        SELECT
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            sum(if(currency = {currency:String}, toDecimal256(revenue_sum, 24), revenue_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toUInt64(0) AS p_approved_payouts,
            toDecimal256(0, 24) AS p_approved_amount,
            toUInt64(0) AS p_approved_sales,
            toDecimal256(0, 24) AS p_pending_payout
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            sum(if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_revenue,
            toUInt64(0) AS p_approved_payouts,
            toDecimal256(0, 24) AS p_approved_amount,
            toUInt64(0) AS p_approved_sales,
            toDecimal256(0, 24) AS p_pending_payout
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(revenue, 24), revenue * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_revenue,
            countIf(if(status = 'approved' AND attribution != 'adjustment', if(currency = {currency:String}, true, {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] != 0), false)) AS p_approved_payouts,
            sum(if(status = 'approved', if(amount_currency = {currency:String}, toDecimal256(amount, 24), amount * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(amount_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_amount,
            countIf(if(status = 'approved' AND attribution != 'adjustment', if(amount_currency = {currency:String}, true, {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(amount_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))] != 0), false)) AS p_approved_sales,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_payout DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- in a currency without rates
-- currency = 'XAU'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    (p_approved_payout + p_pending_payout) AS m_payout,
    p_cost AS m_cost
FROM (
    SELECT
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_cost) AS p_cost
    FROM (
        SELECT
            sumIf(payout_sum, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            sumIf(cost_sum, cost_currency = {currency:String}) AS p_cost
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            sumIf(payout, currency = {currency:String}) AS p_approved_payout,
            toDecimal128(0, 6) AS p_pending_payout,
            toDecimal128(0, 6) AS p_cost
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            sumIf(payout, status = 'approved' AND currency = {currency:String}) AS p_approved_payout,
            sumIf(payout, status = 'pending' AND currency = {currency:String}) AS p_pending_payout,
            toDecimal128(0, 6) AS p_cost
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_payout DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- its own formulas
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
    toFloat64(((toDecimal128(roundBankers(p_approved_payout, 6), 6) + toDecimal128(roundBankers(p_pending_payout, 6), 6)) - toDecimal128(roundBankers(p_cost, 6), 6))) / nullIf(toFloat64(p_unique_clicks), 0) AS m_mine
FROM (
    SELECT
        sum(p_unique_clicks) AS p_unique_clicks,
        sum(p_approved_payout) AS p_approved_payout,
        sum(p_pending_payout) AS p_pending_payout,
        sum(p_cost) AS p_cost
    FROM (
        SELECT
            sum(n_unique_clicks) AS p_unique_clicks,
            sum(if(currency = {currency:String}, toDecimal256(payout_sum, 24), payout_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            sum(if(cost_currency = {currency:String}, toDecimal256(cost_sum, 24), cost_sum * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(cost_currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(hour, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_cost
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            toUInt64(0) AS p_unique_clicks,
            sum(if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))])) AS p_approved_payout,
            toDecimal256(0, 24) AS p_pending_payout,
            toDecimal256(0, 24) AS p_cost
        FROM impressions
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        UNION ALL
        SELECT
            toUInt64(0) AS p_unique_clicks,
            sum(if(status = 'approved', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_approved_payout,
            sum(if(status = 'pending', if(currency = {currency:String}, toDecimal256(payout, 24), payout * {rate_factors:Array(Decimal(76, 18))}[transform(roundDown(toInt64(transform(currency, {rate_currencies:Array(String)}, {rate_numbers:Array(Int64)}, toInt64(0))) + toInt64(toDate(ts, 'UTC')), {rate_steps:Array(Int64)}), {rate_steps:Array(Int64)}, arrayEnumerate({rate_steps:Array(Int64)}), toUInt32(1))]), toDecimal256(0, 24))) AS p_pending_payout,
            toDecimal256(0, 24) AS p_cost
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_mine DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sorted by id
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner,
    p_clicks AS m_clicks
FROM (
    SELECT
        k_partner AS d_partner,
        p_clicks
    FROM (
        SELECT
            partner_id AS k_partner,
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner
    )
)
ORDER BY
    d_partner DESC NULLS LAST,
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
