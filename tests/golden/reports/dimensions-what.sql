-- offer
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offer_ids = [0, 10, 11]
-- offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_offer,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_offer AS d_offer,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            offer_id AS k_offer,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer
        UNION ALL
        SELECT
            offer_id AS k_offer,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer
    )
    GROUP BY d_offer
)
ORDER BY
    lowerUTF8(transform(d_offer, {offer_ids:Array(UInt32)}, {offer_names:Array(String)}, concat('#', toString(d_offer)))) ASC NULLS LAST,
    d_offer ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- offer_category
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offer_category_is = ['Fashion']
-- offer_category_of = [10]
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_offer_category,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(k_offer_category, {offer_category_of:Array(UInt32)}, {offer_category_is:Array(String)}, '') AS d_offer_category,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            offer_id AS k_offer_category,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer_category
        UNION ALL
        SELECT
            offer_id AS k_offer_category,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer_category
    )
    GROUP BY d_offer_category
)
ORDER BY
    d_offer_category ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- offer_tag
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offer_tag_is = ['summer\x1fsale', 'sale']
-- offer_tag_of = [10, 11]
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_offer_tag,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        arrayJoin(splitByChar('\x1f', transform(k_offer_tag, {offer_tag_of:Array(UInt32)}, {offer_tag_is:Array(String)}, ''))) AS d_offer_tag,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            offer_id AS k_offer_tag,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer_tag
        UNION ALL
        SELECT
            offer_id AS k_offer_tag,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_offer_tag
    )
    GROUP BY d_offer_tag
)
ORDER BY
    d_offer_tag ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- payout_model
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- payout_model_is = ['CPA', 'CPC']
-- payout_model_of = [10, 11]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_payout_model,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_payout_model AS d_payout_model,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            transform(offer_id, {payout_model_of:Array(UInt32)}, {payout_model_is:Array(String)}, '') AS k_payout_model,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_payout_model
        UNION ALL
        SELECT
            payout_model AS k_payout_model,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_payout_model
    )
    GROUP BY d_payout_model
)
ORDER BY
    d_payout_model ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- link
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- link_ids = [0, 100]
-- link_names = ['(none)', 'abc123']
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_link,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_link AS d_link,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            link_id AS k_link,
            sumIf(click_count, verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily_verdicts
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_link
        UNION ALL
        SELECT
            link_id AS k_link,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_link
    )
    GROUP BY d_link
)
ORDER BY
    lowerUTF8(transform(d_link, {link_ids:Array(UInt32)}, {link_names:Array(String)}, concat('#', toString(d_link)))) ASC NULLS LAST,
    d_link ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- requested_offer
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- requested_offer_ids = [0, 10, 11]
-- requested_offer_names = ['(none)', 'Shoes', "O'Neil \\ Co"]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_requested_offer,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_requested_offer AS d_requested_offer,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            requested_offer_id AS k_requested_offer,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_requested_offer
        UNION ALL
        SELECT
            requested_offer_id AS k_requested_offer,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_requested_offer
    )
    GROUP BY d_requested_offer
)
ORDER BY
    lowerUTF8(transform(d_requested_offer, {requested_offer_ids:Array(UInt32)}, {requested_offer_names:Array(String)}, concat('#', toString(d_requested_offer)))) ASC NULLS LAST,
    d_requested_offer ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- smart_link
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- smart_link_ids = [0, 20]
-- smart_link_names = ['(none)', 'Summer mix']
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_smart_link,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_smart_link AS d_smart_link,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            smart_link_id AS k_smart_link,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_smart_link
        UNION ALL
        SELECT
            smart_link_id AS k_smart_link,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_smart_link
    )
    GROUP BY d_smart_link
)
ORDER BY
    lowerUTF8(transform(d_smart_link, {smart_link_ids:Array(UInt32)}, {smart_link_names:Array(String)}, concat('#', toString(d_smart_link)))) ASC NULLS LAST,
    d_smart_link ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- landing
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_landing,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_landing AS d_landing,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            landing_id AS k_landing,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_landing
        UNION ALL
        SELECT
            landing_id AS k_landing,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_landing
    )
    GROUP BY d_landing
)
ORDER BY
    d_landing ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- landing_name
-- from = '2026-11-01 00:00:00.000'
-- landing_name_is = ['Shop']
-- landing_name_of = ['1']
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_landing_name,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(toString(k_landing_name), {landing_name_of:Array(String)}, {landing_name_is:Array(String)}, '') AS d_landing_name,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            landing_id AS k_landing_name,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_landing_name
        UNION ALL
        SELECT
            landing_id AS k_landing_name,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_landing_name
    )
    GROUP BY d_landing_name
)
ORDER BY
    d_landing_name ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- creative
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_creative,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_creative AS d_creative,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            creative_id AS k_creative,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_creative
        UNION ALL
        SELECT
            creative_id AS k_creative,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_creative
    )
    GROUP BY d_creative
)
ORDER BY
    d_creative ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- creative_name
-- creative_name_is = ['Banner']
-- creative_name_of = ['1']
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_creative_name,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(toString(k_creative_name), {creative_name_of:Array(String)}, {creative_name_is:Array(String)}, '') AS d_creative_name,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            creative_id AS k_creative_name,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_creative_name
        UNION ALL
        SELECT
            creative_id AS k_creative_name,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_creative_name
    )
    GROUP BY d_creative_name
)
ORDER BY
    d_creative_name ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- coupon
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_coupon,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_coupon AS d_coupon,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            coupon AS k_coupon,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_coupon
        UNION ALL
        SELECT
            coupon AS k_coupon,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_coupon
    )
    GROUP BY d_coupon
)
ORDER BY
    d_coupon ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
