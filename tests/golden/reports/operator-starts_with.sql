-- starts_with on text
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
        p_clicks
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND startsWith(country, {f0:String})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- starts_with on time
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
        p_clicks
    FROM (
        SELECT
            sum(n_clicks) AS p_clicks
        FROM clicks_daily
        WHERE hour >= {from:DateTime64(3, 'UTC')}
            AND hour < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND startsWith(toString(toDate(hour, {tz:String})), {f0:String})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- starts_with on id
-- f0 = 'Ann'
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- partner_ids = [0, 1, 2, 3]
-- partner_names = ['(none)', 'Ann', 'Bob', 'Ann']
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
            AND startsWith(transform(partner_id, {partner_ids:Array(UInt32)}, {partner_names:Array(String)}, concat('#', toString(partner_id))), {f0:String})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- starts_with on labels
-- f0 = 'prefetch'
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
            AND arrayExists(x -> startsWith(x, {f0:String}), if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons)))
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
