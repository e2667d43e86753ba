-- not_in on text
-- f0 = ['DE', 'FR']
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
            AND NOT (country IN {f0:Array(String)})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- not_in on time
-- f0 = ['2026-11-01', '2026-11-03']
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
            AND NOT (toString(toDate(hour, {tz:String})) IN {f0:Array(String)})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- not_in on number
-- f0 = [15169, 15170]
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
            AND NOT (asn IN {f0:Array(Int64)})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- not_in on id
-- f0 = [1, 2, 3]
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
            AND NOT (partner_id IN {f0:Array(UInt32)})
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- not_in on labels
-- f0 = ['prefetch', 'http_library']
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
            AND NOT (arrayExists(x -> x IN {f0:Array(String)}, if(empty(fraud_reasons), [''], arrayDistinct(fraud_reasons))))
            AND partner_id = {scope_partner:UInt32}
    )
)
ORDER BY
    m_clicks DESC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
