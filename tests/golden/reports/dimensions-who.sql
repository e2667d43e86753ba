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
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
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
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner
    )
    GROUP BY d_partner
)
ORDER BY
    lowerUTF8(transform(d_partner, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(d_partner)))) ASC NULLS LAST,
    d_partner ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- partner_manager
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_manager_is = ['Mia', 'Noah']
-- partner_manager_of = [1, 2]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner_manager,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(k_partner_manager, {partner_manager_of:Array(UInt32)}, {partner_manager_is:Array(String)}, '') AS d_partner_manager,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            partner_id AS k_partner_manager,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_manager
        UNION ALL
        SELECT
            partner_id AS k_partner_manager,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_manager
    )
    GROUP BY d_partner_manager
)
ORDER BY
    d_partner_manager ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- partner_tier
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_tier_is = ['Gold', 'Silver']
-- partner_tier_of = [1, 2]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner_tier,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(k_partner_tier, {partner_tier_of:Array(UInt32)}, {partner_tier_is:Array(String)}, '') AS d_partner_tier,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            partner_id AS k_partner_tier,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_tier
        UNION ALL
        SELECT
            partner_id AS k_partner_tier,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_tier
    )
    GROUP BY d_partner_tier
)
ORDER BY
    d_partner_tier ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- partner_tag
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_tag_is = ['blog\x1feu', 'eu']
-- partner_tag_of = [1, 3]
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner_tag,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        arrayJoin(splitByChar('\x1f', transform(k_partner_tag, {partner_tag_of:Array(UInt32)}, {partner_tag_is:Array(String)}, ''))) AS d_partner_tag,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            partner_id AS k_partner_tag,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_tag
        UNION ALL
        SELECT
            partner_id AS k_partner_tag,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_tag
    )
    GROUP BY d_partner_tag
)
ORDER BY
    d_partner_tag ASC NULLS LAST
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
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
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
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_advertiser
    )
    GROUP BY d_advertiser
)
ORDER BY
    lowerUTF8(transform(d_advertiser, {advertiser_ids:Array(UInt32)}, {advertiser_names:Array(String)}, concat('#', toString(d_advertiser)))) ASC NULLS LAST,
    d_advertiser ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- advertiser_manager
-- advertiser_manager_is = ['Mia']
-- advertiser_manager_of = [5]
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_advertiser_manager,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(k_advertiser_manager, {advertiser_manager_of:Array(UInt32)}, {advertiser_manager_is:Array(String)}, '') AS d_advertiser_manager,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            advertiser_id AS k_advertiser_manager,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_advertiser_manager
        UNION ALL
        SELECT
            advertiser_id AS k_advertiser_manager,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_advertiser_manager
    )
    GROUP BY d_advertiser_manager
)
ORDER BY
    d_advertiser_manager ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- account_manager
-- account_manager_is = ['Mia']
-- account_manager_of = [5]
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_account_manager,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        transform(k_account_manager, {account_manager_of:Array(UInt32)}, {account_manager_is:Array(String)}, '') AS d_account_manager,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            advertiser_id AS k_account_manager,
            sum(n_clicks) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_account_manager
        UNION ALL
        SELECT
            advertiser_id AS k_account_manager,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_account_manager
    )
    GROUP BY d_account_manager
)
ORDER BY
    d_account_manager ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
