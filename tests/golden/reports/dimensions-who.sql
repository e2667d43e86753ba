-- partner
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_partner AS d_partner,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            partner_id AS k_partner,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner
        UNION ALL
        SELECT
            partner_id AS k_partner,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner
    )
    GROUP BY d_partner
)
ORDER BY
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- advertiser
-- advertiser_ids = [0, 5]
-- advertiser_names = ['(none)', 'Shop']
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_advertiser,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_advertiser AS d_advertiser,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            advertiser_id AS k_advertiser,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_hourly
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_advertiser
        UNION ALL
        SELECT
            advertiser_id AS k_advertiser,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_advertiser
    )
    GROUP BY d_advertiser
)
ORDER BY
    lowerUTF8(transform(d_advertiser, {advertiser_ids:Array(UInt32)}, {advertiser_names:Array(String)}, concat('#', toString(d_advertiser)))) ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
