-- source
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_source,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_source AS d_source,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            source AS k_source,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_source
        UNION ALL
        SELECT
            source AS k_source,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_source
    )
    GROUP BY d_source
)
ORDER BY
    d_source ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub1
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub1,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub1 AS d_sub1,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub1 AS k_sub1,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub1
        UNION ALL
        SELECT
            sub1 AS k_sub1,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub1
    )
    GROUP BY d_sub1
)
ORDER BY
    d_sub1 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub2
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub2,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub2 AS d_sub2,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub2 AS k_sub2,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub2
        UNION ALL
        SELECT
            sub2 AS k_sub2,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub2
    )
    GROUP BY d_sub2
)
ORDER BY
    d_sub2 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub3
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub3,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub3 AS d_sub3,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub3 AS k_sub3,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub3
        UNION ALL
        SELECT
            sub3 AS k_sub3,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub3
    )
    GROUP BY d_sub3
)
ORDER BY
    d_sub3 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub4
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub4,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub4 AS d_sub4,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub4 AS k_sub4,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub4
        UNION ALL
        SELECT
            sub4 AS k_sub4,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub4
    )
    GROUP BY d_sub4
)
ORDER BY
    d_sub4 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub5
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub5,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub5 AS d_sub5,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub5 AS k_sub5,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub5
        UNION ALL
        SELECT
            sub5 AS k_sub5,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub5
    )
    GROUP BY d_sub5
)
ORDER BY
    d_sub5 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub6
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub6,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub6 AS d_sub6,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub6 AS k_sub6,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub6
        UNION ALL
        SELECT
            sub6 AS k_sub6,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub6
    )
    GROUP BY d_sub6
)
ORDER BY
    d_sub6 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub7
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub7,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub7 AS d_sub7,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub7 AS k_sub7,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub7
        UNION ALL
        SELECT
            sub7 AS k_sub7,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub7
    )
    GROUP BY d_sub7
)
ORDER BY
    d_sub7 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub8
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub8,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub8 AS d_sub8,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub8 AS k_sub8,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub8
        UNION ALL
        SELECT
            sub8 AS k_sub8,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub8
    )
    GROUP BY d_sub8
)
ORDER BY
    d_sub8 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub9
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub9,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub9 AS d_sub9,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub9 AS k_sub9,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub9
        UNION ALL
        SELECT
            sub9 AS k_sub9,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub9
    )
    GROUP BY d_sub9
)
ORDER BY
    d_sub9 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- sub10
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_sub10,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_sub10 AS d_sub10,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            sub10 AS k_sub10,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub10
        UNION ALL
        SELECT
            sub10 AS k_sub10,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_sub10
    )
    GROUP BY d_sub10
)
ORDER BY
    d_sub10 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ext1
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ext1,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ext1 AS d_ext1,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            ext1 AS k_ext1,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext1
        UNION ALL
        SELECT
            ext1 AS k_ext1,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext1
    )
    GROUP BY d_ext1
)
ORDER BY
    d_ext1 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ext2
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ext2,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ext2 AS d_ext2,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            ext2 AS k_ext2,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext2
        UNION ALL
        SELECT
            ext2 AS k_ext2,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext2
    )
    GROUP BY d_ext2
)
ORDER BY
    d_ext2 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ext3
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ext3,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ext3 AS d_ext3,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            ext3 AS k_ext3,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext3
        UNION ALL
        SELECT
            ext3 AS k_ext3,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext3
    )
    GROUP BY d_ext3
)
ORDER BY
    d_ext3 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ext4
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ext4,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ext4 AS d_ext4,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            ext4 AS k_ext4,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext4
        UNION ALL
        SELECT
            ext4 AS k_ext4,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext4
    )
    GROUP BY d_ext4
)
ORDER BY
    d_ext4 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- ext5
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_ext5,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_ext5 AS d_ext5,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            ext5 AS k_ext5,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext5
        UNION ALL
        SELECT
            ext5 AS k_ext5,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_ext5
    )
    GROUP BY d_ext5
)
ORDER BY
    d_ext5 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- adv1
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_adv1,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_adv1 AS d_adv1,
        p_approved,
        p_pending
    FROM (
        SELECT
            adv1 AS k_adv1,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_adv1
    )
)
ORDER BY
    d_adv1 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- adv2
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_adv2,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_adv2 AS d_adv2,
        p_approved,
        p_pending
    FROM (
        SELECT
            adv2 AS k_adv2,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_adv2
    )
)
ORDER BY
    d_adv2 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- adv3
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_adv3,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_adv3 AS d_adv3,
        p_approved,
        p_pending
    FROM (
        SELECT
            adv3 AS k_adv3,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_adv3
    )
)
ORDER BY
    d_adv3 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- adv4
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_adv4,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_adv4 AS d_adv4,
        p_approved,
        p_pending
    FROM (
        SELECT
            adv4 AS k_adv4,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_adv4
    )
)
ORDER BY
    d_adv4 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- adv5
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_adv5,
    CAST(NULL, 'Nullable(Float64)') AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_adv5 AS d_adv5,
        p_approved,
        p_pending
    FROM (
        SELECT
            adv5 AS k_adv5,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_adv5
    )
)
ORDER BY
    d_adv5 ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};

-- partner_click_id
-- from = '2026-11-01 00:00:00.000'
-- limit = 1001
-- offset = 0
-- scope_partner = 7
-- to = '2026-11-08 00:00:00.000'
SELECT
    d_partner_click_id,
    p_clicks AS m_clicks,
    (p_approved + p_pending) AS m_conversions
FROM (
    SELECT
        k_partner_click_id AS d_partner_click_id,
        sum(p_clicks) AS p_clicks,
        sum(p_approved) AS p_approved,
        sum(p_pending) AS p_pending
    FROM (
        SELECT
            partner_click_id AS k_partner_click_id,
            countIf(verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)) AS p_clicks,
            toUInt64(0) AS p_approved,
            toUInt64(0) AS p_pending
        FROM clicks
        WHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_click_id
        UNION ALL
        SELECT
            partner_click_id AS k_partner_click_id,
            toUInt64(0) AS p_clicks,
            countIf(status = 'approved' AND attribution != 'adjustment') AS p_approved,
            countIf(status = 'pending' AND attribution != 'adjustment') AS p_pending
        FROM conversions FINAL
        PREWHERE ts >= {from:DateTime64(3, 'UTC')}
            AND ts < {to:DateTime64(3, 'UTC')}
            AND partner_id = {scope_partner:UInt32}
        WHERE NOT is_test
            AND partner_id = {scope_partner:UInt32}
        GROUP BY k_partner_click_id
    )
    GROUP BY d_partner_click_id
)
ORDER BY
    d_partner_click_id ASC NULLS LAST
LIMIT {limit:UInt64} OFFSET {offset:UInt64};
